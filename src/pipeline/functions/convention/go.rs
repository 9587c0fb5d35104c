//! Go's internal convention since Go 1.17 (`abi-internal.md` in Go's sources).

use crate::dwarf::{LeafKind, TypeFacts};
use crate::pipeline::functions::convention::located::{EARLIER, Located, TYPE, aligned, stack};
use crate::pipeline::functions::parameter::{Location, Piece, Slot};
use crate::pipeline::functions::register::Machine;

/// The registers of integers on x86-64, by DWARF's numbers: RAX, RBX, RCX, RDI, RSI, R8 to R11.
const X86_64: [u16; 9] = [0, 3, 2, 5, 4, 8, 9, 10, 11];

/// The registers of integers on AArch64: R0 to R15.
const AARCH64: [u16; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The bytes between the stack pointer and the first parameter on the stack: the return address.
const RETURN: u64 = 8;

/// Returns where parameters are. The receiver is the first.
pub(super) fn locate(machine: Machine, parameters: &[&TypeFacts]) -> Located {
    let (integers, floats): (&[u16], _) = match machine {
        Machine::X86_64 => (&X86_64, 17..=31),
        Machine::Aarch64 | Machine::Other => (&AARCH64, 64..=79),
    };
    let mut registers = Registers {
        machine,
        integers,
        floats: floats.collect(),
        taken: (0, 0),
        stack: 0,
        is_lost: false,
    };
    let parameters = parameters.iter().map(|ty| registers.pass(ty));
    Located {
        parameters: parameters.collect(),
        result_address: None,
    }
}

struct Registers {
    machine: Machine,
    integers: &'static [u16],
    floats: Vec<u16>,
    /// The numbers of integer and floating-point registers that are taken.
    taken: (usize, usize),
    stack: u64,
    is_lost: bool,
}

impl Registers {
    fn pass(&mut self, ty: &TypeFacts) -> Location {
        if self.is_lost {
            return Location::Unknown(EARLIER);
        }
        let (Some(size), Some(leaves)) = (ty.size, &ty.leaves) else {
            self.is_lost = true;
            return Location::Unknown(TYPE);
        };
        if size == 0 {
            return Location::Empty;
        }
        let before = self.taken;
        // A value is in registers as a whole or not at all.
        let pieces: Option<Vec<Piece>> = leaves
            .iter()
            .map(|leaf| {
                let number = match leaf.kind {
                    LeafKind::Integer => {
                        self.taken.0 += 1;
                        self.integers.get(self.taken.0 - 1)
                    }
                    LeafKind::Float | LeafKind::Extended | LeafKind::Vector => {
                        self.taken.1 += 1;
                        self.floats.get(self.taken.1 - 1)
                    }
                };
                let slot = Slot::Register(self.machine.register(*number?));
                Some(Piece {
                    slot,
                    size: (leaves.len() > 1).then_some(leaf.size),
                })
            })
            .collect();
        match pieces.filter(|_| !ty.has_array) {
            Some(pieces) => Location::Pieces(pieces),
            None => {
                self.taken = before;
                let align = leaves.iter().map(|leaf| leaf.size).max();
                let start = aligned(self.stack, align.unwrap_or(1).min(8));
                self.stack = start.saturating_add(size);
                Location::one(Slot::Stack(stack(start.saturating_add(RETURN))))
            }
        }
    }
}
