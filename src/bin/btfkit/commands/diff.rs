//! `btfkit diff`: how the types of two files differ.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::Limits;
use btfkit::graph::Btf;
use btfkit::merge::diff;

use crate::commands::changes;
use crate::failure::Failure;
use crate::input::{DebugRoots, base, types};
use crate::style::Style;

/// Show how the types of two files differ, field by field
///
/// Types are matched by name. `-` is only in A, `+` only in B; under a type that both have and that differs there
/// is a line for each field and enumerator that does. Those of types without a name are listed where the type
/// occurs: `u.word`, `array[].word`, `pointer->word`, `callback(parameter)->word`. Where nothing differs, standard
/// output is empty. The exit status is 0 either way.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit diff ./server-1.0 ./server-1.1 --type session config")]
pub struct Arguments {
    /// The types as they were
    #[arg(value_name = "A")]
    before: PathBuf,

    /// The types as they are
    #[arg(value_name = "B")]
    after: PathBuf,

    /// Only types of these names
    #[arg(long = "type", value_name = "NAME", num_args = 1..)]
    names: Vec<String>,

    #[command(flatten)]
    debug: DebugRoots,

    /// What split BTF goes on from: for kernel modules, the kernel
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.debug.load_options();
    options.base = base(&arguments.base, &options, style)?;
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
                    writeln!(out, "{sign} {}", changes::named(ty.kind(), &name))?;
                }
            }
        }
        for change in diff.changed.iter().filter(|change| wanted(&change.name)) {
            any = true;
            let name = changes::name(change);
            write!(out, "{name}\n{}", changes::lines(change, usize::MAX))?;
        }
        out.flush()
    };
    write().map_err(Failure::stdout)?;
    if !any {
        style.note("no type differs");
    }
    Ok(())
}
