//! `btfkit list`: names of types.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::graph::Kind as TypeKind;
use btfkit::query::Pattern;
use btfkit::render;
use clap::ValueEnum;

use crate::failure::{Failure, into_io};
use crate::input::types;
use crate::shared::{Loading, TextOrJson};
use crate::style::Style;

/// List the names of types, with kind, size and id
///
/// The lines are sorted by name: kind, size in bytes, id, name. The size of a type that has none is `-`. The ids of a
/// program's types are those that `convert` gives them.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit list /sys/kernel/btf/vmlinux 'tcp_*' --kind struct")]
pub struct Arguments {
    /// The file with the types
    file: PathBuf,

    /// Names, in C spelling or not: `*` matches anything, `?` one byte
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,

    /// List only types of this kind; functions, variables and sections are listed only if asked for
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<Kind>,

    /// Text or JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    loading: Loading,
}

/// A kind of types with names.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Structures
    Struct,
    /// Unions
    Union,
    /// Enumerations
    Enum,
    /// Typedefs
    Typedef,
    /// Integers
    Int,
    /// Floating-point numbers
    Float,
    /// Forward declarations of structures and unions
    Fwd,
    /// Functions
    Func,
    /// Variables
    Var,
    /// Data sections
    Datasec,
}

impl Kind {
    const fn kinds(self) -> &'static [TypeKind] {
        match self {
            Self::Struct => &[TypeKind::Struct],
            Self::Union => &[TypeKind::Union],
            Self::Enum => &[TypeKind::Enum, TypeKind::Enum64],
            Self::Typedef => &[TypeKind::Typedef],
            Self::Int => &[TypeKind::Int],
            Self::Float => &[TypeKind::Float],
            Self::Fwd => &[TypeKind::Fwd],
            Self::Func => &[TypeKind::Func],
            Self::Var => &[TypeKind::Var],
            Self::Datasec => &[TypeKind::Datasec],
        }
    }
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.loading.options(style)?;
    let has = |kind: Kind| arguments.kinds.contains(&kind);
    options.conversion = options
        .conversion
        .functions(has(Kind::Func))
        .variables(has(Kind::Var) || has(Kind::Datasec));
    let graph = types(&arguments.file, &options, style)?.graph;
    let kinds: Vec<TypeKind> = arguments
        .kinds
        .iter()
        .flat_map(|kind| kind.kinds().iter().copied())
        .collect();
    let patterns: Vec<Pattern> = arguments.patterns.iter().map(Pattern::new).collect();
    let found = graph.matching(&patterns, &kinds);
    if found.is_empty() {
        return Err(nothing(arguments, &graph));
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let done = match arguments.format {
        TextOrJson::Text => render::names(found, &mut out),
        TextOrJson::Json => render::names_json(found, &mut out),
    };
    done.map_err(into_io)
        .and_then(|()| out.flush())
        .map_err(Failure::stdout)
}

/// Returns the failure of finding nothing, with the nearest names.
fn nothing(arguments: &Arguments, graph: &btfkit::Btf) -> Failure {
    let near: Vec<String> = arguments
        .patterns
        .iter()
        .flat_map(|pattern| graph.nearest_names(pattern))
        .collect();
    let near = if near.is_empty() {
        String::new()
    } else {
        format!("; the nearest: {}", near.join(", "))
    };
    Failure::Refused(format!(
        "{}: no type's name matches{near}",
        arguments.file.display()
    ))
}
