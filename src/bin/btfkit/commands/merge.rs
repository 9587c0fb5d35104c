//! `btfkit merge`: merges the types of several files.

use std::io::{self, Write};
use std::path::PathBuf;

use btfkit::merge::{Collision, Input, MergeOptions, Merged, Merger, Policy};
use btfkit::pipeline::LabelledPath;
use btfkit::{Error, Limits, Place};

use crate::commands::collisions;
use crate::failure::Failure;
use crate::input::{same_label, types};
use crate::output;
use crate::progress::Progress;
use crate::shared::Loading;
use crate::style::Style;

/// Merge the types of several files
///
/// The ids of the first file stay, and equal types become one. Types that share a name but differ in layout are listed
/// with the files that they come from. With --base, the result is split BTF, and its types are compared with the base's
/// as well.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit merge /sys/kernel/btf/vmlinux server.btf -o merged.btf\n  \
    btfkit merge --on-collision rename /sys/kernel/btf/vmlinux app=server.btf -o merged.btf")]
pub struct Arguments {
    /// The files, in this order
    #[arg(value_name = "[LABEL=]FILE", required = true)]
    files: Vec<LabelledPath>,

    /// Append only: keep equal types apart
    #[arg(long, conflicts_with = "on_collision")]
    no_dedup: bool,

    /// Merge equal variables, and data sections with equal variables, as well. By default all of them stay, since each
    /// may be a different program's memory
    #[arg(long)]
    sections: bool,

    /// The policy for types that share a name but differ in layout: keep both; prefer those of one file (ids of the first
    /// file change if it is another one); rename those of later files to NAME___LABEL (or NAME___LABEL_2 if that name is
    /// taken); or fail. Preferring redirects pointers and parameters to the preferred type. A type that others contain
    /// by value stays beside it and is listed again, and so does a type of the base. Without a label, a file is labelled
    /// by its name without extension
    #[arg(long, value_name = "keep|prefer=LABEL|rename|fail", default_value = "keep",
        value_parser = OnCollision::parse)]
    on_collision: OnCollision,

    #[command(flatten)]
    loading: Loading,

    /// File for the BTF; - is standard output
    #[arg(long, short, value_name = "OUT.btf")]
    output: PathBuf,
}

/// The policy for types that share a name but differ in layout.
#[derive(Clone, Debug)]
enum OnCollision {
    Keep,
    Prefer(String),
    Rename,
    Fail,
}

impl OnCollision {
    fn parse(argument: &str) -> Result<Self, String> {
        match argument.split_once('=') {
            None if argument == "keep" => Ok(Self::Keep),
            None if argument == "rename" => Ok(Self::Rename),
            None if argument == "fail" => Ok(Self::Fail),
            Some(("prefer", label)) if !label.is_empty() => Ok(Self::Prefer(label.to_owned())),
            _ => Err("it is keep, prefer=LABEL, rename or fail".to_owned()),
        }
    }

    /// The library's policy for these files.
    fn policy(&self, files: &[LabelledPath]) -> Result<Policy, Failure> {
        match self {
            Self::Keep => Ok(Policy::Keep),
            Self::Rename => Ok(Policy::Rename),
            Self::Fail => Ok(Policy::Fail),
            Self::Prefer(label) => {
                let preferred = files.iter().position(|file| file.label() == *label);
                preferred.map(Policy::Prefer).ok_or_else(|| {
                    let labels: Vec<_> = files.iter().map(LabelledPath::label).collect();
                    Failure::Usage(format!(
                        "--on-collision prefer={label}: no file has this label; there are {}",
                        labels.join(", ")
                    ))
                })
            }
        }
    }
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let policy = arguments.on_collision.policy(&arguments.files)?;
    check_labels(&arguments.files, policy == Policy::Keep)?;
    let load_options = arguments.loading.options(style)?;
    let mut options = MergeOptions::new()
        .dedup(!arguments.no_dedup)
        .sections(arguments.sections)
        // The first file's type of a name must be removable if another file's type replaces it.
        .keep_first(!matches!(policy, Policy::Prefer(1..)));
    options.base.clone_from(&load_options.base);

    let progress = Progress::start("merging".to_owned(), style);
    let mut merger = Merger::new(options.clone());
    for input in &arguments.files {
        let graph = types(&input.path, &load_options, style)?.graph;
        let label = match policy {
            // The label is only shown here; with other policies it is also a flavor.
            Policy::Keep if input.label.is_none() => input.path.display().to_string(),
            _ => input.label().into_owned(),
        };
        merger.add(Input::new(label, graph)).map_err(named)?;
    }
    let merged = merger.finish().map_err(named)?;
    let collisions = merged.collisions(&Limits::default()).map_err(named)?;
    let mut text = collisions::listed(&merged, &collisions);
    let merged = match (policy, collisions.len()) {
        (Policy::Fail, 1..) => {
            return Err(Failure::Refused(format!(
                "{text}the files use names for different types"
            )));
        }
        _ => merged.resolve(policy, &options).map_err(named)?,
    };
    drop(progress);

    let mut left = Vec::new();
    if matches!(policy, Policy::Prefer(_)) {
        left = merged.collisions(&Limits::default()).map_err(named)?;
        text.push_str(&unresolved(&merged, &left));
    }
    text.push_str(&summary(&merged, collisions.len(), left.len()));
    if !style.is_quiet() {
        if output::is_stdout(&arguments.output) {
            io::stderr().lock().write_all(text.as_bytes())
        } else {
            io::stdout().lock().write_all(text.as_bytes())
        }
        .map_err(Failure::stdout)?;
    }
    output::write_graph(&arguments.output, &merged.graph)
}

/// Refuses two files with the same label. If all types are kept, only labels that were given count: the other files are
/// listed by their paths.
fn check_labels(files: &[LabelledPath], keep: bool) -> Result<(), Failure> {
    let counts = |file: &&LabelledPath| file.label.is_some() || !keep;
    let files: Vec<_> = files.iter().filter(counts).cloned().collect();
    let Some((first, second)) = same_label(&files) else {
        return Ok(());
    };
    let (first_path, second_path) = (first.path.display(), second.path.display());
    Err(Failure::Usage(format!(
        "{first_path} and {second_path} are both called {:?}; give one a label: v2={second_path}",
        first.label(),
    )))
}

/// Returns the collisions that preferring one file didn't resolve: a type stays beside the preferred one, or the
/// preferred file has no type of that name.
fn unresolved(merged: &Merged, left: &[Collision]) -> String {
    let line = |collision| {
        let sentence = collisions::sentence(merged, collision, "stays beside");
        format!("{sentence}\n")
    };
    left.iter().map(line).collect()
}

/// Returns the numbers of types, of collisions, and of collisions that are not resolved.
fn summary(merged: &Merged, collisions: usize, left: usize) -> String {
    let collisions = match collisions {
        0 => String::new(),
        1 => ", 1 collision".to_owned(),
        count => format!(", {count} collisions"),
    };
    let left = match left {
        0 => String::new(),
        count => format!(", {count} left"),
    };
    format!("{} types{collisions}{left}\n", merged.graph.len())
}

/// Returns the failure, with the name of the job if the error names no file.
fn named(error: Error) -> Failure {
    match error.places().first() {
        Some(Place::File(_)) => error.into(),
        _ => Failure::Input {
            file: "merge".to_owned(),
            error,
        },
    }
}
