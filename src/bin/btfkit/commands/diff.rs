//! `btfkit diff`: how the types of two files differ.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::Limits;
use btfkit::graph::Btf;
use btfkit::merge::{diff, title};

use crate::failure::Failure;
use crate::input::types;
use crate::shared::Loading;
use crate::style::Style;

/// Show how the types of two files differ, field by field
///
/// Types are matched by name. `-` marks types that only A has, `+` those that only B has. A type of both that differs
/// is followed by a line for each field and enumerator that differs. Fields of unnamed types are listed where the type
/// occurs: `u.word`, `array[].word`, `pointer->word`, `callback(parameter)->word`. If nothing differs, standard output
/// is empty. The exit status is 0 either way.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit diff ./server-1.0 ./server-1.1 --type session config")]
pub struct Arguments {
    /// The types before
    #[arg(value_name = "A")]
    before: PathBuf,

    /// The types after
    #[arg(value_name = "B")]
    after: PathBuf,

    /// Compare only types of these names
    #[arg(long = "type", value_name = "NAME", num_args = 1..)]
    names: Vec<String>,

    #[command(flatten)]
    loading: Loading,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let options = arguments.loading.options(style)?;
    let before = types(&arguments.before, &options, style)?.graph;
    let after = types(&arguments.after, &options, style)?.graph;
    let wanted =
        |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|n| n == name);
    for name in &arguments.names {
        let missing = |graph: &Btf| graph.named(name.as_bytes()).next().is_none();
        if missing(&before) && missing(&after) {
            return Err(Failure::Refused(format!(
                "{} and {}: no type is called {name}",
                arguments.before.display(),
                arguments.after.display()
            )));
        }
    }
    let diff = diff(&before, &after, &Limits::default())
        .map_err(|error| Failure::at(&arguments.after, error))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut any = false;
    let mut write = || -> io::Result<()> {
        for (sign, graph, ids) in [("-", &before, &diff.removed), ("+", &after, &diff.added)] {
            for &id in ids {
                let ty = graph.ty(id);
                let name = ty.name().to_string_lossy();
                if wanted(&name) {
                    any = true;
                    writeln!(out, "{sign} {}", title(ty.kind(), ty.name()))?;
                }
            }
        }
        for change in diff.changed.iter().filter(|change| wanted(&change.name)) {
            any = true;
            write!(out, "{change}")?;
        }
        out.flush()
    };
    write().map_err(Failure::stdout)?;
    if !any {
        style.note("no type differs");
    }
    Ok(())
}
