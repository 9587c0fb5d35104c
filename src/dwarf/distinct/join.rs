//! Joining the tables of all threads.

use crate::dwarf::distinct::table::{Distinct, Loss, NO_TAG, RefId, RefTarget, Table, Tag};
use crate::dwarf::read::name::Files;

/// Adds the types of another table. Returns the new number of each of them.
pub(crate) fn join(into: &mut Table, from: &Table, files: &Files<'_>) -> Vec<u32> {
    into.inline_namespaces
        .extend(from.inline_namespaces.iter().cloned());
    let tags: Vec<u32> = from
        .tags
        .iter()
        .map(|tag| {
            let number = into.tag(tag.key, |composed| Tag {
                name: files.keep(tag.name, &from.composed, composed),
                ..*tag
            });
            into.declare_size(number, tag.declared_size);
            number
        })
        .collect();
    let mut types = Vec::with_capacity(from.types.len());
    let mut is_new = Vec::with_capacity(from.types.len());
    for distinct in &from.types {
        let found = into.find(distinct.key);
        is_new.push(found.is_none());
        let number = match found {
            Some(number) => {
                into.touch(number, distinct.seen);
                number
            }
            None => copy(into, from, distinct, &types, &tags, files),
        };
        types.push(number);
    }
    for loss in &from.losses {
        if is_new.get(loss.distinct as usize) == Some(&true)
            && let Some(&distinct) = types.get(loss.distinct as usize)
        {
            into.losses.push(Loss { distinct, ..*loss });
        }
    }
    types
}

/// Adds a type of another table that is new here. `types` and `tags` are the new numbers of those copied so far.
fn copy(
    into: &mut Table,
    from: &Table,
    distinct: &Distinct,
    types: &[u32],
    tags: &[u32],
    files: &Files<'_>,
) -> u32 {
    let number = |map: &[u32], number: u32| map.get(number as usize).copied();
    let map = |id: RefId| match id.target() {
        RefTarget::Void => RefId::VOID,
        // The types that a type refers to come before it.
        RefTarget::Distinct(distinct) => {
            number(types, distinct).map_or(RefId::VOID, RefId::distinct)
        }
        RefTarget::Tag(tag) => number(tags, tag).map_or(RefId::VOID, RefId::tag),
    };
    let first = u32::try_from(into.parts.len()).unwrap_or(u32::MAX);
    for part in from.parts_of(distinct) {
        let name = files.keep(part.name, &from.composed, &mut into.composed);
        into.parts.push(part.moved(name, map(part.ty)));
    }
    let name = files.keep(distinct.name, &from.composed, &mut into.composed);
    into.add(Distinct {
        body: distinct.moved(name, map(distinct.ty), first),
        tag: number(tags, distinct.tag).unwrap_or(NO_TAG),
        ..*distinct
    })
}
