//! The forms of attribute values (DWARF 5, section 7.5.6), by how they are read.

use gimli::constants as dw;

use crate::dwarf::read::cursor::Cursor;
use crate::error::Result;

/// The encoding of a value. Forms that are read alike and mean the same are one. The widths of offsets and addresses,
/// which depend on the unit, are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// The value is in the abbreviation.
    Constant,
    /// An unsigned number of 1, 2, 4 or 8 bytes.
    Data(u8),
    /// A number of 16 bytes.
    Data16,
    Udata,
    Sdata,
    /// A block whose length has this many bytes; 0 for LEB128.
    Block(u8),
    /// A string in place.
    String,
    /// An offset into a section of strings; of 8 bytes if `true`.
    Strp(bool),
    LineStrp(bool),
    AltStrp(bool),
    /// A string's number, of this many bytes; 0 for LEB128.
    Strx(u8),
    /// A reference within the unit, of this many bytes; 0 for LEB128.
    UnitRef(u8),
    /// A reference within the section, of this many bytes.
    InfoRef(u8),
    /// The signature of a type unit.
    Signature,
    /// A reference into the alternate file, of this many bytes.
    AltRef(u8),
    /// An offset into another section, of lists.
    ListOffset(bool),
    /// The number of a list.
    ListIndex,
    /// An address of this many bytes.
    Address(u8),
    /// An address's number, of this many bytes; 0 for LEB128.
    AddressIndex(u8),
    /// A form that precedes the value.
    Indirect,
}

/// The class of a value (DWARF 5, section 7.5.5).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Class {
    /// No value: the DIE doesn't have the attribute.
    #[default]
    Absent,
    /// A number whose upper bits are zero, even if it is meant to be signed.
    Unsigned,
    /// A signed number.
    Signed,
    /// Bytes: their offset in the unit and their number, 32 bits each.
    Block,
    /// A string in place: its offset in the unit.
    String,
    Str,
    LineStr,
    AltStr,
    /// A string's number.
    Strx,
    UnitRef,
    InfoRef,
    Signature,
    AltRef,
    List,
    /// The number of a list.
    ListIndex,
    Address,
    AddressIndex,
}

/// The properties of a unit that forms depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Encoding {
    pub version: u16,
    /// The size of an address in bytes.
    pub address_size: u8,
    /// Whether this is 64-bit DWARF.
    pub wide: bool,
}

impl Encoding {
    /// Returns the size of the header of a unit's `.debug_str_offsets` or `.debug_addr` table, in bytes (DWARF 5,
    /// sections 7.26 and 7.27). Before DWARF 5 these tables have no header.
    pub const fn table_header(self) -> u64 {
        match self.version {
            ..5 => 0,
            _ if self.wide => 16,
            _ => 8,
        }
    }

    /// Returns the size of an offset into a section, in bytes.
    pub const fn offset_size(self) -> u8 {
        if self.wide { 8 } else { 4 }
    }
}

impl Form {
    /// Returns the form with this number, or `None` if it is neither in DWARF 2 to 5 nor a known extension.
    pub fn from_number(number: u64, encoding: Encoding) -> Option<Self> {
        let Encoding {
            version,
            address_size,
            wide,
        } = encoding;
        let offset_size = encoding.offset_size();
        let form = dw::DwForm(u16::try_from(number).ok()?);
        Some(match form {
            dw::DW_FORM_addr => Self::Address(address_size),
            dw::DW_FORM_block1 => Self::Block(1),
            dw::DW_FORM_block2 => Self::Block(2),
            dw::DW_FORM_block4 => Self::Block(4),
            dw::DW_FORM_block | dw::DW_FORM_exprloc => Self::Block(0),
            dw::DW_FORM_data1 | dw::DW_FORM_flag => Self::Data(1),
            dw::DW_FORM_data2 => Self::Data(2),
            dw::DW_FORM_data4 => Self::Data(4),
            dw::DW_FORM_data8 => Self::Data(8),
            dw::DW_FORM_data16 => Self::Data16,
            dw::DW_FORM_udata => Self::Udata,
            dw::DW_FORM_sdata => Self::Sdata,
            dw::DW_FORM_flag_present | dw::DW_FORM_implicit_const => Self::Constant,
            dw::DW_FORM_string => Self::String,
            dw::DW_FORM_strp => Self::Strp(wide),
            dw::DW_FORM_line_strp => Self::LineStrp(wide),
            dw::DW_FORM_strp_sup | dw::DW_FORM_GNU_strp_alt => Self::AltStrp(wide),
            dw::DW_FORM_strx | dw::DW_FORM_GNU_str_index => Self::Strx(0),
            dw::DW_FORM_strx1 => Self::Strx(1),
            dw::DW_FORM_strx2 => Self::Strx(2),
            dw::DW_FORM_strx3 => Self::Strx(3),
            dw::DW_FORM_strx4 => Self::Strx(4),
            dw::DW_FORM_ref1 => Self::UnitRef(1),
            dw::DW_FORM_ref2 => Self::UnitRef(2),
            dw::DW_FORM_ref4 => Self::UnitRef(4),
            dw::DW_FORM_ref8 => Self::UnitRef(8),
            dw::DW_FORM_ref_udata => Self::UnitRef(0),
            // DWARF 2 has an address here.
            dw::DW_FORM_ref_addr if version <= 2 => Self::InfoRef(address_size),
            dw::DW_FORM_ref_addr => Self::InfoRef(offset_size),
            dw::DW_FORM_ref_sig8 => Self::Signature,
            dw::DW_FORM_GNU_ref_alt => Self::AltRef(offset_size),
            dw::DW_FORM_ref_sup4 => Self::AltRef(4),
            dw::DW_FORM_ref_sup8 => Self::AltRef(8),
            dw::DW_FORM_sec_offset => Self::ListOffset(wide),
            dw::DW_FORM_loclistx | dw::DW_FORM_rnglistx => Self::ListIndex,
            dw::DW_FORM_addrx | dw::DW_FORM_GNU_addr_index => Self::AddressIndex(0),
            dw::DW_FORM_addrx1 => Self::AddressIndex(1),
            dw::DW_FORM_addrx2 => Self::AddressIndex(2),
            dw::DW_FORM_addrx3 => Self::AddressIndex(3),
            dw::DW_FORM_addrx4 => Self::AddressIndex(4),
            dw::DW_FORM_indirect => Self::Indirect,
            _ => return None,
        })
    }

    /// Returns the size of the value in bytes, if all values have the same size.
    pub const fn fixed_size(self) -> Option<u32> {
        Some(match self {
            Self::Constant => 0,
            Self::Data16 => 16,
            Self::Signature => 8,
            Self::Data(size) | Self::InfoRef(size) | Self::AltRef(size) | Self::Address(size) => {
                size as u32
            }
            Self::Strx(size) | Self::UnitRef(size) | Self::AddressIndex(size) if size > 0 => {
                size as u32
            }
            Self::Strp(wide)
            | Self::LineStrp(wide)
            | Self::AltStrp(wide)
            | Self::ListOffset(wide) => {
                if wide {
                    8
                } else {
                    4
                }
            }
            Self::Udata
            | Self::Sdata
            | Self::Block(_)
            | Self::String
            | Self::Strx(_)
            | Self::UnitRef(_)
            | Self::ListIndex
            | Self::AddressIndex(_)
            | Self::Indirect => return None,
        })
    }
}

/// Reads a number of `size` bytes, or in LEB128 if `size` is 0.
#[inline]
fn number(cursor: &mut Cursor<'_>, size: u8) -> Result<u64> {
    match size {
        0 => cursor.uleb(),
        4 => cursor.u32().map(u64::from),
        1 => cursor.u8().map(u64::from),
        2 => cursor.u16().map(u64::from),
        size => cursor.unsigned(size),
    }
}

/// Reads a value. `constant` is the value that the abbreviation specifies.
#[inline]
pub(crate) fn read(
    cursor: &mut Cursor<'_>,
    form: Form,
    constant: u64,
    encoding: Encoding,
) -> Result<(Class, u64)> {
    Ok(match form {
        Form::Constant => (Class::Signed, constant),
        Form::Data(size) => (Class::Unsigned, number(cursor, size)?),
        Form::UnitRef(size) => (Class::UnitRef, number(cursor, size)?),
        Form::Strp(wide) => (Class::Str, cursor.section_offset(wide)?),
        Form::String => {
            let start = cursor.position() as u64;
            cursor.skip_string()?;
            (Class::String, start)
        }
        Form::Udata => (Class::Unsigned, cursor.uleb()?),
        Form::Sdata => (Class::Signed, cursor.sleb()?),
        Form::LineStrp(wide) => (Class::LineStr, cursor.section_offset(wide)?),
        Form::AltStrp(wide) => (Class::AltStr, cursor.section_offset(wide)?),
        Form::Strx(size) => (Class::Strx, number(cursor, size)?),
        Form::InfoRef(size) => (Class::InfoRef, number(cursor, size)?),
        Form::AltRef(size) => (Class::AltRef, number(cursor, size)?),
        Form::Signature => (Class::Signature, cursor.u64()?),
        Form::ListOffset(wide) => (Class::List, cursor.section_offset(wide)?),
        Form::ListIndex => (Class::ListIndex, cursor.uleb()?),
        Form::Address(size) => (Class::Address, number(cursor, size)?),
        Form::AddressIndex(size) => (Class::AddressIndex, number(cursor, size)?),
        Form::Data16 => {
            let value = cursor.u64()?;
            let other = cursor.u64()?;
            let low = match cursor.endian() {
                crate::target::Endian::Little => value,
                crate::target::Endian::Big => other,
            };
            (Class::Unsigned, low)
        }
        Form::Block(size) => {
            let len = number(cursor, size)?;
            let start = cursor.position() as u64;
            cursor.skip(len)?;
            (Class::Block, start << 32 | (len & 0xffff_ffff))
        }
        Form::Indirect => return read_indirect(cursor, encoding),
    })
}

#[cold]
fn read_indirect(cursor: &mut Cursor<'_>, encoding: Encoding) -> Result<(Class, u64)> {
    let number = cursor.uleb()?;
    let form = match Form::from_number(number, encoding) {
        // The value of a constant follows the form here. One more level of indirection is not allowed.
        Some(Form::Constant) if number == u64::from(dw::DW_FORM_implicit_const.0) => Form::Sdata,
        Some(form) if form != Form::Indirect => form,
        _ => return Err(cursor.malformed(format!("no attribute has the form {number:#x}"))),
    };
    read(cursor, form, 1, encoding)
}

/// Skips a value of variable size.
pub(crate) fn skip(cursor: &mut Cursor<'_>, form: Form, encoding: Encoding) -> Result<()> {
    match form {
        Form::String => cursor.skip_string(),
        Form::Block(size) => {
            let len = number(cursor, size)?;
            cursor.skip(len)
        }
        Form::Indirect => read_indirect(cursor, encoding).map(|_| ()),
        form => match form.fixed_size() {
            Some(size) => cursor.skip(size.into()),
            // The other forms are LEB128 numbers, signed or not.
            None => cursor.uleb().map(|_| ()),
        },
    }
}
