//! `btfkit offset`: where fields lie.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::Error;
use btfkit::query::Field;

use crate::failure::Failure;
use crate::input::{DebugRoots, base, types, with_nearest};
use crate::style::Style;

/// Tell where fields of a structure lie, and how large they are
///
/// A line a field: path, byte offset, size in bytes, and for a bitfield its bit offset in that byte and its
/// width in bits. Anonymous members are looked through. Without a path: the structure's size.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit offset ./server session id 'hops[2].port'")]
pub struct Arguments {
    /// Whose types
    file: PathBuf,

    /// The structure, union or typedef, without `struct`
    #[arg(value_name = "STRUCT")]
    name: String,

    /// Fields, such as a.b[2].c
    #[arg(value_name = "FIELD.PATH[2]")]
    paths: Vec<String>,

    /// A function of the program: of several types with the name, that of the function's unit is meant
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    #[command(flatten)]
    debug: DebugRoots,

    /// What split BTF goes on from: for a kernel module, the kernel
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.debug.load_options();
    options.base = base(&arguments.base, &options, style)?;
    options.conversion = options.conversion.root(&arguments.name);
    options.conversion.function.clone_from(&arguments.function);
    let loaded = types(&arguments.file, &options, style)?;
    let (graph, preferred) = (loaded.graph, loaded.preferred);
    let fail = |error: Error| with_nearest(&arguments.file, error, &options);
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.paths.is_empty() {
        let size = graph
            .size_of_preferred(&arguments.name, &preferred)
            .map_err(fail)?;
        writeln!(out, "{}  size {size}", arguments.name).map_err(Failure::stdout)?;
    }
    for path in &arguments.paths {
        let field = graph
            .preferred_field(&arguments.name, path, &preferred)
            .map_err(fail)?;
        print(path, &field, &mut out).map_err(Failure::stdout)?;
    }
    out.flush().map_err(Failure::stdout)
}

fn print(path: &str, field: &Field, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{path}  offset {}  size {}",
        field.offset.bytes(),
        field.size
    )?;
    match field.bitfield {
        Some(width) => writeln!(out, "  bit {}  width {width}", field.offset.0 % 8),
        None => writeln!(out),
    }
}
