//! Integers.

use std::fmt;

use crate::id::{Bits, ByteSize};

/// An integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Int {
    /// The size of the storage.
    pub size: ByteSize,
    /// The meaning of the bits.
    pub encoding: IntEncoding,
    /// The first bit in the storage. Not 0 only in bitfields written before 2018.
    pub offset: Bits,
    /// The width.
    pub bits: Bits,
}

/// The meaning of an integer's bits (`BTF_INT_*`). The format allows combinations; the kernel takes one at most.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct IntEncoding(pub u8);

impl IntEncoding {
    /// An unsigned number.
    pub const UNSIGNED: Self = Self(0);
    /// A signed number.
    pub const SIGNED: Self = Self(1);
    /// A character. Compilers rarely set this bit; converters never do.
    pub const CHAR: Self = Self(2);
    /// A truth value.
    pub const BOOL: Self = Self(4);

    /// Returns whether the bit for signed numbers is set.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        self.0 & Self::SIGNED.0 != 0
    }

    /// Returns the signedness that the bit for signed numbers stands for.
    #[must_use]
    pub const fn signedness(self) -> Signedness {
        if self.is_signed() {
            Signedness::Signed
        } else {
            Signedness::Unsigned
        }
    }
}

impl fmt::Debug for IntEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for IntEncoding {
    /// Writes the encoding as bpftool prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::UNSIGNED => "(none)",
            Self::SIGNED => "SIGNED",
            Self::CHAR => "CHAR",
            Self::BOOL => "BOOL",
            _ => "UNKN",
        })
    }
}

/// The reading of a number's highest bit: as a sign or as part of the value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Signedness {
    /// Two's complement.
    Signed,
    /// No sign.
    Unsigned,
}

impl Signedness {
    /// Returns the signedness of an enumeration with this kind flag.
    #[must_use]
    pub const fn from_flag(flag: bool) -> Self {
        if flag { Self::Signed } else { Self::Unsigned }
    }

    /// Returns whether numbers have a sign.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Signed)
    }
}
