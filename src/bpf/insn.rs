//! One BPF instruction. (Kernel documentation, "BPF Instruction Set Architecture".)

use crate::target::Endian;

/// The helper number in the call that a poisoned instruction is: 0xbad2310, "bad relo", which no kernel has.
pub const POISON: i32 = 0xbad_2310;

/// The codes of instructions, and the bits they are made of.
pub(crate) mod opcode {
    /// The bits of the [class](super::Class).
    pub const CLASS: u8 = 0x07;
    /// The bit of arithmetic and jumps whose second operand is a register instead of the immediate value.
    pub const SOURCE_REGISTER: u8 = 0x08;
    /// The bits of the operation of arithmetic and jumps.
    pub const OPERATION: u8 = 0xf0;
    /// The bits of a load's or store's width.
    pub const WIDTH: u8 = 0x18;
    /// The bits of a load's or store's mode.
    pub const MODE: u8 = 0xe0;
    /// The mode of atomic operations.
    pub const ATOMIC: u8 = 0xc0;

    /// The load of a 64-bit immediate value: two instructions' bytes, the upper half in the second.
    pub const LD_IMM64: u8 = 0x18;
    /// The call of a helper or function.
    pub const CALL: u8 = 0x85;
    /// The call of the function at the address in a register.
    pub const CALL_REGISTER: u8 = 0x8d;
    /// The jump to the address in a register, which is from a table of jumps.
    pub const JUMP_REGISTER: u8 = 0x0d;
    /// The return from a function.
    pub const EXIT: u8 = 0x95;

    /// Operations of arithmetic.
    pub mod alu {
        pub const ADD: u8 = 0x00;
        pub const SUB: u8 = 0x10;
        pub const MUL: u8 = 0x20;
        pub const OR: u8 = 0x40;
        pub const AND: u8 = 0x50;
        pub const LSH: u8 = 0x60;
        pub const RSH: u8 = 0x70;
        pub const XOR: u8 = 0xa0;
        pub const MOV: u8 = 0xb0;
        pub const ARSH: u8 = 0xc0;
    }

    /// Operations of jumps.
    pub mod jump {
        pub const ALWAYS: u8 = 0x00;
        pub const EQ: u8 = 0x10;
        pub const GT: u8 = 0x20;
        pub const GE: u8 = 0x30;
        pub const SET: u8 = 0x40;
        pub const NE: u8 = 0x50;
        pub const SGT: u8 = 0x60;
        pub const SGE: u8 = 0x70;
        pub const LT: u8 = 0xa0;
        pub const LE: u8 = 0xb0;
        pub const SLT: u8 = 0xc0;
        pub const SLE: u8 = 0xd0;
    }
}

/// The class of an instruction: what sort of operation it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Loads of immediate values, and of packet data.
    Ld,
    /// Loads into a register.
    Ldx,
    /// Stores of an immediate value.
    St,
    /// Stores of a register, and atomic operations.
    Stx,
    /// Arithmetic in 32 bits.
    Alu,
    /// Jumps that compare 64 bits, calls, and the return.
    Jmp,
    /// Jumps that compare 32 bits.
    Jmp32,
    /// Arithmetic in 64 bits.
    Alu64,
}

/// The fields of one instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Insn {
    /// The code: class, operation or width, and the source of the second operand.
    pub code: u8,
    /// The destination register.
    pub dst: u8,
    /// The source register.
    pub src: u8,
    /// The offset of a load, store or jump.
    pub off: i16,
    /// The immediate value.
    pub imm: i32,
}

impl Insn {
    /// The bytes of one instruction.
    pub const LEN: usize = 8;

    /// The instruction that replaces one that must not run: a call of the helper [`POISON`].
    pub const POISONED: Self = Self {
        code: opcode::CALL,
        dst: 0,
        src: 0,
        off: 0,
        imm: POISON,
    };

    /// Decodes an instruction.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN], endian: Endian) -> Self {
        let [code, registers, a, b, c, d, e, f] = bytes;
        let (low, high) = (registers & 0x0f, registers >> 4);
        let (dst, src) = match endian {
            Endian::Little => (low, high),
            Endian::Big => (high, low),
        };
        Self {
            code,
            dst,
            src,
            off: endian.u16([a, b]).cast_signed(),
            imm: endian.u32([c, d, e, f]).cast_signed(),
        }
    }

    /// Encodes the instruction. Of the registers' numbers only the lower four bits count.
    #[must_use]
    pub fn to_bytes(self, endian: Endian) -> [u8; Self::LEN] {
        let (low, high) = match endian {
            Endian::Little => (self.dst, self.src),
            Endian::Big => (self.src, self.dst),
        };
        let [a, b] = endian.bytes16(self.off.cast_unsigned());
        let [c, d, e, f] = endian.bytes32(self.imm.cast_unsigned());
        [self.code, high << 4 | low & 0x0f, a, b, c, d, e, f]
    }

    /// Decodes the instructions of some code; bytes at the end that make no whole instruction are left out.
    pub(crate) fn decode(code: &[u8], endian: Endian) -> impl Iterator<Item = Self> {
        let insns = code.as_chunks::<{ Self::LEN }>().0.iter();
        insns.map(move |bytes| Self::from_bytes(*bytes, endian))
    }

    /// Returns the instruction's class.
    pub(crate) const fn class(self) -> Class {
        match self.code & opcode::CLASS {
            0 => Class::Ld,
            1 => Class::Ldx,
            2 => Class::St,
            3 => Class::Stx,
            4 => Class::Alu,
            5 => Class::Jmp,
            6 => Class::Jmp32,
            // Three bits have no other value.
            _ => Class::Alu64,
        }
    }

    /// Returns the operation bits of an arithmetic instruction or a jump.
    pub(crate) const fn operation(self) -> u8 {
        self.code & opcode::OPERATION
    }

    /// Returns whether the instruction loads a 64-bit immediate value, and takes the bytes of two.
    #[must_use]
    pub const fn is_wide_load(self) -> bool {
        self.code == opcode::LD_IMM64
    }

    /// Returns whether the second operand of an arithmetic instruction or a jump is the source register.
    pub(crate) const fn uses_source_register(self) -> bool {
        self.code & opcode::SOURCE_REGISTER != 0
    }

    /// Returns the value that a 64-bit load with this second half loads.
    pub(crate) const fn wide_value(self, second: Self) -> u64 {
        self.imm.cast_unsigned() as u64 | (second.imm.cast_unsigned() as u64) << 32
    }

    /// Sets the immediate value of this instruction and of the second half of the 64-bit load.
    pub(crate) const fn set_wide_value(&mut self, second: &mut Self, value: u64) {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        self.imm = i32::from_le_bytes([a, b, c, d]);
        second.imm = i32::from_le_bytes([e, f, g, h]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_comes_back() {
        let bytes = [0x18, 0x21, 0x03, 0x04, 0x85, 0x06, 0x07, 0x88];
        for (endian, dst, src) in [(Endian::Little, 1, 2), (Endian::Big, 2, 1)] {
            let insn = Insn::from_bytes(bytes, endian);
            assert_eq!((insn.dst, insn.src), (dst, src));
            assert_eq!(insn.to_bytes(endian), bytes);
        }
    }

    #[test]
    fn a_wide_value_is_in_two_halves() {
        let (mut first, mut second) = (Insn::default(), Insn::default());
        first.set_wide_value(&mut second, 0x8000_0001_9000_0002);
        assert_eq!(first.wide_value(second), 0x8000_0001_9000_0002);
        assert_eq!(second.imm.cast_unsigned(), 0x8000_0001);
    }
}
