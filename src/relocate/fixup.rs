//! The fix-up that one relocation is resolved to, and how it is applied to an instruction.

use crate::bpf::Insn;
use crate::error::{Context, Place, Result};
use crate::graph::CoreRelo;
use crate::relocate::candidate::Mismatch;
use crate::relocate::kind::RelocationKind;
use crate::relocate::patch::{Done, Patch, patch};
use crate::relocate::target::Candidate;
use crate::target::Endian;

/// The change that one relocation makes, and how it was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fixup {
    /// The index of the code section in [`Program::sections`](crate::bpf::Program::sections).
    pub section: usize,
    /// The index of the record in that section.
    pub record: usize,
    /// The record.
    pub relo: CoreRelo,
    /// The kind; `None` for an unknown one, which is left to the loader.
    pub kind: Option<RelocationKind>,
    /// The action to be taken.
    pub action: Action,
    /// The candidates that match.
    pub matched: Vec<Candidate>,
    /// The candidates that don't match, and why.
    pub rejected: Vec<(Candidate, Mismatch)>,
    /// The path in the first candidate that matches, as the numbers of an accessor.
    pub target_steps: Vec<u32>,
    /// The offset of the field in that candidate, in bits from the start of the root type.
    pub target_bits: u32,
    /// The reason why the relocation is left to the loader, if it is no rule of partial mode.
    pub left_because: Option<String>,
    pub(super) patch: Option<Patch>,
}

/// The action for a relocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Action {
    /// The value in the instruction is replaced.
    Set,
    /// The instruction is poisoned: no candidate matches, and the kind has no value for that.
    PoisonNoMatch,
    /// The instruction is poisoned: the value would be a type id of a user program, which means nothing to the kernel.
    PoisonUserTypeId,
    /// Nothing is done, and the record is removed: a linker dropped the function.
    NoFunction,
    /// Nothing is done, and the record stays for the loader.
    LeaveToLoader,
}

/// The change that a fix-up made.
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
    /// The instruction is poisoned, for the reason in the fix-up's [`Action`].
    Poisoned,
    /// The instruction is poisoned: it would have to load or store another width, of a type for which that changes
    /// the value.
    PoisonedForWidth,
    /// Nothing was done.
    Untouched,
}

impl Fixup {
    /// Returns whether the relocation is done with, so that its record is removed from the object.
    #[must_use]
    pub fn is_consumed(&self) -> bool {
        self.action != Action::LeaveToLoader
    }

    /// Returns whether no candidate matches, and one may have the field in a type that is only declared.
    pub(super) fn is_unknown(&self) -> bool {
        let mut rejected = self.rejected.iter();
        rejected.any(|(_, why)| matches!(why, Mismatch::OnlyDeclared { .. }))
    }

    /// Returns whether both make the same change to the same instruction. Ids of a target's types may differ: each BTF
    /// of a program numbers its types anew.
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
    /// `Instruction` if the instruction doesn't hold the old value or can't be patched; `Overflow` if the new value
    /// doesn't fit it.
    pub fn apply(&self, code: &mut [u8], endian: Endian) -> Result<Applied> {
        let Some(change) = &self.patch else {
            return Ok(Applied::Untouched);
        };
        let place = || Place::Instruction(u64::from(self.relo.insn_off) / Insn::LEN as u64);
        let done = patch(code, self.relo.insn_off as usize, endian, change).within(place)?;
        Ok(match done {
            Done::Set { old, new } => Applied::Set { old, new },
            Done::Poisoned => Applied::Poisoned,
            Done::PoisonedForWidth => Applied::PoisonedForWidth,
        })
    }
}
