//! The properties of a machine that types depend on.

use crate::id::ByteSize;

/// A byte order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Endian {
    /// The byte order of the machine this code runs on.
    pub const HOST: Self = if cfg!(target_endian = "big") {
        Self::Big
    } else {
        Self::Little
    };

    /// Returns whether this is the byte order of the machine this code runs on.
    #[must_use]
    pub fn is_host(self) -> bool {
        self == Self::HOST
    }

    /// Reads a 16-bit word.
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// Reads a 32-bit word.
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Writes a 16-bit word.
    pub(crate) fn bytes16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// Writes a 32-bit word.
    pub(crate) fn bytes32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

/// The width of a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PointerWidth {
    /// 32 bits.
    Four,
    /// 64 bits.
    Eight,
}

impl PointerWidth {
    /// Returns the size of a pointer.
    #[must_use]
    pub const fn bytes(self) -> ByteSize {
        match self {
            Self::Four => ByteSize(4),
            Self::Eight => ByteSize(8),
        }
    }
}
