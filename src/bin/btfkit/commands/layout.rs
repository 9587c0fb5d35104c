//! `btfkit layout`: a structure's fields, and the space between them.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::graph::{Btf, Type};
use btfkit::query::bare_name;
use btfkit::render::{LayoutOptions, layout, layout_json};
use btfkit::{ByteSize, Error, TypeId};

use crate::failure::{Failure, into_io};
use crate::input::{types, with_nearest};
use crate::shared::{Loading, TextOrJson};
use crate::style::Style;

/// Show the layout of structures: fields, offsets, sizes, holes, padding and cache lines
///
/// Each field has its offset and size in bytes behind it; a bitfield has the byte at which its storage starts, its first
/// bit there, and the size of the storage. Names are in C spelling, as a BPF program writes them. The fields of
/// anonymous members and of base classes are shown in place. If a name has several layouts, all are shown.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit layout /sys/kernel/btf/vmlinux task_struct --depth 1")]
pub struct Arguments {
    /// The file with the types
    file: PathBuf,

    /// Structures, unions, or typedefs of such
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,

    /// Show the fields of the structures in a structure too, so many levels deep
    #[arg(long, value_name = "LEVELS", default_value_t = 0)]
    depth: u32,

    /// The size of a cache line; 0 leaves cache lines out
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    cache_line: u32,

    /// Text, or one line of JSON for each structure
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    /// A function of the program: if several types share a name, those of the function's compile unit are preferred
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    #[command(flatten)]
    loading: Loading,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.loading.options(style)?;
    for name in &arguments.names {
        options.conversion = options.conversion.root(bare_name(name));
    }
    options.conversion.function.clone_from(&arguments.function);
    let loaded = types(&arguments.file, &options, style)?;
    let fail = |error: Error| with_nearest(&arguments.file, error, &options);
    let layout_options = LayoutOptions::new()
        .depth(arguments.depth)
        .cache_line(ByteSize::from(arguments.cache_line));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut is_first = true;
    for name in &arguments.names {
        let structures = structures(&loaded.graph, name, &loaded.preferred).map_err(fail)?;
        if structures.len() > 1 {
            style.note(&format!("{name} has {} layouts", structures.len()));
        }
        for structure in structures {
            let layout = layout(structure, &layout_options)
                .map_err(|error| Failure::at(&arguments.file, error))?;
            let written = match arguments.format {
                TextOrJson::Text if is_first => write!(out, "{layout}"),
                TextOrJson::Text => write!(out, "\n{layout}"),
                TextOrJson::Json => layout_json(&layout, &mut out).map_err(into_io),
            };
            is_first = false;
            written.map_err(Failure::stdout)?;
        }
    }
    out.flush().map_err(Failure::stdout)
}

/// Returns the structures and unions that a name means. Typedefs of one type are one.
fn structures<'g>(
    graph: &'g Btf,
    name: &str,
    preferred: &[TypeId],
) -> Result<Vec<Type<'g>>, Error> {
    let mut structures: Vec<Type<'_>> = Vec::new();
    for ty in graph.written(name, preferred)? {
        let bare = ty.strip()?;
        let ty = if bare.kind().is_composite() { bare } else { ty };
        if !structures.contains(&ty) {
            structures.push(ty);
        }
    }
    if structures.iter().any(|ty| ty.kind().is_composite()) {
        structures.retain(|ty| ty.kind().is_composite());
    }
    Ok(structures)
}
