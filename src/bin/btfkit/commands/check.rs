//! `btfkit check`: which programs run on which targets.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::pipeline::{Counts, LabelledPath, Verdict, check, write_verdicts};
use clap::ValueEnum;

use crate::failure::{Failure, into_io};
use crate::input::{read_all, targets};
use crate::progress::Progress;
use crate::shared::{Function, Programs, TargetOptions};
use crate::style::Style;

/// Check which BPF objects run on which targets
///
/// Each user program is tried together with each kernel among the targets. The verdict is
/// that of `relocate` with the same targets. The exit status is 1 if an object is refused, has no relocations, or has a
/// poisoned instruction that can be reached.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit check probe.bpf.o --target v1=./server-1 --target v2=./server-2 --target /sys/kernel/btf/vmlinux\n\n\
The columns count relocations: set to a value; set to 0 because the type or field doesn't exist; poisoned, but not\n\
reachable; poisoned and reachable; left to the loader.")]
pub struct Arguments {
    /// The BPF objects
    #[arg(value_name = "PROG.o", required = true)]
    objects: Vec<PathBuf>,

    /// The kernels and user programs that they are to run on
    #[arg(
        long,
        short,
        value_name = "[LABEL=]FILE",
        required = true,
        num_args = 1
    )]
    target: Vec<LabelledPath>,

    #[command(flatten)]
    options: TargetOptions,

    #[command(flatten)]
    function: Function,

    #[command(flatten)]
    programs: Programs,

    /// Print each poisoned relocation that can be reached
    #[arg(long)]
    verbose: bool,

    /// The format of the verdicts
    #[arg(long, alias = "report", value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// The format of the verdicts.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A table
    Text,
    /// One line of JSON, with the report on each combination
    Json,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let objects = read_all(&arguments.objects)?;
    let mut targets = targets(&arguments.target)?;
    if let Some(function) = &arguments.function.function {
        targets.set_function(function)?;
    }
    let options = arguments.programs.set(arguments.options.options());
    let options = options.strict(arguments.programs.strict);
    let progress = Progress::start("trying every object on every target".to_owned(), style);
    let verdicts = check(objects, &targets, &options)
        .map_err(|error| super::name_numbered(error, &arguments.objects))?;
    drop(progress);
    let incomplete: BTreeSet<_> = verdicts
        .iter()
        .flat_map(|verdict| &verdict.incomplete)
        .collect();
    style.incomplete(incomplete.into_iter().cloned());
    match arguments.format {
        Format::Text => arguments.print(&verdicts).map_err(Failure::stdout)?,
        Format::Json => {
            let names = arguments.objects.iter();
            let names: Vec<_> = names.map(|path| path.display().to_string()).collect();
            let mut out = BufWriter::new(io::stdout().lock());
            write_verdicts(&verdicts, &names, &mut out)
                .map_err(into_io)
                .and_then(|()| out.flush())
                .map_err(Failure::stdout)?;
        }
    }
    style.warnings(arguments.warnings(&verdicts));
    let bad = verdicts.iter().filter(|verdict| !verdict.is_good()).count();
    if bad > 0 {
        return Err(Failure::Refused(format!(
            "{bad} of {} combinations can't run",
            verdicts.len()
        )));
    }
    Ok(())
}

impl Arguments {
    /// Returns the warnings of all verdicts, each with its object and targets.
    fn warnings(&self, verdicts: &[Verdict]) -> Vec<String> {
        let lines = verdicts.iter().flat_map(|verdict| {
            let object = self.objects.get(verdict.program);
            let object = object.map_or(String::new(), |path| path.display().to_string());
            let lines = verdict.warnings.iter();
            lines.map(move |line| format!("{object} on {}: {line}", verdict.target))
        });
        lines.collect()
    }

    fn print(&self, verdicts: &[Verdict]) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        let name = |verdict: &Verdict| {
            self.objects
                .get(verdict.program)
                .map_or(String::new(), |path| path.display().to_string())
        };
        let width = |of: &dyn Fn(&Verdict) -> usize, title: &str| {
            verdicts.iter().map(of).max().unwrap_or(0).max(title.len())
        };
        let programs = width(&|verdict| name(verdict).len(), "program");
        let targets = width(&|verdict| verdict.target.len(), "target");
        writeln!(
            out,
            "{:programs$}  {:targets$}  {:8}  answered  absent  unreached  poisoned  left",
            "program", "target", "verdict"
        )?;
        for verdict in verdicts {
            let program = name(verdict);
            let target = &verdict.target;
            match &verdict.outcome {
                Ok(report) => {
                    let sums = Counts::of(report);
                    let word = match verdict.is_good() {
                        true => "ok",
                        false if report.records.is_empty() => "no relos",
                        false => "poisoned",
                    };
                    writeln!(
                        out,
                        "{program:programs$}  {target:targets$}  {word:8}  {:8}  {:6}  {:9}  {:8}  {:4}",
                        sums.set, sums.absent, sums.unreachable, sums.poisoned, sums.left
                    )?;
                    let reached = |record: &&btfkit::relocate::Record| {
                        record.outcome.is_poison() && !record.unreachable
                    };
                    if self.verbose {
                        for record in report.records.iter().filter(reached) {
                            writeln!(out, "    {record}")?;
                        }
                    }
                }
                Err(error) => {
                    let word = match error.kind() {
                        btfkit::ErrorKind::Ambiguous => "ambiguous",
                        _ => "refused",
                    };
                    writeln!(
                        out,
                        "{program:programs$}  {target:targets$}  {word:8}  {error}"
                    )?;
                }
            }
        }
        let reports = verdicts.iter().flat_map(|verdict| &verdict.outcome);
        let targets = reports.flat_map(|report| &report.targets);
        let mut told = BTreeSet::new();
        for target in targets.filter(|target| told.insert(target.label.clone())) {
            write!(out, "{target}")?;
        }
        out.flush()
    }
}
