//! Which target a root type belongs to: decided once for each, so that two fields of a type can't come from two
//! targets.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::error::Result;
use crate::graph::Type;
use crate::id::TypeId;
use crate::query::flavor;
use crate::relocate::target::{Candidate, KERNEL_LABEL, Role, Target};

/// The target chosen for a root type, and the candidates there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetChoice {
    /// The index of the target; `None` if no target has a candidate.
    pub target: Option<usize>,
    /// Whether a flavor suffix picked it.
    pub labelled: bool,
    /// The candidates in the target, sorted by id. Those that a relocation rules out are removed.
    pub candidates: Vec<Candidate>,
    /// The indices of later targets that have candidates, too: the type is ambiguous. Empty if a flavor suffix picked
    /// the target.
    pub others: Vec<usize>,
    /// Whether the flavor suffix is the kernel's label and no target is a kernel, so no target was chosen.
    pub kernel_only: bool,
}

impl TargetChoice {
    /// Returns whether a type is still among the candidates.
    pub(super) fn has(&self, candidate: Candidate) -> bool {
        self.candidates.binary_search(&candidate).is_ok()
    }

    /// Takes the candidates of the first target that has any.
    fn take_first(
        &mut self,
        targets: &[Target],
        candidates: impl Fn(&Target) -> Result<Vec<Candidate>>,
    ) -> Result<()> {
        for (number, target) in targets.iter().enumerate() {
            let candidates = candidates(target)?;
            if candidates.is_empty() {
                continue;
            }
            if self.target.is_none() {
                self.target = Some(number);
                self.candidates = candidates;
            } else {
                self.others.push(number);
            }
        }
        Ok(())
    }
}

/// The choices for an object's root types, each made once.
#[derive(Clone, Debug)]
pub(super) struct TargetChoices<'t> {
    targets: &'t [Target],
    choices: HashMap<TypeId, TargetChoice>,
}

impl<'t> TargetChoices<'t> {
    /// Starts without any choice made.
    pub fn new(targets: &'t [Target]) -> Self {
        Self {
            targets,
            choices: HashMap::new(),
        }
    }

    /// Returns the choice for a root type, and makes it if it is the first relocation of the type.
    ///
    /// # Errors
    /// `Ambiguous` if C spells the names of different types of a target alike.
    pub fn of(&mut self, local: Type<'_>) -> Result<&mut TargetChoice> {
        match self.choices.entry(local.id()) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(choose(self.targets, local)?)),
        }
    }

    /// Returns the choice for a root type, if it has been made.
    pub fn get(&self, root: TypeId) -> Option<&TargetChoice> {
        self.choices.get(&root)
    }

    /// Returns all choices, by root type.
    pub fn into_choices(self) -> HashMap<TypeId, TargetChoice> {
        self.choices
    }
}

/// Chooses the target of a root type: by the flavor suffix, or the first that has a candidate.
fn choose(targets: &[Target], local: Type<'_>) -> Result<TargetChoice> {
    let mut choice = TargetChoice {
        target: None,
        labelled: false,
        candidates: Vec::new(),
        others: Vec::new(),
        kernel_only: false,
    };
    let suffix = flavor(local.name().as_bytes());
    let is_kernel = suffix == Some(KERNEL_LABEL.as_bytes());
    let picked = targets
        .iter()
        .position(|target| suffix == Some(target.label.as_bytes()))
        .or_else(|| {
            let kernel = |target: &Target| target.role == Role::Kernel;
            targets.iter().position(kernel).filter(|_| is_kernel)
        });
    if let Some((number, target)) = picked.and_then(|number| Some((number, targets.get(number)?))) {
        choice.target = Some(number);
        choice.labelled = true;
        choice.candidates = target.candidates(local)?;
        if choice.candidates.is_empty() {
            choice.candidates = target.short_candidates(local)?;
        }
        return Ok(choice);
    }
    if is_kernel {
        choice.kernel_only = true;
        return Ok(choice);
    }
    choice.take_first(targets, |target| target.candidates(local))?;
    if choice.target.is_none() {
        // A type of an inline or anonymous namespace must not hide the type of another target that has the name itself.
        choice.take_first(targets, |target| target.short_candidates(local))?;
    }
    Ok(choice)
}
