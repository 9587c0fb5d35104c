//! How two graphs differ: types added, removed and changed, field by field.
//!
//! Types are matched by name and name space. A type has changed where it says something else of itself: its
//! size, its fields, its values, the text of a type it refers to. That a type it points to has changed is
//! that type's change and reported once, there; types without a name have no other place than where they occur.

mod fields;
mod spell;
mod walk;

use std::collections::{BTreeMap, HashMap};

pub use fields::{DiffField, FieldChange};
pub(super) use spell::resolved;
use walk::{Steps, walk};

use crate::error::Result;
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::limits::Limits;

/// How two graphs differ.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diff {
    /// Types of the second graph whose name the first doesn't have, by name.
    pub added: Vec<TypeId>,
    /// Types of the first graph whose name the second doesn't have, by name.
    pub removed: Vec<TypeId>,
    /// Types of both that differ, by name.
    pub changed: Vec<Change>,
}

/// How a type differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The type's kind as it is; a structure may have become a union.
    pub kind: Kind,
    /// The type's name.
    pub name: String,
    /// The type as it was.
    pub before: TypeId,
    /// The type as it is.
    pub after: TypeId,
    /// Kind, size in bytes and, where it refers to a type, the type's text: as they were and as they are.
    pub head: Option<(String, String)>,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
    /// The enumerators that differ: name, value as it was, value as it is.
    pub values: Vec<ValueChange>,
}

/// How an enumerator differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueChange {
    /// Its name, as a path where it is of an enumeration without a name: `field.READY`.
    pub name: String,
    /// Its value's bits as they were; `None` where it is new.
    pub before: Option<u64>,
    /// Its value's bits as they are; `None` where it is gone.
    pub after: Option<u64>,
}

/// What keeps names of different meaning apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Space {
    Composite,
    Enumeration,
    Ordinary,
    Function,
    Variable,
}

/// The name space of a type's name; `None` for types without a name that stands for them.
pub(super) fn space(ty: Type<'_>) -> Option<Space> {
    if ty.name().is_empty() {
        return None;
    }
    match ty.kind() {
        Kind::Struct | Kind::Union => Some(Space::Composite),
        Kind::Enum | Kind::Enum64 => Some(Space::Enumeration),
        Kind::Typedef | Kind::Int | Kind::Float => Some(Space::Ordinary),
        Kind::Func => Some(Space::Function),
        Kind::Var => Some(Space::Variable),
        Kind::Void
        | Kind::Ptr
        | Kind::Array
        | Kind::Fwd
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::FuncProto
        | Kind::Datasec
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Unknown(_) => None,
    }
}

/// Compares two graphs by the names of their types.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
/// use btfkit::merge::diff;
///
/// let build = |offset| {
///     let mut builder = GraphBuilder::new();
///     let int = builder.int("int", 4, IntEncoding::SIGNED)?;
///     let members = [NewMember::new("c", int).at(btfkit::Bits(offset))];
///     builder.composite(Kind::Struct, "data", 12, &members)?;
///     builder.freeze()
/// };
/// let diff = diff(&build(32)?, &build(64)?, &btfkit::Limits::default())?;
/// let change = &diff.changed[0];
/// assert_eq!(change.name, "data");
/// assert!(change.fields[0].is_moved());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Limit`, with the type, where anonymous types nest deeper than [`Limits::depth`] or are in others so often that
/// there is no end to be seen, and for types written with thousands of qualifiers, pointers or parameters.
pub fn diff(before: &Btf, after: &Btf, limits: &Limits) -> Result<Diff> {
    let (names_before, names_after) = (by_name(before), by_name(after));
    let mut steps = Steps::new([before, after]);
    let mut diff = Diff::default();
    for (name, ids) in &names_before {
        let Some(others) = names_after.get(name) else {
            diff.removed.extend(ids);
            continue;
        };
        let (rest, others) = match (&ids[..], &others[..]) {
            ([_], [_]) => (ids.clone(), others.clone()),
            _ => without_alike((before, ids), (after, others), limits, &mut steps)?,
        };
        let mut others = others.into_iter();
        for id in rest {
            match others.next() {
                Some(other) => {
                    let (one, other) = (before.ty(id), after.ty(other));
                    diff.changed
                        .extend(compare_within(one, other, limits, &mut steps)?);
                }
                None => diff.removed.push(id),
            }
        }
        diff.added.extend(others);
    }
    for (name, ids) in &names_after {
        if !names_before.contains_key(name) {
            diff.added.extend(ids);
        }
    }
    Ok(diff)
}

/// Of types of one name in two graphs, those that have none alike in the other, in order.
fn without_alike(
    (before, ids): (&Btf, &[TypeId]),
    (after, others): (&Btf, &[TypeId]),
    limits: &Limits,
    steps: &mut Steps,
) -> Result<(Vec<TypeId>, Vec<TypeId>)> {
    let mut says = |ty: Type<'_>| -> Result<String> {
        let inner = contents(ty);
        let found = walk(inner, limits, steps)?;
        Ok(format!("{} {found:?}", whole(ty, inner)?))
    };
    let mut alike: HashMap<String, Vec<TypeId>> = HashMap::new();
    for &id in others.iter().rev() {
        alike.entry(says(after.ty(id))?).or_default().push(id);
    }
    let mut rest = Vec::new();
    for &id in ids {
        if alike
            .get_mut(&says(before.ty(id))?)
            .and_then(Vec::pop)
            .is_none()
        {
            rest.push(id);
        }
    }
    let mut left: Vec<TypeId> = alike.into_values().flatten().collect();
    left.sort_unstable();
    Ok((rest, left))
}

fn by_name(graph: &Btf) -> BTreeMap<(&[u8], Space), Vec<TypeId>> {
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for ty in graph.types() {
        if let Some(space) = space(ty) {
            names
                .entry((ty.name().as_bytes(), space))
                .or_default()
                .push(ty.id());
        }
    }
    names
}

/// How one type differs from another, which may be of another graph; `None` where it doesn't.
///
/// # Errors
/// As [`diff`].
pub fn compare(before: Type<'_>, after: Type<'_>, limits: &Limits) -> Result<Option<Change>> {
    compare_within(before, after, limits, &mut Steps::of_one())
}

fn compare_within(
    before: Type<'_>,
    after: Type<'_>,
    limits: &Limits,
    steps: &mut Steps,
) -> Result<Option<Change>> {
    if before.id() == after.id() && before.graph().is_same(after.graph()) {
        return Ok(None);
    }
    let inner = (contents(before), contents(after));
    let heads = (whole(before, inner.0)?, whole(after, inner.1)?);
    let made_of = (walk(inner.0, limits, steps)?, walk(inner.1, limits, steps)?);
    let change = Change {
        kind: after.kind(),
        name: after.name().to_string_lossy().into_owned(),
        before: before.id(),
        after: after.id(),
        head: (heads.0 != heads.1).then_some(heads),
        fields: fields::compare(made_of.0.fields, made_of.1.fields),
        values: values(made_of.0.values, made_of.1.values),
    };
    let differs = change.head.is_some() || !change.fields.is_empty() || !change.values.is_empty();
    Ok(differs.then_some(change))
}

/// The type whose fields and values are a type's: for a typedef or variable of a type without a name, that type,
/// which nobody could find otherwise.
pub(super) fn contents(ty: Type<'_>) -> Type<'_> {
    let to = match ty.kind() {
        Kind::Typedef | Kind::Var => ty.referent_id(),
        _ => None,
    };
    to.and_then(|to| ty.graph().ty(to).strip_qualifiers().ok())
        .filter(|inner| inner.kind().is_composite() || inner.kind().is_enum())
        .filter(|inner| inner.name().is_empty())
        .unwrap_or(ty)
}

/// What a type and its contents say beside fields and values.
fn whole(ty: Type<'_>, contents: Type<'_>) -> Result<String> {
    if ty.id() == contents.id() {
        return head(ty);
    }
    Ok(format!("{} {}", word(ty.kind()), head(contents)?))
}

/// What a kind of type is called in C.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Struct => "struct",
        Kind::Union => "union",
        Kind::Enum | Kind::Enum64 => "enum",
        Kind::Typedef => "typedef",
        Kind::Func => "function",
        Kind::Var => "variable",
        other => other.name(),
    }
}

/// What a type says beside its fields and values.
fn head(ty: Type<'_>) -> Result<String> {
    let kind = word(ty.kind());
    if let Some(int) = ty.as_int() {
        return Ok(format!("{kind} of {} bits, {}", int.bits, int.encoding));
    }
    Ok(match ty.referent_id() {
        Some(to) => format!("{kind} {}", spell::spell(ty.graph().ty(to))?),
        None => format!("{kind} of {} bytes", ty.size_word()),
    })
}

fn values(mut before: BTreeMap<String, u64>, after: BTreeMap<String, u64>) -> Vec<ValueChange> {
    let mut changes = Vec::new();
    for (name, value) in after {
        let old = before.remove(&name);
        if old != Some(value) {
            changes.push(ValueChange {
                name,
                before: old,
                after: Some(value),
            });
        }
    }
    changes.extend(before.into_iter().map(|(name, value)| ValueChange {
        name,
        before: Some(value),
        after: None,
    }));
    changes
}
