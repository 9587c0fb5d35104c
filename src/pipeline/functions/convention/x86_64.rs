//! C and C++ on x86-64 (System V ABI, AMD64 supplement, section 3.2.3; Itanium C++ ABI, section 3.1).

use crate::dwarf::{LeafKind, TypeFacts};
use crate::pipeline::functions::convention::located::{EARLIER, Located, TYPE, aligned, stack};
use crate::pipeline::functions::parameter::{Location, Piece, Slot};
use crate::pipeline::functions::register::{Machine, X86_64_PARAMETERS};

/// DWARF's number of `xmm0`.
const XMM0: u16 = 17;

/// The number of `xmm` registers that have parameters.
const XMM: u16 = 8;

/// How a value is passed.
enum Class {
    /// In registers: for each eight bytes, whether it is one for integers.
    Registers(Vec<(bool, u64)>),
    /// On the stack, aligned to this.
    Memory(u64),
    /// By the address of a copy.
    Address,
    Empty,
    Unknown,
}

/// Returns where parameters are.
pub(super) fn locate(parameters: &[&TypeFacts], result: Option<&TypeFacts>) -> Located {
    let mut registers = Registers::default();
    let mut result_address = None;
    match result.map(in_memory) {
        Some(Some(true)) => {
            result_address = registers.integer().map(Location::one);
        }
        Some(Some(false)) | None => {}
        // Whether there is an address of the result before the parameters decides about all.
        Some(None) => registers.is_lost = true,
    }
    let parameters = parameters.iter().map(|ty| registers.pass(ty));
    Located {
        parameters: parameters.collect(),
        result_address,
    }
}

/// Returns whether a result is written where the caller wants it; `None` if that isn't known.
fn in_memory(ty: &TypeFacts) -> Option<bool> {
    let is_extended = |ty: &TypeFacts| {
        let mut leaves = ty.leaves.iter().flatten();
        leaves.any(|leaf| leaf.kind == LeafKind::Extended)
    };
    match class(ty) {
        // Numbers of ten bytes come back in registers of their own.
        Class::Memory(_) if is_extended(ty) && (!ty.is_aggregate || ty.size <= Some(16)) => {
            Some(false)
        }
        Class::Memory(_) | Class::Address => Some(true),
        Class::Registers(_) | Class::Empty => Some(false),
        Class::Unknown => None,
    }
}

/// The registers and the part of the stack that are taken.
#[derive(Default)]
struct Registers {
    integers: usize,
    floats: u16,
    /// Bytes from the end of the return address.
    stack: u64,
    is_lost: bool,
}

impl Registers {
    fn integer(&mut self) -> Option<Slot> {
        let number = *X86_64_PARAMETERS.get(self.integers)?;
        self.integers += 1;
        Some(Slot::Register(Machine::X86_64.register(number)))
    }

    fn pass(&mut self, ty: &TypeFacts) -> Location {
        if self.is_lost {
            return Location::Unknown(EARLIER);
        }
        match class(ty) {
            Class::Empty => Location::Empty,
            Class::Unknown => {
                self.is_lost = true;
                Location::Unknown(TYPE)
            }
            Class::Memory(align) => self.on_stack(ty.size.unwrap_or(8), align),
            Class::Address => {
                let slot = self.integer();
                let slot = slot.unwrap_or_else(|| Slot::Stack(self.take(8, 8)));
                Location::Address(slot)
            }
            Class::Registers(parts) => {
                let integers = parts.iter().filter(|(is_integer, _)| *is_integer).count();
                let floats = u16::try_from(parts.len() - integers).unwrap_or(u16::MAX);
                if self.integers.saturating_add(integers) > X86_64_PARAMETERS.len()
                    || self.floats.saturating_add(floats) > XMM
                {
                    let is_wide =
                        !ty.is_aggregate && ty.size == Some(16) && !ty.text.contains("::*");
                    return self.on_stack(ty.size.unwrap_or(8), if is_wide { 16 } else { 8 });
                }
                let is_one = parts.len() == 1;
                let pieces = parts.into_iter().filter_map(|(is_integer, size)| {
                    let slot = match is_integer {
                        true => self.integer()?,
                        false => {
                            self.floats += 1;
                            Slot::Register(Machine::X86_64.register(XMM0 + self.floats - 1))
                        }
                    };
                    let size = (!is_one).then_some(size);
                    Some(Piece { slot, size })
                });
                Location::Pieces(pieces.collect())
            }
        }
    }

    fn on_stack(&mut self, size: u64, align: u64) -> Location {
        Location::one(Slot::Stack(self.take(size, align)))
    }

    /// Takes bytes of the stack. Returns their offset from the stack pointer.
    fn take(&mut self, size: u64, align: u64) -> i64 {
        let start = aligned(self.stack, align);
        self.stack = start.saturating_add(aligned(size, 8));
        stack(start.saturating_add(8))
    }
}

/// Classifies a type.
fn class(ty: &TypeFacts) -> Class {
    if ty.by_address {
        return Class::Address;
    }
    let Some(size) = ty.size else {
        return Class::Unknown;
    };
    let Some(leaves) = &ty.leaves else {
        return match size {
            17.. if ty.is_aggregate => Class::Memory(8),
            _ => Class::Unknown,
        };
    };
    if leaves.is_empty() {
        return Class::Empty;
    }
    let is_wide = |size: u64| size >= 16;
    let align = match leaves.iter().any(|leaf| is_wide(leaf.size)) {
        true => 16,
        false => 8,
    };
    if let [leaf] = leaves[..]
        && leaf.kind == LeafKind::Vector
    {
        return Class::Registers(vec![(false, leaf.size)]);
    }
    let is_packed = leaves
        .iter()
        .any(|leaf| leaf.size > 0 && !leaf.offset.is_multiple_of(leaf.size.min(16)));
    let is_extended = leaves.iter().any(|leaf| leaf.kind == LeafKind::Extended);
    if size > 16 || is_packed || is_extended {
        return Class::Memory(align);
    }
    let mut parts: Vec<(Option<bool>, u64)> = Vec::new();
    for start in (0..size).step_by(8) {
        parts.push((None, 8.min(size - start)));
    }
    for leaf in leaves {
        let is_integer = leaf.kind == LeafKind::Integer;
        let at = usize::try_from(leaf.offset / 8).unwrap_or(usize::MAX);
        if is_wide(leaf.size) {
            return Class::Registers(vec![(false, 16)]);
        }
        let Some((known, _)) = parts.get_mut(at) else {
            return Class::Unknown;
        };
        *known = Some(is_integer || *known == Some(true));
    }
    let parts: Option<Vec<(bool, u64)>> = parts
        .into_iter()
        .map(|(kind, size)| Some((kind?, size)))
        .collect();
    parts.map_or(Class::Unknown, Class::Registers)
}
