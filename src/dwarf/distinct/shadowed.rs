//! What names mean in a unit that gives one name to several types.
//!
//! A function may declare a `struct list` of its own beside the file's. Then the unit's name doesn't say which
//! one a reference means, but the reference does.

use std::collections::{HashMap, HashSet};

use crate::dwarf::collect::nodes::Ref;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::keys::{Keys, UnitTypes};
use crate::dwarf::distinct::table::{NO_TAG, RefId, RefTarget, Table};
use crate::error::{Error, Result};

/// What a reference by name means.
pub(crate) const BY_NAME: u32 = u32::MAX;
/// A declaration: whatever fits.
pub(crate) const ANY: u32 = u32::MAX - 1;

/// How many references may be followed for each type and member of a unit. Types without a name are gone through
/// anew wherever they are referred to; real ones are nested a few times.
const STEPS_EACH: usize = 64;
/// References that may be followed in any unit.
const STEPS_FREE: usize = 1 << 20;

/// A unit's numbers, in the order of their entries.
#[derive(Clone, Default, Debug)]
pub(crate) struct UnitList {
    pub types: Box<[u32]>,
    /// Their entries.
    pub dies: Box<[u32]>,
    /// For some of them, by place in the list: what each of its references by name means, in order. A place in
    /// the list, [`BY_NAME`] or [`ANY`].
    pub shadowed: Vec<(u32, Box<[u32]>)>,
}

/// Finds what the references of a unit's types mean, where the names alone don't say it. `nodes` are the
/// nodes of the list's numbers.
pub(crate) fn resolve_shadowed(
    types: UnitTypes<'_>,
    keys: &Keys,
    table: &Table,
    nodes: &[u32],
    numbers: &[u32],
) -> Result<Vec<(u32, Box<[u32]>)>> {
    let several = several(table, numbers);
    let tag = |distinct: u32| {
        let distinct = table.types.get(distinct as usize);
        distinct.map_or(NO_TAG, |distinct| distinct.tag)
    };
    let is_one_of_several = |node: u32| match table.known(keys.known(node)).map(RefId::target) {
        Some(RefTarget::Tag(tag)) => several.contains(&tag),
        _ => false,
    };
    // Where the types in question are in the list.
    let mut places = HashMap::new();
    for ((place, &node), &distinct) in (0u32..).zip(nodes).zip(numbers) {
        if several.contains(&tag(distinct)) {
            places.insert(node, place);
        }
    }
    let mut found = Vec::new();
    let count = types.nodes.nodes.len() + types.nodes.parts.len();
    let mut steps = STEPS_FREE.saturating_add(count.saturating_mul(STEPS_EACH));
    for (place, &node) in (0u32..).zip(nodes) {
        let mut meant = Vec::new();
        let mut any = false;
        leaves(types, keys, node, &mut steps, |leaf, declaration| {
            if !is_one_of_several(leaf) {
                meant.push(BY_NAME);
                return;
            }
            any = true;
            meant.push(match places.get(&leaf) {
                Some(&place) if !declaration => place,
                _ => ANY,
            });
        })?;
        if any {
            found.push((place, meant.into()));
        }
    }
    Ok(found)
}

/// The names that the unit gives to more than one type.
fn several(table: &Table, numbers: &[u32]) -> HashSet<u32> {
    let mut first = HashMap::new();
    let mut several = HashSet::new();
    for &number in numbers {
        let Some(distinct) = table.types.get(number as usize) else {
            continue;
        };
        if distinct.tag != NO_TAG && *first.entry(distinct.tag).or_insert(number) != number {
            several.insert(distinct.tag);
        }
    }
    several
}

/// Calls `leaf` for every reference by name of a node, through what has no name, in the order in which the
/// distinct has them.
fn leaves(
    types: UnitTypes<'_>,
    keys: &Keys,
    start: u32,
    steps: &mut usize,
    mut leaf: impl FnMut(u32, bool),
) -> Result<()> {
    let mut stack = vec![(start, 0)];
    while let Some(top) = stack.last_mut() {
        let (number, next) = *top;
        top.1 += 1;
        *steps = steps.checked_sub(1).ok_or_else(|| {
            Error::limit("types without a name are nested so that following them takes too long")
        })?;
        let node = types.nodes.get(number);
        let reference = node.and_then(|node| types.nodes.reference(node, next));
        let Some(reference) = reference else {
            stack.pop();
            continue;
        };
        if keys.is_cut(number, next) || reference == Ref::VOID {
            continue;
        }
        let Some(target) = types.nodes.follow(reference) else {
            continue;
        };
        match types.nodes.get(target) {
            Some(node) if node.is_nominal() => leaf(target, node.declaration),
            Some(node) if node.shape != Shape::Void => stack.push((target, 0)),
            _ => {}
        }
    }
    Ok(())
}
