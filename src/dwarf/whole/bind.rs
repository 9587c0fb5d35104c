//! Which definition a name means.
//!
//! A class refers to named types by name. Nearly every name has one definition in the whole program, and
//! then that is the one it means everywhere, also in units that only declare it. Where a name has several
//! (two files with a `struct state` of their own), a class that refers to it means, in each unit, the one
//! that unit defines: the class is split into *variants*, one for each different answer. A unit without a
//! definition agrees with any answer. A split makes the class's own name ambiguous, so this goes on until
//! nothing changes. Units are asked in their order; the result depends on nothing else.

use std::collections::{BTreeSet, HashMap};

use crate::dwarf::whole::table::{NO_ENTITY, RefTarget, Seen, Table};
use crate::error::{Error, Result};

/// Names a class can refer to, counting each way there; more is a hostile file.
const MOST_LEAVES: usize = 1 << 20;
/// Answers compared before a file counts as hostile. Each is a few instructions; a kernel needs a few million.
const MOST_WORK: u64 = 20_000_000_000;

/// A class as one or more units mean it.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub class: u32,
    /// The first place it was seen at.
    pub seen: Seen,
    /// What each reference by an ambiguous name means, in the order of [`Binding::leaves`].
    pub meaning: Vec<Option<u32>>,
}

/// What every reference by name means.
#[derive(Debug)]
pub(crate) struct Binding {
    /// In the order in which they were seen.
    pub variants: Vec<Variant>,
    /// For each entity, its variant where there is one only.
    pub meant: Vec<Meant>,
}

/// What a name means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meant {
    /// It is only ever declared.
    Nothing,
    /// This variant.
    One(u32),
    /// The variant's [`Variant::meaning`] tells.
    Several,
}

/// Finds out which definition every name means. `lists` holds for every unit the classes it has, in the
/// order of their entries.
///
/// # Errors
/// `Limit` where a hostile file would take too long.
pub(crate) fn bind(table: &Table, lists: &[Box<[u32]>]) -> Result<Binding> {
    let mut binder = Binder::new(table, lists);
    if binder.ambiguous.iter().any(|&ambiguous| ambiguous) {
        binder.refine()?;
    }
    Ok(binder.finish())
}

struct Binder<'a> {
    table: &'a Table,
    lists: &'a [Box<[u32]>],
    /// By entity.
    ambiguous: Vec<bool>,
    /// The variant of each occurrence, parallel to `lists`, once there is more than one of its class.
    groups: HashMap<u32, Groups>,
    /// By ambiguous entity and unit: the class the unit defines it as, and the occurrence.
    definitions: HashMap<(u32, u32), (u32, u32)>,
    work: u64,
}

/// A class that was split.
#[derive(Debug, Default, PartialEq, Eq)]
struct Groups {
    meanings: Vec<Vec<Option<Meaning>>>,
    seen: Vec<Seen>,
    /// By unit.
    of_unit: HashMap<u32, u32>,
}

/// A definition: its class, and which group of it.
type Meaning = (u32, u32);

impl<'a> Binder<'a> {
    fn new(table: &'a Table, lists: &'a [Box<[u32]>]) -> Self {
        let mut count = vec![0u32; table.entities.len()];
        for class in &table.classes {
            if let Some(count) = count.get_mut(class.entity as usize) {
                *count += 1;
            }
        }
        Self {
            table,
            lists,
            ambiguous: count.iter().map(|&count| count > 1).collect(),
            groups: HashMap::new(),
            definitions: HashMap::new(),
            work: 0,
        }
    }

    fn is_ambiguous(&self, entity: u32) -> bool {
        self.ambiguous
            .get(entity as usize)
            .copied()
            .unwrap_or(false)
    }

    /// The entities that a class refers to, through what has no name, in the order of the references.
    fn leaves(&self, class: u32, only_ambiguous: bool) -> Result<Vec<u32>> {
        let mut leaves = Vec::new();
        walk(self.table, class, |entity| {
            if !only_ambiguous || self.is_ambiguous(entity) {
                leaves.push(entity);
            }
            if leaves.len() > MOST_LEAVES {
                return Err(too_much());
            }
            Ok(())
        })?;
        Ok(leaves)
    }

    fn refine(&mut self) -> Result<()> {
        // Who refers to whom, and where classes occur: only needed when there is something to refine.
        let mut referrers: HashMap<u32, Vec<u32>> = HashMap::new();
        let listed = self.listed();
        for &class in &listed {
            let mut leaves = self.leaves(class, false)?;
            leaves.sort_unstable();
            leaves.dedup();
            for entity in leaves {
                referrers.entry(entity).or_default().push(class);
            }
        }
        let mut units: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut due = BTreeSet::new();
        let mut fresh: Vec<u32> = (0u32..)
            .zip(&self.ambiguous)
            .filter_map(|(entity, &ambiguous)| ambiguous.then_some(entity))
            .collect();
        loop {
            self.define(&fresh);
            for entity in &fresh {
                due.extend(referrers.get(entity).into_iter().flatten().copied());
            }
            let missing: Vec<u32> = due
                .iter()
                .copied()
                .filter(|class| !units.contains_key(class))
                .collect();
            self.locate(&missing, &mut units);
            fresh.clear();
            let mut changed = BTreeSet::new();
            for class in std::mem::take(&mut due) {
                let units = units.get(&class).map(Vec::as_slice).unwrap_or_default();
                if self.split(class, units)? {
                    changed.insert(class);
                }
            }
            for class in changed {
                let entity = self.entity_of(class);
                if let Some(ambiguous) = self.ambiguous.get_mut(entity as usize) {
                    if !std::mem::replace(ambiguous, true) {
                        fresh.push(entity);
                    }
                    due.extend(referrers.get(&entity).into_iter().flatten().copied());
                }
            }
            if fresh.is_empty() && due.is_empty() {
                return Ok(());
            }
        }
    }

    fn entity_of(&self, class: u32) -> u32 {
        let class = self.table.classes.get(class as usize);
        class.map_or(NO_ENTITY, |class| class.entity)
    }

    /// Every class that a unit has, each once.
    fn listed(&self) -> Vec<u32> {
        (0u32..)
            .zip(&self.table.classes)
            .filter(|(_, class)| class.seen != Seen::NEVER)
            .map(|(number, _)| number)
            .collect()
    }

    /// Notes which class each unit defines these entities as: its first definition.
    fn define(&mut self, entities: &[u32]) {
        let mut wanted = vec![false; self.ambiguous.len()];
        for &entity in entities {
            if let Some(wanted) = wanted.get_mut(entity as usize) {
                *wanted = true;
            }
        }
        for (unit, list) in (0u32..).zip(self.lists) {
            for &class in list {
                let entity = self.entity_of(class);
                if wanted.get(entity as usize) == Some(&true) {
                    self.definitions
                        .entry((entity, unit))
                        .or_insert((class, unit));
                }
            }
        }
    }

    /// Notes which units have these classes.
    fn locate(&self, classes: &[u32], units: &mut HashMap<u32, Vec<u32>>) {
        if classes.is_empty() {
            return;
        }
        let mut wanted = vec![false; self.table.classes.len()];
        for &class in classes {
            units.insert(class, Vec::new());
            if let Some(wanted) = wanted.get_mut(class as usize) {
                *wanted = true;
            }
        }
        for (unit, list) in (0u32..).zip(self.lists) {
            for class in list {
                if wanted.get(*class as usize) == Some(&true)
                    && let Some(units) = units.get_mut(class)
                    && units.last() != Some(&unit)
                {
                    units.push(unit);
                }
            }
        }
    }

    /// Splits a class by what its references mean in each unit. Answers whether that changed anything.
    fn split(&mut self, class: u32, units: &[u32]) -> Result<bool> {
        let leaves = self.leaves(class, true)?;
        let mut groups = Groups::default();
        let mut known: HashMap<Vec<Option<Meaning>>, u32> = HashMap::new();
        for &unit in units {
            let meaning: Vec<Option<Meaning>> = leaves
                .iter()
                .map(|&entity| self.definition(entity, unit))
                .collect();
            self.work += 1 + meaning.len() as u64 * (1 + groups.meanings.len() as u64);
            if self.work > MOST_WORK {
                return Err(too_much());
            }
            let group = match known.get(&meaning) {
                Some(&group) => group,
                None => {
                    let group = join(&mut groups, &meaning, self.seen(class, unit));
                    known.insert(meaning, group);
                    group
                }
            };
            groups.of_unit.insert(unit, group);
        }
        let before = self.groups.get(&class);
        let was_one = before.is_none_or(|before| before.meanings.len() <= 1);
        let changed = match before {
            Some(before) => before.of_unit != groups.of_unit,
            None => groups.meanings.len() > 1,
        };
        let is_one = groups.meanings.len() <= 1;
        self.groups.insert(class, groups);
        Ok(changed && !(was_one && is_one))
    }

    fn definition(&self, entity: u32, unit: u32) -> Option<Meaning> {
        let (class, _) = *self.definitions.get(&(entity, unit))?;
        let group = match self.groups.get(&class) {
            Some(groups) => groups.of_unit.get(&unit).copied().unwrap_or(0),
            None => 0,
        };
        Some((class, group))
    }

    /// Where a variant was first seen, as far as order goes: the class's own place for its first unit.
    fn seen(&self, class: u32, unit: u32) -> Seen {
        let first = self
            .table
            .classes
            .get(class as usize)
            .map_or(Seen::NEVER, |class| class.seen);
        if first.unit == unit {
            first
        } else {
            Seen {
                unit,
                die: first.die,
            }
        }
    }

    fn finish(self) -> Binding {
        let mut order: Vec<(Seen, u32, u32)> = Vec::new();
        for class in self.listed() {
            match self.groups.get(&class) {
                Some(groups) => order.extend(
                    (0u32..)
                        .zip(&groups.seen)
                        .map(|(group, &seen)| (seen, class, group)),
                ),
                None => order.push((self.seen(class, u32::MAX), class, 0)),
            }
        }
        // No two classes are seen first at the same entry.
        order.sort_unstable_by_key(|&(seen, class, group)| {
            let entry = self.table.classes.get(class as usize);
            (seen, entry.map_or(Seen::NEVER, |class| class.seen), group)
        });
        let numbers: HashMap<Meaning, u32> = order
            .iter()
            .zip(0u32..)
            .map(|(&(_, class, group), number)| ((class, group), number))
            .collect();
        let mut meant = vec![Meant::Nothing; self.table.entities.len()];
        let mut variants = Vec::with_capacity(order.len());
        for (number, &(seen, class, group)) in (0u32..).zip(&order) {
            let entity = self.entity_of(class);
            if let Some(meant) = meant.get_mut(entity as usize) {
                *meant = if self.is_ambiguous(entity) {
                    Meant::Several
                } else {
                    Meant::One(number)
                };
            }
            let meaning = self.groups.get(&class).and_then(|groups| {
                let meaning = groups.meanings.get(group as usize)?;
                Some(
                    meaning
                        .iter()
                        .map(|meaning| numbers.get(&(*meaning)?).copied())
                        .collect(),
                )
            });
            variants.push(Variant {
                class,
                seen,
                meaning: meaning.unwrap_or_default(),
            });
        }
        Binding { variants, meant }
    }
}

/// Finds the group that agrees with what references mean, or makes one.
fn join(groups: &mut Groups, meaning: &[Option<Meaning>], seen: Seen) -> u32 {
    let agrees = |group: &[Option<Meaning>]| {
        group
            .iter()
            .zip(meaning)
            .all(|(a, b)| a.is_none() || b.is_none() || a == b)
    };
    for (number, group) in (0u32..).zip(&mut groups.meanings) {
        if agrees(group) {
            for (to, from) in group.iter_mut().zip(meaning) {
                *to = to.or(*from);
            }
            return number;
        }
    }
    groups.meanings.push(meaning.to_vec());
    groups.seen.push(seen);
    u32::try_from(groups.meanings.len() - 1).unwrap_or(u32::MAX)
}

#[cold]
fn too_much() -> Error {
    Error::limit("too many definitions of one name refer to each other")
}

/// Calls `leaf` for every reference by name of a class, through what has no name.
fn walk(table: &Table, class: u32, mut leaf: impl FnMut(u32) -> Result<()>) -> Result<()> {
    let mut stack = vec![(class, 0u32)];
    let mut steps = 0usize;
    while let Some(top) = stack.last_mut() {
        let (number, next) = *top;
        top.1 += 1;
        let child = table
            .classes
            .get(number as usize)
            .and_then(|class| table.reference(class, next));
        match child.map(super::table::RefId::target) {
            None => {
                stack.pop();
            }
            Some(RefTarget::Void) => {}
            Some(RefTarget::Entity(entity)) => leaf(entity)?,
            Some(RefTarget::Class(class)) => stack.push((class, 0)),
        }
        steps += 1;
        if steps > MOST_LEAVES * 64 {
            return Err(too_much());
        }
    }
    Ok(())
}
