//! Keys: 128-bit hashes of a type's content.
//!
//! Two types with the same key count as the same type.

use std::hash::{Hash, Hasher};

/// A 128-bit hash of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Key {
    a: u64,
    b: u64,
}

impl Key {
    /// The key of `void`.
    pub const VOID: Self = Self {
        a: 0x9216_d5d9_8979_fb1b,
        b: 0xd131_0ba6_98df_b5ac,
    };

    /// Returns a hash for tables. A part of the key is enough, since keys are well mixed.
    #[inline]
    pub const fn hash(self) -> u64 {
        self.a
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.a);
    }
}

/// A hasher that makes a [`Key`] from words, texts and other keys.
///
/// The state has 128 bits. A round takes in two words: each is mixed into one half of the state and multiplied, and the
/// upper half of each product is mixed into the other half of the state. Apart from these upper halves a round is
/// invertible, so two states that differ in one word still differ after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixer {
    a: u64,
    b: u64,
}

impl Mixer {
    /// Returns a hasher for one kind of content; kinds have different numbers. Both halves of the initial states of two
    /// kinds differ in all bits alike, so that no number of the input makes up for it.
    #[inline]
    pub const fn new(domain: u64) -> Self {
        let start = domain.wrapping_add(0x243f_6a88_85a3_08d3);
        let a = start.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (start ^ 0x1319_8a2e_0370_7344).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self {
            a: a ^ (a >> 31),
            b: b ^ (b >> 29),
        }
    }

    #[inline]
    fn round(self, x: u64, y: u64) -> Self {
        let (p, p_up) = product(self.a ^ x, 0x9e37_79b9_7f4a_7c15);
        let (q, q_up) = product(self.b ^ y, 0xd6e8_feb8_6659_fd93);
        Self {
            a: p ^ q_up,
            b: q ^ p_up,
        }
    }

    /// Adds two words.
    #[inline]
    #[must_use]
    pub fn words(self, first: u64, second: u64) -> Self {
        self.round(first, second)
    }

    /// Adds a key.
    #[inline]
    #[must_use]
    pub fn key(self, key: Key) -> Self {
        self.round(key.a, key.b)
    }

    /// Adds a key and two words in one round. A key is as good as random, so that two pairs of keys and words with the
    /// same sums are as rare as two equal keys.
    #[inline]
    #[must_use]
    pub fn key_and(self, key: Key, first: u64, second: u64) -> Self {
        self.round(key.a.wrapping_add(first), key.b.wrapping_add(second))
    }

    /// Adds the bytes before the first NUL.
    #[inline]
    #[must_use]
    pub fn text(self, bytes: &[u8]) -> Self {
        let mut mixer = self;
        let mut rest = bytes;
        while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
            let [first, second] = halves(*chunk);
            let zeros = zero_bytes(first);
            if zeros != 0 {
                return mixer.round(before(first, zeros), 0);
            }
            let zeros = zero_bytes(second);
            if zeros != 0 {
                return mixer.round(first, before(second, zeros));
            }
            mixer = mixer.round(first, second);
            rest = after;
        }
        let mut last = [0; 16];
        for (to, from) in last
            .iter_mut()
            .zip(rest.iter().take_while(|&&byte| byte != 0))
        {
            *to = *from;
        }
        let [first, second] = halves(last);
        mixer.round(first, second)
    }

    /// Returns the key.
    #[inline]
    pub fn finish(self) -> Key {
        let Self { a, b } = self.round(0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c);
        Key {
            a: a ^ (a >> 32),
            b: b ^ (b >> 32),
        }
    }
}

#[inline]
const fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
    [
        u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        u64::from_le_bytes([i, j, k, l, m, n, o, p]),
    ]
}

/// Returns the bytes of a word below the lowest zero byte.
#[inline]
const fn before(word: u64, zeros: u64) -> u64 {
    word & ((zeros & zeros.wrapping_neg()) >> 7).wrapping_sub(1)
}

/// Returns the upper bit of every zero byte, and perhaps of bytes above the lowest of them.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
}

/// Returns the lower and the upper half of a product.
#[inline]
fn product(a: u64, b: u64) -> (u64, u64) {
    let upper = (u128::from(a) * u128::from(b)) >> 64;
    (a.wrapping_mul(b), u64::try_from(upper).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Key {
        Mixer::new(1).text(bytes).finish()
    }

    #[test]
    fn text_ends_at_nul_wherever_the_bytes_end() {
        for name in [
            "",
            "a",
            "seven77",
            "eight888",
            "nine99999",
            "sixteen_sixteen_",
        ] {
            let bare = text(name.as_bytes());
            for tail in [
                &b"\0"[..],
                b"\0x",
                b"\0other\0names\0follow",
                b"\0\0\0\0\0\0\0\0\0",
            ] {
                assert_eq!(text(&[name.as_bytes(), tail].concat()), bare, "{name}");
            }
        }
        assert_ne!(text(b"ab"), text(b"ba"));
        assert_ne!(text(b"eight888"), text(b"eight889"));
    }

    /// The kind was once mixed in where the first word is, and types of two kinds with names a few bytes apart had one
    /// key.
    #[test]
    fn domains_do_not_mix_with_what_follows() {
        let mut seen = std::collections::HashSet::new();
        for domain in 0..64u64 {
            for name in 0..1024u64 {
                assert!(seen.insert(Mixer::new(0x200 | domain).words(name, 0).finish()));
            }
        }
    }

    #[test]
    fn both_halves_see_everything() {
        let mut seen = std::collections::HashSet::new();
        for x in 0..200u64 {
            for y in 0..200u64 {
                let key = Mixer::new(7).words(x, 0).words(0, y).finish();
                assert!(seen.insert((0, key.a)) && seen.insert((1, key.b)));
            }
        }
    }
}
