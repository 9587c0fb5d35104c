//! How two lists of fields differ.

use std::collections::HashMap;

use crate::id::Bits;
use crate::merge::diff::contents::Located;

/// A field of a structure or union, or of an anonymous one that is in it or that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffField {
    /// Its name, as a path where it is in an anonymous type of a named member: `u.word`, `array[].word`,
    /// `pointer->word`, `callback(parameter)->word`, `callback()->word` in what is returned. `*pointer` and
    /// `array[]` alone are such a type itself, which has a size.
    pub name: String,
    /// Where it starts, from the start of the structure; in elements of an array, where the first one's does;
    /// behind a pointer, from the start of what it points to.
    pub offset: Bits,
    /// Its size: a bitfield's width, 0 where the type has none.
    pub size: Bits,
    /// Whether it is a bitfield.
    pub bitfield: bool,
    /// Its type from the outside in: `*const struct file`, `[16]char`.
    pub ty: String,
}

/// How one field differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldChange {
    /// It is new.
    Added(DiffField),
    /// It is gone.
    Removed(DiffField),
    /// At the same place there is one of the same type and size with another name.
    Renamed {
        /// The field as it was.
        before: DiffField,
        /// The field as it is.
        after: DiffField,
    },
    /// It is elsewhere, or of another size or type.
    Changed {
        /// The field as it was.
        before: DiffField,
        /// The field as it is.
        after: DiffField,
    },
}

/// How two lists of fields differ, in the order of the new one; what is gone comes last.
pub(super) fn compare(before: Vec<Located>, after: Vec<Located>) -> Vec<FieldChange> {
    let mut by_name: HashMap<String, Vec<Located>> = HashMap::new();
    let order: HashMap<String, usize> = (0..)
        .zip(&before)
        .map(|(place, located)| (located.field.name.clone(), place))
        .collect();
    for located in before.into_iter().rev() {
        let same = by_name.entry(located.field.name.clone()).or_default();
        same.push(located);
    }
    let mut changes = Vec::new();
    // Where new fields are, for finding those that only have a new name.
    let mut places: HashMap<Unnamed, Vec<usize>> = HashMap::new();
    for after in after {
        match by_name.get_mut(&after.field.name).and_then(Vec::pop) {
            None => {
                places.entry(place(&after)).or_default().push(changes.len());
                changes.push(FieldChange::Added(after.field));
            }
            Some(before) if before.field == after.field => {}
            Some(before) => changes.push(FieldChange::Changed {
                before: before.field,
                after: after.field,
            }),
        }
    }
    let mut gone: Vec<Located> = by_name.into_values().flatten().collect();
    gone.sort_by_key(|gone| (order.get(&gone.field.name).copied(), gone.field.offset));
    for before in gone {
        let renamed = places.get_mut(&place(&before)).and_then(Vec::pop);
        let before = before.field;
        match renamed.and_then(|index| changes.get_mut(index)) {
            Some(change) => {
                if let Some(after) = change.after().cloned() {
                    *change = FieldChange::Renamed { before, after };
                }
            }
            None => changes.push(FieldChange::Removed(before)),
        }
    }
    changes
}

/// Everything about a field but its name.
type Unnamed = (String, Bits, Bits, bool, String);

fn place(Located { field, within }: &Located) -> Unnamed {
    let ty = field.ty.clone();
    (within.clone(), field.offset, field.size, field.bitfield, ty)
}

impl FieldChange {
    /// The field as it was, if it was there.
    #[must_use]
    pub const fn before(&self) -> Option<&DiffField> {
        match self {
            Self::Added(_) => None,
            Self::Removed(before) | Self::Renamed { before, .. } | Self::Changed { before, .. } => {
                Some(before)
            }
        }
    }

    /// The field as it is, if it is there.
    #[must_use]
    pub const fn after(&self) -> Option<&DiffField> {
        match self {
            Self::Removed(_) => None,
            Self::Added(after) | Self::Renamed { after, .. } | Self::Changed { after, .. } => {
                Some(after)
            }
        }
    }

    /// Whether the field starts elsewhere.
    #[must_use]
    pub fn is_moved(&self) -> bool {
        matches!(self, Self::Changed { before, after } if before.offset != after.offset)
    }

    /// Whether the field has another size.
    #[must_use]
    pub fn is_resized(&self) -> bool {
        matches!(self, Self::Changed { before, after } if before.size != after.size)
    }

    /// Whether the field has another type.
    #[must_use]
    pub fn is_retyped(&self) -> bool {
        matches!(self, Self::Changed { before, after } if before.ty != after.ty)
    }
}
