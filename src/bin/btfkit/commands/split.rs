//! `btfkit split`: types that go on from another file's.

use std::path::PathBuf;

use btfkit::merge::{Input, MergeOptions, merge};

use crate::commands::changes;
use crate::failure::Failure;
use crate::input::{DebugRoots, required_base, types};
use crate::output;
use crate::style::Style;

/// Write a file's types as split BTF over a base
///
/// What the base has becomes a reference to it; only the rest is written. Types that share a name with one of the
/// base's and differ in layout are listed; both stay.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit split server.btf --base /sys/kernel/btf/vmlinux -o server.split.btf")]
pub struct Arguments {
    /// The types
    file: PathBuf,

    /// The base
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE", required = true)]
    base: Vec<PathBuf>,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let options = arguments.debug.load_options();
    let base = required_base(&arguments.base, &options, style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let before = graph.len();
    let label = arguments.file.display().to_string();
    let split =
        merge([Input::new(label, graph)], &MergeOptions::split(&base)).map_err(Failure::from)?;
    let collisions = split
        .collisions(&btfkit::Limits::default())
        .map_err(|error| Failure::Input {
            file: arguments.file.display().to_string(),
            error,
        })?;
    output::write_graph(&arguments.output, &split.graph)?;
    if !collisions.is_empty() {
        let listed = changes::collisions(&split, &collisions);
        style.note(&format!("names that the base uses differently:\n{listed}"));
    }
    let own = split.graph.own_len();
    style.note(&format!("{own} of {before} types are not in the base"));
    Ok(())
}
