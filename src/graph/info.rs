//! The info word: a record's kind, element count and kind flag in 32 bits.

use crate::graph::kind::Kind;

/// The bits of the info word that readers from before 2025 use.
pub(crate) const NARROW_INFO: u32 = 0x9f00_ffff;
/// The largest element count (`BTF_MAX_VLEN`, 24 bits).
pub(crate) const WIDE_VLEN: u32 = 0xff_ffff;

/// The info word: bits 0–23 vlen, 24–30 kind, 31 kind flag.
///
/// Until 2025 vlen had 16 bits and kind 5. The bits between were zero, so that reading the wide fields is always right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info(u32);

impl Info {
    /// Returns the info word with these bits.
    #[must_use]
    pub const fn from_word(word: u32) -> Self {
        Self(word)
    }

    /// Returns the info word with these parts. `vlen` is cut to 24 bits.
    pub(crate) const fn new(kind: Kind, vlen: u32, flag: bool) -> Self {
        Self(
            (vlen & WIDE_VLEN)
                | ((kind.number() as u32 & 0x7f) << 24)
                | if flag { 1 << 31 } else { 0 },
        )
    }

    /// Returns the bits.
    #[must_use]
    pub const fn word(self) -> u32 {
        self.0
    }

    /// Returns the number of elements (for FUNC: the linkage).
    #[must_use]
    pub const fn vlen(self) -> u32 {
        self.0 & WIDE_VLEN
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::from_number(((self.0 >> 24) & 0x7f) as u8)
    }

    /// Returns the kind flag: bitfields in a structure or union, signed values in an enumeration, a union in a forward
    /// declaration, the text of any attribute in a tag.
    #[must_use]
    pub const fn flag(self) -> bool {
        self.0 >> 31 == 1
    }

    /// Returns whether a reader that masks with the widths from before 2025 misreads the word.
    pub(crate) const fn is_wide(self) -> bool {
        self.0 & !NARROW_INFO != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_word_keeps_its_parts() {
        let info = Info::new(Kind::Struct, 0x12_3456, true);
        assert_eq!(info.word(), 0x8412_3456);
        assert_eq!(
            (info.kind(), info.vlen(), info.flag()),
            (Kind::Struct, 0x12_3456, true)
        );
        assert!(info.is_wide());
        assert!(!Info::new(Kind::Enum64, 0xffff, false).is_wide());
    }
}
