//! What comes out: the graph, and what BTF could not say.

use std::fmt;

use crate::graph::Btf;
use crate::id::TypeId;

/// The types of a program.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversion {
    /// The types.
    pub graph: Btf,
    /// What BTF can't say and what it became, in the order of the debug information. Each name and reason
    /// is listed once, with the first entry it was seen at.
    pub degraded: Vec<Degraded>,
    /// The types that the unit of [`ConvertOptions::function`](super::ConvertOptions::function) defines, by id; those of all such
    /// units, where several have a function of that name.
    pub preferred: Vec<TypeId>,
    /// Where types were first seen, by id.
    pub(super) places: Vec<(TypeId, u64)>,
}

/// A type or member that BTF can't say as it is, and what it became.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Degraded {
    /// The offset of its entry, as [`Conversion::die`] says it.
    pub die: u64,
    /// Its name, or the name of the type it is in; may be empty.
    pub name: String,
    /// Why, and what it became.
    pub reason: Reason,
}

/// Why something could not be said in BTF, and what it became.
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
    /// A base type of an encoding this version doesn't know became an integer of the same size.
    Encoding,
    /// A type of a tag this version doesn't know became bytes of its size, or `void` where it has none.
    UnknownType,
    /// A number is stored in the byte order that is not the program's; BTF has one for all.
    ByteOrder,
    /// A bitfield is stored in the byte order that is not the program's, so that its bits are not where BTF would say;
    /// it was left out.
    SwappedBitfield,
    /// The program adds a constant to the stored value.
    Bias,
    /// The elements of an array don't stand end to end; it became bytes of its size.
    PackedArray,
    /// The elements of an array are not in it: it is a descriptor that says where they are. It became a structure
    /// without members.
    Elsewhere,
    /// The size of a type is no constant, or is not given; it ends where its last member of known place does.
    UnknownSize,
    /// A unit can't be read, for the reason given as name; its types are missing.
    UnreadableUnit,
    /// A member has no type.
    VoidMember,
    /// A member, or a base class, is of a type that the program only declares.
    DeclaredMember,
    /// A member is a function.
    FunctionMember,
    /// A member ends behind the end of its structure.
    MemberTooLong,
    /// A member starts before the one before it ends.
    Overlap,
    /// The elements of an array have another size together than the array is said to have.
    ArraySize,
    /// A pointer to a member of C++ became what it is made of (Itanium C++ ABI, section 2.3): an integer, or
    /// for a function a structure of pointer and adjustment.
    MemberPointer,
    /// A reference leads to no type; it became `void`.
    DanglingReference,
    /// A type refers to itself without a name in between; the reference became `void`.
    NamelessCycle,
    /// The place of a member is no constant; the member was left out.
    MemberPlace,
    /// Where a virtual base class is only the object itself knows; it was left out.
    VirtualBase,
    /// A member lies beyond what BTF can say, which is bit 2^32 − 1, or 2^24 − 1 in a structure with
    /// bitfields; it was left out.
    MemberBeyond,
    /// A bitfield is wider than 255 bits; it was left out.
    Bitfield,
    /// An array has more than 2^32 − 1 elements; the count was cut.
    ArrayCount,
    /// The length of an array is no constant; it became 0.
    ArrayLength,
    /// A type has more than 2^32 − 1 bytes; the size was cut.
    Size,
    /// An enumerator doesn't fit the size of its enumeration; its value was cut.
    Enumerator,
    /// An enumeration of a size that ENUM can't have became an integer of its size, or a structure without members
    /// above 16 bytes; its enumerators were left out.
    EnumSize,
    /// A pointer that is not as wide as the program's pointers became an integer of its size.
    PointerWidth,
}

impl Reason {
    /// Returns whether the debug information contradicts itself there, or says too little, so that offsets in the
    /// type may be wrong.
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
            | Self::PointerWidth => false,
        }
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
            Self::ByteOrder => "a number is stored in the other byte order, which BTF can't say",
            Self::SwappedBitfield => "a bitfield in the other byte order was left out",
            Self::Bias => "a constant is added to the stored value, which BTF can't say",
            Self::PackedArray => {
                "an array whose elements don't stand end to end became bytes of its size"
            }
            Self::Elsewhere => "the elements are elsewhere, where a descriptor says",
            Self::UnknownSize => "the size is no constant; it became the end of the last member",
            Self::UnreadableUnit => "the unit was skipped, and its types with it",
            Self::VoidMember => "a member has no type",
            Self::DeclaredMember => "a member is of a type that is only declared",
            Self::FunctionMember => "a member is a function",
            Self::MemberTooLong => "a member ends behind the end of its structure",
            Self::Overlap => "a member starts before the one before it ends",
            Self::ArraySize => "an array has another size than its elements have together",
            Self::MemberPointer => "a pointer to a member became what it is made of",
            Self::DanglingReference => "a reference to no type became void",
            Self::NamelessCycle => "a type that contains itself without a name became void",
            Self::MemberPlace => "a member whose place is no constant was left out",
            Self::VirtualBase => "a virtual base class was left out",
            Self::MemberBeyond => {
                "a member beyond bit 2^32 (2^24 in a structure with bitfields) was left out"
            }
            Self::Bitfield => "a bitfield wider than 255 bits was left out",
            Self::ArrayCount => "an array's count was cut to 32 bits",
            Self::ArrayLength => "an array's length is no constant and became 0",
            Self::Size => "a size was cut to 32 bits",
            Self::Enumerator => "an enumerator's value was cut to the size of its type",
            Self::EnumSize => "an enumeration of a size that BTF has none of lost its enumerators",
            Self::PointerWidth => {
                "a pointer that is not as wide as the program's became an integer"
            }
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
