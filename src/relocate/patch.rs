//! Patching one instruction. (libbpf, `bpf_core_patch_insn`; encoding: kernel documentation, "BPF
//! Instruction Set Architecture".)

use crate::error::{Error, ErrorKind, Result};
use crate::relocate::value::Value;
use crate::target::Endian;

/// Bytes of one instruction.
pub(crate) const INSN: usize = 8;
/// The helper that no kernel has, by which a poisoned instruction is known: 0xbad2310, "bad relo".
pub const POISON: i32 = 0xbad_2310;

const CLASS: u8 = 0x07;
const LD: u8 = 0x00;
const LDX: u8 = 0x01;
const ST: u8 = 0x02;
const STX: u8 = 0x03;
const ALU: u8 = 0x04;
const ALU64: u8 = 0x07;
const CALL: u8 = 0x85;
const LDIMM64: u8 = 0x18;
const SOURCE_REGISTER: u8 = 0x08;
const SIZE: u8 = 0x18;

/// What to do to an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patch {
    /// Replace a value.
    Set {
        old: Value,
        new: Value,
        /// Whether a load or store may change its width, if the widths differ.
        may_resize: bool,
    },
    /// Make it unusable.
    Poison,
}

/// What was done to an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    /// It held `old` and holds `new`.
    Set { old: u64, new: u64 },
    /// It is unusable now.
    Poisoned,
    /// It would have had to load or store another width where that isn't safe, and is unusable now.
    PoisonedForWidth,
}

/// One instruction's fields.
struct Insn {
    code: u8,
    registers: u8,
    off: i16,
    imm: i32,
}

impl Insn {
    fn read(bytes: &[u8; INSN], endian: Endian) -> Self {
        let [code, registers, a, b, c, d, e, f] = *bytes;
        Self {
            code,
            registers,
            off: endian.u16([a, b]).cast_signed(),
            imm: endian.u32([c, d, e, f]).cast_signed(),
        }
    }

    fn write(&self, endian: Endian) -> [u8; INSN] {
        let [a, b] = endian.bytes16(self.off.cast_unsigned());
        let [c, d, e, f] = endian.bytes32(self.imm.cast_unsigned());
        [self.code, self.registers, a, b, c, d, e, f]
    }

    /// The source register, whose half of the byte depends on the byte order.
    fn source(&self, endian: Endian) -> u8 {
        match endian {
            Endian::Little => self.registers >> 4,
            Endian::Big => self.registers & 0x0f,
        }
    }

    const fn poison() -> Self {
        Self {
            code: CALL,
            registers: 0,
            off: 0,
            imm: POISON,
        }
    }
}

/// Patches the instruction at byte `at` of a section's code.
///
/// # Errors
/// `Instruction` where it doesn't hold the old value or is none that can be patched; `Overflow` where the
/// new value doesn't fit. The code is as it was then.
pub(super) fn patch(code: &mut [u8], at: usize, endian: Endian, patch: &Patch) -> Result<Done> {
    let (first, rest) = code
        .get_mut(at..)
        .and_then(|code| code.split_first_chunk_mut::<INSN>())
        .ok_or_else(|| wrong("is outside of its section".into()))?;
    let second = rest.first_chunk_mut::<INSN>();
    let mut insn = Insn::read(first, endian);
    let Patch::Set {
        old,
        new,
        may_resize,
    } = patch
    else {
        poison(first, second, endian);
        return Ok(Done::Poisoned);
    };
    match insn.code & CLASS {
        ALU | ALU64 => {
            if insn.code & SOURCE_REGISTER != 0 {
                return Err(wrong("has no immediate operand".into()));
            }
            let held = i64::from(insn.imm).cast_unsigned();
            let new = expect(held, old, new, "immediate")?;
            insn.imm = low(new).cast_signed();
            *first = insn.write(endian);
            Ok(Done::Set { old: held, new })
        }
        LDX | ST | STX => {
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
            *first = insn.write(endian);
            Ok(Done::Set {
                old: held,
                new: value,
            })
        }
        LD => {
            let Some(second) = second.filter(|_| insn.code == LDIMM64) else {
                return Err(wrong("is no 64-bit immediate load".into()));
            };
            let mut upper = Insn::read(second, endian);
            let clean = insn.source(endian) == 0
                && insn.off == 0
                && (upper.code, upper.registers, upper.off) == (0, 0, 0);
            if !clean {
                return Err(wrong(
                    "is a 64-bit immediate load of another form (of a map, say)".into(),
                ));
            }
            let held =
                u64::from(insn.imm.cast_unsigned()) | u64::from(upper.imm.cast_unsigned()) << 32;
            let new = expect(held, old, new, "64-bit immediate")?;
            insn.imm = low(new).cast_signed();
            upper.imm = low(new >> 32).cast_signed();
            *first = insn.write(endian);
            *second = upper.write(endian);
            Ok(Done::Set { old: held, new })
        }
        _ => Err(wrong(format!(
            "has code {:#04x}, which no relocation can patch",
            insn.code
        ))),
    }
}

/// Checks what the instruction holds and says what it is to hold.
///
/// An unsigned 32-bit enumerator may stand there as it is (clang's way) or extended as if it were signed
/// (libbpf's reading); the new value follows the way of the old.
fn expect(held: u64, old: &Value, new: &Value, what: &str) -> Result<u64> {
    if !old.checked || held == old.value {
        return Ok(new.value);
    }
    if old.as_signed == Some(held) {
        return Ok(new.as_signed.unwrap_or(new.value));
    }
    Err(wrong(format!(
        "holds {held} ({held:#x}) as its {what}, where the object's types say {} ({:#x})",
        old.value, old.value
    )))
}

fn poison(first: &mut [u8; INSN], second: Option<&mut [u8; INSN]>, endian: Endian) {
    // The second half of a 64-bit load would be an "unknown opcode 00" by itself.
    if Insn::read(first, endian).code == LDIMM64
        && let Some(second) = second
    {
        *second = Insn::poison().write(endian);
    }
    *first = Insn::poison().write(endian);
}

/// The code of a load or store with another width.
fn resized(code: u8, old: u32, new: u32) -> Result<u8> {
    let width = match code & SIZE {
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
    Ok((code & !SIZE) | size)
}

fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cold]
fn wrong(what: String) -> Error {
    Error::new(ErrorKind::Instruction, format!("the instruction {what}"))
}
