//! Hashes of records, which distinguish most types before any two are compared. They have 32 bits: a handful of a kernel's
//! types collide and are split later, and the tables need half the memory of 64 bits.

use std::hash::{BuildHasher, RandomState};

use crate::graph::{Info, Kind, Word, edges};
use crate::merge::nodes::{Nodes, at};

/// A hash function with a random seed, so that no input can be made to collide. No result depends on the seed: types
/// with equal hashes are compared word by word in the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixer {
    seed: u64,
    /// All bits set; fewer in tests, to provoke collisions.
    mask: u64,
}

impl Mixer {
    pub fn new() -> Self {
        Self {
            seed: RandomState::new().hash_one(0u8) | 1,
            mask: u64::MAX,
        }
    }

    /// Returns a mixer whose hashes have few bits, so that most of them collide.
    #[cfg(test)]
    pub fn weak(bits: u32) -> Self {
        Self {
            mask: (1 << bits) - 1,
            ..Self::new()
        }
    }

    #[inline]
    fn fold(self, a: u64, b: u64) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(a ^ b ^ self.seed) * u128::from(ODD);
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = product.to_le_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ u64::from_le_bytes([i, j, k, l, m, n, o, p])
    }

    /// Returns the term that a reference in slot `slot` of a record to a type of class `class` adds to the record's sum.
    #[inline]
    pub fn edge(self, slot: u32, class: u32) -> u64 {
        // Folded twice: the terms are added up, and one multiplication is nearly linear.
        let once = self.fold(u64::from(slot), u64::from(class) << 32);
        self.fold(once, u64::from(class)) & self.mask
    }

    /// Returns the hash of a record, with each reference replaced by the entry in `of` of the type it refers to.
    #[inline]
    fn record(self, record: &[Word], of: &[u32]) -> u32 {
        let mut hash = 0;
        edges::each_word(record, |word, is_type| {
            let value = if is_type { at(of, word) } else { word };
            hash = self.fold(hash, u64::from(value)).rotate_left(23);
        });
        upper(hash & self.mask.rotate_left(32))
    }

    /// Returns the hash of a type that equals no other.
    #[inline]
    fn unique(self, node: u32) -> u32 {
        upper(self.fold(u64::from(node), u64::MAX))
    }

    /// Computes each type's hash from its own words and the previous hashes of the types that it refers to.
    pub fn round(self, nodes: &Nodes<'_>, before: &[u32], after: &mut [u32], sections: bool) {
        nodes.fill(after, |node, record| {
            if is_unique(record, sections) {
                self.unique(node)
            } else {
                self.record(record, before)
            }
        });
    }
}

/// Returns the upper half of a hash.
fn upper(hash: u64) -> u32 {
    let [_, _, _, _, a, b, c, d] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Returns whether a record is never merged: variables and data sections, unless `sections` is set, and unknown kinds.
pub(super) fn is_unique(record: &[Word], sections: bool) -> bool {
    match kind(record) {
        Kind::Var | Kind::Datasec => !sections,
        Kind::Unknown(_) => true,
        Kind::Void
        | Kind::Int
        | Kind::Ptr
        | Kind::Array
        | Kind::Struct
        | Kind::Union
        | Kind::Enum
        | Kind::Fwd
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Float
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Enum64 => false,
    }
}

/// Returns the info word of a record; that of `void` for an empty record.
#[inline]
pub(super) fn info(record: &[Word]) -> Info {
    Info::from_word(record.get(1).map_or(0, |word| u32::from_ne_bytes(*word)))
}

/// Returns the kind of a record.
#[inline]
pub(super) fn kind(record: &[Word]) -> Kind {
    info(record).kind()
}
