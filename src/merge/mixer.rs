//! Hashes of records that tell most types apart before any two are compared. They have 32 bits, which leaves
//! a handful of types of a kernel to be told apart later, and takes half the memory of 64.

use std::hash::{BuildHasher, RandomState};

use crate::graph::{Info, Kind, Word, edges};
use crate::merge::nodes::{Nodes, at};

/// Mixes numbers into hashes, differently in every run, so that no input can be made to collide.
/// No result depends on the seed: whatever hashes say is alike is compared word by word in the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixer {
    seed: u64,
    /// All ones; fewer in tests, to make collisions.
    mask: u64,
}

impl Mixer {
    pub fn new() -> Self {
        Self {
            seed: RandomState::new().hash_one(0u8) | 1,
            mask: u64::MAX,
        }
    }

    /// A mixer whose hashes have few bits, so that most of them collide.
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

    /// What a reference in slot number `slot` of a record to a type of a class adds to the record's sum.
    #[inline]
    pub fn edge(self, slot: u32, class: u32) -> u64 {
        // Twice: the terms are added up, and one multiplication is nearly linear.
        let once = self.fold(u64::from(slot), u64::from(class) << 32);
        self.fold(once, u64::from(class)) & self.mask
    }

    /// The hash of a record, in which a reference counts as `of` the type it refers to.
    #[inline]
    fn record(self, record: &[Word], of: &[u32]) -> u32 {
        let mut hash = 0;
        edges::each_word(record, |word, is_type| {
            let value = if is_type { at(of, word) } else { word };
            hash = self.fold(hash, u64::from(value)).rotate_left(23);
        });
        upper(hash & self.mask.rotate_left(32))
    }

    /// The hash of a type that is like no other.
    #[inline]
    fn unique(self, node: u32) -> u32 {
        upper(self.fold(u64::from(node), u64::MAX))
    }

    /// One round: each type's hash from its own words and the hashes before of the types it refers to.
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

/// The upper half.
fn upper(hash: u64) -> u32 {
    let [_, _, _, _, a, b, c, d] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Whether the record is one that is never merged: variables and data sections, unless `sections` asks for
/// it, and what this version doesn't know.
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

/// The record's info word; that of `void` for an empty record.
#[inline]
pub(super) fn info(record: &[Word]) -> Info {
    Info::from_word(record.get(1).map_or(0, |word| u32::from_ne_bytes(*word)))
}

#[inline]
pub(super) fn kind(record: &[Word]) -> Kind {
    info(record).kind()
}
