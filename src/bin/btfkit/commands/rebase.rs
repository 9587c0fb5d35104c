//! `btfkit rebase`: split BTF onto another base.

use std::path::PathBuf;

use btfkit::merge::rebase;

use crate::failure::Failure;
use crate::input::{DebugRoots, required_base, types};
use crate::output;
use crate::style::Style;

/// Put split BTF with a distilled base over another base
///
/// The distilled base is in FILE's own .BTF.base, as in a kernel module, or in a file of its own, as
/// `btfkit distill` writes it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit rebase module.distilled.btf --from module.distilled.btf.base --base vmlinux -o module.btf")]
pub struct Arguments {
    /// The split BTF, or a kernel module
    file: PathBuf,

    /// The distilled base it is split from; not needed where FILE has a .BTF.base
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// The base to put it over
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE", required = true)]
    base: Vec<PathBuf>,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the split BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.debug.load_options();
    let base = required_base(&arguments.base, &options, style)?;
    if let Some(from) = &arguments.from {
        options.base = Some(types(from, &options, style)?.graph);
    }
    let graph = types(&arguments.file, &options, style)?.graph;
    let at = |error| Failure::at(&arguments.file, error);
    let done = rebase(&graph, &base).map_err(at)?;
    output::write_graph(&arguments.output, &done.graph)?;
    style.note(&format!("{} types over the base", done.graph.own_len()));
    Ok(())
}
