//! `btfkit merge`: several files' types in one.

use std::io::{self, Write};
use std::path::PathBuf;

use btfkit::graph::Kind;
use btfkit::merge::{Collision, Input, Merged, Merger, Options};
use btfkit::{Error, Limits, Place, TypeId, encode};

use crate::commands::changes;
use crate::failure::Failure;
use crate::input::{DebugRoots, types};
use crate::output;
use crate::progress::Progress;
use crate::style::Style;

/// Merge the types of several files
///
/// The ids of the first file stay; types that are the same become one. Types that share a name and differ in
/// layout are listed, with the files they came from.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit merge /sys/kernel/btf/vmlinux server.btf -o merged.btf")]
pub struct Arguments {
    /// The files, in this order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Write split BTF that goes on from the types of this file
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,

    /// Append only: keep types that are the same apart
    #[arg(long)]
    no_dedup: bool,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the BTF; - is standard output
    #[arg(long, short, value_name = "OUT.btf")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut load_options = arguments.debug.load_options();
    let mut options = Options::default();
    if let Some(base) = &arguments.base {
        let base = types(base, &load_options, style)?.graph;
        load_options.base = Some(base.clone());
        options.base = Some(base);
    }
    options.dedup = !arguments.no_dedup;

    let progress = Progress::start("merging".to_owned(), style);
    let mut merger = Merger::new(options);
    for file in &arguments.files {
        let graph = types(file, &load_options, style)?.graph;
        let label = file.display().to_string();
        merger.add(Input::new(label, graph)).map_err(named)?;
    }
    let merged = merger.finish().map_err(named)?;
    let bytes = encode::encode(&merged.graph).map_err(named)?;
    let mut collisions = merged.collisions(&Limits::default()).map_err(named)?;
    collisions.retain(|collision| is_of_layout(&merged, collision));
    drop(progress);

    if !style.is_quiet() {
        let text = report(&merged, &collisions);
        if output::is_stdout(&arguments.output) {
            io::stderr().lock().write_all(text.as_bytes())
        } else {
            io::stdout().lock().write_all(text.as_bytes())
        }
        .map_err(Failure::stdout)?;
    }
    output::write(&arguments.output, &bytes)
}

/// Whether a collision is about layout: two typedefs of one name may as well have different words for the same.
fn is_of_layout(merged: &Merged, collision: &Collision) -> bool {
    let layout = |id: TypeId| {
        let behind = merged.graph.ty(id).strip().ok()?;
        Some((behind.kind(), behind.size().map_or(0, |size| size.0)))
    };
    collision.change.kind != Kind::Typedef || layout(collision.first) != layout(collision.other)
}

/// Differences of one collision to print at the most.
const MOST_LINES: usize = 8;

/// The collisions, and the sums.
fn report(merged: &Merged, collisions: &[Collision]) -> String {
    let label = |input: usize| merged.labels.get(input).map_or("?", String::as_str);
    let mut text = String::new();
    for collision in collisions {
        text.push_str(&format!(
            "{}: {} in {} differs from {} in {}\n{}",
            changes::name(&collision.change),
            collision.other,
            label(collision.other_input),
            collision.first,
            label(collision.first_input),
            changes::lines(&collision.change, MOST_LINES),
        ));
    }
    let sum = match collisions.len() {
        0 => String::new(),
        1 => ", 1 collision".to_owned(),
        count => format!(", {count} collisions"),
    };
    text.push_str(&format!("{} types{sum}\n", merged.graph.len()));
    text
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
