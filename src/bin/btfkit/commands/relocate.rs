//! `btfkit relocate`: applies CO-RE relocations.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use btfkit::pipeline::{self, LabelledPath, RelocatedObject, Targets, check_strict, write_json};
use btfkit::{Error, Place};
use clap::ValueEnum;

use crate::failure::{Failure, into_io};
use crate::input::{is_bpf_object, read, targets};
use crate::output;
use crate::progress::Progress;
use crate::shared::{Function, Programs, TargetOptions};
use crate::style::Style;

/// Apply a BPF object's CO-RE relocations, and write the rewritten object
///
/// The targets are searched for a type in the order given. A flavor suffix that is a target's label selects that target:
/// `struct file___app` is the `struct file` of the target labelled `app`. A relocation without a match is poisoned, as
/// libbpf does, and reported, with a warning if it can be reached. If libbpf would refuse the object, nothing is written.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit relocate probe.bpf.o --target app=./server --target /sys/kernel/btf/vmlinux -o probe.server.bpf.o\n\n\
Without a label, a target is labelled by its file name without extension. A target labelled `kernel`, or in\n\
/sys/kernel/btf, is the kernel; the others are user programs. A second target with the same label is a further\n\
file of that program: a library, say. Programs of sections `?...` are relocated as far as they resolve. The report is written to standard output, or to\n\
standard error with `-o -`.")]
pub struct Arguments {
    /// The BPF object
    #[arg(value_name = "PROG.o")]
    object: Option<PathBuf>,

    /// The kernel and the user programs to relocate against, in this order
    #[arg(long, short, value_name = "[LABEL=]FILE", num_args = 1.., required = true)]
    target: Vec<LabelledPath>,

    /// The BTF of a kernel module, split from the kernel's
    #[arg(long, value_name = "FILE", num_args = 1..)]
    module: Vec<PathBuf>,

    #[command(flatten)]
    function: Function,

    #[command(flatten)]
    programs: Programs,

    /// The format of the report
    #[arg(long, value_name = "FORMAT")]
    report: Option<Format>,

    #[command(flatten)]
    options: TargetOptions,

    /// File for the rewritten object; - is standard output
    #[arg(long, short, value_name = "OUT.o")]
    output: PathBuf,
}

/// The format of the report.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// One line for each relocation
    Text,
    /// One line of JSON
    Json,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let (object_path, target_paths, module_paths) = arguments.files()?;
    let object = read(&object_path)?;
    let mut targets = targets(&target_paths)?;
    add_modules(&mut targets, &module_paths)?;
    if let Some(function) = &arguments.function.function {
        targets.set_function(function)?;
    }

    let options = arguments.programs.set(arguments.options.options());
    let progress = Progress::start(format!("relocating {}", object_path.display()), style);
    let relocated = pipeline::relocate(object, &targets, &options)
        .map_err(|error| name_file(error, &object_path, &target_paths))?;
    drop(progress);
    style.incomplete(relocated.incomplete.iter().cloned());

    let strict = if arguments.programs.strict {
        check_strict(&relocated.report)
    } else {
        Ok(())
    };
    // The output is written before the report, which also tells why there is none.
    if strict.is_ok() {
        output::write(&arguments.output, &relocated.object)?;
    }
    arguments.tell(&relocated, style)?;
    style.warnings(relocated.warnings);
    strict.map_err(|error| Failure::at(&object_path, error))
}

impl Arguments {
    /// Returns the object, the targets and the modules. An object that comes after a list of files was parsed as one of
    /// them.
    fn files(&self) -> Result<(PathBuf, Vec<LabelledPath>, Vec<PathBuf>), Failure> {
        let mut targets = self.target.clone();
        let mut modules = self.module.clone();
        let mut object = self.object.clone();
        if object.is_none()
            && let Some(last) =
                targets.pop_if(|last| last.label.is_none() && is_bpf_object(&last.path))
        {
            object = Some(last.path);
        }
        if object.is_none() {
            object = modules.pop_if(|last| is_bpf_object(last));
        }
        match object {
            Some(object) if !targets.is_empty() => Ok((object, targets, modules)),
            Some(_) => Err(Failure::Usage(
                "relocate against what? Add --target FILE".to_owned(),
            )),
            None => Err(Failure::Usage(
                "which object? Write `btfkit relocate PROG.o --target FILE -o OUT.o`".to_owned(),
            )),
        }
    }

    /// Writes the report.
    fn tell(&self, relocated: &RelocatedObject, style: Style) -> Result<(), Failure> {
        let format = match self.report {
            None if style.is_quiet() => return Ok(()),
            None => Format::Text,
            Some(format) => format,
        };
        if output::is_stdout(&self.output) {
            let stderr = io::stderr();
            let text = style.report(&format!("{}\n", relocated.report), &stderr);
            return write(relocated, format, &text, &mut stderr.lock());
        }
        let stdout = io::stdout();
        let text = style.report(&format!("{}\n", relocated.report), &stdout);
        write(relocated, format, &text, &mut stdout.lock())
    }
}

fn write(
    relocated: &RelocatedObject,
    format: Format,
    text: &str,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(out);
    let done = match format {
        Format::Text => out.write_all(text.as_bytes()),
        Format::Json => write_json(&relocated.report, &mut out).map_err(into_io),
    };
    done.and_then(|()| out.flush()).map_err(Failure::stdout)
}

/// Adds the modules to the kernel among the targets.
fn add_modules(targets: &mut Targets, paths: &[PathBuf]) -> Result<(), Failure> {
    for path in paths {
        let module = read(path)?;
        targets
            .add_module(module)
            .map_err(|error| Failure::Usage(format!("{error}: add --target kernel=FILE")))?;
    }
    Ok(())
}

/// Returns the failure with the file that the error is about: that of the target whose label it names, or the object.
fn name_file(error: Error, object: &Path, targets: &[LabelledPath]) -> Failure {
    let label = match error.places().first() {
        Some(Place::File(label)) => Some(label),
        _ => None,
    };
    let target = targets
        .iter()
        .find(|target| label.is_some_and(|label| target.label() == *label));
    match target {
        Some(target) => Failure::at(&target.path, error),
        None => Failure::at(object, error),
    }
}
