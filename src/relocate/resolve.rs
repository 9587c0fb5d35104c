//! From relocation records to fix-ups: parse, bind, match, prune, compute.
//!
//! The order matters. A root type's candidates are pruned by *all* its relocations, in the order of the
//! records, before any is computed; libbpf computes as it prunes, and so refuses some programs only
//! because of the order of their relocations. What libbpf accepts comes out the same here, save the width of a
//! load where candidates differ in that alone.

use std::collections::{HashMap, HashSet};

use crate::bpf::{CodeSection, Insn, Program};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{CoreRelo, Type};
use crate::id::TypeId;
use crate::relocate::ResolveOptions;
use crate::relocate::accessor::{self, Spec};
use crate::relocate::candidate::{Mismatch, Wanted};
use crate::relocate::choice::{TargetChoice, TargetChoices};
use crate::relocate::fixup::{Action, Fixup};
use crate::relocate::kind::RelocationKind;
use crate::relocate::patch::Patch;
use crate::relocate::step_budget::StepBudget;
use crate::relocate::target::{Candidate, Role, Target};
use crate::relocate::value::{self, Value, compute, may_resize};

/// What every relocation of an object comes to. The object itself is as it was.
#[derive(Debug)]
#[non_exhaustive]
pub struct Resolution {
    /// One for each relocation, section by section, in the order of the records.
    pub fixups: Vec<Fixup>,
    /// Where each root type is looked for.
    pub choices: HashMap<TypeId, TargetChoice>,
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
        choices: TargetChoices::new(targets),
        budget: StepBudget::for_relocations(count),
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
    let choices = resolver.choices.into_choices();
    let mut fixups = Vec::with_capacity(count);
    for (section, record, relo, found) in pending {
        let place = || match program.sections.get(section) {
            Some(section) => place(section, record),
            None => Place::Relocation(0),
        };
        let choice = choices.get(&relo.type_id);
        let fixup = found
            .decide(section, record, relo, choice, targets, program)
            .within(place)?;
        fixups.push(fixup);
    }
    Ok(Resolution { fixups, choices })
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

/// Returns the place of a relocation in errors.
pub(super) fn place(section: &CodeSection<'_>, record: usize) -> Place {
    Place::Section(format!("{}: relocation #{record}", section.name))
}

struct Resolver<'a, 't> {
    program: &'a Program<'a>,
    targets: &'t [Target],
    options: &'a ResolveOptions,
    choices: TargetChoices<'t>,
    budget: StepBudget,
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
        if !offset.is_multiple_of(Insn::LEN) {
            return Err(Error::malformed(format!(
                "the instruction offset {offset} is no multiple of {}",
                Insn::LEN
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
        if section.function_at(relo.insn_off.into()).is_none() {
            return Ok(settled(kind, Action::NoFunction));
        }
        if offset + Insn::LEN > section.code.len() {
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
        self.choices.of(root)?;
        if self.options.partial && self.is_the_loaders(root)? {
            return Ok(settled(Some(kind), Action::LeaveToLoader));
        }
        let own = compute(kind, root, &self.local, self.program.endian)?;
        self.try_candidates(kind, root, own)
    }

    /// Whether partial mode leaves relocations of a root type: all but those a user program answers.
    fn is_the_loaders(&mut self, root: Type<'_>) -> Result<bool> {
        let target = self.choices.of(root)?.target;
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
        let choice = self.choices.of(root)?;
        let mut looked = Looked {
            kind: Some(kind),
            settled: None,
            own,
            matches: Vec::new(),
            rejected: Vec::new(),
        };
        let Some(target) = choice.target.and_then(|number| self.targets.get(number)) else {
            return Ok(looked);
        };
        self.budget.spend(choice.candidates.len())?;
        for &candidate in &choice.candidates {
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
            choice.candidates = looked.matches.iter().map(|hit| hit.candidate).collect();
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
        choice: Option<&TargetChoice>,
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
        let (Some(kind), Some(choice)) = (self.kind, choice) else {
            return Err(Error::malformed("the relocation has no kind"));
        };
        let target = choice.target.and_then(|number| targets.get(number));
        let mut answer: Option<(Value, Candidate, u32)> = None;
        for hit in self.matches {
            if !choice.has(hit.candidate) {
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
