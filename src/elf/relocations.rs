//! Applies the relocations of debug sections. Only a relocatable file's are still to be applied.

use std::collections::HashSet;

use bytes::Bytes;
use object::elf;
use object::{Object, ObjectSection, Relocation, RelocationFlags, RelocationKind};

use crate::elf::code_layout::CodeLayout;
use crate::elf::file::{CREL, Elf, REL, RELA, Section};
use crate::error::{Error, ErrorKind, Result};
use crate::target::Endian;

/// The relocations of a file's sections. A linked file may have kept its relocations, but they were applied when it
/// was linked.
pub(super) struct Relocations<'e> {
    /// The file, if it is relocatable.
    file: Option<object::File<'e>>,
    endian: Endian,
    machine: u16,
    layout: CodeLayout,
    /// The indices of the sections that have relocations.
    sections: HashSet<u32>,
}

/// The change that a relocation makes to the bytes at its offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Nothing,
    /// Writes the value, in this many bytes.
    Set(usize),
    /// Adds the value to the number there, of this many bytes.
    Add(usize),
    /// Subtracts the value from the number there, of this many bytes.
    Subtract(usize),
    /// Like [`Self::Set`], in the lower six bits of a byte; the next two are like `Add` and `Subtract`.
    SetSix,
    AddSix,
    SubtractSix,
    /// Like [`Self::Set`], in an unsigned LEB128 number, which keeps its length; the next two likewise.
    SetLeb,
    AddLeb,
    SubtractLeb,
}

impl<'e> Relocations<'e> {
    /// Reads the relocations of a file.
    ///
    /// # Errors
    /// `Malformed` if the file is relocatable and they can't be read.
    pub fn new(elf: &'e Elf) -> Result<Self> {
        let relocates = |section: &&Section| matches!(section.kind, RELA | REL | CREL);
        let targets = elf.sections.iter().filter(relocates);
        let sections: HashSet<u32> = targets.map(|section| section.info).collect();
        let mut file = None;
        if elf.is_relocatable() && !sections.is_empty() {
            let parsed = object::File::parse(&*elf.bytes).map_err(|error| {
                Error::malformed(format!("the relocations can't be read: {error}"))
            })?;
            file = Some(parsed);
        }
        Ok(Self {
            file,
            endian: elf.endian,
            machine: elf.machine,
            layout: CodeLayout::new(elf),
            sections,
        })
    }

    /// Applies the relocations of a section to its bytes, and returns them.
    ///
    /// # Errors
    /// `Malformed` if a relocation is about no byte of the section; `Unsupported` for an unknown kind of
    /// relocation.
    pub fn apply(&self, section: &Section, bytes: Bytes) -> Result<Bytes> {
        let Some(file) = &self.file else {
            return Ok(bytes);
        };
        if !self.sections.contains(&section.index) {
            return Ok(bytes);
        }
        let at = |error: Error| error.within(section.place());
        let index = object::SectionIndex(section.index as usize);
        let parsed = file.section_by_index(index).map_err(|error| {
            at(Error::malformed(format!(
                "the relocations can't be read: {error}"
            )))
        })?;
        let mut bytes = bytes.to_vec();
        for (offset, relocation) in parsed.relocations() {
            let action = action(self.machine, &relocation)
                .ok_or_else(|| at(unsupported(self.machine, offset, &relocation)))?;
            let symbol = match relocation.target() {
                object::RelocationTarget::Symbol(index) => file
                    .symbol_by_index(index)
                    .map_or(0, |symbol| self.layout.address(&symbol)),
                _ => 0,
            };
            let mut value = symbol.wrapping_add_signed(relocation.addend());
            let slot = usize::try_from(offset)
                .ok()
                .and_then(|start| bytes.get_mut(start..))
                .and_then(|rest| slot(rest, action));
            let Some(slot) = slot else {
                return Err(at(Error::malformed(format!(
                    "a relocation is about byte {offset:#x}, beyond the section's end"
                ))));
            };
            if relocation.has_implicit_addend() && matches!(action, Action::Set(_)) {
                value = value.wrapping_add(number(slot, self.endian));
            }
            act(slot, action, value, self.endian);
        }
        Ok(bytes.into())
    }
}

/// Returns the bytes that a relocation changes.
fn slot(rest: &mut [u8], action: Action) -> Option<&mut [u8]> {
    let len = match action {
        Action::Nothing => 0,
        Action::Set(size) | Action::Add(size) | Action::Subtract(size) => size,
        Action::SetSix | Action::AddSix | Action::SubtractSix => 1,
        Action::SetLeb | Action::AddLeb | Action::SubtractLeb => {
            rest.iter().position(|byte| *byte < 0x80)? + 1
        }
    };
    rest.get_mut(..len)
}

/// Applies the action of a relocation to its bytes.
fn act(slot: &mut [u8], action: Action, value: u64, endian: Endian) {
    let old = number(slot, endian);
    match action {
        Action::Nothing => {}
        Action::Set(_) => put(slot, value, endian),
        Action::Add(_) => put(slot, old.wrapping_add(value), endian),
        Action::Subtract(_) => put(slot, old.wrapping_sub(value), endian),
        Action::SetSix => put(slot, old & 0xc0 | value & 0x3f, endian),
        Action::AddSix => put(slot, old & 0xc0 | old.wrapping_add(value) & 0x3f, endian),
        Action::SubtractSix => put(slot, old & 0xc0 | old.wrapping_sub(value) & 0x3f, endian),
        Action::SetLeb => put_leb(slot, value),
        Action::AddLeb => put_leb(slot, leb(slot).wrapping_add(value)),
        Action::SubtractLeb => put_leb(slot, leb(slot).wrapping_sub(value)),
    }
}

/// Returns the action of a relocation; `None` for an unknown one.
fn action(machine: u16, relocation: &Relocation) -> Option<Action> {
    let RelocationFlags::Elf { r_type } = relocation.flags() else {
        return None;
    };
    match relocation.kind() {
        RelocationKind::None => return Some(Action::Nothing),
        RelocationKind::Absolute => match relocation.size() {
            size @ (8 | 16 | 32 | 64) => return Some(Action::Set(usize::from(size / 8))),
            _ => return None,
        },
        _ => {}
    }
    match elf::Machine(machine) {
        elf::EM_RISCV => riscv(r_type),
        elf::EM_LOONGARCH => loongarch(r_type),
        other => thread_local(other, r_type),
    }
}

/// Returns the action of a relocation by an offset in a thread's memory, which is no address.
fn thread_local(machine: elf::Machine, r_type: elf::RelocationType) -> Option<Action> {
    let bytes = match (machine, r_type) {
        (elf::EM_X86_64, elf::R_X86_64_DTPOFF64)
        | (elf::EM_AARCH64, elf::R_AARCH64_TLS_DTPREL)
        | (elf::EM_PPC64, elf::R_PPC64_DTPREL64)
        | (elf::EM_S390, elf::R_390_TLS_LDO64)
        | (elf::EM_MIPS, elf::R_MIPS_TLS_DTPREL64)
        | (elf::EM_SPARCV9, elf::R_SPARC_TLS_DTPOFF64) => 8,
        (elf::EM_X86_64, elf::R_X86_64_DTPOFF32)
        | (elf::EM_386, elf::R_386_TLS_LDO_32)
        | (elf::EM_ARM, elf::R_ARM_TLS_LDO32)
        | (elf::EM_PPC, elf::R_PPC_DTPREL32)
        | (elf::EM_S390, elf::R_390_TLS_LDO32)
        | (elf::EM_MIPS, elf::R_MIPS_TLS_DTPREL32)
        | (elf::EM_SPARC | elf::EM_SPARC32PLUS, elf::R_SPARC_TLS_DTPOFF32) => 4,
        _ => return None,
    };
    Some(Action::Set(bytes))
}

/// Returns the action of RISC-V's relocations. Its linker changes the length of code, so differences of addresses
/// are relocations, too (RISC-V ABIs specification, "Relocations").
fn riscv(r_type: elf::RelocationType) -> Option<Action> {
    Some(match r_type {
        elf::R_RISCV_ADD8 => Action::Add(1),
        elf::R_RISCV_ADD16 => Action::Add(2),
        elf::R_RISCV_ADD32 => Action::Add(4),
        elf::R_RISCV_ADD64 => Action::Add(8),
        elf::R_RISCV_SUB8 => Action::Subtract(1),
        elf::R_RISCV_SUB16 => Action::Subtract(2),
        elf::R_RISCV_SUB32 => Action::Subtract(4),
        elf::R_RISCV_SUB64 => Action::Subtract(8),
        elf::R_RISCV_SET8 => Action::Set(1),
        elf::R_RISCV_SET16 => Action::Set(2),
        elf::R_RISCV_SET32 | elf::R_RISCV_TLS_DTPREL32 => Action::Set(4),
        elf::R_RISCV_TLS_DTPREL64 => Action::Set(8),
        elf::R_RISCV_SET6 => Action::SetSix,
        elf::R_RISCV_SUB6 => Action::SubtractSix,
        elf::R_RISCV_SET_ULEB128 => Action::SetLeb,
        elf::R_RISCV_SUB_ULEB128 => Action::SubtractLeb,
        elf::R_RISCV_RELAX | elf::R_RISCV_ALIGN => Action::Nothing,
        _ => return None,
    })
}

/// Returns the action of LoongArch's relocations, which work like RISC-V's (LoongArch ELF ABI specification,
/// "Relocations").
fn loongarch(r_type: elf::RelocationType) -> Option<Action> {
    Some(match r_type {
        elf::R_LARCH_ADD8 => Action::Add(1),
        elf::R_LARCH_ADD16 => Action::Add(2),
        elf::R_LARCH_ADD24 => Action::Add(3),
        elf::R_LARCH_ADD32 => Action::Add(4),
        elf::R_LARCH_ADD64 => Action::Add(8),
        elf::R_LARCH_SUB8 => Action::Subtract(1),
        elf::R_LARCH_SUB16 => Action::Subtract(2),
        elf::R_LARCH_SUB24 => Action::Subtract(3),
        elf::R_LARCH_SUB32 => Action::Subtract(4),
        elf::R_LARCH_SUB64 => Action::Subtract(8),
        elf::R_LARCH_TLS_DTPREL32 => Action::Set(4),
        elf::R_LARCH_TLS_DTPREL64 => Action::Set(8),
        elf::R_LARCH_ADD6 => Action::AddSix,
        elf::R_LARCH_SUB6 => Action::SubtractSix,
        elf::R_LARCH_ADD_ULEB128 => Action::AddLeb,
        elf::R_LARCH_SUB_ULEB128 => Action::SubtractLeb,
        elf::R_LARCH_RELAX | elf::R_LARCH_ALIGN => Action::Nothing,
        _ => return None,
    })
}

/// Returns an `Unsupported` error about a relocation.
#[cold]
fn unsupported(machine: u16, offset: u64, relocation: &Relocation) -> Error {
    let number = match relocation.flags() {
        RelocationFlags::Elf { r_type } => r_type.0,
        _ => 0,
    };
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "the relocation of byte {offset:#x} is of type {number} of ELF machine {machine}, which is unknown: use the linked program, in which the relocations are applied"
        ),
    )
}

/// Reads the number in some bytes.
fn number(bytes: &[u8], endian: Endian) -> u64 {
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match endian {
        Endian::Little => bytes.iter().rev().fold(0, add),
        Endian::Big => bytes.iter().fold(0, add),
    }
}

/// Writes a number into some bytes; the upper bytes that don't fit are dropped.
fn put(bytes: &mut [u8], value: u64, endian: Endian) {
    let digits = value.to_le_bytes();
    match endian {
        Endian::Little => bytes
            .iter_mut()
            .zip(digits)
            .for_each(|(to, from)| *to = from),
        Endian::Big => bytes
            .iter_mut()
            .rev()
            .zip(digits)
            .for_each(|(to, from)| *to = from),
    }
}

/// Reads an unsigned LEB128 number.
fn leb(bytes: &[u8]) -> u64 {
    let bits = bytes.iter().rev().take(10);
    bits.fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
}

/// Writes a number over an unsigned LEB128 number, whose length stays; the upper bits that don't fit are dropped.
fn put_leb(bytes: &mut [u8], mut value: u64) {
    for byte in bytes {
        let [low, ..] = value.to_le_bytes();
        *byte = *byte & 0x80 | low & 0x7f;
        value >>= 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_length() {
        // R_RISCV_SET_ULEB128 and R_RISCV_SUB_ULEB128 come in pairs, for a difference.
        let mut bytes = [0x80, 0x80, 0x00, 0xff];
        act(&mut bytes[..3], Action::SetLeb, 0x1234, Endian::Little);
        act(&mut bytes[..3], Action::SubtractLeb, 0x34, Endian::Little);
        assert_eq!(bytes, [0x80, 0xa4, 0x00, 0xff]);
        let mut byte = [0xc5];
        act(&mut byte, Action::SubtractSix, 6, Endian::Little);
        assert_eq!(byte, [0xff]);
    }

    #[test]
    fn differences_in_either_byte_order() {
        for (endian, expected) in [(Endian::Little, [0xfe, 0x01]), (Endian::Big, [1, 0xfe])] {
            let mut bytes = [0; 2];
            act(&mut bytes, Action::Add(2), 0x200, endian);
            act(&mut bytes, Action::Subtract(2), 2, endian);
            assert_eq!(bytes, expected);
        }
    }
}
