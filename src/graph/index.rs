//! A hash index over a graph's own types, by name or by any other text.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::id::TypeId;

/// The ids of types by the hash of a text: hash buckets of chains that keep the order of ids.
#[derive(Debug)]
pub(crate) struct HashIndex {
    /// The first entry of each bucket, plus 1; 0 where it is empty. A power of two of them.
    buckets: Box<[u32]>,
    entries: Box<[Entry]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    id: u32,
    /// The bucket's next entry, plus 1.
    next: u32,
}

/// The hash of a text. Different texts may have one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(u32);

/// Collects the entries of a [`HashIndex`].
#[derive(Debug, Default)]
pub(crate) struct HashIndexBuilder(Vec<Entry>);

impl HashIndexBuilder {
    /// Adds a type under a text. Types are found in the order in which they were added.
    pub fn add(&mut self, text: &[u8], id: TypeId) {
        self.0.push(Entry {
            hash: hash(text),
            id: id.get(),
            next: 0,
        });
    }

    /// Links the entries of each bucket.
    pub fn build(self) -> HashIndex {
        let mut entries = self.0;
        let mut buckets = vec![0u32; (entries.len() * 2).next_power_of_two()].into_boxed_slice();
        let mask = buckets.len() - 1;
        // Backwards, so that each chain runs in the order of ids.
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        for (number, entry) in (1..=count).rev().zip(entries.iter_mut().rev()) {
            if let Some(bucket) = buckets.get_mut(entry.hash as usize & mask) {
                entry.next = std::mem::replace(bucket, number);
            }
        }
        HashIndex {
            buckets,
            entries: entries.into(),
        }
    }
}

impl HashIndex {
    /// Returns the ids that may have been added under this text, in order. Different texts may share a hash, so the
    /// caller must compare texts.
    pub fn ids(&self, text: &[u8]) -> impl Iterator<Item = TypeId> + use<'_> {
        self.ids_of(Self::key(text))
    }

    /// Returns the key of a text for [`Self::ids_of`].
    pub fn key(text: &[u8]) -> Key {
        Key(hash(text))
    }

    /// Returns the ids that [`Self::ids`] returns for the text of this key.
    pub fn ids_of(&self, Key(hash): Key) -> impl Iterator<Item = TypeId> + use<'_> {
        let mask = self.buckets.len() - 1;
        let mut next = self.buckets.get(hash as usize & mask).copied();
        std::iter::from_fn(move || {
            loop {
                let number = next?.checked_sub(1)?;
                let entry = self.entries.get(number as usize)?;
                next = Some(entry.next);
                if entry.hash == hash {
                    return Some(TypeId::new(entry.id));
                }
            }
        })
    }
}

fn hash(text: &[u8]) -> u32 {
    let [.., a, b, c, d] = FixedState::default().hash_one(text).to_ne_bytes();
    u32::from_ne_bytes([a, b, c, d])
}
