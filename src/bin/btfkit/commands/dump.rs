//! `btfkit dump`: types as text.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::graph::{Btf, Type};
use btfkit::render;
use clap::ValueEnum;

use crate::commands::relocate::into_io;
use crate::failure::Failure;
use crate::input::{DebugRoots, base, types};
use crate::style::Style;

/// Print the types of a file
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit dump /sys/kernel/btf/vmlinux --type task_struct\n\n\
`raw` is the text of `bpftool btf dump file FILE`, `json` that of `bpftool --json btf dump file FILE`.")]
pub struct Arguments {
    /// Whose types
    file: PathBuf,

    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "raw")]
    format: Format,

    /// Only types of these names
    #[arg(long = "type", value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    debug: DebugRoots,

    /// What split BTF goes on from: for a kernel module, the kernel
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,
}

/// How to print types.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// bpftool's text
    Raw,
    /// bpftool's JSON
    Json,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.debug.load_options();
    options.base = base(&arguments.base, &options, style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let chosen = arguments.chosen(&graph)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let done = match (arguments.format, chosen) {
        (Format::Raw, None) => render::raw(graph.own_types(), &mut out),
        (Format::Raw, Some(chosen)) => render::raw(chosen, &mut out),
        (Format::Json, None) => render::json(graph.own_types(), &mut out),
        (Format::Json, Some(chosen)) => render::json(chosen, &mut out),
    };
    done.map_err(into_io)
        .and_then(|()| out.flush())
        .map_err(Failure::stdout)
}

impl Arguments {
    /// The types with the names asked for; `None` for all.
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
