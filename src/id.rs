//! Newtypes for the numbers of BTF, so that ids, string offsets, bits and bytes can't be confused.

use std::fmt;

/// The id of a type. Ids count from 1 in the order of the records; 0 is `void`.
///
/// In split BTF the ids of the split part continue those of the base.
/// (Kernel documentation, "BPF Type Format", section 2.2.)
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(u32);

impl TypeId {
    /// `void`, which has no record.
    pub const VOID: Self = Self(0);

    /// Returns the id with this number.
    #[must_use]
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns whether this is `void`.
    #[must_use]
    pub const fn is_void(self) -> bool {
        self.0 == 0
    }

    /// Returns the number as an index.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypeId({})", self.0)
    }
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// The offset of a string in the string section, in bytes; 0 is the empty string.
///
/// In split BTF the offsets of the split part continue those of the base.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StrId(u32);

impl StrId {
    /// The empty string.
    pub const EMPTY: Self = Self(0);

    /// Returns the id of the string at this offset.
    #[must_use]
    pub const fn new(offset: u32) -> Self {
        Self(offset)
    }

    /// Returns the offset, in bytes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A number of bits: an offset or a width.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bits(pub u64);

/// A number of bytes: an offset or a size.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ByteSize(pub u64);

impl Bits {
    /// Returns the number of whole bytes before this bit.
    #[must_use]
    pub const fn bytes(self) -> ByteSize {
        ByteSize(self.0 / 8)
    }
}

impl ByteSize {
    /// Returns the same in bits, or `None` where that doesn't fit 64 bits.
    #[must_use]
    pub const fn bits(self) -> Option<Bits> {
        match self.0.checked_mul(8) {
            Some(bits) => Some(Bits(bits)),
            None => None,
        }
    }
}

impl From<u32> for Bits {
    fn from(bits: u32) -> Self {
        Self(u64::from(bits))
    }
}

impl From<u32> for ByteSize {
    fn from(bytes: u32) -> Self {
        Self(u64::from(bytes))
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
