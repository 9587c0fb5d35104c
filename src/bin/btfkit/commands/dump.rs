//! `btfkit dump`: types as text.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use btfkit::graph::{Btf, Type};
use btfkit::render::{self, c::HeaderOptions, rust::RustOptions};
use clap::ValueEnum;

use crate::commands::header::{guard, rendered, rendered_rust};
use crate::failure::{Failure, into_io};
use crate::input::types;
use crate::output;
use crate::shared::Loading;
use crate::style::Style;

/// Print the types of a file
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit dump /sys/kernel/btf/vmlinux --type task_struct\n\n\
`raw` is the output of `bpftool btf dump file FILE`, `json` that of `bpftool --json btf dump file FILE`. `c` is the output of\n`btfkit header --no-core`, `rust` that of `btfkit header --lang rust`.")]
pub struct Arguments {
    /// The file with the types
    file: PathBuf,

    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "raw")]
    format: Format,

    /// Print only types of these names
    #[arg(long = "type", value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    loading: Loading,
}

/// How to print types.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// bpftool's text
    Raw,
    /// bpftool's JSON
    Json,
    /// A C header
    C,
    /// Rust bindings
    Rust,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    if arguments.format == Format::C {
        return arguments.header(style);
    }
    if arguments.format == Format::Rust {
        return arguments.bindings(style);
    }
    let options = arguments.loading.options(style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let chosen = arguments.chosen(&graph)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let done = match (arguments.format, chosen) {
        (Format::Raw, None) => render::raw(graph.own_types(), &mut out),
        (Format::Raw, Some(chosen)) => render::raw(chosen, &mut out),
        (Format::Json, None) => render::json(graph.own_types(), &mut out),
        (Format::Json, Some(chosen)) => render::json(chosen, &mut out),
        (Format::C | Format::Rust, _) => Ok(()),
    };
    done.map_err(into_io)
        .and_then(|()| out.flush())
        .map_err(Failure::stdout)
}

impl Arguments {
    /// Prints a C header.
    fn header(&self, style: Style) -> Result<(), Failure> {
        let options = HeaderOptions::new()
            .names(&self.names)
            .core(false)
            .guard(guard(&self.file));
        let header = rendered(&self.file, &options, &self.loading, style)?;
        output::write(Path::new("-"), header.text.as_bytes())
    }

    /// Prints Rust bindings.
    fn bindings(&self, style: Style) -> Result<(), Failure> {
        let options = RustOptions::new().names(&self.names);
        let bindings = rendered_rust(&self.file, &options, &self.loading, style)?;
        output::write(Path::new("-"), bindings.text.as_bytes())
    }

    /// Returns the types with the requested names, or `None` for all types.
    fn chosen<'g>(&self, graph: &'g Btf) -> Result<Option<Vec<Type<'g>>>, Failure> {
        if self.names.is_empty() {
            return Ok(None);
        }
        let chosen: Vec<_> = graph
            .own_types()
            .filter(|ty| self.names.iter().any(|name| ty.name() == name.as_str()))
            .collect();
        let missing = self
            .names
            .iter()
            .find(|name| !chosen.iter().any(|ty| ty.name() == name.as_str()));
        match missing {
            Some(name) => Err(Failure::Refused(format!(
                "{}: no type is called {name}",
                self.file.display()
            ))),
            None => Ok(Some(chosen)),
        }
    }
}
