//! The report on a relocated object: one record for each relocation, to be read by people.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::bpf::{CodeSection, Insn, Program};
use crate::id::{Bits, TypeId};
use crate::query::{essential_name, nearest_members};
use crate::relocate::apply::Patched;
use crate::relocate::c_text::{c_enumerator, c_path, c_type};
use crate::relocate::candidate::{Mismatch, member_of};
use crate::relocate::context::{SUBPROGRAMS, is_context, is_user_section};
use crate::relocate::fixup::{Action, Applied, Fixup};
use crate::relocate::kind::{RelocationKind, Subject};
use crate::relocate::line::{SourceLine, source_line};
use crate::relocate::local::Local;
use crate::relocate::resolve::Resolution;
use crate::relocate::target::{Candidate, KERNEL_LABEL, Role, Target};

/// The report on one relocated object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The relocations, section by section, in the order of the relocation records.
    pub records: Vec<Record>,
    /// The types that more than one target has.
    pub ambiguous: Vec<Ambiguity>,
    /// The labels of targets whose byte order differs from the object's, which can't run there.
    pub other_byte_order: Vec<String>,
    /// The targets, in the order in which they were searched.
    pub targets: Vec<ReportTarget>,
}

/// A target that the object was relocated against.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportTarget {
    /// The label.
    pub label: String,
    /// The role.
    pub role: Role,
    /// The build ID of each of the target's files, as [`Loaded::build_id`](crate::pipeline::Loaded::build_id): the
    /// program's own first, then its further files'. `None` for a file without one. [`Report::new`], which sees types
    /// and no files, leaves it empty.
    pub build_ids: Vec<Option<String>>,
}

/// The report on one relocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The code section.
    pub section: String,
    /// The index of the instruction in the section.
    pub insn: u64,
    /// The function, and the index of the instruction in it. `None` if a linker dropped the function.
    pub function: Option<(String, u64)>,
    /// The source line, if the object has line information.
    pub source: Option<SourceLine>,
    /// The kind of relocation (`byte_off`, `field_exists` and so on); `kind N` for an unknown kind.
    pub kind: Cow<'static, str>,
    /// The local root type: `struct session`.
    pub root: String,
    /// The local type or path: `struct session.hops[2].port`, `enum state::READY`.
    pub local: String,
    /// The label of the target chosen; `None` if no target has a candidate.
    pub target: Option<String>,
    /// The type or path in the target that matches.
    pub found: Option<String>,
    /// The offset of that field, in bits from the start of the root type.
    pub found_at: Option<Bits>,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason why the relocation is left to the loader, if it is no rule of partial mode.
    pub left_because: Option<String>,
    /// The labels of the targets that declare the root type and don't define it, if no target defines it. [`Report::new`]
    /// leaves it empty.
    pub declared_in: Vec<String>,
    /// The names nearest to the root type's, if no target has a type of that name. [`Report::new`] leaves it empty.
    pub nearest: Vec<String>,
    /// The reason why the outcome can't be trusted: the target's debug information was not converted whole.
    /// [`Report::new`] leaves it empty.
    pub untrusted: Option<String>,
    /// Whether the instruction is poisoned and can't be reached: behind an existence check that fails, say.
    pub unreachable: bool,
    /// The candidates that don't match.
    pub rejected: Vec<Rejected>,
}

/// The outcome of a relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The instruction held `old` and holds `new`: a candidate matches.
    Set {
        /// The value before.
        old: u64,
        /// The value now.
        new: u64,
    },
    /// The instruction held `old` and holds 0: no candidate matches, and 0 is the kind's value for that.
    Absent {
        /// The value before.
        old: u64,
    },
    /// The instruction is poisoned: no candidate matches.
    NoMatch,
    /// The instruction is poisoned: the value would be a type id of a user program.
    UserTypeId,
    /// The instruction is poisoned: it would have to load or store another width, of a type for which that changes
    /// the value.
    Width,
    /// Nothing was done: a linker dropped the function.
    NoFunction,
    /// Nothing was done: the relocation is left to the loader.
    LeftToLoader,
}

impl Outcome {
    /// Returns whether the instruction is poisoned.
    #[must_use]
    pub const fn is_poison(self) -> bool {
        matches!(self, Self::NoMatch | Self::UserTypeId | Self::Width)
    }
}

/// A candidate that doesn't match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The candidate's id in the target's types, or a module's.
    pub id: TypeId,
    /// The type: `struct file`.
    pub ty: String,
    /// The reason, in words.
    pub reason: String,
}

/// A type of the object that more than one target has, without a flavor suffix that picks one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ambiguity {
    /// The local type: `struct file`.
    pub ty: String,
    /// The label of the target that was chosen, the first in order; the kernel's if the type is left to the loader.
    pub taken: String,
    /// Whether no target has the type, so that it is left to the loader, which looks for it in the kernel.
    pub is_left: bool,
    /// The labels of the other targets that have the type.
    pub others: Vec<String>,
    /// The labels of the user programs that don't have the type, if a program that is attached to one of them takes
    /// it from the kernel although its name doesn't ask for that.
    pub missing_from: Vec<String>,
}

impl Report {
    /// Writes the report on a program, the resolution and what [`apply`](crate::relocate::apply) made of it.
    #[must_use]
    pub fn new(
        program: &Program<'_>,
        targets: &[Target],
        resolution: &Resolution,
        patched: &Patched,
    ) -> Self {
        let records = resolution
            .fixups
            .iter()
            .zip(&patched.applied)
            .zip(&patched.unreachable)
            .map(|((fixup, applied), unreachable)| {
                let target = resolution
                    .choices
                    .get(&fixup.relo.type_id)
                    .and_then(|choice| targets.get(choice.target?));
                record(program, fixup, *applied, *unreachable, target)
            })
            .collect();
        let foreign = foreign_roots(program, targets, resolution);
        let mut ambiguous: Vec<_> = resolution
            .choices
            .iter()
            .filter(|(id, choice)| !choice.others.is_empty() || foreign.contains(id))
            .map(|(id, choice)| (*id, choice))
            .collect();
        ambiguous.sort_by_key(|(id, _)| *id);
        let users = targets.iter().filter(|target| target.role == Role::User);
        let users: Vec<_> = users.map(|target| target.label.clone()).collect();
        let label = |number: usize| {
            targets
                .get(number)
                .map_or(String::new(), |target| target.label.clone())
        };
        let ambiguous = ambiguous
            .into_iter()
            .map(|(id, choice)| Ambiguity {
                ty: c_type(program.graph.ty(id)),
                taken: choice.target.map_or_else(|| KERNEL_LABEL.to_owned(), label),
                is_left: choice.target.is_none(),
                others: choice.others.iter().copied().map(label).collect(),
                missing_from: users
                    .iter()
                    .filter(|_| foreign.contains(&id))
                    .cloned()
                    .collect(),
            })
            .collect();
        let other_byte_order = targets
            .iter()
            .filter(|target| target.graph.endian() != program.endian)
            .map(|target| target.label.clone())
            .collect();
        let targets = targets.iter().map(|target| ReportTarget {
            label: target.label.clone(),
            role: target.role,
            build_ids: Vec::new(),
        });
        Self {
            records,
            ambiguous,
            other_byte_order,
            targets: targets.collect(),
        }
    }

    /// Returns whether strict mode accepts the result: no poisoned instruction, no outcome that can't be trusted, no
    /// ambiguous type, no target of another byte order.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.ambiguous.is_empty()
            && self.other_byte_order.is_empty()
            && !self
                .records
                .iter()
                .any(|record| record.outcome.is_poison() || record.untrusted.is_some())
    }

    /// Returns the reason why the report has no relocations; `None` if it has some.
    #[must_use]
    pub fn why_empty(&self) -> Option<&'static str> {
        let why = "the object has no CO-RE relocations: its types lack __attribute__((preserve_access_index)), \
            or it was relocated already; the offsets in its code stay as they are";
        self.records.is_empty().then_some(why)
    }

    /// Counts the records that satisfy a condition.
    pub(super) fn count(&self, condition: impl Fn(&Record) -> bool) -> usize {
        self.records
            .iter()
            .filter(|record| condition(record))
            .count()
    }
}

/// Returns the root types that programs attached to user programs take from the kernel, although neither the type's
/// name asks for that nor it is their context.
fn foreign_roots(
    program: &Program<'_>,
    targets: &[Target],
    resolution: &Resolution,
) -> BTreeSet<TypeId> {
    let mut foreign = BTreeSet::new();
    if !targets.iter().any(|target| target.role == Role::User) {
        return foreign;
    }
    let kernel_kind = |section: &CodeSection<'_>| {
        !section.relos.is_empty() && section.name != SUBPROGRAMS && !is_user_section(&section.name)
    };
    // Functions that programs call count as those programs do.
    let mixed = program.sections.iter().any(kernel_kind);
    for fixup in &resolution.fixups {
        let Some(section) = program.sections.get(fixup.section) else {
            continue;
        };
        let user = is_user_section(&section.name) || (section.name == SUBPROGRAMS && !mixed);
        let asks_for_kernel = fixup.kind == Some(RelocationKind::TypeIdTarget);
        if !user || asks_for_kernel || fixup.left_because.is_some() {
            continue;
        }
        let Some(choice) = resolution.choices.get(&fixup.relo.type_id) else {
            continue;
        };
        let kernel = match choice.target {
            Some(number) => targets
                .get(number)
                .is_some_and(|target| target.role == Role::Kernel),
            // Nobody has it, and the loader will ask the kernel.
            None => fixup.action == Action::LeaveToLoader,
        };
        let others = choice.others.iter().filter_map(|other| targets.get(*other));
        let user_has = others.into_iter().any(|other| other.role == Role::User);
        let name = program.graph.ty(fixup.relo.type_id).name();
        let context = is_context(essential_name(name.as_bytes()));
        if kernel && !user_has && !context && !choice.labelled && !choice.kernel_only {
            foreign.insert(fixup.relo.type_id);
        }
    }
    foreign
}

/// Describes one relocation.
fn record(
    program: &Program<'_>,
    fixup: &Fixup,
    applied: Applied,
    unreachable: bool,
    target: Option<&Target>,
) -> Record {
    let section = program.sections.get(fixup.section);
    let offset = u64::from(fixup.relo.insn_off);
    let insn = offset / Insn::LEN as u64;
    let graph = program.graph;
    let function = section.and_then(|section| section.function_at(offset));
    let local = Local::new(graph, fixup.relo);
    let source = section.and_then(|section| source_line((graph, section), offset, &local));
    let found = target.and_then(|target| {
        let candidate = *fixup.matched.first()?;
        let root = target.graph_of(candidate).ty(candidate.id);
        Some(match fixup.kind?.subject() {
            Subject::Type => c_type(root),
            Subject::Field => c_path(root, &fixup.target_steps),
            Subject::Enumerator => c_enumerator(root, fixup.target_steps.first().copied()),
        })
    });
    let is_field = fixup
        .kind
        .is_some_and(|kind| kind.subject() == Subject::Field);
    let rejected = fixup
        .rejected
        .iter()
        .filter_map(|(candidate, mismatch)| Some(rejected(target?, *candidate, *mismatch, &local)));
    let rejected = rejected.collect();
    Record {
        section: section.map_or(String::new(), |section| section.name.to_string()),
        insn,
        function: function.map(|function| {
            let start = function.start / Insn::LEN as u64;
            (function.name.clone(), insn - start)
        }),
        source,
        kind: match fixup.kind {
            Some(kind) => kind.name().into(),
            None => format!("kind {}", fixup.relo.kind).into(),
        },
        root: c_type(graph.ty(fixup.relo.type_id)),
        local: local.text,
        target: target.map(|target| target.label.clone()),
        found_at: found
            .as_ref()
            .filter(|_| is_field)
            .map(|_| Bits(u64::from(fixup.target_bits))),
        found,
        outcome: outcome(fixup, applied),
        left_because: fixup.left_because.clone(),
        declared_in: Vec::new(),
        nearest: Vec::new(),
        untrusted: None,
        unreachable,
        rejected,
    }
}

/// Returns the outcome of a fix-up.
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

/// Puts the reason why a candidate doesn't match into words.
fn rejected(target: &Target, candidate: Candidate, why: Mismatch, local: &Local<'_>) -> Rejected {
    let graph = target.graph_of(candidate);
    let name = |id: TypeId| c_type(graph.ty(id));
    let reason = match why {
        Mismatch::NoMember { accessor, within } => {
            let member = local.member(accessor);
            let mut reason = format!("{} has no member {member:?}", name(within));
            let near = nearest_members(graph.ty(within), &member);
            if !near.is_empty() {
                reason.push_str("; the nearest: ");
                reason.push_str(&near.join(", "));
            }
            reason
        }
        Mismatch::NotComposite { accessor, found } => format!(
            "{:?} would have to be in {}, which has no members",
            local.member(accessor),
            name(found)
        ),
        Mismatch::OnlyDeclared { accessor, found } => format!(
            "{:?} may be in {}, which is only declared: its definition is in another file (a further --target of the same label), or differs between units",
            local.member(accessor),
            name(found)
        ),
        Mismatch::MemberType { accessor, found } => {
            let wanted = local
                .accessors
                .get(accessor)
                .and_then(|accessor| member_of(local.graph, *accessor))
                .map_or(String::new(), |member| {
                    c_type(local.graph.ty(member.type_id))
                });
            format!(
                "{:?} is {} there, which can't be read as {wanted}",
                local.member(accessor),
                name(found)
            )
        }
        Mismatch::NotArray { accessor, found } => format!(
            "the index [{}] needs an array, and {} is not one",
            local.index(accessor),
            name(found)
        ),
        Mismatch::OutOfBounds { accessor, count } => format!(
            "[{}] is outside of an array of {count}",
            local.index(accessor)
        ),
        Mismatch::Incompatible => "it is not compatible as a whole".into(),
        Mismatch::Differs => "it doesn't match member by member".into(),
        Mismatch::NotEnum => "it is not an enumeration".into(),
        Mismatch::NoEnumerator => "it has no such enumerator".into(),
        Mismatch::Pruned => "another relocation of the same type fits other candidates only".into(),
    };
    Rejected {
        id: candidate.id,
        ty: name(candidate.id),
        reason,
    }
}
