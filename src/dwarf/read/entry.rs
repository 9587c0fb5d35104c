//! The meaning of a DIE by its tag (DWARF 5, section 7.5.3), and the attributes that are read of it.

use gimli::constants as dw;

use crate::dwarf::read::slot::Slot;

/// `DW_TAG_LLVM_annotation`: an attribute of clang on a type or declaration.
const LLVM_ANNOTATION: dw::DwTag = dw::DwTag(0x6000);

/// The kind of a DIE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// The first DIE of a unit.
    Unit,
    /// No type, but its children may be types.
    Scope,
    /// No type, and its children are of no interest.
    Nothing,
    Namespace,
    Function,
    Variable,
    ImportedUnit,
    /// A directive to use the names of a namespace.
    ImportedModule,

    Base,
    Pointer,
    /// A C++ reference.
    Reference,
    RvalueReference,
    /// A C++ pointer to member.
    MemberPointer,
    Const,
    Volatile,
    Restrict,
    Atomic,
    /// A qualifier that changes neither the size nor the meaning of the bits.
    Transparent,
    Typedef,
    Struct,
    Union,
    Enum,
    Array,
    Prototype,
    /// `void` by another name, or `decltype(nullptr)`.
    Unspecified,
    /// A dimension of an array, or a type whose values are a range of another type's.
    Subrange,
    /// A string of a fixed length, as Fortran has them.
    FixedString,
    /// A type of a tag that this version doesn't convert.
    UnknownType,
    /// A DIE of an unknown tag: a type if it has a size, or else as [`Self::Scope`].
    Other,

    Member,
    Inheritance,
    Enumerator,
    Parameter,
    Varargs,
    VariantPart,
    Variant,
    Annotation,

    TemplateType,
    TemplateValue,
    /// A template that is the argument of a template.
    TemplateTemplate,
    /// The arguments of a parameter pack, as children.
    TemplatePack,
}

impl Entry {
    /// Returns the kind of a DIE with this tag.
    pub fn from_tag(tag: u64) -> Self {
        let Ok(tag) = u16::try_from(tag) else {
            return Self::Scope;
        };
        match dw::DwTag(tag) {
            dw::DW_TAG_compile_unit
            | dw::DW_TAG_partial_unit
            | dw::DW_TAG_type_unit
            | dw::DW_TAG_skeleton_unit => Self::Unit,
            dw::DW_TAG_namespace | dw::DW_TAG_module => Self::Namespace,
            dw::DW_TAG_subprogram | dw::DW_TAG_entry_point => Self::Function,
            dw::DW_TAG_variable => Self::Variable,
            dw::DW_TAG_imported_unit => Self::ImportedUnit,
            dw::DW_TAG_imported_module => Self::ImportedModule,
            dw::DW_TAG_base_type => Self::Base,
            dw::DW_TAG_pointer_type => Self::Pointer,
            dw::DW_TAG_reference_type => Self::Reference,
            dw::DW_TAG_rvalue_reference_type => Self::RvalueReference,
            dw::DW_TAG_ptr_to_member_type => Self::MemberPointer,
            dw::DW_TAG_const_type => Self::Const,
            dw::DW_TAG_volatile_type => Self::Volatile,
            dw::DW_TAG_restrict_type => Self::Restrict,
            dw::DW_TAG_atomic_type => Self::Atomic,
            dw::DW_TAG_packed_type
            | dw::DW_TAG_shared_type
            | dw::DW_TAG_immutable_type
            | dw::DW_TAG_template_alias => Self::Transparent,
            dw::DW_TAG_typedef => Self::Typedef,
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_interface_type => {
                Self::Struct
            }
            dw::DW_TAG_union_type => Self::Union,
            dw::DW_TAG_enumeration_type => Self::Enum,
            dw::DW_TAG_array_type => Self::Array,
            dw::DW_TAG_subroutine_type => Self::Prototype,
            dw::DW_TAG_unspecified_type => Self::Unspecified,
            dw::DW_TAG_subrange_type | dw::DW_TAG_generic_subrange => Self::Subrange,
            dw::DW_TAG_string_type => Self::FixedString,
            dw::DW_TAG_set_type
            | dw::DW_TAG_file_type
            | dw::DW_TAG_thrown_type
            | dw::DW_TAG_coarray_type
            | dw::DW_TAG_dynamic_type => Self::UnknownType,
            dw::DW_TAG_member => Self::Member,
            dw::DW_TAG_inheritance => Self::Inheritance,
            dw::DW_TAG_enumerator => Self::Enumerator,
            dw::DW_TAG_formal_parameter => Self::Parameter,
            dw::DW_TAG_unspecified_parameters => Self::Varargs,
            dw::DW_TAG_variant_part => Self::VariantPart,
            dw::DW_TAG_variant => Self::Variant,
            LLVM_ANNOTATION => Self::Annotation,
            dw::DW_TAG_template_type_parameter => Self::TemplateType,
            dw::DW_TAG_template_value_parameter => Self::TemplateValue,
            dw::DW_TAG_GNU_template_template_param => Self::TemplateTemplate,
            dw::DW_TAG_GNU_template_parameter_pack => Self::TemplatePack,
            // The types of an inlined function are in its abstract instance.
            dw::DW_TAG_inlined_subroutine
            | dw::DW_TAG_call_site
            | dw::DW_TAG_call_site_parameter
            | dw::DW_TAG_GNU_call_site
            | dw::DW_TAG_GNU_call_site_parameter
            | dw::DW_TAG_label
            | dw::DW_TAG_imported_declaration
            | dw::DW_TAG_dwarf_procedure
            | dw::DW_TAG_constant
            | dw::DW_TAG_friend => Self::Nothing,
            dw::DW_TAG_lexical_block
            | dw::DW_TAG_try_block
            | dw::DW_TAG_catch_block
            | dw::DW_TAG_with_stmt
            | dw::DW_TAG_common_block
            | dw::DW_TAG_common_inclusion
            | dw::DW_TAG_namelist
            | dw::DW_TAG_namelist_item
            | dw::DW_TAG_condition => Self::Scope,
            _ => Self::Other,
        }
    }

    /// Returns whether the converter reads this attribute of such a DIE.
    pub fn reads(self, slot: Slot) -> bool {
        use Slot as S;
        match self {
            Self::Nothing => slot == S::Sibling,
            Self::Scope => false,
            Self::Other => matches!(slot, S::Name | S::ByteSize),
            Self::Unit => matches!(
                slot,
                S::Name
                    | S::StrOffsetsBase
                    | S::AddrBase
                    | S::RnglistsBase
                    | S::Code
                    | S::Language
                    | S::DwoName
                    | S::DwoId
                    | S::CompDir
                    | S::Lines
            ),
            Self::Namespace => matches!(slot, S::Name | S::ExportSymbols),
            Self::Function => matches!(
                slot,
                S::Name
                    | S::Type
                    | S::Code
                    | S::HighPc
                    | S::Ranges
                    | S::LinkageName
                    | S::External
                    | S::Declaration
                    | S::Inline
                    | S::Specification
                    | S::Origin
            ),
            Self::Variable => matches!(
                slot,
                S::Name
                    | S::Type
                    | S::Location
                    | S::External
                    | S::Declaration
                    | S::Specification
                    | S::Origin
            ),
            Self::ImportedUnit => matches!(slot, S::Import),
            Self::ImportedModule => matches!(slot, S::Import | S::Sibling),
            Self::Base => matches!(
                slot,
                S::Name | S::ByteSize | S::BitSize | S::Encoding | S::Endianity | S::Bias
            ),
            Self::Pointer | Self::Reference | Self::RvalueReference => {
                matches!(slot, S::Type | S::ByteSize)
            }
            Self::MemberPointer => matches!(slot, S::Type | S::ByteSize | S::ContainingType),
            Self::Const | Self::Volatile | Self::Restrict | Self::Atomic | Self::Transparent => {
                slot == S::Type
            }
            Self::Typedef => matches!(slot, S::Name | S::Type),
            Self::Unspecified => matches!(slot, S::Name | S::ByteSize),
            Self::UnknownType | Self::FixedString => {
                matches!(slot, S::Name | S::ByteSize | S::Type | S::DataLocation)
            }
            Self::Struct | Self::Union | Self::Enum => matches!(
                slot,
                S::Name | S::Type | S::ByteSize | S::Declaration | S::Signature | S::Specification
            ),
            Self::Array => matches!(
                slot,
                S::Type
                    | S::ByteSize
                    | S::ByteStride
                    | S::BitStride
                    | S::DataLocation
                    | S::Ordering
            ),
            Self::Prototype => {
                matches!(slot, S::Type | S::ByteSize | S::ForLvalues | S::ForRvalues)
            }
            Self::Subrange => matches!(
                slot,
                S::Name
                    | S::Type
                    | S::Count
                    | S::UpperBound
                    | S::LowerBound
                    | S::ByteSize
                    | S::ByteStride
                    | S::BitStride
                    | S::Bias
            ),
            Self::Member => matches!(
                slot,
                S::Name
                    | S::Type
                    | S::ByteSize
                    | S::BitSize
                    | S::BitOffset
                    | S::DataBitOffset
                    | S::MemberLocation
                    | S::Alignment
                    | S::Declaration
                    | S::External
            ),
            Self::Inheritance => matches!(slot, S::Type | S::MemberLocation | S::Virtuality),
            Self::Enumerator => matches!(slot, S::Name | S::ConstValue),
            Self::Parameter => matches!(slot, S::Name | S::Type | S::Origin),
            Self::Varargs => false,
            Self::VariantPart => matches!(slot, S::Discr),
            Self::Variant => matches!(slot, S::DiscrValue | S::DiscrList),
            Self::Annotation => matches!(slot, S::Name | S::ConstValue),
            Self::TemplateType => matches!(slot, S::Sibling | S::Type),
            Self::TemplateValue => matches!(slot, S::Sibling | S::Type | S::ConstValue),
            Self::TemplateTemplate => matches!(slot, S::Sibling | S::TemplateName),
            Self::TemplatePack => slot == S::Sibling,
        }
    }
}
