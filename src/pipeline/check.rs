//! Checks which programs run on which targets.

use bytes::Bytes;

use crate::bpf::Program;
use crate::elf::BpfObject;
use crate::error::{ErrorKind, Place, Result};
use crate::parallel;
use crate::pipeline::loaded_target::{LoadedTarget, loaded};
use crate::pipeline::options::RelocateOptions;
use crate::pipeline::relocate::{
    NO_TYPES, check_aliases, check_strict, load_options, relocate_object,
};
use crate::pipeline::target::TargetFile;
use crate::relocate::{Outcome, Report, Role, check_labels};

/// The result for one program on one target.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The index of the program among those given to [`check`].
    pub program: usize,
    /// The label of the target, or of the user program and the kernel: `app+kernel`.
    pub target: String,
    /// The report, or the error for which there is none: the object or a target was refused.
    pub outcome: Result<Report>,
    /// Notes on the targets' debug information, a line each, as
    /// [`RelocatedObject::incomplete`](crate::pipeline::RelocatedObject::incomplete).
    pub incomplete: Vec<String>,
    /// Warnings, a line each, as [`RelocatedObject::warnings`](crate::pipeline::RelocatedObject::warnings).
    pub warnings: Vec<String>,
}

/// The number of relocations of a report, by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// A candidate matches, and the instruction has its value.
    pub set: usize,
    /// No candidate matches, and the instruction has 0 for that.
    pub absent: usize,
    /// Poisoned, and can't be reached.
    pub unreachable: usize,
    /// Poisoned, and can be reached.
    pub poisoned: usize,
    /// Left to the loader: in partial mode, for an optional program, or because the program was skipped.
    pub left: usize,
}

impl Counts {
    /// Counts a report's records.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut counts = Self::default();
        for record in &report.records {
            match record.outcome {
                Outcome::Set { .. } => counts.set += 1,
                Outcome::Absent { .. } => counts.absent += 1,
                Outcome::NoMatch | Outcome::UserTypeId | Outcome::Width if record.unreachable => {
                    counts.unreachable += 1;
                }
                Outcome::NoMatch | Outcome::UserTypeId | Outcome::Width => counts.poisoned += 1,
                Outcome::LeftToLoader => counts.left += 1,
                Outcome::NoFunction => {}
            }
        }
        counts
    }
}

impl Verdict {
    /// Returns whether the program can run there: it isn't refused, it has relocations, and no poisoned instruction can
    /// be reached. A program without relocations keeps its own layout, whatever the target's is.
    #[must_use]
    pub fn is_good(&self) -> bool {
        match &self.outcome {
            Ok(report) => !report.records.is_empty() && Counts::of(report).poisoned == 0,
            Err(_) => false,
        }
    }
}

/// Relocates every program against every target in parallel, and writes nothing.
///
/// Each user program among the targets is combined with each kernel among them. The verdict on a combination is that of
/// [`relocate()`](crate::pipeline::relocate()) with the same targets and options. Without
/// a user program each kernel is a target by itself. Verdicts come program by program, in the order of the targets.
///
/// # Errors
/// As [`BpfObject::parse`], with the index of the program; `Usage` for two targets with one label. A target that
/// can't be read, or against which a program can't be relocated, is a verdict.
pub fn check(
    programs: impl IntoIterator<Item: Into<Bytes>>,
    targets: &[TargetFile],
    options: &RelocateOptions,
) -> Result<Vec<Verdict>> {
    let objects = programs
        .into_iter()
        .enumerate()
        .map(
            |(number, bytes)| match BpfObject::parse_with(bytes, &options.limits) {
                Ok(object) => Ok(Some(object)),
                Err(error) if error.kind() == ErrorKind::NoBtf => Ok(None),
                Err(error) => Err(error.within(Place::Input(number))),
            },
        )
        .collect::<Result<Vec<_>>>()?;
    check_labels(
        targets
            .iter()
            .map(|target| (target.label.as_str(), target.role)),
    )?;
    let programs: Vec<_> = objects
        .iter()
        .map(|object| object.as_ref().map(BpfObject::program))
        .collect();
    let load_options = load_options(programs.iter().flatten(), options);
    let all = parallel::map(targets, |target| {
        let mut incomplete = Vec::new();
        let loaded = loaded(target, &load_options, &mut incomplete);
        (loaded, incomplete)
    });
    let (loaded, incomplete): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let read: Vec<_> = loaded.iter().flatten().cloned().collect();
    if read.len() == loaded.len() {
        check_aliases(&read, options)?;
    }
    let columns = columns(targets);
    let cells: Vec<_> = (0..programs.len())
        .flat_map(|program| columns.iter().map(move |column| (program, column)))
        .collect();
    Ok(parallel::map(&cells, |&(number, column)| {
        let object = objects.get(number).and_then(Option::as_ref);
        let program = programs.get(number).and_then(Option::as_ref);
        let done = match object.zip(program) {
            Some((object, program)) => cell(object, program, column, &loaded, options),
            None => Ok((Report::default(), vec![NO_TYPES.to_owned()])),
        };
        let (outcome, warnings) = match done {
            Ok((report, warnings)) => (Ok(report), warnings),
            Err(error) => (Err(error), Vec::new()),
        };
        Verdict {
            program: number,
            target: label(column, targets),
            incomplete: column
                .iter()
                .filter_map(|&target| incomplete.get(target))
                .flatten()
                .cloned()
                .collect(),
            warnings,
            outcome,
        }
    }))
}

/// Returns the combinations of targets that are checked, by index.
fn columns(targets: &[TargetFile]) -> Vec<Vec<usize>> {
    let of_role = |role| {
        targets
            .iter()
            .enumerate()
            .filter(move |(_, target)| target.role == role)
            .map(|(number, _)| number)
    };
    let users: Vec<_> = of_role(Role::User).collect();
    let kernels: Vec<_> = of_role(Role::Kernel).collect();
    match (users.is_empty(), kernels.is_empty()) {
        (true, _) => kernels.into_iter().map(|kernel| vec![kernel]).collect(),
        (false, true) => users.into_iter().map(|user| vec![user]).collect(),
        (false, false) => users
            .into_iter()
            .flat_map(|user| kernels.iter().map(move |&kernel| vec![user, kernel]))
            .collect(),
    }
}

/// Joins the labels of a combination.
fn label(column: &[usize], targets: &[TargetFile]) -> String {
    let labels: Vec<_> = column
        .iter()
        .filter_map(|&number| targets.get(number))
        .map(|target| target.label.as_str())
        .collect();
    labels.join("+")
}

/// Relocates a program against one combination of targets.
fn cell(
    object: &BpfObject,
    program: &Program<'_>,
    column: &[usize],
    loaded: &[Result<LoadedTarget>],
    options: &RelocateOptions,
) -> Result<(Report, Vec<String>)> {
    let mut targets = Vec::new();
    for &number in column {
        match loaded.get(number) {
            Some(Ok(target)) => targets.push(target.clone()),
            Some(Err(error)) => return Err(error.clone()),
            None => {}
        }
    }
    let relocated = relocate_object(object, program, &targets, &options.engine())?;
    if options.strict {
        check_strict(&relocated.report)?;
    }
    Ok((relocated.report, relocated.warnings))
}
