//! The attributes of one entry.

use gimli::constants as dw;

use crate::dwarf::read::abbrev::{Abbrevs, Plan, Step};
use crate::dwarf::read::cursor::Cursor;
use crate::dwarf::read::form::{self, Class};
use crate::error::Result;

/// GNU's attribute of types whose values are stored with something added to them (Ada).
const GNU_BIAS: dw::DwAt = dw::DwAt(0x2305);

/// The attributes the converter reads (DWARF 5, section 7.5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Slot {
    Name,
    Type,
    ByteSize,
    BitSize,
    BitOffset,
    DataBitOffset,
    MemberLocation,
    Count,
    UpperBound,
    LowerBound,
    Encoding,
    ConstValue,
    Declaration,
    Sibling,
    External,
    Signature,
    Specification,
    Origin,
    StrOffsetsBase,
    AddrBase,
    Code,
    Location,
    Language,
    Discr,
    DiscrValue,
    DiscrList,
    Import,
    Inline,
    Virtuality,
    DwoName,
    DwoId,
    CompDir,
    Lines,
    ByteStride,
    BitStride,
    DataLocation,
    Endianity,
    Bias,
    HighPc,
    Ranges,
    RnglistsBase,
    LinkageName,
}

const SLOTS: usize = Slot::LinkageName as usize + 1;

impl Slot {
    /// Whether the attribute refers to what the entry's type is made of.
    pub const fn links(self) -> bool {
        matches!(
            self,
            Self::Type | Self::Signature | Self::Specification | Self::Origin
        )
    }
}

/// Which attribute is kept where; `None` for those nobody reads.
pub(crate) fn slot(attribute: u64) -> Option<Slot> {
    let attribute = dw::DwAt(u16::try_from(attribute).ok()?);
    Some(match attribute {
        dw::DW_AT_sibling => Slot::Sibling,
        dw::DW_AT_name => Slot::Name,
        dw::DW_AT_type => Slot::Type,
        dw::DW_AT_byte_size => Slot::ByteSize,
        dw::DW_AT_bit_size => Slot::BitSize,
        dw::DW_AT_bit_offset => Slot::BitOffset,
        dw::DW_AT_data_bit_offset => Slot::DataBitOffset,
        dw::DW_AT_data_member_location => Slot::MemberLocation,
        dw::DW_AT_count => Slot::Count,
        dw::DW_AT_upper_bound => Slot::UpperBound,
        dw::DW_AT_lower_bound => Slot::LowerBound,
        dw::DW_AT_encoding => Slot::Encoding,
        dw::DW_AT_const_value => Slot::ConstValue,
        dw::DW_AT_declaration => Slot::Declaration,
        dw::DW_AT_external => Slot::External,
        dw::DW_AT_signature => Slot::Signature,
        dw::DW_AT_specification => Slot::Specification,
        dw::DW_AT_abstract_origin => Slot::Origin,
        dw::DW_AT_str_offsets_base => Slot::StrOffsetsBase,
        dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base => Slot::AddrBase,
        dw::DW_AT_low_pc | dw::DW_AT_entry_pc => Slot::Code,
        dw::DW_AT_high_pc => Slot::HighPc,
        dw::DW_AT_ranges => Slot::Ranges,
        dw::DW_AT_rnglists_base | dw::DW_AT_GNU_ranges_base => Slot::RnglistsBase,
        dw::DW_AT_linkage_name | dw::DW_AT_MIPS_linkage_name => Slot::LinkageName,
        dw::DW_AT_location => Slot::Location,
        dw::DW_AT_language => Slot::Language,
        dw::DW_AT_discr => Slot::Discr,
        dw::DW_AT_discr_value => Slot::DiscrValue,
        dw::DW_AT_discr_list => Slot::DiscrList,
        dw::DW_AT_import => Slot::Import,
        dw::DW_AT_inline => Slot::Inline,
        dw::DW_AT_virtuality => Slot::Virtuality,
        dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name => Slot::DwoName,
        dw::DW_AT_GNU_dwo_id => Slot::DwoId,
        dw::DW_AT_comp_dir => Slot::CompDir,
        dw::DW_AT_stmt_list => Slot::Lines,
        dw::DW_AT_byte_stride => Slot::ByteStride,
        dw::DW_AT_bit_stride => Slot::BitStride,
        dw::DW_AT_data_location => Slot::DataLocation,
        dw::DW_AT_endianity => Slot::Endianity,
        GNU_BIAS => Slot::Bias,
        _ => return None,
    })
}

/// The values of one entry, by slot.
#[derive(Debug)]
pub(crate) struct Attrs {
    classes: [Class; SLOTS],
    values: [u64; SLOTS],
}

impl Attrs {
    pub const fn new() -> Self {
        Self {
            classes: [Class::Absent; SLOTS],
            values: [0; SLOTS],
        }
    }

    /// Reads an entry's attributes; the cursor stands behind the abbreviation code, and in the end behind the
    /// entry.
    #[inline]
    pub fn read(&mut self, cursor: &mut Cursor<'_>, abbrevs: &Abbrevs, plan: &Plan) -> Result<()> {
        self.classes = [Class::Absent; SLOTS];
        for step in abbrevs.steps(plan) {
            match *step {
                Step::Over(bytes) => cursor.skip(bytes.into())?,
                Step::Read(slot, form) => {
                    let (class, value) = form::read(cursor, form, 1, abbrevs.encoding())?;
                    self.set(slot, class, value);
                }
                Step::Keep(slot, value) => self.set(slot, Class::Signed, value),
                Step::Skip(form) => form::skip(cursor, form, abbrevs.encoding())?,
            }
        }
        Ok(())
    }

    #[inline]
    fn set(&mut self, slot: Slot, class: Class, value: u64) {
        if let (Some(a), Some(b)) = (
            self.classes.get_mut(slot as usize),
            self.values.get_mut(slot as usize),
        ) {
            *a = class;
            *b = value;
        }
    }

    /// A value with its class.
    #[inline]
    pub fn get(&self, slot: Slot) -> (Class, u64) {
        match (
            self.classes.get(slot as usize),
            self.values.get(slot as usize),
        ) {
            (Some(class), Some(value)) => (*class, *value),
            _ => (Class::Absent, 0),
        }
    }

    /// Whether the attribute is there.
    #[inline]
    pub fn has(&self, slot: Slot) -> bool {
        self.get(slot).0 != Class::Absent
    }

    /// Whether a flag is there and set.
    #[inline]
    pub fn flag(&self, slot: Slot) -> bool {
        let (class, value) = self.get(slot);
        class != Class::Absent && value != 0
    }

    /// A number, if the attribute is one.
    #[inline]
    pub fn number(&self, slot: Slot) -> Option<u64> {
        match self.get(slot) {
            (Class::Unsigned | Class::Signed, value) => Some(value),
            _ => None,
        }
    }
}

/// Goes over an entry's attributes.
#[inline]
pub(crate) fn skip(cursor: &mut Cursor<'_>, abbrevs: &Abbrevs, plan: &Plan) -> Result<()> {
    for step in abbrevs.steps(plan) {
        match *step {
            Step::Over(bytes) => cursor.skip(bytes.into())?,
            Step::Read(_, form) | Step::Skip(form) => {
                form::skip(cursor, form, abbrevs.encoding())?;
            }
            Step::Keep(..) => {}
        }
    }
    Ok(())
}
