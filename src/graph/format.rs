//! The parts of BTF on the wire that are not types: byte order, newer header fields, the layout section.

use bytes::Bytes;

use crate::target::Endian;

/// How a graph's bytes were, or will be, wrapped: what the encoder needs beside the types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Format {
    /// The byte order on the wire.
    pub endian: Endian,
    /// The header's tail: what follows its 24 bytes, without the layout section's offset and length.
    /// Bytes of a newer version's header, kept as they are.
    pub header_tail: Bytes,
    /// The layout section, one entry a kind; `None` where the header is the old one of 24 bytes.
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

/// The layout section: for each kind, how many bytes its record has.
/// (`struct btf_layout` in `linux/btf.h`.)
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// The entries, indexed by kind number. Empty where the header has the fields and the section is not there.
    pub entries: Vec<LayoutEntry>,
}

/// One kind's entry in the layout section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LayoutEntry {
    /// Bytes after the 12 of the head.
    pub info_size: u8,
    /// Bytes of each of the `vlen` elements.
    pub elem_size: u8,
    /// Flags; 0 today.
    pub flags: u16,
}
