//! `btfkit split`: writes types as split BTF.

use std::path::PathBuf;

use btfkit::merge::{Input, MergeOptions, merge};

use crate::commands::collisions;
use crate::failure::Failure;
use crate::input::types;
use crate::output;
use crate::shared::Loading;
use crate::style::Style;

/// Write a file's types as split BTF over a base
///
/// Only the types that the base doesn't have are written; references to the others become references to the base. Types
/// that share a name with a type of the base but differ in layout are listed; both stay.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("required").args(["base"]).required(true)))]
#[command(after_help = "Example:\n  \
    btfkit split server.btf --base /sys/kernel/btf/vmlinux -o server.split.btf")]
pub struct Arguments {
    /// The types
    file: PathBuf,

    #[command(flatten)]
    loading: Loading,

    /// File for the BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let base = arguments.loading.required_base(style)?;
    let options = arguments.loading.debug.options();
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
        let listed = collisions::listed(&split, &collisions);
        style.note(&format!(
            "types that differ from the base's type of the same name:\n{listed}"
        ));
    }
    let own = split.graph.own_len();
    style.note(&format!("{own} of {before} types are not in the base"));
    Ok(())
}
