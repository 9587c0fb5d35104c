//! Patches one instruction. (libbpf, `bpf_core_patch_insn`.)

use crate::bpf::{Class, Insn, opcode};
use crate::error::{Error, ErrorKind, Result};
use crate::relocate::value::Value;
use crate::target::Endian;

/// The change of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patch {
    /// Replaces the value it holds.
    Set {
        old: Value,
        new: Value,
        /// Whether a load or store may get the width of the new value.
        may_resize: bool,
    },
    /// Replaces it by [`Insn::POISONED`].
    Poison,
}

/// The change that was made to an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    /// The instruction held `old` and holds `new`.
    Set { old: u64, new: u64 },
    /// The instruction is poisoned.
    Poisoned,
    /// The instruction is poisoned: it would have to load or store another width where that isn't safe.
    PoisonedForWidth,
}

/// Patches the instruction at byte `at` of a section's code.
///
/// # Errors
/// `Instruction` if it doesn't hold the old value or is none that can be patched; `Overflow` if the new value
/// doesn't fit. The code is unchanged then.
pub(super) fn patch(code: &mut [u8], at: usize, endian: Endian, patch: &Patch) -> Result<Done> {
    let (first, rest) = code
        .get_mut(at..)
        .and_then(|code| code.split_first_chunk_mut::<{ Insn::LEN }>())
        .ok_or_else(|| wrong("is outside of its section".into()))?;
    let second = rest.first_chunk_mut::<{ Insn::LEN }>();
    let mut insn = Insn::from_bytes(*first, endian);
    let Patch::Set {
        old,
        new,
        may_resize,
    } = patch
    else {
        poison(first, second, endian);
        return Ok(Done::Poisoned);
    };
    let done = match insn.class() {
        Class::Alu | Class::Alu64 => {
            if insn.uses_source_register() {
                return Err(wrong("has no immediate operand".into()));
            }
            let held = i64::from(insn.imm).cast_unsigned();
            let new = expect(held, old, new, "immediate")?;
            insn.imm = low(new).cast_signed();
            Done::Set { old: held, new }
        }
        Class::Ldx | Class::St | Class::Stx => {
            let held = i64::from(insn.off).cast_unsigned();
            let value = expect(held, old, new, "offset")?;
            let Ok(off) = i16::try_from(value) else {
                return Err(Error::new(
                    ErrorKind::Overflow,
                    format!(
                        "the offset {value} doesn't fit a load or store, which has 16 bits for it"
                    ),
                ));
            };
            if old.access != new.access {
                if !may_resize {
                    poison(first, second, endian);
                    return Ok(Done::PoisonedForWidth);
                }
                insn.code = resized(insn.code, old.access, new.access)?;
            }
            insn.off = off;
            Done::Set {
                old: held,
                new: value,
            }
        }
        Class::Ld => {
            let Some(second) = second.filter(|_| insn.is_wide_load()) else {
                return Err(wrong("is not a 64-bit immediate load".into()));
            };
            let mut upper = Insn::from_bytes(*second, endian);
            let has_only_imm = Insn { imm: 0, ..upper } == Insn::default();
            if insn.src != 0 || insn.off != 0 || !has_only_imm {
                return Err(wrong(
                    "is a 64-bit immediate load of another form (of a map, say)".into(),
                ));
            }
            let held = insn.wide_value(upper);
            let new = expect(held, old, new, "64-bit immediate")?;
            insn.set_wide_value(&mut upper, new);
            *second = upper.to_bytes(endian);
            Done::Set { old: held, new }
        }
        Class::Jmp | Class::Jmp32 => {
            return Err(wrong(format!(
                "has code {:#04x}, which no relocation can patch",
                insn.code
            )));
        }
    };
    *first = insn.to_bytes(endian);
    Ok(done)
}

/// Checks the value that the instruction holds, and returns the one it is to hold.
///
/// An unsigned 32-bit enumerator may be zero-extended (as clang writes it) or sign-extended (as libbpf reads it);
/// the new value is extended like the old one.
fn expect(held: u64, old: &Value, new: &Value, what: &str) -> Result<u64> {
    if !old.checked || held == old.value {
        return Ok(new.value);
    }
    if old.as_signed == Some(held) {
        return Ok(new.as_signed.unwrap_or(new.value));
    }
    Err(wrong(format!(
        "holds {held} ({held:#x}) as its {what}, but by the object's types it should hold {} ({:#x})",
        old.value, old.value
    )))
}

/// Replaces an instruction by [`Insn::POISONED`], and the second half of a 64-bit load, too.
fn poison(first: &mut [u8; Insn::LEN], second: Option<&mut [u8; Insn::LEN]>, endian: Endian) {
    let poisoned = Insn::POISONED.to_bytes(endian);
    // The second half by itself would be an "unknown opcode 00".
    if Insn::from_bytes(*first, endian).is_wide_load()
        && let Some(second) = second
    {
        *second = poisoned;
    }
    *first = poisoned;
}

/// Returns the code of a load or store with its width changed from `old` to `new` bytes.
fn resized(code: u8, old: u32, new: u32) -> Result<u8> {
    let width = match code & opcode::WIDTH {
        0x00 => 4,
        0x08 => 2,
        0x10 => 1,
        _ => 8,
    };
    if width != old {
        return Err(wrong(format!(
            "accesses {width} bytes of a field that has {old}"
        )));
    }
    let size = match new {
        8 => 0x18,
        4 => 0x00,
        2 => 0x08,
        1 => 0x10,
        _ => {
            return Err(wrong(format!(
                "would have to access {new} bytes, which no instruction can"
            )));
        }
    };
    Ok((code & !opcode::WIDTH) | size)
}

/// Returns the lower 32 bits.
fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Returns an `Instruction` error; `what` goes on after "the instruction".
#[cold]
fn wrong(what: String) -> Error {
    Error::new(ErrorKind::Instruction, format!("the instruction {what}"))
}
