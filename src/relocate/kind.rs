//! What a relocation asks for.

use std::fmt;

/// The kind of a CO-RE relocation (`enum bpf_core_relo_kind` in `linux/bpf.h`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum RelocationKind {
    /// The field's offset in bytes; of a bitfield, its storage unit's.
    FieldByteOffset,
    /// The field's size in bytes; of a bitfield, its storage unit's.
    FieldByteSize,
    /// Whether the field is there: 1 or 0.
    FieldExists,
    /// Whether the field is signed: 1 or 0.
    FieldSigned,
    /// By how much to shift the field's storage left within 64 bits, so that its top bit is on top.
    FieldLshiftU64,
    /// By how much to shift it right then.
    FieldRshiftU64,
    /// The id of the type in the object's own BTF.
    TypeIdLocal,
    /// The id of the type in the target's BTF.
    TypeIdTarget,
    /// Whether the type is there: 1 or 0.
    TypeExists,
    /// The type's size in bytes.
    TypeSize,
    /// Whether the enumerator is there: 1 or 0.
    EnumvalExists,
    /// The enumerator's value.
    EnumvalValue,
    /// Whether a type of the same shape is there: 1 or 0.
    TypeMatches,
}

/// What a kind is about, and so what its accessor means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subject {
    Field,
    Type,
    Enumerator,
}

impl RelocationKind {
    /// All kinds in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::FieldByteOffset,
        Self::FieldByteSize,
        Self::FieldExists,
        Self::FieldSigned,
        Self::FieldLshiftU64,
        Self::FieldRshiftU64,
        Self::TypeIdLocal,
        Self::TypeIdTarget,
        Self::TypeExists,
        Self::TypeSize,
        Self::EnumvalExists,
        Self::EnumvalValue,
        Self::TypeMatches,
    ];

    /// The kind with this number; `None` for a number this version doesn't know.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// The kind's number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The kind's name, as libbpf's logs have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FieldByteOffset => "byte_off",
            Self::FieldByteSize => "byte_sz",
            Self::FieldExists => "field_exists",
            Self::FieldSigned => "signed",
            Self::FieldLshiftU64 => "lshift_u64",
            Self::FieldRshiftU64 => "rshift_u64",
            Self::TypeIdLocal => "local_type_id",
            Self::TypeIdTarget => "target_type_id",
            Self::TypeExists => "type_exists",
            Self::TypeSize => "type_size",
            Self::EnumvalExists => "enumval_exists",
            Self::EnumvalValue => "enumval_value",
            Self::TypeMatches => "type_matches",
        }
    }

    pub(super) const fn subject(self) -> Subject {
        match self {
            Self::FieldByteOffset
            | Self::FieldByteSize
            | Self::FieldExists
            | Self::FieldSigned
            | Self::FieldLshiftU64
            | Self::FieldRshiftU64 => Subject::Field,
            Self::TypeIdLocal
            | Self::TypeIdTarget
            | Self::TypeExists
            | Self::TypeSize
            | Self::TypeMatches => Subject::Type,
            Self::EnumvalExists | Self::EnumvalValue => Subject::Enumerator,
        }
    }

    /// Whether the answer without a match is a plain 0 ("it isn't there") and no poison.
    pub(super) const fn answers_absence(self) -> bool {
        match self {
            Self::FieldExists
            | Self::TypeIdTarget
            | Self::TypeExists
            | Self::TypeSize
            | Self::EnumvalExists
            | Self::TypeMatches => true,
            Self::FieldByteOffset
            | Self::FieldByteSize
            | Self::FieldSigned
            | Self::FieldLshiftU64
            | Self::FieldRshiftU64
            | Self::TypeIdLocal
            | Self::EnumvalValue => false,
        }
    }
}

impl fmt::Display for RelocationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, kind) in (0..).zip(RelocationKind::ALL) {
            assert_eq!(kind.number(), number);
            assert_eq!(RelocationKind::from_number(number), Some(kind));
        }
        assert_eq!(RelocationKind::from_number(13), None);
    }
}
