//! The parts of BTF on the wire that are not types: byte order, newer header fields, the layout section.

use bytes::Bytes;

use crate::target::Endian;

/// The parts of a graph's encoding that are not types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Format {
    /// The byte order on the wire.
    pub endian: Endian,
    /// Header bytes of a newer version, after the fields this version knows. They are kept as they are.
    pub header_tail: Bytes,
    /// The layout section; `None` where the header has the 24 bytes from before 2025.
    pub layout: Option<Layout>,
    /// Whether info words may use the bits added in 2025 (24-bit vlen, 7-bit kind).
    pub wide: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            endian: Endian::HOST,
            header_tail: Bytes::new(),
            layout: None,
            wide: false,
        }
    }
}

/// The layout section: the sizes of each kind's records.
/// (`struct btf_layout` in `linux/btf.h`.)
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// The entries, indexed by kind number. Empty where the header has the fields and there is no section.
    pub entries: Vec<LayoutEntry>,
}

/// One kind's entry in the layout section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LayoutEntry {
    /// Bytes after the first 12, once.
    pub info_size: u8,
    /// Bytes of each of the `vlen` elements.
    pub elem_size: u8,
    /// Flags; 0 today.
    pub flags: u16,
}
