//! From relocation records to fix-ups: parse, bind, match, prune, compute.
//!
//! The order matters. A root type's candidates are pruned by *all* its relocations, in the order of the
//! records, before any is computed; libbpf computes as it prunes, and so refuses some programs only
//! because of the order of their relocations. What libbpf accepts comes out the same here, save the width of a
//! load where candidates differ in that alone.

use std::collections::{HashMap, HashSet};

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{CoreRelo, Type};
use crate::id::TypeId;
use crate::relocate::ResolveOptions;
use crate::relocate::accessor::{self, Spec};
use crate::relocate::budget::Budget;
use crate::relocate::kind::RelocationKind;
use crate::relocate::matching::{Mismatch, Wanted};
use crate::relocate::patch::{Done, INSN, Patch, patch};
use crate::relocate::program::{CodeSection, Program};
use crate::relocate::scope::{Binding, Candidate, Role, Scope, Target};
use crate::relocate::value::{self, Value, compute, may_resize};
use crate::target::Endian;

/// What every relocation of an object comes to. The object itself is as it was.
#[derive(Debug)]
#[non_exhaustive]
pub struct Resolution {
    /// One for each relocation, section by section, in the order of the records.
    pub fixups: Vec<Fixup>,
    /// Where each root type is looked for.
    pub bindings: HashMap<TypeId, Binding>,
}

/// What one relocation comes to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fixup {
    /// The code section, by its number in [`Program::sections`].
    pub section: usize,
    /// The record, by its number in that section.
    pub record: usize,
    /// The record itself.
    pub relo: CoreRelo,
    /// What it asks; `None` for a kind that is left to the loader because this version doesn't know it.
    pub kind: Option<RelocationKind>,
    /// What is to be done.
    pub action: Action,
    /// The candidates that fit, with the first one's path as steps and its offset in bits.
    pub matched: Vec<Candidate>,
    /// The candidates that don't fit, and why.
    pub rejected: Vec<(Candidate, Mismatch)>,
    /// The path in the first candidate that fits, as numbers.
    pub target_steps: Vec<u32>,
    /// Where the field starts in it, in bits from the start of the root type.
    pub target_bits: u32,
    patch: Option<Patch>,
}

/// What is to be done about a relocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Replace the value in the instruction.
    Set,
    /// Make the instruction unusable: no candidate fits, and the kind has no answer for that.
    PoisonNoMatch,
    /// Make it unusable: the answer would be a type id of a user program, which means nothing to the kernel.
    PoisonUserTypeId,
    /// Nothing, and the record is dropped: the function was, too.
    NoFunction,
    /// Nothing, and the record stays for the loader.
    LeaveToLoader,
}

/// What was done about a relocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Applied {
    /// The instruction held `old` and holds `new`.
    Set {
        /// The value before.
        old: u64,
        /// The value now.
        new: u64,
    },
    /// The instruction is unusable, for the fix-up's reason.
    Poisoned,
    /// The instruction is unusable: it would have had to load or store another width, of a type for which
    /// that changes the value.
    PoisonedForWidth,
    /// Nothing was done.
    Untouched,
}

impl Fixup {
    /// Whether the relocation is done with, so that its record goes from the object.
    #[must_use]
    pub fn is_consumed(&self) -> bool {
        self.action != Action::LeaveToLoader
    }

    /// Whether both do the same to the same instruction; ids of a target's types aside, which differ from one
    /// BTF of a program to the next.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let same = match (&self.patch, &other.patch) {
            (
                Some(Patch::Set {
                    old: old_a,
                    new: a,
                    may_resize: resize_a,
                }),
                Some(Patch::Set {
                    old: old_b,
                    new: b,
                    may_resize: resize_b,
                }),
            ) => {
                let is_id = self.kind == Some(RelocationKind::TypeIdTarget);
                let same_value = a.value == b.value || (is_id && a.value != 0 && b.value != 0);
                old_a == old_b
                    && same_value
                    && (a.as_signed, a.access) == (b.as_signed, b.access)
                    && (resize_a == resize_b || old_a.access == a.access)
            }
            (a, b) => a == b,
        };
        same && (self.relo, self.action) == (other.relo, other.action)
    }

    /// Patches the code of the fix-up's section.
    ///
    /// # Errors
    /// `Instruction` where the instruction doesn't hold the old value or can't be patched; `Overflow` where
    /// the new value doesn't fit it.
    pub fn apply(&self, code: &mut [u8], endian: Endian) -> Result<Applied> {
        let Some(change) = &self.patch else {
            return Ok(Applied::Untouched);
        };
        let place = || Place::Instruction(u64::from(self.relo.insn_off) / INSN as u64);
        let done = patch(code, self.relo.insn_off as usize, endian, change).within(place)?;
        Ok(match done {
            Done::Set { old, new } => Applied::Set { old, new },
            Done::Poisoned => Applied::Poisoned,
            Done::PoisonedForWidth => Applied::PoisonedForWidth,
        })
    }
}

/// Finds out what every relocation of an object comes to.
///
/// # Errors
/// `Malformed` with section and record where a record or a type it needs is; `Ambiguous` where candidates
/// that fit give different answers; `Unsupported` for an unknown kind, unless `partial` leaves it; `Usage` for
/// two targets with one label.
pub fn resolve(
    program: &Program<'_>,
    targets: &[Target],
    options: &ResolveOptions,
) -> Result<Resolution> {
    check_labels(targets)?;
    let count = program
        .sections
        .iter()
        .map(|section| section.relos.len())
        .sum();
    let mut resolver = Resolver {
        program,
        targets,
        options,
        scope: Scope::new(targets),
        budget: Budget::for_relocations(count),
        local: Spec::default(),
        found: Spec::default(),
    };
    let mut pending = Vec::with_capacity(count);
    for (number, section) in program.sections.iter().enumerate() {
        for (record, relo) in section.relos.iter().enumerate() {
            let found = resolver
                .look(section, *relo)
                .within(|| place(section, record))?;
            pending.push((number, record, *relo, found));
        }
    }
    let bindings = resolver.scope.into_bindings();
    let mut fixups = Vec::with_capacity(count);
    for (section, record, relo, found) in pending {
        let place = || match program.sections.get(section) {
            Some(section) => place(section, record),
            None => Place::Relocation(0),
        };
        let binding = bindings.get(&relo.type_id);
        let fixup = found
            .decide(section, record, relo, binding, targets, program)
            .within(place)?;
        fixups.push(fixup);
    }
    Ok(Resolution { fixups, bindings })
}

/// A label must say which target is meant.
fn check_labels(targets: &[Target]) -> Result<()> {
    let mut labels = HashSet::new();
    match targets.iter().find(|target| !labels.insert(&target.label)) {
        None => Ok(()),
        Some(target) => Err(Error::new(
            ErrorKind::Usage,
            format!(
                "two targets are labelled {:?}: each needs a label of its own",
                target.label
            ),
        )),
    }
}

fn place(section: &CodeSection<'_>, record: usize) -> Place {
    Place::Section(format!("{}: relocation #{record}", section.name))
}

struct Resolver<'a, 't> {
    program: &'a Program<'a>,
    targets: &'t [Target],
    options: &'a ResolveOptions,
    scope: Scope<'t>,
    budget: Budget,
    /// The local path, reused from one relocation to the next.
    local: Spec,
    /// The candidate's path, likewise.
    found: Spec,
}

/// A relocation with its candidates tried, before other relocations prune them.
struct Looked {
    kind: Option<RelocationKind>,
    /// What to do if it isn't a matter of candidates.
    settled: Option<Action>,
    /// The object's own answer, which the instruction must hold.
    own: Value,
    matches: Vec<Match>,
    rejected: Vec<(Candidate, Mismatch)>,
}

struct Match {
    candidate: Candidate,
    /// An error counts only if the candidate is still one in the end.
    value: Result<Value>,
    steps: Vec<u32>,
    bit_offset: u32,
}

impl Resolver<'_, '_> {
    fn look(&mut self, section: &CodeSection<'_>, relo: CoreRelo) -> Result<Looked> {
        let offset = relo.insn_off as usize;
        if !offset.is_multiple_of(INSN) {
            return Err(Error::malformed(format!(
                "the instruction offset {offset} is no multiple of {INSN}"
            )));
        }
        let settled = |kind, action| Looked {
            kind,
            settled: Some(action),
            own: Value::default(),
            matches: Vec::new(),
            rejected: Vec::new(),
        };
        let kind = RelocationKind::from_number(relo.kind);
        if section.function_at(relo.insn_off).is_none() {
            return Ok(settled(kind, Action::NoFunction));
        }
        if offset + INSN > section.code.len() {
            return Err(Error::malformed(
                "the instruction is outside of its section",
            ));
        }
        let Some(kind) = kind else {
            if self.options.partial {
                return Ok(settled(None, Action::LeaveToLoader));
            }
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("relocations of kind {} are unknown", relo.kind),
            ));
        };
        let root = self.program.graph.ty(relo.type_id);
        let access = self.program.graph.string(relo.access);
        accessor::parse(root, access, kind, &mut self.local)?;
        if kind == RelocationKind::TypeIdLocal {
            if self.options.partial {
                return Ok(settled(Some(kind), Action::LeaveToLoader));
            }
            return Ok(Looked {
                settled: Some(Action::Set),
                own: compute(kind, root, &self.local, self.program.endian)?,
                ..settled(Some(kind), Action::Set)
            });
        }
        if root.name().is_empty() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("the {} {} has no name to look for", root.kind(), root.id()),
            ));
        }
        self.scope.bind(root)?;
        if self.options.partial && self.is_the_loaders(root)? {
            return Ok(settled(Some(kind), Action::LeaveToLoader));
        }
        let own = compute(kind, root, &self.local, self.program.endian)?;
        self.try_candidates(kind, root, own)
    }

    /// Whether partial mode leaves relocations of a root type: all but those a user program answers.
    fn is_the_loaders(&mut self, root: Type<'_>) -> Result<bool> {
        let target = self.scope.bind(root)?.target;
        let target = target.and_then(|number| self.targets.get(number));
        Ok(target.is_none_or(|target| target.role != Role::User))
    }

    fn try_candidates(
        &mut self,
        kind: RelocationKind,
        root: Type<'_>,
        own: Value,
    ) -> Result<Looked> {
        let wanted = Wanted {
            kind,
            root,
            spec: &self.local,
        };
        let binding = self.scope.bind(root)?;
        let mut looked = Looked {
            kind: Some(kind),
            settled: None,
            own,
            matches: Vec::new(),
            rejected: Vec::new(),
        };
        let Some(target) = binding.target.and_then(|number| self.targets.get(number)) else {
            return Ok(looked);
        };
        self.budget.spend(binding.candidates.len())?;
        for &candidate in &binding.candidates {
            let graph = target.graph_of(candidate);
            let ty = graph.ty(candidate.id);
            let outcome = wanted
                .find_in(ty, &mut self.found, &self.budget)
                .within(|| Place::Type(candidate.id))
                .within(|| Place::File(target.label.clone()))?;
            match outcome {
                Err(mismatch) => looked.rejected.push((candidate, mismatch)),
                Ok(()) => looked.matches.push(Match {
                    candidate,
                    value: compute(kind, ty, &self.found, graph.endian())
                        .within(|| Place::File(target.label.clone())),
                    steps: self.found.steps.clone(),
                    bit_offset: self.found.bit_offset,
                }),
            }
        }
        // As long as something fits, only what fits stays a candidate for this root type.
        if !looked.matches.is_empty() && !looked.rejected.is_empty() {
            binding.candidates = looked.matches.iter().map(|hit| hit.candidate).collect();
        }
        Ok(looked)
    }
}

impl Looked {
    fn decide(
        self,
        section: usize,
        record: usize,
        relo: CoreRelo,
        binding: Option<&Binding>,
        targets: &[Target],
        program: &Program<'_>,
    ) -> Result<Fixup> {
        let mut fixup = Fixup {
            section,
            record,
            relo,
            kind: self.kind,
            action: self.settled.unwrap_or(Action::Set),
            matched: Vec::new(),
            rejected: self.rejected,
            target_steps: Vec::new(),
            target_bits: 0,
            patch: None,
        };
        if let Some(action) = self.settled {
            if action == Action::Set {
                fixup.patch = Some(Patch::Set {
                    old: self.own,
                    new: self.own,
                    may_resize: true,
                });
            }
            return Ok(fixup);
        }
        let (Some(kind), Some(binding)) = (self.kind, binding) else {
            return Err(Error::malformed("the relocation has no kind"));
        };
        let target = binding.target.and_then(|number| targets.get(number));
        let mut answer: Option<(Value, Candidate, u32)> = None;
        for hit in self.matches {
            if !binding.has(hit.candidate) {
                fixup.rejected.push((hit.candidate, Mismatch::Pruned));
                continue;
            }
            let value = hit.value?;
            match &answer {
                None => {
                    fixup.target_steps = hit.steps;
                    fixup.target_bits = hit.bit_offset;
                    answer = Some((value, hit.candidate, hit.bit_offset));
                }
                Some((first, id, bits)) => check_agreement(
                    (*bits, hit.bit_offset),
                    (first.value, value.value),
                    (id.id, hit.candidate.id),
                    is_user_id(kind, target),
                )?,
            }
            fixup.matched.push(hit.candidate);
        }
        let (value, candidate) = match answer {
            Some((value, candidate, _)) => (Some(value), Some(candidate)),
            None => (value::absent(kind), None),
        };
        if candidate.is_some() && is_user_id(kind, target) {
            fixup.action = Action::PoisonUserTypeId;
            fixup.patch = Some(Patch::Poison);
            return Ok(fixup);
        }
        let Some(new) = value else {
            fixup.action = Action::PoisonNoMatch;
            fixup.patch = Some(Patch::Poison);
            return Ok(fixup);
        };
        let local_type = self.own.access_type.map(|id| program.graph.ty(id));
        let target_type = candidate
            .zip(target)
            .and_then(|(candidate, target)| Some(target.graph_of(candidate).ty(new.access_type?)));
        fixup.patch = Some(Patch::Set {
            old: self.own,
            new,
            may_resize: may_resize(local_type, target_type),
        });
        Ok(fixup)
    }
}

fn is_user_id(kind: RelocationKind, target: Option<&Target>) -> bool {
    kind == RelocationKind::TypeIdTarget && target.is_some_and(|target| target.role == Role::User)
}

/// All candidates that fit must give one answer.
fn check_agreement(
    bits: (u32, u32),
    values: (u64, u64),
    ids: (TypeId, TypeId),
    user_id: bool,
) -> Result<()> {
    let ambiguous = |what: &str, a: u64, b: u64| {
        Err(Error::new(
            ErrorKind::Ambiguous,
            format!(
                "the target has several types that fit and differ: {what} {a} in {} and {b} in {}",
                ids.0, ids.1
            ),
        ))
    };
    if bits.0 != bits.1 {
        return ambiguous("bit", u64::from(bits.0), u64::from(bits.1));
    }
    if values.0 != values.1 && !user_id {
        return ambiguous("the value is", values.0, values.1);
    }
    Ok(())
}
