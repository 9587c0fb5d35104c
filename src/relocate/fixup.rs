//! What one relocation comes to, and doing it to an instruction.

use crate::bpf::Insn;
use crate::error::{Context, Place, Result};
use crate::graph::CoreRelo;
use crate::relocate::candidate::Mismatch;
use crate::relocate::kind::RelocationKind;
use crate::relocate::patch::{Done, Patch, patch};
use crate::relocate::target::Candidate;
use crate::target::Endian;

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
    pub(super) patch: Option<Patch>,
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
        let place = || Place::Instruction(u64::from(self.relo.insn_off) / Insn::LEN as u64);
        let done = patch(code, self.relo.insn_off as usize, endian, change).within(place)?;
        Ok(match done {
            Done::Set { old, new } => Applied::Set { old, new },
            Done::Poisoned => Applied::Poisoned,
            Done::PoisonedForWidth => Applied::PoisonedForWidth,
        })
    }
}
