//! The header of `.BTF` (`struct btf_header`), with and without the layout section's fields.

use crate::target::Endian;
use crate::wire::preamble::{Preamble, word};

/// The fields of the header behind the preamble. Offsets count from the header's end, all are in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BtfHeader {
    pub type_off: u32,
    pub type_len: u32,
    pub str_off: u32,
    pub str_len: u32,
    /// The offset and length of the layout section; `None` for the header without these fields.
    pub layout: Option<(u32, u32)>,
}

impl BtfHeader {
    /// The length of the header without the layout section's fields: all headers until 2025.
    pub const LEN: u32 = 24;
    /// The length of the header with the layout section's offset and length.
    pub const LEN_WITH_LAYOUT: u32 = 32;

    /// The byte offsets of the fields in the header.
    pub const TYPE_OFF: usize = 8;
    pub const TYPE_LEN: usize = 12;
    pub const STR_OFF: usize = 16;
    pub const STR_LEN: usize = 20;
    pub const LAYOUT_OFF: usize = 24;
    pub const LAYOUT_LEN: usize = 28;

    /// Reads the fields of a header whose preamble was read.
    pub fn read(data: &[u8], preamble: Preamble) -> Self {
        let field = |at: usize| word(data, at, preamble.endian).unwrap_or(0);
        let has_layout = preamble.header_len >= Self::LEN_WITH_LAYOUT;
        Self {
            type_off: field(Self::TYPE_OFF),
            type_len: field(Self::TYPE_LEN),
            str_off: field(Self::STR_OFF),
            str_len: field(Self::STR_LEN),
            layout: has_layout.then(|| (field(Self::LAYOUT_OFF), field(Self::LAYOUT_LEN))),
        }
    }

    /// Returns the length of a header with these fields; a newer version's fields come behind it.
    pub const fn len(&self) -> u32 {
        if self.layout.is_some() {
            Self::LEN_WITH_LAYOUT
        } else {
            Self::LEN
        }
    }

    /// Appends the fields, which come behind the preamble.
    pub fn write(&self, endian: Endian, out: &mut Vec<u8>) {
        let mut put = |field: u32| out.extend_from_slice(&endian.bytes32(field));
        [self.type_off, self.type_len, self.str_off, self.str_len]
            .into_iter()
            .for_each(&mut put);
        if let Some((off, len)) = self.layout {
            put(off);
            put(len);
        }
    }
}
