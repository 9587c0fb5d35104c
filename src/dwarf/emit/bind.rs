//! Binding names to definitions.
//!
//! A distinct type refers to named types by name. Nearly every name has one definition in the whole program; then that
//! is its meaning everywhere, also in units that only declare it. If a name has several definitions (two files with a
//! `struct state` of their own), its meaning in a unit is that unit's definition, and a type that refers to the name is
//! split into *variants*, one for each meaning. A unit without a definition agrees with any meaning; in a unit with
//! several, each reference has a meaning of its own (see [`shadowed`](crate::dwarf::distinct::shadowed)). A split makes
//! the type's own name ambiguous, so splitting is repeated until nothing changes. The result depends only on the order
//! of the units.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::dwarf::distinct::shadowed::{ANY, BY_NAME, UnitList};
use crate::dwarf::distinct::table::{Distinct, NO_TAG, RefId, RefTarget, Seen, Table};
use crate::error::{Error, Result};

/// The number of references that may be followed for each reference of the program. An unnamed type is traversed anew
/// wherever it is referred to; real ones are nested a few times.
const STEPS_EACH: u64 = 64;
/// The number of references that may be followed in any program.
const STEPS_FREE: u64 = 1 << 20;
/// The number of meanings that may be compared. Each takes a few instructions, and a kernel needs a few million. A file
/// that needs more is hostile.
const MOST_WORK: u64 = 20_000_000_000;
/// The number of meanings that all types together may have. Each takes 12 bytes, and as many while a type is split. A file
/// that has more is hostile.
const MOST_MEANINGS: usize = 1 << 25;

/// A distinct type with one meaning of each name that it refers to.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub distinct: u32,
    /// The first place at which it was found.
    pub seen: Seen,
    /// The variants that its references by ambiguous names mean, in the order of the references; `None` if no unit
    /// tells.
    pub meaning: Vec<Option<u32>>,
}

/// The meaning of every reference by name.
#[derive(Debug)]
pub(crate) struct Binding {
    /// All variants, in the order in which they were found.
    pub variants: Vec<Variant>,
    /// The meaning of each tag.
    pub meant: Vec<Meant>,
    /// The numbers of the variants that are preferred.
    pub preferred: Vec<u32>,
}

/// The meaning of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meant {
    /// The name is only declared.
    Nothing,
    /// The name means this variant everywhere.
    One(u32),
    /// The meaning depends on the referring variant: see [`Variant::meaning`].
    Several,
}

/// Binds every name to its definitions. `preferred` are types, as the number of the list and the index there, the best
/// first: a name that one level has makes those of later levels count for nothing. `name` returns the name of a type for
/// a message.
///
/// # Errors
/// `Limit` if a hostile file would take too long.
pub(crate) fn bind(
    table: &Table,
    lists: &[UnitList],
    preferred: &[Vec<(u32, u32)>],
    name: &dyn Fn(&Distinct) -> String,
) -> Result<Binding> {
    let mut binder = Binder::new(table, lists, name);
    if binder.ambiguous.iter().any(|&ambiguous| ambiguous) {
        binder.refine()?;
    }
    Ok(binder.finish(preferred))
}

/// An occurrence of a type: the unit's number, and the index in its list.
type Occurrence = (u32, u32);

/// A definition: the number of the type, and the index of its group.
type Meaning = (u32, u32);

struct Binder<'a> {
    table: &'a Table,
    name: &'a dyn Fn(&Distinct) -> String,
    lists: &'a [UnitList],
    /// Whether each tag has several definitions.
    ambiguous: Vec<bool>,
    /// The groups of each type that was examined.
    groups: HashMap<u32, Groups>,
    /// Maps an ambiguous tag and a unit to the unit's first definition.
    definitions: HashMap<(u32, u32), Occurrence>,
    work: u64,
    /// The number of meanings in all groups.
    kept: usize,
}

/// The groups that the occurrences of a type were split into.
#[derive(Debug, Default)]
struct Groups {
    meanings: Vec<Vec<Option<Meaning>>>,
    seen: Vec<Seen>,
    of: HashMap<Occurrence, u32>,
    /// The number of meanings in them, before those that agree were joined.
    kept: usize,
}

impl<'a> Binder<'a> {
    fn new(table: &'a Table, lists: &'a [UnitList], name: &'a dyn Fn(&Distinct) -> String) -> Self {
        let mut count = vec![0u32; table.tags.len()];
        for distinct in &table.types {
            if let Some(count) = count.get_mut(distinct.tag as usize) {
                *count += 1;
            }
        }
        Self {
            table,
            name,
            lists,
            ambiguous: count.iter().map(|&count| count > 1).collect(),
            groups: HashMap::new(),
            definitions: HashMap::new(),
            work: 0,
            kept: 0,
        }
    }

    fn is_ambiguous(&self, tag: u32) -> bool {
        self.ambiguous.get(tag as usize).copied().unwrap_or(false)
    }

    /// Returns the tags that a type refers to, through unnamed types, in the order of the references. Takes the steps
    /// from those that are left.
    fn leaves(&self, distinct: u32, left: &mut u64) -> Result<Vec<u32>> {
        let mut leaves = Vec::new();
        if walk(self.table, distinct, left, |tag| leaves.push(tag)).is_some() {
            return Ok(leaves);
        }
        let distinct = self.table.types.get(distinct as usize);
        let name = distinct.map(self.name).filter(|name| !name.is_empty());
        Err(Error::limit(format!(
            "too many paths through unnamed types of {}",
            name.as_deref().unwrap_or("an unnamed type")
        )))
    }

    /// Splits types until each has one meaning in all its units.
    fn refine(&mut self) -> Result<()> {
        let referrers = self.referrers()?;
        let referrers = |tag: u32| referrers.get(&tag).into_iter().flatten().copied();
        let mut occurrences: HashMap<u32, Vec<Occurrence>> = HashMap::new();
        let mut due = BTreeSet::new();
        let mut fresh: Vec<u32> = (0u32..)
            .zip(&self.ambiguous)
            .filter_map(|(tag, &ambiguous)| ambiguous.then_some(tag))
            .collect();
        while !fresh.is_empty() || !due.is_empty() {
            self.define(&fresh);
            due.extend(fresh.drain(..).flat_map(referrers));
            self.locate(&due, &mut occurrences);
            for distinct in std::mem::take(&mut due) {
                let places = occurrences.get(&distinct).map(Vec::as_slice);
                if !self.split(distinct, places.unwrap_or_default())? {
                    continue;
                }
                let tag = self.tag_of(distinct);
                if let Some(ambiguous) = self.ambiguous.get_mut(tag as usize) {
                    if !std::mem::replace(ambiguous, true) {
                        fresh.push(tag);
                    }
                    due.extend(referrers(tag));
                }
            }
        }
        Ok(())
    }

    /// Returns the types that refer to each tag.
    fn referrers(&self) -> Result<HashMap<u32, Vec<u32>>> {
        let references = self.table.types.len() + self.table.parts.len();
        let mut left = (references as u64)
            .saturating_mul(STEPS_EACH)
            .saturating_add(STEPS_FREE);
        let mut referrers: HashMap<u32, Vec<u32>> = HashMap::new();
        for distinct in self.listed() {
            let mut leaves = self.leaves(distinct, &mut left)?;
            leaves.sort_unstable();
            leaves.dedup();
            for tag in leaves {
                referrers.entry(tag).or_default().push(distinct);
            }
        }
        Ok(referrers)
    }

    /// Returns the tag of a type, or [`NO_TAG`].
    fn tag_of(&self, distinct: u32) -> u32 {
        let distinct = self.table.types.get(distinct as usize);
        distinct.map_or(NO_TAG, |distinct| distinct.tag)
    }

    /// Returns every type that a unit has, each once.
    fn listed(&self) -> impl Iterator<Item = u32> + 'a {
        (0u32..)
            .zip(&self.table.types)
            .filter(|(_, distinct)| distinct.seen != Seen::NEVER)
            .map(|(number, _)| number)
    }

    /// Returns every occurrence of every type.
    fn all(&self) -> impl Iterator<Item = (Occurrence, u32)> + 'a {
        (0u32..).zip(self.lists).flat_map(|(unit, list)| {
            (0u32..)
                .zip(&list.types)
                .map(move |(place, &distinct)| ((unit, place), distinct))
        })
    }

    /// Notes each unit's first definition of these tags.
    fn define(&mut self, tags: &[u32]) {
        if tags.is_empty() {
            return;
        }
        let mut wanted = vec![false; self.ambiguous.len()];
        for &tag in tags {
            if let Some(wanted) = wanted.get_mut(tag as usize) {
                *wanted = true;
            }
        }
        for (place, distinct) in self.all() {
            let tag = self.tag_of(distinct);
            if wanted.get(tag as usize) == Some(&true) {
                self.definitions.entry((tag, place.0)).or_insert(place);
            }
        }
    }

    /// Notes the occurrences of these types, unless they are known.
    fn locate(&self, types: &BTreeSet<u32>, places: &mut HashMap<u32, Vec<Occurrence>>) {
        let mut wanted = vec![false; self.table.types.len()];
        let mut any = false;
        for &distinct in types {
            if let Some(wanted) = wanted.get_mut(distinct as usize)
                && !places.contains_key(&distinct)
            {
                places.insert(distinct, Vec::new());
                *wanted = true;
                any = true;
            }
        }
        if !any {
            return;
        }
        for (place, distinct) in self.all() {
            if wanted.get(distinct as usize) == Some(&true)
                && let Some(places) = places.get_mut(&distinct)
            {
                places.push(place);
            }
        }
    }

    /// Splits a type by the meanings of its references at each occurrence. Returns whether its groups changed.
    fn split(&mut self, distinct: u32, places: &[Occurrence]) -> Result<bool> {
        let mut left = MOST_WORK.saturating_sub(self.work);
        let leaves = self.leaves(distinct, &mut left)?;
        self.work = MOST_WORK.saturating_sub(left);
        let before = self.groups.get(&distinct);
        let mut kept = self
            .kept
            .saturating_sub(before.map_or(0, |before| before.kept));
        let mut groups = Groups::default();
        let mut known: HashMap<Vec<Option<Meaning>>, u32> = HashMap::new();
        for &place in places {
            let meaning = self.meaning(&leaves, place);
            self.work += 1 + meaning.len() as u64 * (1 + groups.meanings.len() as u64);
            if self.work > MOST_WORK {
                return Err(too_much());
            }
            let group = match known.get(&meaning) {
                Some(&group) => group,
                None => {
                    kept = kept.saturating_add(meaning.len());
                    groups.kept += meaning.len();
                    if kept > MOST_MEANINGS {
                        return Err(too_much());
                    }
                    let group = join(&mut groups, &meaning, self.seen(place));
                    known.insert(meaning, group);
                    group
                }
            };
            groups.of.insert(place, group);
        }
        self.kept = kept;
        let changed = match self.groups.get(&distinct) {
            Some(before) => before.of != groups.of,
            None => groups.meanings.len() > 1,
        };
        self.groups.insert(distinct, groups);
        Ok(changed)
    }

    /// Returns the meanings of the ambiguous references at an occurrence.
    fn meaning(&self, leaves: &[u32], place: Occurrence) -> Vec<Option<Meaning>> {
        let list = self.lists.get(place.0 as usize);
        let exact = list.and_then(|list| {
            let at = list.shadowed.binary_search_by_key(&place.1, |(at, _)| *at);
            list.shadowed.get(at.ok()?).map(|(_, exact)| &**exact)
        });
        let ambiguous = (0..)
            .zip(leaves)
            .filter(|(_, tag)| self.is_ambiguous(**tag));
        ambiguous
            .map(|(index, &tag)| {
                let exact = exact.and_then(|exact: &[u32]| exact.get::<usize>(index));
                let definition = match exact.copied() {
                    None | Some(BY_NAME) => *self.definitions.get(&(tag, place.0))?,
                    Some(ANY) => return None,
                    Some(at) => (place.0, at),
                };
                self.group(definition)
            })
            .collect()
    }

    /// Returns the definition at an occurrence.
    fn group(&self, place: Occurrence) -> Option<Meaning> {
        let list = self.lists.get(place.0 as usize)?;
        let distinct = *list.types.get(place.1 as usize)?;
        let group = match self.groups.get(&distinct) {
            Some(groups) => groups.of.get(&place).copied().unwrap_or(0),
            None => 0,
        };
        Some((distinct, group))
    }

    /// Returns the place of an occurrence.
    fn seen(&self, place: Occurrence) -> Seen {
        let list = self.lists.get(place.0 as usize);
        let die = list.and_then(|list| list.dies.get(place.1 as usize));
        Seen {
            unit: place.0,
            die: die.copied().unwrap_or(u32::MAX),
        }
    }

    /// Numbers the variants.
    fn finish(self, preferred: &[Vec<Occurrence>]) -> Binding {
        let mut order: Vec<(Seen, u32, u32)> = Vec::new();
        for distinct in self.listed() {
            match self.groups.get(&distinct) {
                Some(groups) => order.extend(
                    (0u32..)
                        .zip(&groups.seen)
                        .map(|(group, &seen)| (seen, distinct, group)),
                ),
                None => {
                    let entry = self.table.types.get(distinct as usize);
                    order.push((
                        entry.map_or(Seen::NEVER, |distinct| distinct.seen),
                        distinct,
                        0,
                    ));
                }
            }
        }
        // No two types are found first at the same DIE.
        order.sort_unstable_by_key(|&(seen, distinct, group)| {
            let entry = self.table.types.get(distinct as usize);
            (
                seen,
                entry.map_or(Seen::NEVER, |distinct| distinct.seen),
                group,
            )
        });
        let numbers: HashMap<Meaning, u32> = order
            .iter()
            .zip(0u32..)
            .map(|(&(_, distinct, group), number)| ((distinct, group), number))
            .collect();
        let mut meant = vec![Meant::Nothing; self.table.tags.len()];
        let mut variants = Vec::with_capacity(order.len());
        for (number, &(seen, distinct, group)) in (0u32..).zip(&order) {
            let tag = self.tag_of(distinct);
            if let Some(meant) = meant.get_mut(tag as usize) {
                *meant = if self.is_ambiguous(tag) {
                    Meant::Several
                } else {
                    Meant::One(number)
                };
            }
            let groups = self.groups.get(&distinct);
            let meaning = groups.and_then(|groups| groups.meanings.get(group as usize));
            let meaning = meaning.into_iter().flatten();
            let meaning = meaning.map(|meaning| numbers.get(&(*meaning)?).copied());
            variants.push(Variant {
                distinct,
                seen,
                meaning: meaning.collect(),
            });
        }
        let preferred = self.preferred(preferred);
        let preferred = preferred.filter_map(|meaning| numbers.get(&meaning).copied());
        let preferred = preferred.collect();
        Binding {
            variants,
            meant,
            preferred,
        }
    }

    /// Returns the definitions that are preferred, without those whose name an earlier level has.
    fn preferred(&self, levels: &[Vec<Occurrence>]) -> impl Iterator<Item = Meaning> {
        let mut named = HashSet::new();
        let mut preferred = Vec::new();
        for level in levels {
            let first = preferred.len();
            let meanings = level.iter().filter_map(|place| self.group(*place));
            preferred.extend(meanings.filter(|(distinct, _)| {
                let tag = self.tag_of(*distinct);
                tag == NO_TAG || !named.contains(&tag)
            }));
            let new = preferred.get(first..).unwrap_or_default();
            named.extend(new.iter().map(|(distinct, _)| self.tag_of(*distinct)));
        }
        preferred.into_iter()
    }
}

/// Returns the index of the group that agrees with these meanings, which is added if there is none.
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

/// Calls `leaf` for every reference by name of a type, through unnamed types. Returns `None` if that takes more steps
/// than are left.
fn walk(table: &Table, distinct: u32, left: &mut u64, mut leaf: impl FnMut(u32)) -> Option<()> {
    let mut stack = vec![(distinct, 0u32)];
    while let Some(top) = stack.last_mut() {
        let (number, next) = *top;
        top.1 += 1;
        let child = table
            .types
            .get(number as usize)
            .and_then(|distinct| table.reference(distinct, next));
        match child.map(RefId::target) {
            None => {
                stack.pop();
            }
            Some(RefTarget::Void) => {}
            Some(RefTarget::Tag(tag)) => leaf(tag),
            Some(RefTarget::Distinct(distinct)) => stack.push((distinct, 0)),
        }
        *left = left.checked_sub(1)?;
    }
    Some(())
}
