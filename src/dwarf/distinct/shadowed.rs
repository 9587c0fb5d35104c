//! References in units that give one name to several types.
//!
//! A function may declare a `struct list` of its own that shadows the file's. Then the name is ambiguous in the unit,
//! but each reference there leads to one of them.

use std::collections::{HashMap, HashSet};

use crate::dwarf::collect::nodes::Ref;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::keys::{Keys, UnitTypes};
use crate::dwarf::distinct::table::{NO_TAG, RefId, RefTarget, Table};
use crate::error::{Error, Result};

/// The meaning of a reference whose name is not ambiguous in the unit.
pub(crate) const BY_NAME: u32 = u32::MAX;
/// The meaning of a reference to a declaration: any definition.
pub(crate) const ANY: u32 = u32::MAX - 1;

/// The number of references that may be followed for each type and member of a unit. An unnamed type is traversed anew
/// wherever it is referred to; real ones are nested a few times.
const STEPS_EACH: usize = 64;
/// The number of references that may be followed in any unit.
const STEPS_FREE: usize = 1 << 20;

/// The distinct types that a unit has, in the order of their DIEs.
#[derive(Clone, Default, Debug)]
pub(crate) struct UnitList {
    pub types: Box<[u32]>,
    /// The offsets of their DIEs.
    pub dies: Box<[u32]>,
    /// The meanings of the references by name of some of these types, by index in this list. A meaning is an index in
    /// this list, [`BY_NAME`] or [`ANY`].
    pub shadowed: Vec<(u32, Box<[u32]>)>,
}

/// Returns the meanings of a unit's references where the names alone are ambiguous, as [`UnitList::shadowed`] has them.
/// `nodes` and `numbers` are the nodes of the listed types and their numbers in the table.
///
/// # Errors
/// `Limit` if following the references takes too long.
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
    // The index of each ambiguous type in the list.
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

/// Returns the tags that the unit gives to more than one type.
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

/// Calls `leaf` for every reference by name of a node, through unnamed types, in the order of the distinct type's
/// references.
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
            Error::limit("unnamed types are nested so that following them takes too long")
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
