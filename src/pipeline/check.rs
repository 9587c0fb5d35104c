//! Which programs run on which targets.

use std::collections::HashSet;

use bytes::Bytes;

use crate::elf::BpfObject;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::parallel;
use crate::pipeline::program::Program;
use crate::pipeline::relocate::{
    RelocateOptions, TargetFile, load_options, loaded, relocate_object,
};
use crate::relocate::{self, Outcome, Report, Role};

/// How a program fares on a target.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The program's number in what was given to [`check`].
    pub program: usize,
    /// The label of the target, or of the user program and the kernel together: `app+kernel`.
    pub target: String,
    /// The report, or why there is none: the object or the target is refused.
    pub outcome: Result<Report>,
    /// Files that belong to the targets' debug information and were not found, a line each.
    pub incomplete: Vec<String>,
}

/// How many relocations of a report came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Answered.
    pub answered: usize,
    /// Answered by 0: what was asked for isn't there.
    pub absent: usize,
    /// Poisoned, and never reached.
    pub dead: usize,
    /// Poisoned where the program may come by.
    pub poisoned: usize,
    /// Left to the loader: no kernel was among the targets.
    pub left: usize,
}

impl Counts {
    /// Counts a report's records.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut sums = Self::default();
        for record in &report.records {
            match record.outcome {
                Outcome::Set { .. } => sums.answered += 1,
                Outcome::Absent { .. } => sums.absent += 1,
                Outcome::NoMatch | Outcome::UserTypeId | Outcome::Width if record.dead => {
                    sums.dead += 1;
                }
                Outcome::NoMatch | Outcome::UserTypeId | Outcome::Width => sums.poisoned += 1,
                Outcome::LeftToLoader => sums.left += 1,
                Outcome::NoFunction => {}
            }
        }
        sums
    }
}

impl Verdict {
    /// Whether the program can run there: it isn't refused, and no poisoned instruction can be reached.
    #[must_use]
    pub fn is_good(&self) -> bool {
        match &self.outcome {
            Ok(report) => Counts::of(report).poisoned == 0,
            Err(_) => false,
        }
    }
}

/// Relocates every program against every target, several at once, and writes nothing.
///
/// Each user program among the targets is tried together with each kernel among them; without a kernel, what
/// belongs to one is left out of account. Without a user program each kernel is tried by itself. Verdicts come
/// program by program, in the order of the targets.
///
/// # Errors
/// Where a program can't be read; the program is named by its number, from 0. `Usage` for two targets with one
/// label. A target that can't be read, or
/// that refuses a program, is a verdict.
pub fn check(
    programs: &[Bytes],
    targets: &[TargetFile],
    options: &RelocateOptions,
) -> Result<Vec<Verdict>> {
    let objects = programs
        .iter()
        .enumerate()
        .map(|(number, bytes)| {
            BpfObject::parse_with(bytes.clone(), &options.limits)
                .within(|| Place::File(format!("program {number}")))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut labels = HashSet::new();
    if let Some(target) = targets.iter().find(|target| !labels.insert(&target.label)) {
        return Err(Error::new(
            ErrorKind::Usage,
            format!(
                "two targets are labelled {:?}: each needs a label of its own",
                target.label
            ),
        ));
    }
    let programs: Vec<_> = objects.iter().map(Program::new).collect();
    let load_options = load_options(&programs, options);
    let all = parallel::map(targets, |target| {
        let mut incomplete = Vec::new();
        let loaded = loaded(target, &load_options, &mut incomplete);
        (loaded, incomplete)
    });
    let (loaded, incomplete): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let columns = columns(targets);
    let cells: Vec<_> = (0..programs.len())
        .flat_map(|program| columns.iter().map(move |column| (program, column)))
        .collect();
    Ok(parallel::map(&cells, |&(number, column)| Verdict {
        program: number,
        target: label(column, targets),
        incomplete: column
            .iter()
            .filter_map(|&target| incomplete.get(target))
            .flatten()
            .cloned()
            .collect(),
        outcome: programs.get(number).map_or_else(
            || Ok(Report::default()),
            |program| cell(program, column, &loaded),
        ),
    }))
}

/// The combinations of targets that are tried, by their numbers.
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

fn label(column: &[usize], targets: &[TargetFile]) -> String {
    let labels: Vec<_> = column
        .iter()
        .filter_map(|&number| targets.get(number))
        .map(|target| target.label.as_str())
        .collect();
    labels.join("+")
}

fn cell(
    program: &Program<'_>,
    column: &[usize],
    loaded: &[Result<relocate::Target>],
) -> Result<Report> {
    let mut targets = Vec::new();
    for &number in column {
        match loaded.get(number) {
            Some(Ok(target)) => targets.push(target.clone()),
            // An error is no value to copy; its text says it all.
            Some(Err(error)) => return Err(Error::new(error.kind(), error.to_string())),
            None => {}
        }
    }
    let partial = !targets.iter().any(|target| target.role == Role::Kernel);
    relocate_object(
        program,
        &targets,
        relocate::ResolveOptions::partial(partial),
    )
    .map(|relocated| relocated.report)
}
