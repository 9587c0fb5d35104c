//! Instructions that hold the id of a type.

use crate::bpf::{Class, Insn};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::id::{StrId, TypeId};
use crate::target::Endian;

/// `BPF_CORE_TYPE_ID_LOCAL`: the instruction holds the id of a type of its own object's.
pub(super) const TYPE_ID_LOCAL: u32 = 6;

/// An instruction that holds the id of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalId {
    /// The name of its section, in the linked strings.
    pub section: StrId,
    /// The instruction, in bytes from the start of the joined section.
    pub insn_off: u32,
    /// The id that its relocation had. An object that has been linked before by `bpftool gen object` may hold
    /// another one: that linker leaves instructions as they are.
    pub before: TypeId,
    /// The id it has to hold.
    pub after: TypeId,
}

impl LocalId {
    /// Writes the id into the instruction. `code` are instructions of its section, from byte `start` of the
    /// joined section on.
    ///
    /// # Errors
    /// `Instruction`, with the byte of the joined section, if there is none that loads an immediate value.
    /// The code is unchanged then.
    pub fn patch(&self, code: &mut [u8], start: u32, endian: Endian) -> Result<()> {
        self.write(code, start, endian).ok_or_else(|| {
            Error::new(
                ErrorKind::Instruction,
                "the instruction loads no immediate value, and should hold the id of a type",
            )
            .within(Place::Byte(u64::from(self.insn_off)))
        })
    }

    /// Writes the id; `None` if the instruction loads no immediate value.
    fn write(&self, code: &mut [u8], start: u32, endian: Endian) -> Option<()> {
        let at = self.insn_off.checked_sub(start)?;
        let code = code.get_mut(usize::try_from(at).ok()?..)?;
        let (first, rest) = code.split_first_chunk_mut::<{ Insn::LEN }>()?;
        let mut insn = Insn::from_bytes(*first, endian);
        let id = self.after.get();
        match insn.class() {
            Class::Ld if insn.is_wide_load() => {
                let second = rest.first_chunk_mut::<{ Insn::LEN }>()?;
                let mut upper = Insn::from_bytes(*second, endian);
                // The second half of a 64-bit load has no code of its own.
                if upper.code != 0 {
                    return None;
                }
                insn.set_wide_value(&mut upper, u64::from(id));
                *second = upper.to_bytes(endian);
            }
            Class::Alu | Class::Alu64 if !insn.uses_source_register() => {
                insn.imm = id.cast_signed();
            }
            Class::Ld
            | Class::Ldx
            | Class::St
            | Class::Stx
            | Class::Alu
            | Class::Alu64
            | Class::Jmp
            | Class::Jmp32 => return None,
        }
        *first = insn.to_bytes(endian);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> LocalId {
        LocalId {
            section: StrId::EMPTY,
            insn_off: 24,
            before: TypeId::new(1),
            after: TypeId::new(0x0102_0304),
        }
    }

    #[test]
    fn both_forms_in_both_byte_orders() {
        let wide = [0x18, 1, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0, 9, 9, 9, 9];
        for (endian, id) in [(Endian::Little, [4, 3, 2, 1]), (Endian::Big, [1, 2, 3, 4])] {
            let mut code = wide;
            local().patch(&mut code, 24, endian).unwrap();
            assert_eq!(
                (&code[..4], &code[4..8], &code[8..]),
                (&wide[..4], &id[..], &[0; 8][..])
            );
            // mov, after an instruction of another sort.
            let mut code = [0x95, 0, 0, 0, 0, 0, 0, 0, 0xb7, 1, 0, 0, 9, 9, 9, 9];
            local().patch(&mut code, 16, endian).unwrap();
            assert_eq!(code[12..], id);
        }
    }

    #[test]
    fn what_holds_no_id_is_left_alone() {
        let exit = [0x95, 0, 0, 0, 0, 0, 0, 0];
        let from_register = [0xbf, 1, 0, 0, 0, 0, 0, 0];
        let half = [0x18, 1, 0, 0, 0, 0, 0, 0];
        let broken = [[0x18, 1, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]].concat();
        for before in [&exit[..], &from_register, &half, &broken, &[]] {
            let mut code = before.to_vec();
            let error = local().patch(&mut code, 24, Endian::Little).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Instruction);
            assert_eq!(error.places(), [Place::Byte(24)]);
            assert_eq!(code, before);
        }
        let mut mov = [0xb7, 1, 0, 0, 0, 0, 0, 0];
        for start in [0, 32, u32::MAX] {
            assert!(local().patch(&mut mov, start, Endian::Little).is_err());
        }
    }
}
