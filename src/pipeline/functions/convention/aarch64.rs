//! C and C++ on AArch64 (Procedure Call Standard for the Arm 64-bit Architecture, section 6.8.2).

use crate::dwarf::{LeafKind, TypeFacts};
use crate::pipeline::functions::convention::located::{EARLIER, Located, TYPE, aligned, stack};
use crate::pipeline::functions::parameter::{Location, Piece, Slot};
use crate::pipeline::functions::register::Machine;

/// DWARF's number of `v0`.
const V0: u16 = 64;

/// The number of registers of either kind that have parameters.
const MOST: u16 = 8;

/// The register with the address of a result in memory.
const RESULT: u16 = 8;

/// Returns where parameters are.
pub(super) fn locate(parameters: &[&TypeFacts], result: Option<&TypeFacts>) -> Located {
    let mut registers = Registers::default();
    let in_memory = result.is_some_and(|ty| {
        ty.by_address || (ty.size > Some(16) && ty.is_aggregate && floats(ty).is_none())
    });
    let parameters = parameters.iter().map(|ty| registers.pass(ty));
    Located {
        parameters: parameters.collect(),
        result_address: in_memory
            .then(|| Location::one(Slot::Register(Machine::Aarch64.register(RESULT)))),
    }
}

/// Returns the number and size of the members of an aggregate of one to four equal floating-point numbers or vectors.
fn floats(ty: &TypeFacts) -> Option<(u16, u64)> {
    let leaves = ty.leaves.as_ref()?;
    let first = leaves.first()?;
    let same = leaves.iter().all(|leaf| {
        leaf.kind != LeafKind::Integer && (leaf.kind, leaf.size) == (first.kind, first.size)
    });
    let count = u16::try_from(leaves.len()).ok()?;
    (same && count <= 4).then_some((count, first.size))
}

/// The registers and the part of the stack that are taken.
#[derive(Default)]
struct Registers {
    integers: u16,
    floats: u16,
    stack: u64,
    is_lost: bool,
}

impl Registers {
    fn pass(&mut self, ty: &TypeFacts) -> Location {
        if self.is_lost {
            return Location::Unknown(EARLIER);
        }
        let (Some(size), false) = (ty.size, ty.leaves.is_none() && !ty.by_address) else {
            if !ty.by_address {
                self.is_lost = ty.size.is_none() || !(ty.is_aggregate && ty.size > Some(16));
            }
            return match self.is_lost {
                true => Location::Unknown(TYPE),
                false => self.address(),
            };
        };
        if ty.by_address {
            return self.address();
        }
        if ty.leaves.as_ref().is_some_and(Vec::is_empty) {
            return Location::Empty;
        }
        if let Some((count, each)) = floats(ty) {
            return self.floats(count, each, size);
        }
        if ty.is_aggregate && size > 16 {
            return self.address();
        }
        self.integers(ty, size)
    }

    /// Passes the address of a copy.
    fn address(&mut self) -> Location {
        if self.integers < MOST {
            self.integers += 1;
            let register = Machine::Aarch64.register(self.integers - 1);
            return Location::Address(Slot::Register(register));
        }
        Location::Address(Slot::Stack(self.take(8, 8)))
    }

    fn floats(&mut self, count: u16, each: u64, size: u64) -> Location {
        if self.floats + count > MOST {
            self.floats = MOST;
            return Location::one(Slot::Stack(self.take(size, each.max(8))));
        }
        let first = self.floats;
        self.floats += count;
        let pieces = (first..self.floats).map(|number| Piece {
            slot: Slot::Register(Machine::Aarch64.register(V0 + number)),
            size: (count > 1).then_some(each),
        });
        Location::Pieces(pieces.collect())
    }

    fn integers(&mut self, ty: &TypeFacts, size: u64) -> Location {
        let count = u16::try_from(size.div_ceil(8)).unwrap_or(u16::MAX);
        let is_wide = !ty.is_aggregate && size == 16 && !ty.text.contains("::*");
        if is_wide && self.integers % 2 == 1 {
            self.integers += 1;
        }
        if self.integers.saturating_add(count) > MOST {
            self.integers = MOST;
            return Location::one(Slot::Stack(self.take(size, if is_wide { 16 } else { 8 })));
        }
        let first = self.integers;
        self.integers += count;
        let mut left = size;
        let pieces = (first..self.integers).map(|number| {
            let piece = left.min(8);
            left = left.saturating_sub(8);
            Piece {
                slot: Slot::Register(Machine::Aarch64.register(number)),
                size: (count > 1).then_some(piece),
            }
        });
        Location::Pieces(pieces.collect())
    }

    fn take(&mut self, size: u64, align: u64) -> i64 {
        let start = aligned(self.stack, align);
        self.stack = start.saturating_add(aligned(size, 8));
        stack(start)
    }
}
