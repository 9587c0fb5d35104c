//! Comparing two graphs, or two types.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::graph::{Btf, Type};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::diff::change::{Change, Diff, ValueChange};
use crate::merge::diff::contents::{Steps, walk};
use crate::merge::diff::display::word;
use crate::merge::diff::field::compare_fields;
use crate::merge::diff::named::{Space, space, type_with_fields};
use crate::merge::diff::spell::spell;

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
/// `Limit`, with the type, if unnamed types nest deeper than [`Limits::depth`] or occur too often, and for types with
/// thousands of qualifiers, pointers or parameters.
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

/// Returns the types of one name in two graphs that equal none in the other graph, in order.
fn without_alike(
    (before, ids): (&Btf, &[TypeId]),
    (after, others): (&Btf, &[TypeId]),
    limits: &Limits,
    steps: &mut Steps,
) -> Result<(Vec<TypeId>, Vec<TypeId>)> {
    let mut text = |ty: Type<'_>| -> Result<String> {
        let inner = type_with_fields(ty);
        let found = walk(inner, limits, steps)?;
        Ok(format!("{} {found:?}", whole_text(ty, inner)?))
    };
    let mut alike: HashMap<String, Vec<TypeId>> = HashMap::new();
    for &id in others.iter().rev() {
        alike.entry(text(after.ty(id))?).or_default().push(id);
    }
    let mut rest = Vec::new();
    for &id in ids {
        if alike
            .get_mut(&text(before.ty(id))?)
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

/// Returns the types of a graph by name and name space.
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

/// Returns how one type differs from another, which may be of another graph, or `None` if they are equal.
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
    let inner = (type_with_fields(before), type_with_fields(after));
    let texts = (whole_text(before, inner.0)?, whole_text(after, inner.1)?);
    let contents = (walk(inner.0, limits, steps)?, walk(inner.1, limits, steps)?);
    let change = Change {
        kind: after.kind(),
        name: after.name().to_string_lossy().into_owned(),
        before: before.id(),
        after: after.id(),
        whole: (texts.0 != texts.1).then_some(texts),
        fields: compare_fields(contents.0.fields, contents.1.fields),
        values: values(contents.0.values, contents.1.values),
    };
    let differs = change.whole.is_some() || !change.fields.is_empty() || !change.values.is_empty();
    Ok(differs.then_some(change))
}

/// Returns the text of a type as a whole, and of its unnamed type: everything but fields and values.
fn whole_text(ty: Type<'_>, contents: Type<'_>) -> Result<String> {
    if ty.id() == contents.id() {
        return type_text(ty);
    }
    Ok(format!("{} {}", word(ty.kind()), type_text(contents)?))
}

/// Returns the text of a type: everything but its fields and values.
fn type_text(ty: Type<'_>) -> Result<String> {
    let kind = word(ty.kind());
    if let Some(int) = ty.as_int() {
        return Ok(format!("{kind} of {} bits, {}", int.bits, int.encoding));
    }
    Ok(match ty.referent() {
        Some(to) => format!("{kind} {}", spell(to)?),
        None => format!("{kind} of {} bytes", ty.size_word()),
    })
}

/// Returns the differences between two lists of enumerators.
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
