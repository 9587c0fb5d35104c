//! CO-RE relocation: what a BPF object asks about types, answered from several targets at once.
//!
//! A *relocation* names a root type of the object's own BTF, a path from there, and what is asked about it.
//! Its answer comes from one *target*: the kernel, or a user program. Two steps: [`resolve`] finds every
//! answer and touches nothing, [`Fixup::apply`] patches an instruction. [`relocate`] does both.
//!
//! Which target a root type belongs to is decided once for the object, so that two fields can't come from
//! two layouts:
//!
//! 1. A flavor suffix that is a target's label picks it: `struct file___app`. `___kernel` always means the
//!    kernel.
//! 2. Otherwise it is the first target in order that has a candidate: a type of the same kind and
//!    essential name. That a later one has candidates, too, is a *doubt*.
//!
//! Inside a target the rules are libbpf's (`relo_core.c`), save these, which are ours:
//!
//! * An unsigned 32-bit enumerator of 2³¹ and more keeps its value; libbpf takes it for a negative one and
//!   refuses the object.
//! * A root type's candidates are pruned by all its relocations before any is computed. What libbpf accepts
//!   comes out the same, save where candidates differ in nothing but a field's size, which it doesn't compare:
//!   the width of a load follows a candidate that is left in the end, and not the first that fitted.
//! * An accessor is made of digits and colons, within 31 bits each, and the field it names starts within 2³²
//!   bits. libbpf takes blanks and signs, too, and lets the numbers wrap around.
//! * Shifts follow the target's byte order, not this machine's.
//! * An array whose dimensions were flattened into one still matches one that has them.
//! * TYPE_ID_TARGET answered by a user program is poison: the kernel can't know that id.

mod accessor;
mod budget;
mod compat;
mod kind;
mod matches;
mod matching;
mod patch;
mod program;
mod reach;
mod report;
mod resolve;
mod scope;
mod spell;
mod value;

pub use kind::RelocationKind;
pub use matching::Mismatch;
pub use patch::POISON;
pub use program::{CodeSection, Function, Program};
pub(crate) use report::local_path;
pub use report::{Ambiguity, Outcome, Record, Rejected, Report, SourceLine};
pub use resolve::{Action, Applied, Fixup, Resolution, resolve};
pub use scope::{Binding, Candidate, KERNEL_LABEL, Role, Target};

use crate::error::{Context, Place, Result};

/// How to relocate.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ResolveOptions {
    /// Do only what belongs to user programs, and leave the rest to the loader.
    pub partial: bool,
}

impl ResolveOptions {
    /// The defaults, with partial mode on or off.
    #[must_use]
    pub const fn partial(partial: bool) -> Self {
        Self { partial }
    }
}

/// A relocated object's code.
#[derive(Debug)]
#[non_exhaustive]
pub struct Relocated {
    /// The code of each of the program's sections.
    pub code: Vec<Vec<u8>>,
    /// What each relocation came to.
    pub resolution: Resolution,
    /// What was done about each, in the order of [`Resolution::fixups`].
    pub applied: Vec<Applied>,
    /// For each, whether it is poison that can't be reached from its function's start ([`find_dead`]).
    pub dead: Vec<bool>,
}

/// Resolves and applies every relocation of an object.
///
/// # Errors
/// As [`resolve`] and [`Fixup::apply`]. Nothing comes out then: there is no half-patched code.
pub fn relocate(
    program: &Program<'_>,
    targets: &[Target],
    options: &ResolveOptions,
) -> Result<Relocated> {
    let resolution = resolve(program, targets, options)?;
    let mut code: Vec<Vec<u8>> = program
        .sections
        .iter()
        .map(|section| section.code.to_vec())
        .collect();
    let mut applied = Vec::with_capacity(resolution.fixups.len());
    for fixup in &resolution.fixups {
        let section = code.get_mut(fixup.section).map(Vec::as_mut_slice);
        let done = fixup
            .apply(section.unwrap_or_default(), program.endian)
            .within(|| {
                let name = program
                    .sections
                    .get(fixup.section)
                    .map_or("", |section| section.name);
                Place::Section(format!("{name}: relocation #{}", fixup.record))
            })?;
        applied.push(done);
    }
    let patched: Vec<&[u8]> = code.iter().map(Vec::as_slice).collect();
    let dead = find_dead(program, &patched, &resolution, &applied);
    Ok(Relocated {
        code,
        resolution,
        applied,
        dead,
    })
}

/// For each relocation, whether it is poison that can't be reached: behind the answer of an existence check,
/// say. `code` is the patched code of the program's sections.
///
/// Constants in registers are followed, nothing else: what this calls dead is never looked at by the
/// verifier; what it doesn't may still be dead for the verifier.
#[must_use]
pub fn find_dead(
    program: &Program<'_>,
    code: &[&[u8]],
    resolution: &Resolution,
    applied: &[Applied],
) -> Vec<bool> {
    let mut known = std::collections::HashMap::new();
    let mut is_dead = |fixup: &Fixup| {
        let section = program.sections.get(fixup.section)?;
        let function = section.function_at(fixup.relo.insn_off)?;
        let start = usize::try_from(function.start).ok()?;
        let end = start.checked_add(usize::try_from(function.size).ok()?)?;
        let reached = known
            .entry((fixup.section, function.start))
            .or_insert_with(|| {
                let code = code
                    .get(fixup.section)
                    .and_then(|code| code.get(start..end));
                reach::reachable(code.unwrap_or_default(), program.endian)
            });
        let insn = (fixup.relo.insn_off as usize).checked_sub(start)? / patch::INSN;
        reached.get(insn).map(|reached| !reached)
    };
    resolution
        .fixups
        .iter()
        .zip(applied)
        .map(|(fixup, applied)| {
            let poisoned = matches!(applied, Applied::Poisoned | Applied::PoisonedForWidth);
            poisoned && is_dead(fixup).unwrap_or(false)
        })
        .collect()
}
