//! Checks the header of `.BTF` against the data, and reads the layout section.

use crate::error::Result;
use crate::graph::{Layout, LayoutEntry};
use crate::target::Endian;
use crate::wire::{BtfHeader, Preamble, WORD_LEN, malformed};

/// A header whose sections are proved to lie inside the data. The starts are byte offsets in the data.
pub(super) struct Header {
    pub endian: Endian,
    pub type_start: u64,
    pub type_len: u32,
    pub str_start: u64,
    pub str_len: u32,
    pub tail_start: u64,
    pub tail_len: u32,
    pub layout: Option<Layout>,
}

/// Reads and checks the header at the start of the data.
///
/// # Errors
/// `Malformed` with the byte if the header is cut off or its sections overlap or leave the data; `Unsupported` for
/// another version.
pub(super) fn parse(data: &[u8]) -> Result<Header> {
    let preamble = Preamble::read(data, BtfHeader::LEN)?;
    let header = BtfHeader::read(data, preamble);
    let (layout_off, layout_len) = header.layout.unwrap_or_default();

    if !header.type_off.is_multiple_of(4) {
        return Err(malformed(
            BtfHeader::TYPE_OFF,
            "the type section's offset is not a multiple of 4",
        ));
    }
    let rest = data.len() as u64 - u64::from(preamble.header_len);
    let type_end = u64::from(header.type_off) + u64::from(header.type_len);
    let mut before_strings = type_end;
    if layout_len > 0 {
        if layout_off % 4 != 0 || layout_len % 4 != 0 {
            return Err(malformed(
                BtfHeader::LAYOUT_OFF,
                "the layout section isn't made of 4-byte entries",
            ));
        }
        if u64::from(layout_off) < type_end {
            return Err(malformed(
                BtfHeader::LAYOUT_OFF,
                "the layout section starts before the types end",
            ));
        }
        before_strings = u64::from(layout_off) + u64::from(layout_len);
    }
    if before_strings > u64::from(header.str_off) {
        return Err(malformed(
            BtfHeader::STR_OFF,
            "the string section starts before the sections in front of it end",
        ));
    }
    let end = u64::from(header.str_off) + u64::from(header.str_len);
    if end > rest {
        return Err(malformed(
            BtfHeader::STR_LEN,
            format!("the sections end {} bytes after the data", end - rest),
        ));
    }
    let start = |offset: u32| u64::from(preamble.header_len) + u64::from(offset);
    let layout = header.layout.map(|(off, len)| Layout {
        entries: entries(data, start(off), len, preamble.endian),
    });
    Ok(Header {
        endian: preamble.endian,
        type_start: start(header.type_off),
        type_len: header.type_len,
        str_start: start(header.str_off),
        str_len: header.str_len,
        tail_start: u64::from(header.len()),
        tail_len: preamble.header_len - header.len(),
        layout,
    })
}

/// Reads the entries of the layout section.
fn entries(data: &[u8], start: u64, len: u32, endian: Endian) -> Vec<LayoutEntry> {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let bytes = start
        .checked_add(len as usize)
        .and_then(|end| data.get(start..end))
        .unwrap_or_default();
    bytes
        .as_chunks::<WORD_LEN>()
        .0
        .iter()
        .map(|&[info_size, elem_size, a, b]| LayoutEntry {
            info_size,
            elem_size,
            flags: endian.u16([a, b]),
        })
        .collect()
}
