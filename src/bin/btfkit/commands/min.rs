//! `btfkit min`: the smallest BTF that objects need.

use std::path::PathBuf;

use btfkit::Place;
use btfkit::encode::encode;
use btfkit::pipeline::{LabelledPath, minimise};

use crate::failure::Failure;
use crate::input::{read, read_all, targets};
use crate::output;
use crate::progress::Progress;
use crate::shared::{Function, TargetOptions};
use crate::style::Style;

/// Make the smallest BTF with which BPF objects relocate to identical instructions
///
/// The result is raw BTF, for --target here or for libbpf's `btf_custom_path`. Of several targets it has the types that
/// `relocate` takes from each. Before it is written, the objects are
/// relocated against it and the results compared.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit min probe.bpf.o --target app=./server -o server.min.btf")]
pub struct Arguments {
    /// The BPF objects
    #[arg(value_name = "PROG.o", required = true)]
    objects: Vec<PathBuf>,

    /// The kernel and the user programs whose types are reduced, in the order in which they are searched
    #[arg(
        long,
        short,
        value_name = "[LABEL=]FILE",
        required = true,
        num_args = 1
    )]
    target: Vec<LabelledPath>,

    /// The BTF of a kernel module, split from the kernel's
    #[arg(long, value_name = "FILE")]
    module: Vec<PathBuf>,

    #[command(flatten)]
    options: TargetOptions,

    #[command(flatten)]
    function: Function,

    /// File for the BTF; - is standard output
    #[arg(long, short, value_name = "MIN.btf")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let objects = read_all(&arguments.objects)?;
    let mut targets = targets(&arguments.target)?;
    for module in &arguments.module {
        targets.add_module(read(module)?)?;
    }
    if let Some(function) = &arguments.function.function {
        targets.set_function(function)?;
    }
    let progress = Progress::start(
        "collecting the types that the objects need".to_owned(),
        style,
    );
    let small = minimise(objects, &targets, &arguments.options.options())
        .and_then(|graph| Ok((encode(&graph)?, graph.len())))
        .map_err(|error| match error.places().first() {
            Some(Place::File(label)) => {
                let mut files = arguments.target.iter();
                match files.find(|file| file.label() == *label) {
                    Some(file) => Failure::at(&file.path, error),
                    None => super::name_numbered(error, &arguments.objects),
                }
            }
            _ => super::name_numbered(error, &arguments.objects),
        })?;
    drop(progress);
    let (bytes, types) = small;
    output::write(&arguments.output, &bytes)?;
    style.note(&format!("{types} types, {} bytes", bytes.len()));
    Ok(())
}
