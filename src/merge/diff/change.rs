//! The results of a comparison: differences of graphs, types and enumerators.

use crate::graph::Kind;
use crate::id::TypeId;
use crate::merge::diff::field::FieldChange;

/// The differences between two graphs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diff {
    /// The types of the second graph whose name the first doesn't have, by name.
    pub added: Vec<TypeId>,
    /// The types of the first graph whose name the second doesn't have, by name.
    pub removed: Vec<TypeId>,
    /// The types of both that differ, by name.
    pub changed: Vec<Change>,
}

/// The differences of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The kind of the type after; a structure may have become a union.
    pub kind: Kind,
    /// The name of the type.
    pub name: String,
    /// The type before.
    pub before: TypeId,
    /// The type after.
    pub after: TypeId,
    /// The type as a whole, before and after, if that differs: its kind, and its size in bytes or the spelling of the
    /// type that it refers to.
    pub whole: Option<(String, String)>,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
    /// The enumerators that differ.
    pub values: Vec<ValueChange>,
}

/// The difference of one enumerator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueChange {
    /// The name of the enumerator; a path if its enumeration is an unnamed type of a field: `field.READY`.
    pub name: String,
    /// The bits of its value before; `None` if it is new.
    pub before: Option<u64>,
    /// The bits of its value after; `None` if it is gone.
    pub after: Option<u64>,
}
