//! The result of a conversion: the graph, and what BTF can't represent.

use std::fmt;

use crate::graph::Btf;
use crate::id::TypeId;

/// The types of a program, and what is known about them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversion {
    /// The types.
    pub graph: Btf,
    /// The types and members that BTF can't represent, in the order of the debug information. Each name and reason is
    /// listed once, with the first DIE it was found at.
    pub degraded: Vec<Degraded>,
    /// The ids of the types that the unit of [`ConvertOptions::function`](super::ConvertOptions::function) defines,
    /// sorted. If several units define a function of that name, the types of all of them.
    pub preferred: Vec<TypeId>,
    /// The number of typedefs of templates that were left out, since nothing refers to them
    /// ([`ConvertOptions::all_typedefs`](super::ConvertOptions::all_typedefs)).
    pub unused_typedefs: u64,
    /// The offset of each type's first DIE, by id.
    pub(super) places: Vec<(TypeId, u64)>,
    /// What was lost of each type, sorted by id.
    pub(super) losses: Vec<TypeLoss>,
}

impl Conversion {
    /// Returns what BTF can't represent of a type: of the type itself and of its members, not of their types.
    #[must_use]
    pub fn losses(&self, ty: TypeId) -> &[TypeLoss] {
        let start = self.losses.partition_point(|loss| loss.ty < ty);
        let losses = self.losses.get(start..).unwrap_or_default();
        let count = losses.partition_point(|loss| loss.ty == ty);
        losses.get(..count).unwrap_or_default()
    }
}

/// A property of a type that BTF can't represent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct TypeLoss {
    /// The type's id.
    pub ty: TypeId,
    /// The name of the member it is about; empty for the type itself and for an unnamed member.
    pub member: String,
    /// The reason, and what it became.
    pub reason: Reason,
}

/// A type or member that BTF can't represent as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Degraded {
    /// The offset of its DIE, counted as [`Conversion::die`] counts.
    pub die: u64,
    /// Its name, or the name of the type that contains it; may be empty.
    pub name: String,
    /// The reason, and what it became.
    pub reason: Reason,
}

/// The reason why BTF can't represent a type or member, and what it became.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// `_Atomic` was dropped.
    Atomic,
    /// A complex number became an array of two floating-point numbers, which is how C lays it out.
    Complex,
    /// A decimal floating-point number became an integer of the same size.
    Decimal,
    /// A fixed-point number became an integer of the same size.
    Fixed,
    /// A base type of a size that neither INT nor FLOAT can have became an array of bytes.
    OddSize,
    /// A base type of unknown encoding became an integer of the same size.
    Encoding,
    /// A type of unknown tag became bytes of its size, or `void` if it has no size.
    UnknownType,
    /// A number is stored in the byte order that is not the program's. BTF has one byte order for all.
    ByteOrder,
    /// A bitfield in the byte order that is not the program's was left out, since its bits are not where BTF would have
    /// them.
    SwappedBitfield,
    /// The program adds a constant to the stored value.
    Bias,
    /// An array whose elements are not end to end became bytes of its size.
    PackedArray,
    /// An array that is a descriptor of elements elsewhere became a structure without members.
    Elsewhere,
    /// The size of a type is no constant, is missing, or is 0 though members have sizes: it became the end of the last member with a known offset.
    UnknownSize,
    /// A unit that can't be read was skipped with its types. The name is the error.
    UnreadableUnit,
    /// A member has no type.
    VoidMember,
    /// A member or base class has a type that the program only declares.
    DeclaredMember,
    /// A member is a function.
    FunctionMember,
    /// A member ends behind the end of its structure.
    MemberTooLong,
    /// A member starts before the one before it ends.
    Overlap,
    /// The size of an array differs from that of its elements together.
    ArraySize,
    /// A C++ pointer to member became its representation (Itanium C++ ABI, section 2.3): an integer, or for a function
    /// a structure of pointer and adjustment.
    MemberPointer,
    /// A reference that leads to no type became `void`.
    DanglingReference,
    /// A reference in a cycle of unnamed types became `void`.
    NamelessCycle,
    /// A member whose offset is no constant was left out.
    MemberPlace,
    /// A virtual base class was left out: only the object knows its offset.
    VirtualBase,
    /// A member beyond the largest offset was left out. That is bit 2^32 − 1, or 2^24 − 1 in a structure with
    /// bitfields.
    MemberBeyond,
    /// A bitfield wider than 255 bits was left out.
    Bitfield,
    /// A member that starts within a byte and is no number was left out: a structure in a packed structure of Zig.
    WithinByte,
    /// The count of an array with more than 2^32 − 1 elements was cut.
    ArrayCount,
    /// The length of an array, which is no constant, became 0.
    ArrayLength,
    /// The size of a type of more than 2^32 − 1 bytes was cut.
    Size,
    /// The value of an enumerator that doesn't fit the size of its enumeration was cut.
    Enumerator,
    /// An enumeration of a size that neither ENUM nor ENUM64 can have became an integer of its size, or above 16 bytes
    /// a structure without members. Its enumerators were left out.
    EnumSize,
    /// A pointer that is not as wide as the program's pointers became an integer of its size.
    PointerWidth,
    /// The arguments of a template could not be rebuilt: its name lacks them.
    TemplateName,
}

impl Reason {
    /// Returns whether the debug information contradicts itself or is incomplete, so that offsets in the type may be
    /// wrong.
    #[must_use]
    pub const fn is_contradiction(self) -> bool {
        match self {
            Self::UnknownSize
            | Self::UnreadableUnit
            | Self::VoidMember
            | Self::DeclaredMember
            | Self::FunctionMember
            | Self::MemberTooLong
            | Self::Overlap
            | Self::ArraySize
            | Self::WithinByte
            | Self::DanglingReference => true,
            Self::Atomic
            | Self::Complex
            | Self::Decimal
            | Self::Fixed
            | Self::OddSize
            | Self::Encoding
            | Self::UnknownType
            | Self::ByteOrder
            | Self::SwappedBitfield
            | Self::Bias
            | Self::PackedArray
            | Self::Elsewhere
            | Self::MemberPointer
            | Self::NamelessCycle
            | Self::MemberPlace
            | Self::VirtualBase
            | Self::MemberBeyond
            | Self::Bitfield
            | Self::ArrayCount
            | Self::ArrayLength
            | Self::Size
            | Self::Enumerator
            | Self::EnumSize
            | Self::PointerWidth
            | Self::TemplateName => false,
        }
    }

    /// Returns whether a member was left out, or may have been, so that its absence says nothing about the program.
    #[must_use]
    pub const fn hides_members(self) -> bool {
        matches!(
            self,
            Self::DeclaredMember
                | Self::VirtualBase
                | Self::MemberPlace
                | Self::MemberBeyond
                | Self::Bitfield
                | Self::WithinByte
                | Self::SwappedBitfield
                | Self::UnknownType
                | Self::Elsewhere
                | Self::EnumSize
                | Self::VoidMember
                | Self::DanglingReference
                | Self::NamelessCycle
        )
    }

    /// Returns whether the offset, the size or the stored value of a field can't be taken as BTF has it.
    #[must_use]
    pub const fn misplaces(self) -> bool {
        matches!(
            self,
            Self::ByteOrder
                | Self::Bias
                | Self::PackedArray
                | Self::MemberTooLong
                | Self::Overlap
                | Self::ArraySize
                | Self::UnknownSize
                | Self::Size
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Atomic => "_Atomic was dropped",
            Self::Complex => "a complex number became an array of two floating-point numbers",
            Self::Decimal => "a decimal floating-point number became an integer of the same size",
            Self::Fixed => "a fixed-point number became an integer of the same size",
            Self::OddSize => "a base type of this size became an array of bytes",
            Self::Encoding => "a base type of unknown encoding became an integer of the same size",
            Self::UnknownType => "a type of unknown tag became bytes of its size, or void",
            Self::ByteOrder => "a number is stored in the other byte order, which BTF can't represent",
            Self::SwappedBitfield => "a bitfield in the other byte order was left out",
            Self::Bias => "a bias is added to the stored value, which BTF can't represent",
            Self::PackedArray => "an array whose elements are not end to end became bytes of its size",
            Self::Elsewhere => "an array that is a descriptor of elements elsewhere lost them",
            Self::UnknownSize => "the size is no constant, or 0 though members have sizes; it became the end of the last member",
            Self::UnreadableUnit => "the unit was skipped, and its types with it",
            Self::VoidMember => "a member has no type",
            Self::DeclaredMember => "a member has a type that is only declared",
            Self::FunctionMember => "a member is a function",
            Self::MemberTooLong => "a member ends behind the end of its structure",
            Self::Overlap => "a member starts before the one before it ends",
            Self::ArraySize => "the size of an array differs from that of its elements together",
            Self::MemberPointer => "a pointer to member became an integer, or a structure of pointer and adjustment",
            Self::DanglingReference => "a reference that leads to no type became void",
            Self::NamelessCycle => "a reference in a cycle of unnamed types became void",
            Self::MemberPlace => "a member whose offset is no constant was left out",
            Self::VirtualBase => "a virtual base class was left out",
            Self::MemberBeyond => {
                "a member beyond bit 2^32 (2^24 in a structure with bitfields) was left out"
            }
            Self::Bitfield => "a bitfield wider than 255 bits was left out",
            Self::WithinByte => "a member that starts within a byte and is no number was left out",
            Self::ArrayCount => "an array's count was cut to 32 bits",
            Self::ArrayLength => "an array's length, which is no constant, became 0",
            Self::Size => "a size was cut to 32 bits",
            Self::Enumerator => "an enumerator's value was cut to the size of its type",
            Self::EnumSize => "an enumeration of a size that neither ENUM nor ENUM64 can have lost its enumerators",
            Self::PointerWidth => {
                "a pointer that is not as wide as the program's became an integer"
            }
            Self::TemplateName => "the template arguments could not be rebuilt",
        })
    }
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DIE {:#x}: ", self.die)?;
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        self.reason.fmt(f)
    }
}
