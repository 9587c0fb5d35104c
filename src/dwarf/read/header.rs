//! The headers of units (DWARF 5, section 7.5.1).

use gimli::constants as dw;

use crate::dwarf::read::cursor::Cursor;
use crate::dwarf::read::form::Encoding;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::target::Endian;

/// A unit's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// The offset of the unit in its section.
    pub offset: u64,
    /// The offset of the first DIE from the start of the unit.
    pub entries: u32,
    /// The size of the unit in bytes, with the header.
    pub len: u32,
    pub encoding: Encoding,
    /// The offset of the abbreviations in `.debug_abbrev`.
    pub abbrev: u64,
    /// The signature of a type unit, and the offset of the type's DIE from the start of the unit.
    pub signature: Option<(u64, u64)>,
    /// The `dwo_id` that a skeleton and its split unit have in common; DWARF 5 has it in the header.
    pub dwo_id: Option<u64>,
}

/// The headers of a section's units.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    pub units: Vec<Header>,
    /// The offsets of the units whose headers can't be read, with the reason.
    pub unreadable: Vec<(u64, Error)>,
}

/// Reads the headers of all units of a section. A unit that can't be read is skipped by its length; if the length can't
/// be right, all that follows is lost.
pub(crate) fn headers(section: &[u8], endian: Endian, is_types: bool) -> Headers {
    let mut headers = Headers::default();
    let mut at = 0u64;
    while let Some(rest) = section
        .get(super::index(at)..)
        .filter(|rest| !rest.is_empty())
    {
        // Linkers pad with zeros.
        if rest.first_chunk() == Some(&[0; 4]) {
            at += 4;
            continue;
        }
        let len = match length(rest, endian, at) {
            Ok(len) => len,
            Err(error) => {
                headers.unreadable.push((at, error));
                break;
            }
        };
        match header(rest, endian, at, len, is_types) {
            Ok(header) => headers.units.push(header),
            Err(error) => headers.unreadable.push((at, error)),
        }
        at += u64::from(len.1);
    }
    headers
}

/// Reads the length of a unit. Returns whether it is 64-bit DWARF, the size of the unit in bytes with the length
/// itself, and the offset behind the length.
fn length(rest: &[u8], endian: Endian, offset: u64) -> Result<(bool, u32, usize)> {
    let mut cursor = Cursor::new(rest, endian, offset);
    let (wide, len) = match cursor.u32()? {
        0xffff_ffff => (true, cursor.u64()?),
        len @ 0xffff_fff0.. => {
            return Err(cursor.malformed(format!("a unit has the reserved length {len:#x}")));
        }
        len => (false, len.into()),
    };
    let all = len.checked_add(cursor.position() as u64);
    let Some(all) = all.filter(|&all| all <= rest.len() as u64) else {
        return Err(
            Error::malformed(format!("a unit of {len} bytes goes beyond the section"))
                .within(Place::Byte(offset)),
        );
    };
    let Ok(len) = u32::try_from(all) else {
        return Err(Error::limit("a unit has more than 4 GiB").within(Place::Byte(offset)));
    };
    Ok((wide, len, cursor.position()))
}

/// Reads the header of the unit that `rest` starts with.
fn header(
    rest: &[u8],
    endian: Endian,
    offset: u64,
    (wide, len, start): (bool, u32, usize),
    is_types: bool,
) -> Result<Header> {
    let rest = rest.get(..len as usize).unwrap_or_default();
    let mut cursor = Cursor::new(rest, endian, offset);
    cursor.seek(start);
    let version = cursor.u16()?;
    if !(2..=5).contains(&version) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("a unit has DWARF version {version}; versions 2 to 5 are known"),
        )
        .within(Place::Byte(offset)));
    }
    rest_of_header(cursor, version, wide, offset, len, is_types)
}

/// Reads a header from behind the version on.
fn rest_of_header(
    mut cursor: Cursor<'_>,
    version: u16,
    wide: bool,
    offset: u64,
    len: u32,
    is_types: bool,
) -> Result<Header> {
    let (kind, address_size, abbrev);
    if version >= 5 {
        kind = dw::DwUt(cursor.u8()?);
        address_size = cursor.u8()?;
        abbrev = cursor.section_offset(wide)?;
    } else {
        abbrev = cursor.section_offset(wide)?;
        address_size = cursor.u8()?;
        kind = if is_types {
            dw::DW_UT_type
        } else {
            dw::DW_UT_compile
        };
    }
    if !matches!(address_size, 1 | 2 | 4 | 8) {
        return Err(
            Error::malformed(format!("a unit has addresses of {address_size} bytes"))
                .within(Place::Byte(offset)),
        );
    }
    let (mut signature, mut dwo_id) = (None, None);
    match kind {
        dw::DW_UT_type | dw::DW_UT_split_type => {
            signature = Some((cursor.u64()?, cursor.section_offset(wide)?));
        }
        dw::DW_UT_skeleton | dw::DW_UT_split_compile => dwo_id = Some(cursor.u64()?),
        dw::DW_UT_compile | dw::DW_UT_partial => {}
        dw::DwUt(kind) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("a unit has the unknown type {kind:#x}"),
            )
            .within(Place::Byte(offset)));
        }
    }
    Ok(Header {
        offset,
        entries: u32::try_from(cursor.position()).unwrap_or(u32::MAX),
        len,
        encoding: Encoding {
            version,
            address_size,
            wide,
        },
        abbrev,
        signature,
        dwo_id,
    })
}
