//! Resolves relocation records to fix-ups: the accessor is parsed, the target chosen, each candidate searched and its
//! value computed; then the candidates are pruned and the fix-up is decided.
//!
//! The order matters. A root type's candidates are pruned by *all* its relocations, in the order of the records,
//! before any fix-up is decided. libbpf decides as it prunes, and so refuses some programs only because of the order
//! of their relocations. The result is the same for all that libbpf accepts, except for the width of a load if
//! candidates differ in nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::bpf::{CodeSection, Insn, Program};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{CoreRelo, Type};
use crate::id::TypeId;
use crate::relocate::accessor::{self, Spec};
use crate::relocate::candidate::{Mismatch, Wanted};
use crate::relocate::choice::{TargetChoice, TargetChoices};
use crate::relocate::context::{SUBPROGRAMS, is_optional};
use crate::relocate::fixup::{Action, Fixup};
use crate::relocate::kind::RelocationKind;
use crate::relocate::options::ResolveOptions;
use crate::relocate::patch::Patch;
use crate::relocate::step_budget::StepBudget;
use crate::relocate::target::{Candidate, Role, Target, check_labels};
use crate::relocate::value::{self, Value, compute, may_resize};

/// The fix-ups for every relocation of an object; the object itself is unchanged.
#[derive(Debug)]
#[non_exhaustive]
pub struct Resolution {
    /// The fix-ups, one for each relocation, section by section in the order of the records.
    pub fixups: Vec<Fixup>,
    /// The target chosen for each root type.
    pub choices: HashMap<TypeId, TargetChoice>,
}

/// Resolves every relocation of a program against the targets, which are searched in their order.
///
/// # Errors
/// `Malformed` with section and record if a record or a type it needs is; `Ambiguous` if candidates that match give
/// different values; `Unsupported` for an unknown kind, unless `partial` leaves it to the loader; `Usage` for two
/// targets with one label, a user program labelled `kernel`, or the name of a program that the object doesn't have.
pub fn resolve(
    program: &Program<'_>,
    targets: &[Target],
    options: &ResolveOptions,
) -> Result<Resolution> {
    resolve_with(program, targets, options, &|_, _| None)
}

/// Tells where a type of a target is declared and what chooses it (`server.c:12; --function handle`), by the target's
/// index and the type's id.
pub(crate) type Declared<'d> = dyn Fn(usize, TypeId) -> Option<String> + 'd;

/// Resolves as [`resolve`] does, and names types that candidates differ in by the place of their declaration.
pub(crate) fn resolve_with(
    program: &Program<'_>,
    targets: &[Target],
    options: &ResolveOptions,
    declared: &Declared<'_>,
) -> Result<Resolution> {
    check_labels(
        targets
            .iter()
            .map(|target| (target.label.as_str(), target.role)),
    )?;
    check_programs(program, options)?;
    let count = program
        .sections
        .iter()
        .map(|section| section.relos.len())
        .sum();
    let mut resolver = Resolver {
        program,
        targets,
        options,
        declared,
        choices: TargetChoices::new(targets),
        budget: StepBudget::for_relocations(count),
        local: Spec::default(),
        found: Spec::default(),
    };
    let mut fixups = Vec::with_capacity(count);
    let mut required = Vec::with_capacity(count);
    let mut optional: BTreeMap<(usize, u64), Vec<(usize, usize)>> = BTreeMap::new();
    for (number, section) in program.sections.iter().enumerate() {
        for (record, relo) in section.relos.iter().enumerate() {
            match handling(section, *relo, options) {
                Handling::Required => required.push((number, record)),
                Handling::Optional(function) => optional
                    .entry((number, function))
                    .or_default()
                    .push((number, record)),
                Handling::Skipped => {
                    let why = "its program was skipped by name".to_owned();
                    fixups.push(left(number, record, *relo, why));
                }
            }
        }
    }
    fixups.extend(resolver.required(required)?);
    let required = std::mem::replace(&mut resolver.choices, TargetChoices::new(targets));
    let mut choices = HashMap::new();
    // An optional program neither prunes candidates of others nor makes the object be refused.
    for records in optional.into_values() {
        resolver.choices = required.clone();
        fixups.extend(resolver.optional(records));
        let own = std::mem::replace(&mut resolver.choices, TargetChoices::new(targets));
        for (id, choice) in own.into_choices() {
            choices.entry(id).or_insert(choice);
        }
    }
    choices.extend(required.into_choices());
    fixups.sort_by_key(|fixup| (fixup.section, fixup.record));
    Ok(Resolution { fixups, choices })
}

/// How the relocations of a function are handled.
enum Handling {
    /// The object is refused if one can't be resolved.
    Required,
    /// One that can't be resolved is left to the loader; the function's start.
    Optional(u64),
    /// All are left to the loader.
    Skipped,
}

/// Returns how a relocation is handled.
fn handling(section: &CodeSection<'_>, relo: CoreRelo, options: &ResolveOptions) -> Handling {
    let Some(function) = section.function_at(relo.insn_off.into()) else {
        return Handling::Required;
    };
    let is_in = |names: &[String]| names.contains(&function.name);
    if is_in(&options.skip) {
        return Handling::Skipped;
    }
    if is_in(&options.programs) {
        return Handling::Required;
    }
    if !options.programs.is_empty() && section.name != SUBPROGRAMS {
        return Handling::Skipped;
    }
    if is_optional(&section.name) {
        return Handling::Optional(function.start);
    }
    Handling::Required
}

/// Refuses names of functions that the program doesn't have.
fn check_programs(program: &Program<'_>, options: &ResolveOptions) -> Result<()> {
    let functions = || {
        let sections = program.sections.iter();
        sections.flat_map(|section| section.functions.iter().map(|function| &function.name))
    };
    for name in options.programs.iter().chain(&options.skip) {
        if !functions().any(|function| function == name) {
            let names: BTreeSet<_> = functions().map(String::as_str).collect();
            return Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "the object has no program called {name:?} with relocations; there are {}",
                    names.into_iter().collect::<Vec<_>>().join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// Returns a fix-up that leaves a relocation to the loader, and why.
fn left(section: usize, record: usize, relo: CoreRelo, because: String) -> Fixup {
    Fixup {
        section,
        record,
        relo,
        kind: RelocationKind::from_number(relo.kind),
        action: Action::LeaveToLoader,
        matched: Vec::new(),
        rejected: Vec::new(),
        target_steps: Vec::new(),
        target_bits: 0,
        left_because: Some(because),
        patch: None,
    }
}

/// Adds a relocation as the place of an error.
pub(super) fn at_relocation<T>(
    result: Result<T>,
    section: &CodeSection<'_>,
    record: usize,
) -> Result<T> {
    result
        .within(|| Place::Relocation(u32::try_from(record).unwrap_or(u32::MAX)))
        .within(|| Place::Section(section.name.to_string()))
}

/// The state of resolving one program.
struct Resolver<'a, 't> {
    program: &'a Program<'a>,
    targets: &'t [Target],
    options: &'a ResolveOptions,
    declared: &'a Declared<'a>,
    choices: TargetChoices<'t>,
    budget: StepBudget,
    /// The local path; its allocations are reused.
    local: Spec,
    /// The path in a candidate; its allocations are reused.
    found: Spec,
}

/// A relocation whose candidates were searched, before other relocations prune them.
struct Searched {
    kind: Option<RelocationKind>,
    /// The action, if it doesn't depend on candidates.
    settled: Option<Action>,
    /// The value by the object's own types, which the instruction must hold.
    own: Value,
    matches: Vec<Match>,
    rejected: Vec<(Candidate, Mismatch)>,
}

/// A candidate that matches.
struct Match {
    candidate: Candidate,
    /// The value; an error counts only if the candidate isn't pruned.
    value: Result<Value>,
    steps: Vec<u32>,
    bit_offset: u32,
}

impl<'a> Resolver<'a, '_> {
    /// Resolves relocations that must be resolved.
    fn required(&mut self, records: Vec<(usize, usize)>) -> Result<Vec<Fixup>> {
        let mut pending = Vec::with_capacity(records.len());
        for (number, record) in records {
            let Some((section, relo)) = self.record(number, record) else {
                continue;
            };
            let found = at_relocation(self.search(section, relo), section, record)?;
            pending.push((number, record, section, relo, found));
        }
        let mut fixups = Vec::with_capacity(pending.len());
        for (number, record, section, relo, found) in pending {
            let decided = found.decide((number, record, relo), self);
            fixups.push(at_relocation(decided, section, record)?);
        }
        Ok(fixups)
    }

    /// Resolves the relocations of one optional program, as far as they resolve.
    fn optional(&mut self, records: Vec<(usize, usize)>) -> Vec<Fixup> {
        let mut pending = Vec::with_capacity(records.len());
        for (number, record) in records {
            if let Some((section, relo)) = self.record(number, record) {
                let found = self.search(section, relo);
                pending.push((number, record, relo, found));
            }
        }
        let decided = pending.into_iter().map(|(number, record, relo, found)| {
            let decided = found.and_then(|found| found.decide((number, record, relo), self));
            match decided {
                Ok(fixup) if fixup.action == Action::PoisonNoMatch => Fixup {
                    action: Action::LeaveToLoader,
                    left_because: Some("its program is optional, and no type matches".to_owned()),
                    patch: None,
                    ..fixup
                },
                Ok(fixup) => fixup,
                Err(error) => {
                    let why = format!("its program is optional, and {error}");
                    left(number, record, relo, why)
                }
            }
        });
        decided.collect()
    }

    /// Returns a relocation and its section.
    fn record(&self, section: usize, record: usize) -> Option<(&'a CodeSection<'a>, CoreRelo)> {
        let section = self.program.sections.get(section)?;
        Some((section, *section.relos.get(record)?))
    }

    /// Searches the candidates of one relocation.
    fn search(&mut self, section: &CodeSection<'_>, relo: CoreRelo) -> Result<Searched> {
        let offset = relo.insn_off as usize;
        if !offset.is_multiple_of(Insn::LEN) {
            return Err(Error::malformed(format!(
                "the instruction offset {offset} is not a multiple of {}",
                Insn::LEN
            )));
        }
        let settled = |kind, action| Searched {
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
            return Ok(Searched {
                settled: Some(Action::Set),
                own: compute(kind, root, &self.local, self.program.endian)?,
                ..settled(Some(kind), Action::Set)
            });
        }
        if root.name().is_empty() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the {} {} has no name to find candidates by",
                    root.kind(),
                    root.id()
                ),
            ));
        }
        self.choices.of(root)?;
        if self.options.partial && self.is_left_to_loader(root)? {
            return Ok(settled(Some(kind), Action::LeaveToLoader));
        }
        let own = compute(kind, root, &self.local, self.program.endian)?;
        self.search_candidates(kind, root, own)
    }

    /// Returns whether partial mode leaves relocations of a root type to the loader: all but those of user programs'
    /// types.
    fn is_left_to_loader(&mut self, root: Type<'_>) -> Result<bool> {
        let target = self.choices.of(root)?.target;
        let target = target.and_then(|number| self.targets.get(number));
        Ok(target.is_none_or(|target| target.role != Role::User))
    }

    /// Searches each candidate, and removes those that don't match if others do.
    fn search_candidates(
        &mut self,
        kind: RelocationKind,
        root: Type<'_>,
        own: Value,
    ) -> Result<Searched> {
        let wanted = Wanted {
            kind,
            root,
            spec: &self.local,
        };
        let choice = self.choices.of(root)?;
        let mut searched = Searched {
            kind: Some(kind),
            settled: None,
            own,
            matches: Vec::new(),
            rejected: Vec::new(),
        };
        let Some(target) = choice.target.and_then(|number| self.targets.get(number)) else {
            return Ok(searched);
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
                Err(mismatch) => searched.rejected.push((candidate, mismatch)),
                Ok(()) => searched.matches.push(Match {
                    candidate,
                    value: compute(kind, ty, &self.found, graph.endian())
                        .within(|| Place::File(target.label.clone())),
                    steps: self.found.steps.clone(),
                    bit_offset: self.found.bit_offset,
                }),
            }
        }
        // If a candidate matches, only those that match remain candidates for the root type.
        if !searched.matches.is_empty() && !searched.rejected.is_empty() {
            choice.candidates = searched.matches.iter().map(|hit| hit.candidate).collect();
        }
        Ok(searched)
    }
}

impl Searched {
    /// Decides the fix-up, by the candidates that are left.
    fn decide(
        self,
        (section, record, relo): (usize, usize, CoreRelo),
        resolver: &Resolver<'_, '_>,
    ) -> Result<Fixup> {
        let choice = resolver.choices.get(relo.type_id);
        let (program, targets) = (resolver.program, resolver.targets);
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
            left_because: None,
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
        let mut first: Option<(Value, Candidate, u32)> = None;
        for hit in self.matches {
            if !choice.has(hit.candidate) {
                fixup.rejected.push((hit.candidate, Mismatch::Pruned));
                continue;
            }
            let value = hit.value?;
            match &first {
                None => {
                    fixup.target_steps = hit.steps;
                    fixup.target_bits = hit.bit_offset;
                    first = Some((value, hit.candidate, hit.bit_offset));
                }
                Some((before, id, bits)) => {
                    let name = |candidate: Candidate| {
                        let declared = choice.target.filter(|_| candidate.module.is_none());
                        declared.and_then(|number| (resolver.declared)(number, candidate.id))
                    };
                    check_agreement(
                        (*bits, hit.bit_offset),
                        (before.value, value.value),
                        (*id, hit.candidate),
                        is_user_id(kind, target),
                        (target, &name),
                    )?;
                }
            }
            fixup.matched.push(hit.candidate);
        }
        let (value, candidate) = match first {
            Some((value, candidate, _)) => (Some(value), Some(candidate)),
            // A field that may be in a type which is only declared is not known to be absent.
            None if fixup.is_unknown() => (None, None),
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

/// Returns whether the value is the id of a type in a user program.
fn is_user_id(kind: RelocationKind, target: Option<&Target>) -> bool {
    kind == RelocationKind::TypeIdTarget && target.is_some_and(|target| target.role == Role::User)
}

/// Refuses candidates that match and give different values.
fn check_agreement(
    bits: (u32, u32),
    values: (u64, u64),
    candidates: (Candidate, Candidate),
    user_id: bool,
    (target, declared): (Option<&Target>, &dyn Fn(Candidate) -> Option<String>),
) -> Result<()> {
    let name = |candidate: Candidate| match declared(candidate) {
        Some(declared) => format!("type {} ({declared})", candidate.id),
        None => format!("type {}", candidate.id),
    };
    let ambiguous = |what: &str, a: u64, b: u64| {
        let label = target.map_or("the target", |target| &target.label);
        let cure = match target.map(|target| target.role) {
            Some(Role::User) => {
                "; --function tells which is meant: a function of the unit that is probed"
            }
            _ => "",
        };
        Err(Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{label} has several types that match and differ: {what} {a} in {} and {b} in {}{cure}",
                name(candidates.0),
                name(candidates.1)
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
