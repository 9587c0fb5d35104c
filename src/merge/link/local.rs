//! Instructions that hold the id of a type.

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
    /// `Instruction`, with the byte of the joined section, where there is none that loads an immediate value.
    /// The code is as it was then.
    pub fn patch(&self, code: &mut [u8], start: u32, endian: Endian) -> Result<()> {
        self.place(code, start)
            .map(|immediate| *immediate = endian.bytes32(self.after.get()))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Instruction,
                    "the instruction loads no immediate value, and should hold the id of a type",
                )
                .within(Place::Byte(u64::from(self.insn_off)))
            })
    }

    /// The instruction's immediate value, whose upper half, if it has one, is zero then.
    /// (Kernel documentation, "BPF Instruction Set Architecture".)
    fn place<'c>(&self, code: &'c mut [u8], start: u32) -> Option<&'c mut [u8; 4]> {
        const CLASS: u8 = 0x07;
        const ALU: u8 = 0x04;
        const ALU64: u8 = 0x07;
        const SOURCE_REGISTER: u8 = 0x08;
        const LDIMM64: u8 = 0x18;
        let at = self.insn_off.checked_sub(start)?;
        let code = code.get_mut(usize::try_from(at).ok()?..)?;
        let (&mut [opcode, _, _, _], rest) = code.split_first_chunk_mut::<4>()?;
        let (immediate, rest) = rest.split_first_chunk_mut::<4>()?;
        if opcode == LDIMM64 {
            let (second, _) = rest.split_first_chunk_mut::<8>()?;
            // Its second half has no opcode.
            let [0, _, _, _, upper @ ..] = second else {
                return None;
            };
            upper.fill(0);
            return Some(immediate);
        }
        let is_alu = matches!(opcode & CLASS, ALU | ALU64);
        (is_alu && opcode & SOURCE_REGISTER == 0).then_some(immediate)
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
