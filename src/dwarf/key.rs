//! Keys: 128-bit hashes that stand for a type's content.
//!
//! Two types with the same key are taken for the same. The two halves are mixed apart from each other and
//! each takes in the whole content, so that a false match needs a collision in both.

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

    /// A hash for tables: keys are well mixed already.
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

/// Makes a [`Key`] from words and other keys. Each half is a multiply and a shift a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixer {
    a: u64,
    b: u64,
}

impl Mixer {
    /// Starts; different things to hash start with different numbers.
    #[inline]
    pub const fn new(domain: u64) -> Self {
        Self {
            a: 0x243f_6a88_85a3_08d3 ^ domain,
            b: 0x1319_8a2e_0370_7344 ^ (domain << 32),
        }
    }

    #[inline]
    const fn halves(self, a: u64, b: u64) -> Self {
        let a = (self.a ^ a).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let b = (self.b.rotate_left(29) ^ b).wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self {
            a: a ^ (a >> 32),
            b: b ^ (b >> 29),
        }
    }

    /// Takes in a word.
    #[inline]
    #[must_use]
    pub const fn word(self, word: u64) -> Self {
        self.halves(word, word)
    }

    /// Takes in a key.
    #[inline]
    #[must_use]
    pub const fn key(self, key: Key) -> Self {
        self.halves(key.a, key.b)
    }

    /// Takes in the bytes before the first NUL.
    #[inline]
    #[must_use]
    pub fn text(self, bytes: &[u8]) -> Self {
        let mut mixer = self;
        let mut rest = bytes;
        while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let zeros = zero_bytes(word);
            if zeros != 0 {
                // Bits below the lowest zero byte.
                return mixer.word(word & ((zeros & zeros.wrapping_neg()) >> 7).wrapping_sub(1));
            }
            mixer = mixer.word(word);
            rest = after;
        }
        let mut last = [0; 8];
        for (to, from) in last
            .iter_mut()
            .zip(rest.iter().take_while(|&&byte| byte != 0))
        {
            *to = *from;
        }
        mixer.word(u64::from_le_bytes(last))
    }

    /// The key.
    #[inline]
    pub const fn finish(self) -> Key {
        let a = (self.a ^ (self.a >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (self.b ^ (self.b >> 32)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Key {
            a: a ^ (a >> 32),
            b: b ^ (b >> 31),
        }
    }
}

/// The upper bit of every zero byte, and perhaps of bytes above the lowest of them.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
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

    #[test]
    fn both_halves_see_everything() {
        let mut seen = std::collections::HashSet::new();
        for x in 0..200u64 {
            for y in 0..200u64 {
                let key = Mixer::new(7).word(x).word(y).finish();
                assert!(seen.insert((0, key.a)) && seen.insert((1, key.b)));
            }
        }
    }
}
