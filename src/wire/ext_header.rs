//! The header of `.BTF.ext` (`struct btf_ext_header`), with and without the fields of the CO-RE relocations, and
//! the header of one code section's records (`struct btf_ext_info_sec`).

use crate::target::Endian;
use crate::wire::preamble::{Preamble, word};

/// The bytes of a 32-bit word. The record size in front of each kind's records is one.
pub(crate) const WORD_LEN: usize = 4;
/// The bytes of a [`SectionHeader`].
pub(crate) const SECTION_HEADER_LEN: usize = 8;

/// The offset, from the header's end, and the length of the records of one kind, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub off: u32,
    pub len: u32,
}

/// The fields of the header behind the preamble.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExtHeader {
    pub func_info: Extent,
    pub line_info: Extent,
    /// `None` for the header from before there were CO-RE relocations.
    pub core_relo: Option<Extent>,
}

impl ExtHeader {
    /// The length of the header without the fields of the CO-RE relocations.
    pub const LEN: u32 = 24;
    /// The length of the header with the offset and length of the CO-RE relocations.
    pub const LEN_WITH_CORE_RELO: u32 = 32;

    /// The byte offsets of the fields in the header.
    pub const FUNC_INFO_OFF: usize = 8;
    pub const LINE_INFO_OFF: usize = 16;
    pub const CORE_RELO_OFF: usize = 24;
    pub const CORE_RELO_LEN: usize = 28;

    /// Reads the fields of a header whose preamble was read.
    pub fn read(data: &[u8], preamble: Preamble) -> Self {
        let field = |at: usize| word(data, at, preamble.endian).unwrap_or(0);
        let extent = |at: usize| Extent {
            off: field(at),
            len: field(at + WORD_LEN),
        };
        let has_core_relo = preamble.header_len >= Self::LEN_WITH_CORE_RELO;
        Self {
            func_info: extent(Self::FUNC_INFO_OFF),
            line_info: extent(Self::LINE_INFO_OFF),
            core_relo: has_core_relo.then(|| extent(Self::CORE_RELO_OFF)),
        }
    }

    /// Returns the length of a header with these fields; a newer version's fields come behind it.
    pub const fn len(&self) -> u32 {
        if self.core_relo.is_some() {
            Self::LEN_WITH_CORE_RELO
        } else {
            Self::LEN
        }
    }

    /// Appends the fields, which come behind the preamble.
    pub fn write(&self, endian: Endian, out: &mut Vec<u8>) {
        for extent in [self.func_info, self.line_info]
            .into_iter()
            .chain(self.core_relo)
        {
            out.extend_from_slice(&endian.bytes32(extent.off));
            out.extend_from_slice(&endian.bytes32(extent.len));
        }
    }
}

/// The header in front of the records of one kind about one code section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SectionHeader {
    /// The offset of the section's name in the string section.
    pub name: u32,
    /// The number of records.
    pub count: u32,
}

impl SectionHeader {
    /// The byte offset of the number of records in this header.
    pub const COUNT_OFFSET: usize = 4;

    /// Reads the header at byte `at`; `None` beyond the end.
    pub fn read(data: &[u8], at: usize, endian: Endian) -> Option<Self> {
        Some(Self {
            name: word(data, at, endian)?,
            count: word(data, at.checked_add(Self::COUNT_OFFSET)?, endian)?,
        })
    }

    /// Appends the header.
    pub fn write(self, endian: Endian, out: &mut Vec<u8>) {
        out.extend_from_slice(&endian.bytes32(self.name));
        out.extend_from_slice(&endian.bytes32(self.count));
    }
}
