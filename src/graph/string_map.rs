//! The new offsets of strings that were copied to another graph.

use crate::graph::strings::until_nul;
use crate::id::StrId;

/// Old string offset → new string offset, for each string of a graph that was copied into another.
///
/// An offset into the middle of a string maps into the middle of the new string.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StringMap {
    /// Offsets below this stay: they are the base's, or the first graph's.
    first: u32,
    /// A bit for each byte from `first` on: whether a string starts there.
    starts: Vec<u64>,
    /// The number of strings that start before each word of `starts`.
    ranks: Vec<u32>,
    /// The new offset of each string, in the old order.
    offsets: Vec<u32>,
}

impl StringMap {
    /// Returns the map of every offset to itself.
    #[must_use]
    pub const fn identity() -> Self {
        Self {
            first: u32::MAX,
            starts: Vec::new(),
            ranks: Vec::new(),
            offsets: Vec::new(),
        }
    }

    /// Maps every string of `section`, which starts at offset `first`, to the offset that `place` returns.
    pub(crate) fn new<E>(
        first: u32,
        section: &[u8],
        mut place: impl FnMut(&[u8]) -> Result<StrId, E>,
    ) -> Result<Self, E> {
        let mut map = Self {
            first,
            starts: vec![0; section.len().div_ceil(64)],
            // Names in kernels average 16 bytes.
            offsets: Vec::with_capacity(section.len() / 16),
            ..Self::default()
        };
        let mut at = 0;
        while let Some(rest) = section.get(at..).filter(|rest| !rest.is_empty()) {
            let string = until_nul(rest);
            if let Some(word) = map.starts.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
            map.offsets.push(place(string)?.get());
            at += string.len() + 1;
        }
        map.ranks = map
            .starts
            .iter()
            .scan(0, |before, word| {
                let rank = *before;
                *before += word.count_ones();
                Some(rank)
            })
            .collect();
        Ok(map)
    }

    /// Returns the new offset of a string; `None` for an offset outside of the section.
    #[must_use]
    pub fn get(&self, old: StrId) -> Option<StrId> {
        self.find(old).map(|(new, _)| new)
    }

    /// Returns the new offset of a string, and whether the old one is in the middle of a string.
    #[inline]
    pub(crate) fn find(&self, old: StrId) -> Option<(StrId, bool)> {
        let Some(at) = old.get().checked_sub(self.first) else {
            return Some((old, false));
        };
        let (word, bit) = ((at / 64) as usize, at % 64);
        let upto = self.starts.get(word)? & (u64::MAX >> (63 - bit));
        let number = self.ranks.get(word)? + upto.count_ones();
        let offset = *self.offsets.get(number.checked_sub(1)? as usize)?;
        if upto >> bit == 1 {
            return Some((StrId::new(offset), false));
        }
        let into = at - self.start_before(word, upto)?;
        Some((StrId::new(offset + into), true))
    }

    /// Changes this map to apply itself and then `next`.
    pub(crate) fn follow(&mut self, next: &Self) {
        if *self == Self::identity() {
            self.clone_from(next);
        } else if *next != Self::identity() {
            for offset in &mut self.offsets {
                *offset = next.get(StrId::new(*offset)).unwrap_or_default().get();
            }
        }
    }

    /// Returns the start of the string that has this offset in its middle.
    #[cold]
    fn start_before(&self, mut word: usize, mut upto: u64) -> Option<u32> {
        while upto == 0 {
            word = word.checked_sub(1)?;
            upto = *self.starts.get(word)?;
        }
        Some(u32::try_from(word).ok()? * 64 + upto.ilog2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_middles_and_what_stays() {
        let long = "x".repeat(200);
        let section = format!("\0int\0{long}\0last\0");
        let mut next = 1000;
        let map = StringMap::new::<()>(10, section.as_bytes(), |string| {
            next += 1000;
            Ok(StrId::new(next - u32::try_from(string.len()).unwrap()))
        })
        .unwrap();
        let get = |at| map.get(StrId::new(at)).map(StrId::get);
        assert_eq!(get(3), Some(3), "below the section");
        assert_eq!(get(10), Some(2000), "the empty string");
        assert_eq!(get(11), Some(2997), "int");
        assert_eq!(get(13), Some(2999), "the t of int");
        assert_eq!(get(15), Some(3800), "the long one");
        assert_eq!(get(15 + 170), Some(3970), "its middle, words away");
        assert_eq!(get(15 + 201), Some(4996), "last");
        assert_eq!(get(15 + 201 + 64), None, "outside");
    }
}
