//! The kinds of CO-RE relocations.

use std::fmt;

/// The kind of a CO-RE relocation (`enum bpf_core_relo_kind` in `linux/bpf.h`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum RelocationKind {
    /// The field's offset in bytes; of a bitfield, its storage unit's.
    FieldByteOffset,
    /// The field's size in bytes; of a bitfield, its storage unit's.
    FieldByteSize,
    /// Whether the field exists: 1 or 0.
    FieldExists,
    /// Whether the field is signed: 1 or 0.
    FieldSigned,
    /// The number of bits to shift the field's storage unit left, so that its top bit is the top bit of 64.
    FieldLshiftU64,
    /// The number of bits to shift the result right then.
    FieldRshiftU64,
    /// The id of the type in the object's own BTF.
    TypeIdLocal,
    /// The id of the type in the target's BTF.
    TypeIdTarget,
    /// Whether the type exists: 1 or 0.
    TypeExists,
    /// The type's size in bytes.
    TypeSize,
    /// Whether the enumerator exists: 1 or 0.
    EnumvalExists,
    /// The enumerator's value.
    EnumvalValue,
    /// Whether a type with the same members exists: 1 or 0.
    TypeMatches,
}

/// The subject of a kind of relocation, which decides what its accessor means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    Field,
    Type,
    Enumerator,
}

impl RelocationKind {
    /// All kinds, in the order of their numbers.
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

    /// Returns the kind with this number; `None` for an unknown number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// Returns the kind's number, as records have it.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Returns the kind's name, as libbpf's logs have it.
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

    /// Returns the subject of this kind.
    pub(crate) const fn subject(self) -> Subject {
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

    /// Returns whether the value is 0 if nothing matches; for the other kinds, the instruction is poisoned.
    pub(super) const fn is_zero_without_match(self) -> bool {
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
