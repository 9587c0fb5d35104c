//! `btfkit merge`: several files' types in one.

use std::io::{self, Write};
use std::path::PathBuf;

use btfkit::merge::{Collision, Input, MergeOptions, Merged, Merger, Policy};
use btfkit::{Error, Limits, Place};

use crate::commands::changes;
use crate::failure::Failure;
use crate::input::{DebugRoots, TargetArgument, base, types};
use crate::output;
use crate::progress::Progress;
use crate::style::Style;

/// Merge the types of several files
///
/// The ids of the first file stay; types that are the same become one. Types that share a name and differ in
/// layout are listed, with the files they came from; the base's are compared, too.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit merge /sys/kernel/btf/vmlinux server.btf -o merged.btf\n  \
    btfkit merge --on-collision rename /sys/kernel/btf/vmlinux app=server.btf -o merged.btf")]
pub struct Arguments {
    /// The files, in this order
    #[arg(value_name = "[LABEL=]FILE", required = true, value_parser = TargetArgument::parse)]
    files: Vec<TargetArgument>,

    /// Write split BTF that goes on from the types of this file
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,

    /// Append only: keep types that are the same apart
    #[arg(long, conflicts_with = "on_collision")]
    no_dedup: bool,

    /// Let equal variables, and data sections with equal variables, become one, too. Without this they stay as many
    /// as there are, since each may be another file's memory
    #[arg(long)]
    sections: bool,

    /// What to do where types share a name and differ in layout: keep both, prefer one file's (the first's ids
    /// don't stay if it is another's), rename those of later files to NAME___LABEL (NAME___LABEL_2 where that is
    /// taken), or fail. Preferring sends pointers and parameters to the preferred type; a type that others hold
    /// by value stays beside it and is listed again, and so is the base's. A file without a label is labelled by
    /// its name without ending
    #[arg(long, value_name = "keep|prefer=LABEL|rename|fail", default_value = "keep",
        value_parser = OnCollision::parse)]
    on_collision: OnCollision,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the BTF; - is standard output
    #[arg(long, short, value_name = "OUT.btf")]
    output: PathBuf,
}

/// What to do where types share a name.
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
    fn policy(&self, files: &[TargetArgument]) -> Result<Policy, Failure> {
        match self {
            Self::Keep => Ok(Policy::Keep),
            Self::Rename => Ok(Policy::Rename),
            Self::Fail => Ok(Policy::Fail),
            Self::Prefer(label) => {
                let preferred = files.iter().position(|file| file.label == *label);
                preferred.map(Policy::Prefer).ok_or_else(|| {
                    let labels: Vec<_> = files.iter().map(|file| &*file.label).collect();
                    Failure::Usage(format!(
                        "--on-collision prefer={label}: no file is called so; there are {}",
                        labels.join(", ")
                    ))
                })
            }
        }
    }
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let policy = arguments.on_collision.policy(&arguments.files)?;
    distinct_labels(&arguments.files, policy == Policy::Keep)?;
    let mut load_options = arguments.debug.load_options();
    let mut options = MergeOptions::default();
    if let Some(base) = base(&arguments.base, &load_options, style)? {
        load_options.base = Some(base.clone());
        options.base = Some(base);
    }
    options.dedup = !arguments.no_dedup;
    options.sections = arguments.sections;
    // What another file's type replaces goes, so that one of the name is left.
    options.keep_first = !matches!(policy, Policy::Prefer(1..));

    let progress = Progress::start("merging".to_owned(), style);
    let mut merger = Merger::new(options.clone());
    for input in &arguments.files {
        let graph = types(&input.file, &load_options, style)?.graph;
        let label = match policy {
            // Shown as it was given; otherwise, what a flavor says.
            Policy::Keep if !input.labelled => input.file.display().to_string(),
            _ => input.label.clone(),
        };
        merger.add(Input::new(label, graph)).map_err(named)?;
    }
    let merged = merger.finish().map_err(named)?;
    let collisions = merged.collisions(&Limits::default()).map_err(named)?;
    let mut text = changes::collisions(&merged, &collisions);
    let merged = match (policy, collisions.len()) {
        (Policy::Fail, 1..) => {
            return Err(Failure::Refused(format!(
                "{text}the files don't fit together"
            )));
        }
        _ => merged.resolve(policy, &options).map_err(named)?,
    };
    drop(progress);

    let mut left = Vec::new();
    if matches!(policy, Policy::Prefer(_)) {
        left = merged.collisions(&Limits::default()).map_err(named)?;
        text.push_str(&still_there(&merged, &left));
    }
    text.push_str(&sum(&merged, collisions.len(), left.len()));
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

/// Refuses files of one label. If types are kept, only labels that were given count: the other files are listed by
/// their paths.
fn distinct_labels(files: &[TargetArgument], keep: bool) -> Result<(), Failure> {
    for (number, file) in files.iter().enumerate() {
        let counts = |file: &TargetArgument| file.labelled || !keep;
        let same = |o: &&TargetArgument| o.label == file.label && counts(o) && counts(file);
        if let Some(other) = files[..number].iter().find(same) {
            return Err(Failure::Usage(format!(
                "{} and {} are both called {:?}; give one a label: v2={}",
                other.file.display(),
                file.file.display(),
                file.label,
                file.file.display(),
            )));
        }
    }
    Ok(())
}

/// The types that stay beside the preferred ones, or that the preferred file doesn't have.
fn still_there(merged: &Merged, left: &[Collision]) -> String {
    let line = |collision: &Collision| {
        format!(
            "{}: {} in {} stays beside {} in {}\n",
            changes::name(&collision.change),
            collision.other,
            merged.label(Some(collision.other_input)),
            collision.first,
            merged.label(collision.first_input),
        )
    };
    left.iter().map(line).collect()
}

/// How many types there are, how many collisions there were, and how many there still are where some should go.
fn sum(merged: &Merged, collisions: usize, left: usize) -> String {
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

/// The engine's errors name the file they are about already.
fn named(error: Error) -> Failure {
    match error.places().first() {
        Some(Place::File(_)) => error.into(),
        _ => Failure::Input {
            file: "merge".to_owned(),
            error,
        },
    }
}
