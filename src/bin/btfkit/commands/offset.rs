//! `btfkit offset`: offsets and sizes of fields.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::pipeline::Loaded;
use btfkit::query::Field;
use btfkit::{Error, ErrorKind};

use crate::failure::Failure;
use crate::input::{types, with_nearest};
use crate::shared::Loading;
use crate::style::Style;

/// Print offsets and sizes of a structure's fields
///
/// Each field has a line: path, byte offset, size in bytes, and for a bitfield its bit offset in that byte and its width
/// in bits. Members of anonymous members are found by their own names. Without a path, the structure's size is printed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit offset ./server session id 'hops[2].port'")]
pub struct Arguments {
    /// The file with the types
    file: PathBuf,

    /// The structure, union or typedef, without `struct`
    #[arg(value_name = "STRUCT")]
    name: String,

    /// Fields, such as a.b[2].c
    #[arg(value_name = "FIELD.PATH[2]")]
    paths: Vec<String>,

    /// A function of the program: if several types share the name, those of the function's compile unit are preferred
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    #[command(flatten)]
    loading: Loading,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.loading.options(style)?;
    options.conversion = options.conversion.root(&arguments.name);
    options.conversion.function.clone_from(&arguments.function);
    let loaded = types(&arguments.file, &options, style)?;
    let fail = |error: Error| match error.kind() {
        ErrorKind::Ambiguous => ambiguous(arguments, error, &loaded),
        _ => with_nearest(&arguments.file, error, &options),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.paths.is_empty() {
        let (size, doubt) = loaded.size_of(&arguments.name).map_err(fail)?;
        if let Some(why) = doubt {
            style.warnings([format!(
                "{}: the size can't be trusted: {why}",
                arguments.name
            )]);
        }
        writeln!(out, "{}  size {size}", arguments.name).map_err(Failure::stdout)?;
    }
    for path in &arguments.paths {
        let (field, doubt) = loaded.field(&arguments.name, path).map_err(fail)?;
        if let Some(why) = doubt {
            style.warnings([format!("{path}: it can't be trusted: {why}")]);
        }
        print(path, &field, &mut out).map_err(Failure::stdout)?;
    }
    out.flush().map_err(Failure::stdout)
}

/// Returns the failure of a name that several types have: with the place of each, and the function that chooses it.
fn ambiguous(arguments: &Arguments, error: Error, loaded: &Loaded) -> Failure {
    let definitions = loaded.definitions(&arguments.name);
    if definitions.is_empty() {
        return Failure::at(&arguments.file, error);
    }
    let definitions = definitions.into_iter();
    let definitions = definitions.map(|definition| match definition.function {
        Some(function) => format!("{} (--function {function})", definition.place),
        None => definition.place,
    });
    let definitions: Vec<_> = definitions.collect();
    let file = arguments.file.display();
    Failure::Refused(format!("{file}: {error}: {}", definitions.join(", ")))
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
