//! The attributes that the converter reads.

use gimli::constants as dw;

/// `DW_AT_GNU_bias`: a number that is added to the stored values of a type (Ada).
const GNU_BIAS: dw::DwAt = dw::DwAt(0x2305);

/// An attribute that the converter reads (DWARF 5, section 7.5.4).
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
    ContainingType,
    TemplateName,
    /// The flag of an inline namespace.
    ExportSymbols,
    /// The flag of a member function's type that is called on lvalues only.
    ForLvalues,
    /// The flag of a member function's type that is called on rvalues only.
    ForRvalues,
    Alignment,
    Ordering,
}

/// The number of slots.
pub(crate) const SLOTS: usize = Slot::Ordering as usize + 1;

impl Slot {
    /// Returns whether the attribute refers to another type.
    pub const fn links(self) -> bool {
        matches!(
            self,
            Self::Type
                | Self::Signature
                | Self::Specification
                | Self::Origin
                | Self::ContainingType
        )
    }

    /// Returns the slot of an attribute, or `None` if the converter doesn't read it.
    pub fn from_attribute(attribute: u64) -> Option<Self> {
        let attribute = dw::DwAt(u16::try_from(attribute).ok()?);
        Some(match attribute {
            dw::DW_AT_sibling => Self::Sibling,
            dw::DW_AT_name => Self::Name,
            dw::DW_AT_type => Self::Type,
            dw::DW_AT_byte_size => Self::ByteSize,
            dw::DW_AT_bit_size => Self::BitSize,
            dw::DW_AT_bit_offset => Self::BitOffset,
            dw::DW_AT_data_bit_offset => Self::DataBitOffset,
            dw::DW_AT_data_member_location => Self::MemberLocation,
            dw::DW_AT_count => Self::Count,
            dw::DW_AT_upper_bound => Self::UpperBound,
            dw::DW_AT_lower_bound => Self::LowerBound,
            dw::DW_AT_encoding => Self::Encoding,
            dw::DW_AT_const_value => Self::ConstValue,
            dw::DW_AT_declaration => Self::Declaration,
            dw::DW_AT_external => Self::External,
            dw::DW_AT_signature => Self::Signature,
            dw::DW_AT_specification => Self::Specification,
            dw::DW_AT_abstract_origin => Self::Origin,
            dw::DW_AT_str_offsets_base => Self::StrOffsetsBase,
            dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base => Self::AddrBase,
            dw::DW_AT_low_pc | dw::DW_AT_entry_pc => Self::Code,
            dw::DW_AT_high_pc => Self::HighPc,
            dw::DW_AT_ranges => Self::Ranges,
            dw::DW_AT_rnglists_base | dw::DW_AT_GNU_ranges_base => Self::RnglistsBase,
            dw::DW_AT_linkage_name | dw::DW_AT_MIPS_linkage_name => Self::LinkageName,
            dw::DW_AT_location => Self::Location,
            dw::DW_AT_language => Self::Language,
            dw::DW_AT_discr => Self::Discr,
            dw::DW_AT_discr_value => Self::DiscrValue,
            dw::DW_AT_discr_list => Self::DiscrList,
            dw::DW_AT_import => Self::Import,
            dw::DW_AT_inline => Self::Inline,
            dw::DW_AT_virtuality => Self::Virtuality,
            dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name => Self::DwoName,
            dw::DW_AT_GNU_dwo_id => Self::DwoId,
            dw::DW_AT_comp_dir => Self::CompDir,
            dw::DW_AT_stmt_list => Self::Lines,
            dw::DW_AT_byte_stride => Self::ByteStride,
            dw::DW_AT_bit_stride => Self::BitStride,
            dw::DW_AT_data_location => Self::DataLocation,
            dw::DW_AT_endianity => Self::Endianity,
            dw::DW_AT_containing_type => Self::ContainingType,
            dw::DW_AT_GNU_template_name => Self::TemplateName,
            dw::DW_AT_export_symbols => Self::ExportSymbols,
            dw::DW_AT_reference => Self::ForLvalues,
            dw::DW_AT_rvalue_reference => Self::ForRvalues,
            dw::DW_AT_alignment => Self::Alignment,
            dw::DW_AT_ordering => Self::Ordering,
            GNU_BIAS => Self::Bias,
            _ => return None,
        })
    }
}
