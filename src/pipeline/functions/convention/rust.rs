//! What rustc does with parameters on both machines. It is fixed nowhere, so that only what has been the same for years is
//! told: scalars, pairs of scalars such as slices, and large values.

use crate::dwarf::{Leaf, LeafKind, TypeFacts};
use crate::pipeline::functions::convention::located::{EARLIER, Located};
use crate::pipeline::functions::parameter::{Location, Piece, Slot};
use crate::pipeline::functions::register::{Machine, X86_64_PARAMETERS};

/// The registers of integers on AArch64.
const AARCH64: [u16; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// The number of registers of floating-point numbers.
const FLOATS: u16 = 8;

/// Values that rustc's versions pass in different ways.
const DIFFERS: &str = "Rust has no fixed way to pass a value of this type";

/// How a value is passed.
enum Class {
    Scalars(Vec<Leaf>),
    Address,
    Empty,
    Unknown,
}

/// Returns where parameters are.
pub(super) fn locate(
    machine: Machine,
    parameters: &[&TypeFacts],
    result: Option<&TypeFacts>,
) -> Located {
    let (integers, first_float): (&[u16], u16) = match machine {
        Machine::X86_64 => (&X86_64_PARAMETERS, 17),
        Machine::Aarch64 | Machine::Other => (&AARCH64, 64),
    };
    let mut registers = Registers {
        machine,
        integers,
        first_float,
        taken: (0, 0),
        is_lost: false,
    };
    let mut result_address = None;
    match result.map(class) {
        Some(Class::Address) => {
            let slot = match machine {
                // It is a register of its own.
                Machine::Aarch64 => Some(Slot::Register(machine.register(8))),
                Machine::X86_64 | Machine::Other => registers.integer(),
            };
            result_address = slot.map(Location::one);
        }
        // A small result is in registers, whichever.
        Some(Class::Unknown) if result.is_none_or(|ty| ty.size > Some(8)) => {
            registers.is_lost = machine == Machine::X86_64;
        }
        _ => {}
    }
    let parameters = parameters.iter().map(|ty| registers.pass(ty));
    Located {
        parameters: parameters.collect(),
        result_address,
    }
}

fn class(ty: &TypeFacts) -> Class {
    match (ty.size, ty.leaves.as_deref()) {
        (Some(0), _) => Class::Empty,
        (Some(17..), _) => Class::Address,
        (Some(_), Some(leaves @ ([_] | [_, _]))) => {
            let overlap = match leaves {
                [a, b] => a.offset.saturating_add(a.size) > b.offset,
                _ => false,
            };
            let is_known = |leaf: &Leaf| {
                matches!(leaf.kind, LeafKind::Integer | LeafKind::Float) && leaf.size <= 8
            };
            if overlap || ty.has_array || !leaves.iter().all(is_known) {
                return Class::Unknown;
            }
            Class::Scalars(leaves.to_vec())
        }
        _ => Class::Unknown,
    }
}

struct Registers {
    machine: Machine,
    integers: &'static [u16],
    first_float: u16,
    taken: (usize, u16),
    is_lost: bool,
}

impl Registers {
    fn integer(&mut self) -> Option<Slot> {
        let number = *self.integers.get(self.taken.0)?;
        self.taken.0 += 1;
        Some(Slot::Register(self.machine.register(number)))
    }

    fn float(&mut self) -> Option<Slot> {
        let number = self.taken.1;
        self.taken.1 = number + 1;
        let register = self.machine.register(self.first_float + number);
        (number < FLOATS).then_some(Slot::Register(register))
    }

    fn pass(&mut self, ty: &TypeFacts) -> Location {
        if self.is_lost {
            return Location::Unknown(EARLIER);
        }
        let found = match class(ty) {
            Class::Empty => Some(Location::Empty),
            Class::Address => self.integer().map(Location::Address),
            Class::Unknown => None,
            Class::Scalars(leaves) => {
                let is_pair = leaves.len() > 1;
                let pieces = leaves.iter().map(|leaf| {
                    let slot = match leaf.kind {
                        LeafKind::Integer => self.integer()?,
                        LeafKind::Float | LeafKind::Extended | LeafKind::Vector => self.float()?,
                    };
                    let size = is_pair.then_some(leaf.size);
                    Some(Piece { slot, size })
                });
                pieces.collect::<Option<Vec<_>>>().map(Location::Pieces)
            }
        };
        found.unwrap_or_else(|| {
            self.is_lost = true;
            Location::Unknown(DIFFERS)
        })
    }
}
