//! The differences between two lists of fields.

use std::collections::HashMap;

use crate::id::Bits;

/// A field of a structure or union, or of an unnamed type that it contains or refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffField {
    /// The name of the field. For a field of an unnamed type that a named member has or refers to, it is a path:
    /// `u.word`, `array[].word`, `pointer->word`, `callback(parameter)->word`, or `callback()->word` for the result type.
    /// `*pointer` and `array[]` alone are the unnamed type itself, which has a size.
    pub name: String,
    /// The offset of the field from the start of the structure. For elements of an array, it is that of the first
    /// element's field; behind a pointer, it counts from the start of the pointed-to type.
    pub offset: Bits,
    /// The size of the field: the width of a bitfield, 0 if the type has no size.
    pub size: Bits,
    /// Whether the field is a bitfield.
    pub bitfield: bool,
    /// The type of the field, from the outside in: `*const struct file`, `[16]char`.
    pub ty: String,
}

/// The difference of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldChange {
    /// The field is new.
    Added(DiffField),
    /// The field is gone.
    Removed(DiffField),
    /// A field of the same offset, type and size has another name.
    Renamed {
        /// The field before.
        before: DiffField,
        /// The field after.
        after: DiffField,
    },
    /// The field has another offset, size or type.
    Changed {
        /// The field before.
        before: DiffField,
        /// The field after.
        after: DiffField,
    },
}

/// A field, and the path to the type in which its offset counts: empty for the type itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub field: DiffField,
    pub within: String,
}

/// Returns the differences between two lists of fields, in the order of the new list. Removed fields come last.
pub(super) fn compare_fields(before: Vec<Located>, after: Vec<Located>) -> Vec<FieldChange> {
    let mut by_name: HashMap<String, Vec<Located>> = HashMap::new();
    let order: HashMap<String, usize> = (0..)
        .zip(&before)
        .map(|(index, located)| (located.field.name.clone(), index))
        .collect();
    for located in before.into_iter().rev() {
        let same = by_name.entry(located.field.name.clone()).or_default();
        same.push(located);
    }
    let mut changes = Vec::new();
    // The indices of added fields in `changes`, to find those that only have a new name.
    let mut added: HashMap<ButName, Vec<usize>> = HashMap::new();
    for after in after {
        match by_name.get_mut(&after.field.name).and_then(Vec::pop) {
            None => {
                added
                    .entry(but_name(&after))
                    .or_default()
                    .push(changes.len());
                changes.push(FieldChange::Added(after.field));
            }
            Some(before) if before.field == after.field => {}
            Some(before) => changes.push(FieldChange::Changed {
                before: before.field,
                after: after.field,
            }),
        }
    }
    let mut removed: Vec<Located> = by_name.into_values().flatten().collect();
    removed.sort_by_key(|located| {
        (
            order.get(&located.field.name).copied(),
            located.field.offset,
        )
    });
    for before in removed {
        let renamed = added.get_mut(&but_name(&before)).and_then(Vec::pop);
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
type ButName = (String, Bits, Bits, bool, String);

fn but_name(Located { field, within }: &Located) -> ButName {
    let ty = field.ty.clone();
    (within.clone(), field.offset, field.size, field.bitfield, ty)
}

impl FieldChange {
    /// Returns the field before, unless it was added.
    #[must_use]
    pub const fn before(&self) -> Option<&DiffField> {
        match self {
            Self::Added(_) => None,
            Self::Removed(before) | Self::Renamed { before, .. } | Self::Changed { before, .. } => {
                Some(before)
            }
        }
    }

    /// Returns the field after, unless it was removed.
    #[must_use]
    pub const fn after(&self) -> Option<&DiffField> {
        match self {
            Self::Removed(_) => None,
            Self::Added(after) | Self::Renamed { after, .. } | Self::Changed { after, .. } => {
                Some(after)
            }
        }
    }

    /// Returns whether the offset of the field changed.
    #[must_use]
    pub fn is_moved(&self) -> bool {
        matches!(self, Self::Changed { before, after } if before.offset != after.offset)
    }

    /// Returns whether the size of the field changed.
    #[must_use]
    pub fn is_resized(&self) -> bool {
        matches!(self, Self::Changed { before, after } if before.size != after.size)
    }

    /// Returns whether the type of the field changed.
    #[must_use]
    pub fn is_retyped(&self) -> bool {
        matches!(self, Self::Changed { before, after } if before.ty != after.ty)
    }
}
