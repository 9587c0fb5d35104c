//! The kinds of types and the shapes of their records.
//!
//! A record is a run of 32-bit words: name offset, [info word](crate::graph::Info), size or type id, then the words
//! that the kind adds once, then the words of each of the `vlen` elements.
//! (Kernel documentation, "BPF Type Format", section 2.2; `struct btf_type` in `linux/btf.h`.)

use std::fmt;

/// Number of words that every record starts with: name, info, size or type.
pub(crate) const HEAD: usize = 3;

/// A 32-bit word of a record, in host order.
pub(crate) type Word = [u8; 4];

/// A kind of type (`BTF_KIND_*`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `void`, id 0, which has no record.
    Void,
    /// An integer.
    Int,
    /// A pointer.
    Ptr,
    /// An array of one dimension.
    Array,
    /// A structure.
    Struct,
    /// A union.
    Union,
    /// An enumeration with values of at most 32 bits.
    Enum,
    /// A forward declaration of a structure or union.
    Fwd,
    /// A typedef.
    Typedef,
    /// `volatile`.
    Volatile,
    /// `const`.
    Const,
    /// `restrict`.
    Restrict,
    /// A function, with linkage and prototype.
    Func,
    /// A function prototype.
    FuncProto,
    /// A global variable.
    Var,
    /// A data section and the variables in it.
    Datasec,
    /// A floating-point number.
    Float,
    /// An attribute of a declaration: a type, a member or a parameter (`btf_decl_tag`).
    DeclTag,
    /// An attribute of a type (`btf_type_tag`).
    TypeTag,
    /// An enumeration with 64-bit values.
    Enum64,
    /// A kind this version doesn't know, with its number. The layout section gives the size of its records.
    Unknown(u8),
}

/// The words of a kind's record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    /// Whether the third word is a type id (else a size, or unused).
    pub refers: bool,
    /// Words after the head, once.
    pub extra: u8,
    /// The number of them, from the first on, that are type ids.
    pub extra_types: u8,
    /// Words for each element.
    pub elem: u8,
    /// Whether an element's first word is a string offset.
    pub elem_name: bool,
    /// The word of an element that is a type id.
    pub elem_type: Option<u8>,
}

impl Shape {
    const PLAIN: Self = Self {
        refers: false,
        extra: 0,
        extra_types: 0,
        elem: 0,
        elem_name: false,
        elem_type: None,
    };
    const REFERENCE: Self = Self {
        refers: true,
        ..Self::PLAIN
    };
}

impl Kind {
    /// The highest kind number this version knows.
    pub const LAST: u8 = 19;

    /// Returns the kind with this number. 0 is `void`, which no record has.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Void,
            1 => Self::Int,
            2 => Self::Ptr,
            3 => Self::Array,
            4 => Self::Struct,
            5 => Self::Union,
            6 => Self::Enum,
            7 => Self::Fwd,
            8 => Self::Typedef,
            9 => Self::Volatile,
            10 => Self::Const,
            11 => Self::Restrict,
            12 => Self::Func,
            13 => Self::FuncProto,
            14 => Self::Var,
            15 => Self::Datasec,
            16 => Self::Float,
            17 => Self::DeclTag,
            18 => Self::TypeTag,
            19 => Self::Enum64,
            other => Self::Unknown(other),
        }
    }

    /// Returns the kind's number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Void => 0,
            Self::Int => 1,
            Self::Ptr => 2,
            Self::Array => 3,
            Self::Struct => 4,
            Self::Union => 5,
            Self::Enum => 6,
            Self::Fwd => 7,
            Self::Typedef => 8,
            Self::Volatile => 9,
            Self::Const => 10,
            Self::Restrict => 11,
            Self::Func => 12,
            Self::FuncProto => 13,
            Self::Var => 14,
            Self::Datasec => 15,
            Self::Float => 16,
            Self::DeclTag => 17,
            Self::TypeTag => 18,
            Self::Enum64 => 19,
            Self::Unknown(number) => number,
        }
    }

    /// Returns the kind's name as bpftool prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Void => "VOID",
            Self::Int => "INT",
            Self::Ptr => "PTR",
            Self::Array => "ARRAY",
            Self::Struct => "STRUCT",
            Self::Union => "UNION",
            Self::Enum => "ENUM",
            Self::Fwd => "FWD",
            Self::Typedef => "TYPEDEF",
            Self::Volatile => "VOLATILE",
            Self::Const => "CONST",
            Self::Restrict => "RESTRICT",
            Self::Func => "FUNC",
            Self::FuncProto => "FUNC_PROTO",
            Self::Var => "VAR",
            Self::Datasec => "DATASEC",
            Self::Float => "FLOAT",
            Self::DeclTag => "DECL_TAG",
            Self::TypeTag => "TYPE_TAG",
            Self::Enum64 => "ENUM64",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// Returns whether the kind stands for the type it refers to: typedefs, qualifiers, type tags.
    #[must_use]
    pub const fn is_modifier(self) -> bool {
        match self {
            Self::Typedef | Self::Volatile | Self::Const | Self::Restrict | Self::TypeTag => true,
            Self::Void
            | Self::Int
            | Self::Ptr
            | Self::Array
            | Self::Struct
            | Self::Union
            | Self::Enum
            | Self::Fwd
            | Self::Func
            | Self::FuncProto
            | Self::Var
            | Self::Datasec
            | Self::Float
            | Self::DeclTag
            | Self::Enum64
            | Self::Unknown(_) => false,
        }
    }

    /// Returns whether this is a structure or a union.
    #[must_use]
    pub const fn is_composite(self) -> bool {
        matches!(self, Self::Struct | Self::Union)
    }

    /// Returns whether this is an enumeration of either width.
    #[must_use]
    pub const fn is_enum(self) -> bool {
        matches!(self, Self::Enum | Self::Enum64)
    }

    /// Returns the shape of the kind's records; `None` for `void` and for unknown kinds.
    pub(crate) const fn shape(self) -> Option<Shape> {
        Some(match self {
            Self::Void | Self::Unknown(_) => return None,
            Self::Int => Shape {
                extra: 1,
                ..Shape::PLAIN
            },
            Self::Float | Self::Fwd => Shape::PLAIN,
            Self::Ptr
            | Self::Typedef
            | Self::Volatile
            | Self::Const
            | Self::Restrict
            | Self::Func
            | Self::TypeTag => Shape::REFERENCE,
            Self::Var | Self::DeclTag => Shape {
                extra: 1,
                ..Shape::REFERENCE
            },
            Self::Array => Shape {
                extra: 3,
                extra_types: 2,
                ..Shape::PLAIN
            },
            Self::Struct | Self::Union => Shape {
                elem: 3,
                elem_name: true,
                elem_type: Some(1),
                ..Shape::PLAIN
            },
            Self::Enum => Shape {
                elem: 2,
                elem_name: true,
                ..Shape::PLAIN
            },
            Self::Enum64 => Shape {
                elem: 3,
                elem_name: true,
                ..Shape::PLAIN
            },
            Self::FuncProto => Shape {
                elem: 2,
                elem_name: true,
                elem_type: Some(1),
                ..Shape::REFERENCE
            },
            Self::Datasec => Shape {
                elem: 3,
                elem_type: Some(0),
                ..Shape::PLAIN
            },
        })
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(number) => write!(f, "UNKNOWN({number})"),
            known => f.pad(known.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_kinds_are_inverse() {
        for number in 0..=0x7f {
            assert_eq!(Kind::from_number(number).number(), number);
        }
        assert_eq!(
            Kind::from_number(Kind::LAST + 1),
            Kind::Unknown(Kind::LAST + 1)
        );
    }
}
