//! `btfkit min`: the smallest BTF that objects need.

use std::path::PathBuf;

use btfkit::Place;
use btfkit::encode::encode;
use btfkit::pipeline::{RelocateOptions, minimise};

use crate::failure::Failure;
use crate::input::{Aliases, DebugRoots, Function, TargetArgument, read};
use crate::output;
use crate::progress::Progress;
use crate::style::Style;

/// Make the smallest BTF with which BPF objects relocate to identical instructions
///
/// The result is raw BTF, for `--target` here or for libbpf's `btf_custom_path`. It is tried before it is
/// written.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit min probe.bpf.o --target app=./server -o server.min.btf")]
pub struct Arguments {
    /// The BPF objects
    #[arg(value_name = "PROG.o", required = true)]
    objects: Vec<PathBuf>,

    /// Where the types come from
    #[arg(long, short, value_name = "[LABEL=]FILE", value_parser = TargetArgument::parse)]
    target: TargetArgument,

    /// Types of a kernel module, split from the kernel's
    #[arg(long, value_name = "FILE")]
    module: Vec<PathBuf>,

    #[command(flatten)]
    function: Function,

    #[command(flatten)]
    aliases: Aliases,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the BTF; - is standard output
    #[arg(long, short, value_name = "MIN.btf")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let objects = arguments
        .objects
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut target = arguments.target.read()?;
    arguments.function.give(std::slice::from_mut(&mut target))?;
    for module in &arguments.module {
        target.modules.push(read(module)?.into());
    }
    let progress = Progress::start("looking for what the objects need".to_owned(), style);
    let mut options = RelocateOptions::default();
    options.search = Some(arguments.debug.search());
    options.dwarf = arguments.debug.dwarf;
    options.aliases = arguments.aliases.alias.clone();
    let small = minimise(&objects, &target, &options)
        .and_then(|graph| Ok((encode(&graph)?, graph.len())))
        .map_err(|error| match error.places().first() {
            Some(Place::File(label)) if *label == arguments.target.label => {
                Failure::at(&arguments.target.file, error)
            }
            _ => super::name_numbered(error, "object", &arguments.objects),
        })?;
    drop(progress);
    let (bytes, types) = small;
    output::write(&arguments.output, &bytes)?;
    style.note(&format!("{types} types, {} bytes", bytes.len()));
    Ok(())
}
