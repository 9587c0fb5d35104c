//! The result of merging, and the inputs that its types come from.

use crate::graph::{Btf, Remap, StringMap};
use crate::id::TypeId;

/// The result of merging.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Merged {
    /// The types of all inputs.
    pub graph: Btf,
    /// The labels of the inputs, in order.
    pub labels: Vec<String>,
    /// Maps, for each input, each of its types to its id in the result.
    pub types: Vec<Remap>,
    /// Maps, for each input, each of its strings to its offset in the result. Together with `types` it translates a
    /// `.BTF.ext`: see [`Ext::remap`](crate::graph::Ext::remap).
    pub strings: Vec<StringMap>,
    /// The end of the ids that don't change.
    pub(super) keep: u32,
}

impl Merged {
    /// Returns which inputs have each own type of the graph.
    #[must_use]
    pub fn origins(&self) -> Origins {
        self.origins_from(self.graph.first_id())
    }

    /// Returns which inputs have each type from the given id on. An input that is split from the base has all types of
    /// the base.
    pub(super) fn origins_from(&self, first: TypeId) -> Origins {
        let words = self.types.len().div_ceil(64);
        let mut bits = vec![0u64; (self.graph.len() + 1) * words];
        for (input, map) in self.types.iter().enumerate() {
            for (_, new) in map.iter().filter(|(_, new)| *new >= first) {
                if let Some(word) = bits.get_mut(new.index() * words + input / 64) {
                    *word |= 1 << (input % 64);
                }
            }
        }
        Origins { words, bits }
    }
}

/// The inputs that each type of a merged graph comes from.
#[derive(Clone, Debug)]
pub struct Origins {
    /// The number of words for each type.
    words: usize,
    bits: Vec<u64>,
}

impl Origins {
    /// Returns the indices of the inputs that have a type, ascending. For types of the base there are none.
    pub fn of(&self, id: TypeId) -> impl Iterator<Item = usize> + '_ {
        let start = id.index() * self.words;
        let words = self.bits.get(start..start + self.words);
        words
            .unwrap_or_default()
            .iter()
            .enumerate()
            .flat_map(|(index, &word)| {
                (0..64)
                    .filter(move |bit| word >> bit & 1 == 1)
                    .map(move |bit| index * 64 + bit)
            })
    }

    /// Returns whether an input has the type.
    #[must_use]
    pub fn has(&self, id: TypeId, input: usize) -> bool {
        input / 64 < self.words
            && self
                .bits
                .get(id.index() * self.words + input / 64)
                .is_some_and(|word| word >> (input % 64) & 1 == 1)
    }
}
