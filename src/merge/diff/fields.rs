//! A structure's fields with those of anonymous types in it, and how two lists of fields differ.

use std::collections::HashMap;

use crate::error::{Error, Place, Result};
use crate::graph::{Type, View};
use crate::id::{Bits, TypeId};
use crate::limits::Limits;
use crate::merge::diff::spell::spell;

/// Fields of one structure at the most. The largest of a kernel has 600.
const FIELDS: usize = 1 << 16;

/// A field of a structure or union, or of an anonymous one in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name, as a path where it is in an anonymous type of a named member: `u.word`.
    pub name: String,
    /// Where it starts, from the start of the structure.
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
    Added(Field),
    /// It is gone.
    Removed(Field),
    /// At the same place there is one of the same type and size with another name.
    Renamed {
        /// The field as it was.
        before: Field,
        /// The field as it is.
        after: Field,
    },
    /// It is elsewhere, or of another size or type.
    Changed {
        /// The field as it was.
        before: Field,
        /// The field as it is.
        after: Field,
    },
}

/// One level of the walk through nested anonymous types.
struct Level {
    composite: TypeId,
    next: usize,
    offset: u64,
    prefix: String,
}

/// The fields in order; members without a name are replaced by those of their type.
pub(super) fn fields(ty: Type<'_>, limits: &Limits) -> Result<Vec<Field>> {
    let graph = ty.graph();
    let mut fields = Vec::new();
    let mut levels = vec![Level {
        composite: ty.id(),
        next: 0,
        offset: 0,
        prefix: String::new(),
    }];
    while let Some(level) = levels.last_mut() {
        let member = match graph.ty(level.composite).view() {
            View::Struct(composite) | View::Union(composite) => composite.member(level.next),
            _ => None,
        };
        let Some(member) = member else {
            levels.pop();
            continue;
        };
        level.next += 1;
        let offset = level.offset.saturating_add(member.offset.0);
        let mut prefix = level.prefix.clone();
        let to = graph.ty(member.ty);
        if !member.name().is_empty() {
            let name = prefix.clone() + &member.name().to_string_lossy();
            prefix = name.clone() + ".";
            let size = to.size().ok().and_then(crate::ByteSize::bits);
            fields.push(Field {
                name,
                offset: Bits(offset),
                size: member
                    .bitfield
                    .map_or(size.unwrap_or_default(), |width| Bits(width.into())),
                bitfield: member.bitfield.is_some(),
                ty: spell(to),
            });
        }
        let inner = to.strip_qualifiers()?;
        if inner.kind().is_composite() && inner.name().is_empty() {
            levels.push(Level {
                composite: inner.id(),
                next: 0,
                offset,
                prefix,
            });
        }
        if levels.len() > limits.depth as usize || fields.len() > FIELDS {
            return Err(Error::limit("anonymous types nest too deep, or too often")
                .within(Place::Type(ty.id())));
        }
    }
    Ok(fields)
}

/// How two lists of fields differ, in the order of the new one; what is gone comes last.
pub(super) fn compare(before: Vec<Field>, after: Vec<Field>) -> Vec<FieldChange> {
    let mut by_name: HashMap<String, Vec<Field>> = HashMap::new();
    let order: HashMap<String, usize> = (0..)
        .zip(&before)
        .map(|(place, field)| (field.name.clone(), place))
        .collect();
    for field in before.into_iter().rev() {
        by_name.entry(field.name.clone()).or_default().push(field);
    }
    let mut changes = Vec::new();
    // Where new fields are, for finding those that only have a new name.
    let mut places: HashMap<Unnamed, Vec<usize>> = HashMap::new();
    for after in after {
        match by_name.get_mut(&after.name).and_then(Vec::pop) {
            None => {
                places.entry(place(&after)).or_default().push(changes.len());
                changes.push(FieldChange::Added(after));
            }
            Some(before) if before == after => {}
            Some(before) => changes.push(FieldChange::Changed { before, after }),
        }
    }
    let mut gone: Vec<Field> = by_name.into_values().flatten().collect();
    gone.sort_by_key(|field| (order.get(&field.name).copied(), field.offset));
    for before in gone {
        let renamed = places.get_mut(&place(&before)).and_then(Vec::pop);
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
type Unnamed = (Bits, Bits, bool, String);

fn place(field: &Field) -> Unnamed {
    (field.offset, field.size, field.bitfield, field.ty.clone())
}

impl FieldChange {
    /// The field as it was, if it was there.
    #[must_use]
    pub const fn before(&self) -> Option<&Field> {
        match self {
            Self::Added(_) => None,
            Self::Removed(before) | Self::Renamed { before, .. } | Self::Changed { before, .. } => {
                Some(before)
            }
        }
    }

    /// The field as it is, if it is there.
    #[must_use]
    pub const fn after(&self) -> Option<&Field> {
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
