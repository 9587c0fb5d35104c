//! DWARF written by hand: tags, attributes and forms of one byte, and units of them.

use btfkit::dwarf::Sections;
use btfkit::{Endian, PointerWidth};

pub const DW_TAG_ENUMERATION_TYPE: u8 = 0x04;
pub const DW_TAG_MEMBER: u8 = 0x0d;
pub const DW_TAG_COMPILE_UNIT: u8 = 0x11;
pub const DW_TAG_STRUCTURE_TYPE: u8 = 0x13;
pub const DW_TAG_BASE_TYPE: u8 = 0x24;
pub const DW_TAG_ENUMERATOR: u8 = 0x28;
pub const DW_AT_NAME: u8 = 0x03;
pub const DW_AT_BYTE_SIZE: u8 = 0x0b;
pub const DW_AT_LANGUAGE: u8 = 0x13;
pub const DW_AT_CONST_VALUE: u8 = 0x1c;
pub const DW_AT_DATA_MEMBER_LOCATION: u8 = 0x38;
pub const DW_AT_DECLARATION: u8 = 0x3c;
pub const DW_AT_TYPE: u8 = 0x49;
pub const DW_FORM_STRING: u8 = 0x08;
pub const DW_FORM_DATA1: u8 = 0x0b;
pub const DW_FORM_REF4: u8 = 0x13;
pub const DW_FORM_FLAG_PRESENT: u8 = 0x19;

/// The abbreviation code of a unit's own entry.
pub const UNIT: u8 = 1;

/// A unit of DWARF 4 with these entries, which start at byte 12 of it.
pub fn unit(abbrevs: u32, entries: &[u8]) -> Vec<u8> {
    let length = u32::try_from(entries.len() + 9).unwrap();
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend([4, 0]);
    bytes.extend(abbrevs.to_le_bytes());
    bytes.extend([8, UNIT]);
    bytes.extend(entries);
    bytes.push(0);
    bytes
}

/// A little-endian 64-bit program of these units.
pub fn sections(info: Vec<u8>, abbrev: Vec<u8>) -> Sections {
    let mut sections = Sections::new(Endian::Little, PointerWidth::Eight);
    sections.info = info.into();
    sections.abbrev = abbrev.into();
    sections
}
