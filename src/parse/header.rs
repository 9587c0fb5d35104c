//! The header of BTF (`struct btf_header`), old and new, and the layout section.

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Layout, LayoutEntry, MAGIC, NEW_HEADER, OLD_HEADER};
use crate::parse::word;
use crate::target::Endian;

/// A header whose sections are proved to lie inside the data. Starts are bytes of the data.
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

/// The byte order a magic number at the start of the data is in.
pub(super) fn magic(data: &[u8]) -> Option<Endian> {
    let bytes = *data.first_chunk::<2>()?;
    [Endian::Little, Endian::Big]
        .into_iter()
        .find(|endian| endian.u16(bytes) == MAGIC)
}

pub(super) fn parse(data: &[u8]) -> Result<Header> {
    let (endian, header_len) = preamble(data, OLD_HEADER)?;
    let field = |at: usize| word(data, at, endian).unwrap_or(0);
    let [type_off, type_len, str_off, str_len] = [8, 12, 16, 20].map(field);
    let has_layout_fields = header_len >= NEW_HEADER;
    let known = if has_layout_fields {
        NEW_HEADER
    } else {
        OLD_HEADER
    };
    let [layout_off, layout_len] = if has_layout_fields {
        [field(24), field(28)]
    } else {
        [0, 0]
    };

    if type_off % 4 != 0 {
        return Err(wrong(8, "the type section's offset is no multiple of 4"));
    }
    let rest = data.len() as u64 - u64::from(header_len);
    let type_end = u64::from(type_off) + u64::from(type_len);
    let mut before_strings = type_end;
    if layout_len > 0 {
        if layout_off % 4 != 0 || layout_len % 4 != 0 {
            return Err(wrong(24, "the layout section isn't made of 4-byte entries"));
        }
        if u64::from(layout_off) < type_end {
            return Err(wrong(24, "the layout section starts before the types end"));
        }
        before_strings = u64::from(layout_off) + u64::from(layout_len);
    }
    if before_strings > u64::from(str_off) {
        return Err(wrong(
            16,
            "the string section starts before the sections in front of it end",
        ));
    }
    let end = u64::from(str_off) + u64::from(str_len);
    if end > rest {
        return Err(wrong(
            20,
            format!("the sections end {} bytes after the data", end - rest),
        ));
    }
    let start = |offset: u32| u64::from(header_len) + u64::from(offset);
    let layout = has_layout_fields.then(|| Layout {
        entries: entries(data, start(layout_off), layout_len, endian),
    });
    Ok(Header {
        endian,
        type_start: start(type_off),
        type_len,
        str_start: start(str_off),
        str_len,
        tail_start: u64::from(known),
        tail_len: header_len - known,
        layout,
    })
}

/// Magic, version, flags and header length, which BTF and `.BTF.ext` have in common.
pub(super) fn preamble(data: &[u8], least: u32) -> Result<(Endian, u32)> {
    let Some(endian) = magic(data) else {
        return Err(wrong(0, "the data doesn't start with BTF's magic number"));
    };
    let Some(&[_, _, version, flags]) = data.first_chunk::<4>() else {
        return Err(wrong(0, "the header is cut off"));
    };
    if version != 1 || flags != 0 {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("version {version} with flags {flags:#x} is unknown; version 1 without flags is known"),
        )
        .within(Place::Byte(2)));
    }
    let Some(header_len) = word(data, 4, endian) else {
        return Err(wrong(4, "the header is cut off"));
    };
    if header_len < least {
        return Err(wrong(
            4,
            format!("the header says it has {header_len} bytes, but {least} is the least"),
        ));
    }
    if u64::from(header_len) > data.len() as u64 {
        return Err(wrong(
            4,
            format!(
                "the header says it has {header_len} bytes, but there are {}",
                data.len()
            ),
        ));
    }
    Ok((endian, header_len))
}

fn entries(data: &[u8], start: u64, len: u32, endian: Endian) -> Vec<LayoutEntry> {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let bytes = start
        .checked_add(len as usize)
        .and_then(|end| data.get(start..end))
        .unwrap_or_default();
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&[info_size, elem_size, a, b]| LayoutEntry {
            info_size,
            elem_size,
            flags: endian.u16([a, b]),
        })
        .collect()
}

pub(super) fn wrong(at: u64, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::malformed(message).within(Place::Byte(at))
}
