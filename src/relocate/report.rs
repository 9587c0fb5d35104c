//! What was asked, where it was looked for, and what came of it: one record a relocation, for people.

use std::borrow::Cow;
use std::fmt;

use crate::graph::{Btf, CoreRelo, LineInfo};
use crate::id::{Bits, TypeId};
use crate::relocate::Relocated;
use crate::relocate::accessor::{self, Accessor, Spec};
use crate::relocate::kind::{RelocationKind, Subject};
use crate::relocate::matching::{Mismatch, member_of};
use crate::relocate::patch::INSN;
use crate::relocate::program::Program;
use crate::relocate::resolve::{Action, Applied, Fixup};
use crate::relocate::scope::{Candidate, Target};
use crate::relocate::spell::{spell_enumerator, spell_steps, type_name};

/// The report on one relocated object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// One record a relocation, section by section, in the order of the records.
    pub records: Vec<Record>,
    /// Types that more than one target has.
    pub doubts: Vec<Ambiguity>,
    /// The labels of targets whose byte order isn't the object's: it can't run there as it is.
    pub other_byte_order: Vec<String>,
}

/// One relocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The code section.
    pub section: String,
    /// The instruction, by its number in the section, from 0.
    pub insn: u64,
    /// The function, and the instruction's number in it, from 0. `None` where a linker dropped it.
    pub function: Option<(String, u64)>,
    /// The source line, where the object has line information.
    pub source: Option<SourceLine>,
    /// What is asked (`byte_off`, `field_exists` and so on); `kind N` for one that is unknown.
    pub kind: Cow<'static, str>,
    /// The local type or path: `struct session.hops[2].port`, `enum state::READY`.
    pub local: String,
    /// The label of the target where it is looked for; `None` where no target has a candidate.
    pub target: Option<String>,
    /// The type or path in the target that fits.
    pub found: Option<String>,
    /// Where that field starts, in bits from the start of the root type.
    pub found_at: Option<Bits>,
    /// What was done.
    pub outcome: Outcome,
    /// Whether the instruction is poisoned and can't be reached: behind the answer of an existence check, say.
    pub dead: bool,
    /// The candidates that don't fit.
    pub rejected: Vec<Rejected>,
}

/// A line of source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: String,
    /// The line's number, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The line's text.
    pub text: String,
}

impl SourceLine {
    /// The line a record of `graph`'s object names.
    pub(crate) fn new(graph: &Btf, line: LineInfo) -> Self {
        let string = |id| graph.string(id).to_string_lossy().trim().to_owned();
        Self {
            file: string(line.file_name),
            line: line.number(),
            column: line.column(),
            text: string(line.line),
        }
    }
}

/// What a relocation asks, and of what: `byte_off of struct session.hops[2].port`.
pub(crate) fn local_path(graph: &Btf, relo: CoreRelo) -> String {
    let kind = RelocationKind::from_number(relo.kind);
    let local = Local::new(graph, relo);
    match kind {
        Some(kind) => format!("{kind} of {}", local.text),
        None => format!("kind {} of {}", relo.kind, local.text),
    }
}

/// What was done about a relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The instruction held `old` and holds `new`: a candidate fits.
    Set {
        /// The value before.
        old: u64,
        /// The value now.
        new: u64,
    },
    /// The instruction held `old` and holds 0: no candidate fits, and the question has "no" for an answer.
    Absent {
        /// The value before.
        old: u64,
    },
    /// The instruction is poisoned: no candidate fits.
    NoMatch,
    /// The instruction is poisoned: the answer would be a type id of a user program.
    UserTypeId,
    /// The instruction is poisoned: it would have to load or store another width, of a type for which that
    /// changes the value.
    Width,
    /// Nothing: a linker dropped the function.
    NoFunction,
    /// Nothing: it is the loader's.
    LeftToLoader,
}

impl Outcome {
    /// Whether the instruction is unusable now.
    #[must_use]
    pub const fn is_poison(self) -> bool {
        matches!(self, Self::NoMatch | Self::UserTypeId | Self::Width)
    }
}

/// A candidate that doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its id in the target's types (or a module's).
    pub id: TypeId,
    /// The type: `struct file`.
    pub ty: String,
    /// Why not, in words.
    pub reason: String,
}

/// A type of the object that more than one target has, without a flavor suffix that says which is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ambiguity {
    /// The local type: `struct file`.
    pub ty: String,
    /// The label of the target that was taken, the first in order.
    pub taken: String,
    /// The labels of the others.
    pub others: Vec<String>,
}

impl Report {
    /// Puts what was done into words.
    #[must_use]
    pub fn new(program: &Program<'_>, targets: &[Target], relocated: &Relocated) -> Self {
        let words = Words { program };
        let resolution = &relocated.resolution;
        let records = resolution
            .fixups
            .iter()
            .zip(&relocated.applied)
            .zip(&relocated.dead)
            .map(|((fixup, applied), dead)| {
                let target = resolution
                    .bindings
                    .get(&fixup.relo.type_id)
                    .and_then(|binding| targets.get(binding.target?));
                words.record(fixup, *applied, *dead, target)
            })
            .collect();
        let mut doubts: Vec<_> = resolution
            .bindings
            .iter()
            .filter(|(_, binding)| !binding.others.is_empty())
            .map(|(id, binding)| (*id, binding))
            .collect();
        doubts.sort_by_key(|(id, _)| *id);
        let label = |number: usize| {
            targets
                .get(number)
                .map_or(String::new(), |target| target.label.clone())
        };
        let doubts = doubts
            .into_iter()
            .map(|(id, binding)| Ambiguity {
                ty: type_name(program.graph.ty(id)),
                taken: binding.target.map(label).unwrap_or_default(),
                others: binding.others.iter().copied().map(label).collect(),
            })
            .collect();
        let other_byte_order = targets
            .iter()
            .filter(|target| target.graph.endian() != program.endian)
            .map(|target| target.label.clone())
            .collect();
        Self {
            records,
            doubts,
            other_byte_order,
        }
    }

    /// Whether strict mode takes the result: no poison, no doubt, no target of another byte order.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.doubts.is_empty()
            && self.other_byte_order.is_empty()
            && !self.records.iter().any(|record| record.outcome.is_poison())
    }

    /// How many records satisfy a condition.
    fn count(&self, condition: impl Fn(&Record) -> bool) -> usize {
        self.records
            .iter()
            .filter(|record| condition(record))
            .count()
    }
}

struct Words<'a> {
    program: &'a Program<'a>,
}

impl Words<'_> {
    fn record(
        &self,
        fixup: &Fixup,
        applied: Applied,
        dead: bool,
        target: Option<&Target>,
    ) -> Record {
        let section = self.program.sections.get(fixup.section);
        let offset = u64::from(fixup.relo.insn_off);
        let insn = offset / INSN as u64;
        let graph = self.program.graph;
        let function = section.and_then(|section| section.function_at(fixup.relo.insn_off));
        let source = section
            .and_then(|section| section.line_at(fixup.relo.insn_off))
            .map(|line| SourceLine::new(graph, line));
        let local = Local::new(graph, fixup.relo);
        let found = target.and_then(|target| {
            let candidate = *fixup.matched.first()?;
            let root = target.graph_of(candidate).ty(candidate.id);
            Some(match fixup.kind?.subject() {
                Subject::Type => type_name(root),
                Subject::Field => spell_steps(root, &fixup.target_steps),
                Subject::Enumerator => spell_enumerator(root, fixup.target_steps.first().copied()),
            })
        });
        let is_field = fixup
            .kind
            .is_some_and(|kind| kind.subject() == Subject::Field);
        Record {
            section: section.map_or("", |section| section.name).to_owned(),
            insn,
            function: function.map(|function| {
                let start = function.start / INSN as u64;
                (function.name.to_owned(), insn - start)
            }),
            source,
            kind: match fixup.kind {
                Some(kind) => kind.name().into(),
                None => format!("kind {}", fixup.relo.kind).into(),
            },
            local: local.text.clone(),
            target: target.map(|target| target.label.clone()),
            found_at: found
                .as_ref()
                .filter(|_| is_field)
                .map(|_| Bits(u64::from(fixup.target_bits))),
            found,
            outcome: outcome(fixup, applied),
            dead,
            rejected: fixup
                .rejected
                .iter()
                .filter_map(|(candidate, mismatch)| {
                    Some(rejected(target?, *candidate, *mismatch, &local))
                })
                .collect(),
        }
    }
}

fn outcome(fixup: &Fixup, applied: Applied) -> Outcome {
    match (fixup.action, applied) {
        (_, Applied::PoisonedForWidth) => Outcome::Width,
        (Action::PoisonUserTypeId, _) => Outcome::UserTypeId,
        (Action::PoisonNoMatch, _) | (_, Applied::Poisoned) => Outcome::NoMatch,
        (Action::NoFunction, _) => Outcome::NoFunction,
        (Action::LeaveToLoader, _) | (Action::Set, Applied::Untouched) => Outcome::LeftToLoader,
        (Action::Set, Applied::Set { old, new }) => {
            let is_local = fixup.kind == Some(RelocationKind::TypeIdLocal);
            if fixup.matched.is_empty() && !is_local {
                Outcome::Absent { old }
            } else {
                Outcome::Set { old, new }
            }
        }
    }
}

/// The local side of a relocation, for messages.
struct Local<'a> {
    graph: &'a Btf,
    text: String,
    accessors: Vec<Accessor>,
}

impl<'a> Local<'a> {
    fn new(graph: &'a Btf, relo: CoreRelo) -> Self {
        let root = graph.ty(relo.type_id);
        let mut spec = Spec::default();
        let parsed = RelocationKind::from_number(relo.kind).filter(|&kind| {
            accessor::parse(root, graph.string(relo.access), kind, &mut spec).is_ok()
        });
        let text = match parsed.map(RelocationKind::subject) {
            Some(Subject::Field) => spell_steps(root, &spec.steps),
            Some(Subject::Enumerator) => spell_enumerator(root, spec.steps.first().copied()),
            Some(Subject::Type) | None => type_name(root),
        };
        Self {
            graph,
            text,
            accessors: spec.accessors,
        }
    }

    /// The name of the member that a step of the path asks for.
    fn member(&self, step: usize) -> String {
        self.accessors
            .get(step)
            .and_then(|accessor| member_of(self.graph, *accessor))
            .map_or(String::new(), |member| member.name().to_string())
    }

    fn index(&self, step: usize) -> u32 {
        self.accessors
            .get(step)
            .map_or(0, |accessor| accessor.index)
    }
}

fn rejected(target: &Target, candidate: Candidate, why: Mismatch, local: &Local<'_>) -> Rejected {
    let graph = target.graph_of(candidate);
    let name = |id: TypeId| type_name(graph.ty(id));
    let reason = match why {
        Mismatch::NoMember { accessor, within } => {
            format!(
                "{} has no member {:?}",
                name(within),
                local.member(accessor)
            )
        }
        Mismatch::NotComposite { accessor, found } => format!(
            "{:?} would have to be in {}, which has no members",
            local.member(accessor),
            name(found)
        ),
        Mismatch::MemberType { accessor, found } => {
            let wanted = local
                .accessors
                .get(accessor)
                .and_then(|accessor| member_of(local.graph, *accessor))
                .map_or(String::new(), |member| {
                    type_name(local.graph.ty(member.type_id))
                });
            format!(
                "{:?} is {} there, which can't be read as {wanted}",
                local.member(accessor),
                name(found)
            )
        }
        Mismatch::NotArray { accessor, found } => format!(
            "[{}] is asked of {}, which is no array",
            local.index(accessor),
            name(found)
        ),
        Mismatch::OutOfBounds { accessor, count } => format!(
            "[{}] is outside of an array of {count}",
            local.index(accessor)
        ),
        Mismatch::Incompatible => "it is not compatible as a whole".into(),
        Mismatch::Differs => "it doesn't match member by member".into(),
        Mismatch::NotEnum => "it is no enumeration".into(),
        Mismatch::NoEnumerator => "it has no such enumerator".into(),
        Mismatch::Pruned => "another relocation of the same type fits other candidates only".into(),
    };
    Rejected {
        id: candidate.id,
        ty: name(candidate.id),
        reason,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { old, new } if old == new => write!(f, "{new} (as it was)"),
            Self::Set { old, new } => write!(f, "{old} -> {new}"),
            Self::Absent { .. } => f.write_str("0: it isn't there"),
            Self::NoMatch => f.write_str("poisoned: nothing fits"),
            Self::UserTypeId => {
                f.write_str("poisoned: the kernel can't know a user program's type id")
            }
            Self::Width => f.write_str(
                "poisoned: its size differs, and only pointers and unsigned integers can be read in another width",
            ),
            Self::NoFunction => f.write_str("dropped with its function"),
            Self::LeftToLoader => f.write_str("left to the loader"),
        }
    }
}

impl fmt::Display for Record {
    /// One line, and one more for each candidate that doesn't fit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some((name, insn)) => write!(f, "{name}:{insn}")?,
            None => write!(f, "{}+{}", self.section, self.insn)?,
        }
        if let Some(source) = &self.source {
            write!(f, " ({}:{})", source.file, source.line)?;
        }
        write!(f, " {} of {}", self.kind, self.local)?;
        match &self.target {
            Some(label) => write!(f, " in {label}: {}", self.outcome)?,
            None if self.outcome == Outcome::LeftToLoader => write!(f, ": {}", self.outcome)?,
            None => write!(f, ": {}; no target has such a type", self.outcome)?,
        }
        if self.dead {
            f.write_str(" (never reached)")?;
        }
        for rejected in &self.rejected {
            write!(
                f,
                "\n    not {} {}: {}",
                rejected.ty, rejected.id, rejected.reason
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is taken from {}, but {} has one, too; a flavor suffix says which is meant (___{})",
            self.ty,
            self.taken,
            self.others.join(", "),
            self.taken
        )
    }
}

impl fmt::Display for Report {
    /// A line a relocation, then the doubts, then the sums.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.records {
            writeln!(f, "{record}")?;
        }
        for doubt in &self.doubts {
            writeln!(f, "doubt: {doubt}")?;
        }
        for label in &self.other_byte_order {
            writeln!(
                f,
                "doubt: {label} has another byte order than the object, which can't run there"
            )?;
        }
        let changed =
            |record: &Record| matches!(record.outcome, Outcome::Set { old, new } if old != new);
        let absent = |record: &Record| matches!(record.outcome, Outcome::Absent { .. });
        write!(
            f,
            "{} relocations: {} answered ({} of them changed), {} not there, {} poisoned ({} of them never reached), {} left to the loader",
            self.records.len(),
            self.count(|record| matches!(record.outcome, Outcome::Set { .. })),
            self.count(changed),
            self.count(absent),
            self.count(|record| record.outcome.is_poison()),
            self.count(|record| record.dead),
            self.count(|record| record.outcome == Outcome::LeftToLoader),
        )
    }
}
