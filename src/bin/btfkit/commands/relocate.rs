//! `btfkit relocate`: the main job.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use btfkit::pipeline::{
    self, RelocateOptions, RelocatedObject, TargetFile, check_strict, write_json,
};
use btfkit::relocate::Role;
use btfkit::{Error, Place};
use clap::ValueEnum;

use crate::failure::Failure;
use crate::input::{Aliases, DebugRoots, Function, TargetArgument, is_bpf_object, read, targets};
use crate::output;
use crate::progress::Progress;
use crate::style::Style;

/// Apply a BPF object's CO-RE relocations, and write the rewritten object
///
/// Types are looked for in the targets in the order given, or in the one that a flavor suffix names: `struct
/// file___app` is the one of the target labelled `app`. What has no match is poisoned, as libbpf does it, and
/// said in the report, with a warning if it can be reached; where libbpf would refuse, nothing is written.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit relocate probe.bpf.o --target app=./server --target /sys/kernel/btf/vmlinux -o probe.server.bpf.o\n\n\
A target without a label is called after its file. A target labelled `kernel`, or from /sys/kernel/btf, is the\n\
kernel; the others are user programs. A second target with the label of an earlier one is that program's further\n\
file, a library, say. Programs of sections `?...` are relocated as far as they resolve. The report goes to standard output; to standard error with `-o -`.")]
pub struct Arguments {
    /// The BPF object
    #[arg(value_name = "PROG.o")]
    object: Option<PathBuf>,

    /// Where types come from, in this order
    #[arg(long, short, value_name = "[LABEL=]FILE", num_args = 1.., required = true, value_parser = TargetArgument::parse)]
    target: Vec<TargetArgument>,

    /// Types of a kernel module, split from the kernel's
    #[arg(long, value_name = "FILE", num_args = 1..)]
    module: Vec<PathBuf>,

    #[command(flatten)]
    function: Function,

    /// Do only what belongs to user programs, and leave the rest to the loader
    #[arg(long)]
    partial: bool,

    /// Refuse what has no match, what more than one target has, and a program's type that only the kernel has
    #[arg(long)]
    strict: bool,

    /// Relocate this program and the functions it calls, and leave the others to the loader
    #[arg(long, value_name = "NAME")]
    program: Vec<String>,

    /// Leave this program to the loader
    #[arg(long, value_name = "NAME")]
    skip: Vec<String>,

    /// How to write the report
    #[arg(long, value_name = "FORMAT")]
    report: Option<Format>,

    #[command(flatten)]
    aliases: Aliases,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the rewritten object; - is standard output
    #[arg(long, short, value_name = "OUT.o")]
    output: PathBuf,
}

/// How to write the report.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A line a relocation
    Text,
    /// One line of JSON
    Json,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let (object_path, target_arguments, module_paths) = arguments.files()?;
    let object = read(&object_path)?;
    let mut targets = targets(&target_arguments)?;
    give_modules(&mut targets, &module_paths)?;
    arguments.function.give(&mut targets)?;

    let mut options = RelocateOptions::default();
    options.partial = arguments.partial;
    options.dwarf = arguments.debug.dwarf;
    options.search = Some(arguments.debug.search());
    options.aliases = arguments.aliases.alias.clone();
    options.programs.clone_from(&arguments.program);
    options.skip.clone_from(&arguments.skip);
    let progress = Progress::start(format!("relocating {}", object_path.display()), style);
    let relocated = pipeline::relocate(object, &targets, &options)
        .map_err(|error| name_file(error, &object_path, &target_arguments))?;
    drop(progress);
    style.incomplete(relocated.incomplete.iter().cloned());

    let strict = if arguments.strict {
        check_strict(&relocated.report)
    } else {
        Ok(())
    };
    // The report speaks of an output that is there, or says why there is none.
    if strict.is_ok() {
        output::write(&arguments.output, &relocated.object)?;
    }
    arguments.tell(&relocated, style)?;
    style.warnings(relocated.warnings);
    strict.map_err(|error| Failure::at(&object_path, error))
}

impl Arguments {
    /// The object, the targets and the modules. An object that stands after a list of files was taken for one
    /// of them.
    fn files(&self) -> Result<(PathBuf, Vec<TargetArgument>, Vec<PathBuf>), Failure> {
        let mut targets = self.target.clone();
        let mut modules = self.module.clone();
        let mut object = self.object.clone();
        if object.is_none()
            && let Some(last) = targets.pop_if(|last| !last.labelled && is_bpf_object(&last.file))
        {
            object = Some(last.file);
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
                "which object? Say `btfkit relocate PROG.o --target FILE -o OUT.o`".to_owned(),
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

/// The operating system's error inside the library's.
pub fn into_io(error: Error) -> io::Error {
    let source = std::error::Error::source(&error);
    let kind = source.and_then(|source| source.downcast_ref::<io::Error>());
    kind.map_or(io::ErrorKind::Other, io::Error::kind).into()
}

/// Hands the modules to the first target that is a kernel.
fn give_modules(targets: &mut [TargetFile], paths: &[PathBuf]) -> Result<(), Failure> {
    if paths.is_empty() {
        return Ok(());
    }
    let kernel = targets
        .iter_mut()
        .find(|target| target.role == Role::Kernel);
    let Some(kernel) = kernel else {
        return Err(Failure::Usage(
            "modules belong to a kernel, and no target is one: add --target kernel=FILE".to_owned(),
        ));
    };
    for path in paths {
        kernel.modules.push(read(path)?.into());
    }
    Ok(())
}

/// An error names a target by its label; say which file that is. What is about no target is about the object.
fn name_file(error: Error, object: &Path, targets: &[TargetArgument]) -> Failure {
    let label = match error.places().first() {
        Some(Place::File(label)) => Some(label),
        _ => None,
    };
    let target = targets.iter().find(|target| Some(&target.label) == label);
    match target {
        Some(target) => Failure::at(&target.file, error),
        None => Failure::at(object, error),
    }
}
