//! `btfkit rebase`: puts split BTF over another base.

use std::path::PathBuf;

use btfkit::merge::rebase;

use crate::failure::Failure;
use crate::input::types;
use crate::output;
use crate::shared::Loading;
use crate::style::Style;

/// Put split BTF with a distilled base over another base
///
/// The distilled base is in FILE's own .BTF.base, as in a kernel module, or in a file of its own, as
/// `btfkit distill` writes it.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("required").args(["base"]).required(true)))]
#[command(after_help = "Example:\n  \
    btfkit rebase module.distilled.btf --from module.distilled.btf.base --base vmlinux -o module.btf")]
pub struct Arguments {
    /// The split BTF, or a kernel module
    file: PathBuf,

    /// The distilled base that FILE is split from; not needed if FILE has a .BTF.base
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    #[command(flatten)]
    loading: Loading,

    /// File for the split BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let base = arguments.loading.required_base(style)?;
    let mut options = arguments.loading.debug.options();
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
