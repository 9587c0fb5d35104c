//! Applies a resolution to a copy of the program, and finds the poison that can't be reached.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::bpf::{Insn, Program, Rewrite, reachable};
use crate::error::Result;
use crate::relocate::fixup::{Applied, Fixup};
use crate::relocate::resolve::{Resolution, at_relocation};

/// The result of [`apply`], in the order of [`Resolution::fixups`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patched {
    /// The change that each fix-up made.
    pub applied: Vec<Applied>,
    /// For each relocation, whether its instruction is poisoned and can't be reached from its function's start:
    /// behind an existence check that fails, say.
    ///
    /// Constants in registers are followed, nothing else. The verifier never looks at an instruction that is marked
    /// here; one that isn't may still be dead code for the verifier.
    pub unreachable: Vec<bool>,
}

/// Applies every fix-up to a copy of the program, and removes the relocation records that are done with.
///
/// The copy is bytes or a file: see [`Rewrite`].
///
/// # Errors
/// As [`Fixup::apply`], with section and record. The copy is then patched in part, and of no use.
pub fn apply(
    program: &Program<'_>,
    resolution: &Resolution,
    copy: &mut impl Rewrite,
) -> Result<Patched> {
    let mut applied = Vec::with_capacity(resolution.fixups.len());
    for fixup in &resolution.fixups {
        let section = program.sections.get(fixup.section);
        let code = section.map(|section| copy.section_code_mut(fixup.section, section));
        let done = fixup.apply(code.unwrap_or_default(), program.endian);
        applied.push(match section {
            Some(section) => at_relocation(done, section, fixup.record)?,
            None => done?,
        });
        if fixup.is_consumed() {
            copy.consume(fixup.section, fixup.record)?;
        }
    }
    let unreachable = unreachable_poison(program, resolution, &applied, copy);
    Ok(Patched {
        applied,
        unreachable,
    })
}

/// Returns for each relocation whether its instruction is poisoned and can't be reached in the patched code.
fn unreachable_poison(
    program: &Program<'_>,
    resolution: &Resolution,
    applied: &[Applied],
    copy: &impl Rewrite,
) -> Vec<bool> {
    // By section and start of the function. Functions don't overlap in a valid object, so the bytes of all sections
    // bound the work; what is beyond counts as reachable.
    let mut reachable_insns = HashMap::new();
    let sections = program.sections.iter();
    let mut bytes_left: usize = sections.map(|section| section.code.len()).sum();
    let mut is_unreachable = |fixup: &Fixup| {
        let section = program.sections.get(fixup.section)?;
        let function = section.function_at(fixup.relo.insn_off.into())?;
        let start = usize::try_from(function.start).ok()?;
        let size = usize::try_from(function.size).ok()?;
        let end = start.checked_add(size)?;
        let reached = match reachable_insns.entry((fixup.section, function.start)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                bytes_left = bytes_left.checked_sub(size)?;
                let code = copy.section_code(fixup.section, section).get(start..end);
                entry.insert(reachable(code.unwrap_or_default(), program.endian))
            }
        };
        let insn = (fixup.relo.insn_off as usize).checked_sub(start)? / Insn::LEN;
        reached.get(insn).map(|reached| !reached)
    };
    resolution
        .fixups
        .iter()
        .zip(applied)
        .map(|(fixup, applied)| {
            let poisoned = matches!(applied, Applied::Poisoned | Applied::PoisonedForWidth);
            poisoned && is_unreachable(fixup).unwrap_or(false)
        })
        .collect()
}
