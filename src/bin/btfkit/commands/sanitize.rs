//! `btfkit sanitize`: BTF that a kernel accepts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use btfkit::verify::{KernelVersion, Loss, SanitizeOptions, sanitize};

use crate::commands::verify::{Kernel, parse_kernel};
use crate::failure::Failure;
use crate::input::types;
use crate::output;
use crate::shared::Loading;
use crate::style::Style;

/// Make BTF that a kernel accepts
///
/// Kinds that the kernel doesn't know become what libbpf makes of them; names of C++, Rust and Go become identifiers, one
/// to one; what else the kernel refuses is repaired. Ids stay. What was lost is listed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit sanitize --kernel 5.15 --names server.names server.btf -o server.5.15.btf")]
pub struct Arguments {
    /// The types
    file: PathBuf,

    /// The kernel: running, latest or a version such as 5.15
    #[arg(long, value_name = "VERSION", value_parser = parse_kernel)]
    kernel: Kernel,

    /// Write the names that were changed: a line for each, NEW TAB OLD
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,

    /// List every type that was repaired, not only how many
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    loading: Loading,

    /// File for the BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let version = arguments.kernel.version()?;
    if version < KernelVersion::OLDEST {
        let oldest = KernelVersion::OLDEST;
        return Err(Failure::Usage(format!(
            "the rules of {version} are not known; the oldest known are those of {oldest}"
        )));
    }
    let options = arguments.loading.options(style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let sanitized = sanitize(&graph, &SanitizeOptions::new(version))
        .map_err(|error| Failure::at(&arguments.file, error))?;
    let bytes = sanitized.graph.encode()?;
    let table = sanitized.names.to_string();
    match &arguments.names {
        Some(names) if !output::is_stdout(&arguments.output) => {
            output::write_both(&arguments.output, &bytes, names, table.as_bytes())?;
        }
        Some(names) => {
            output::write(names, table.as_bytes())?;
            output::write(&arguments.output, &bytes)?;
        }
        None => output::write(&arguments.output, &bytes)?,
    }
    if !sanitized.names.is_empty() {
        let hint = match arguments.names {
            Some(_) => "",
            None => " (--names FILE writes them)",
        };
        style.note(&format!(
            "{} names were changed{hint}",
            sanitized.names.len()
        ));
    }
    if arguments.all {
        for loss in &sanitized.lost {
            style.note(&loss.to_string());
        }
    } else if !sanitized.lost.is_empty() {
        style.note(&summary(&sanitized.lost));
    }
    Ok(())
}

/// Returns a line for each way in which types were repaired, with their number.
fn summary(lost: &[Loss]) -> String {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for loss in lost {
        *counts.entry((loss.rule.what(), loss.became)).or_default() += 1;
    }
    let lines = counts
        .iter()
        .map(|((what, became), count)| format!("  {count} x {what}; {became}"));
    let lines: Vec<String> = lines.collect();
    format!("repairs, each of which --all lists:\n{}", lines.join("\n"))
}
