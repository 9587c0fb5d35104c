//! Converting some types of a program without the others.
//!
//! 1. A quick pass over all units finds the names they define ([`names_only`](crate::dwarf::collect::names_only)).
//! 2. In each unit that defines a root, the roots are converted, with all they contain by value. Every definition of a
//!    root in the program is found, and told apart from the others, as if all was converted.
//! 3. A named type that is only pointed to is taken from the first unit that defines it, and so on from there.
//!
//! A unit with qualified names (`ns::Foo`) is converted as a whole if it defines the last part of a root's name; what
//! the roots reach is kept.

use std::collections::{BTreeMap, HashMap};

use crate::dwarf::collect::names_only::{DefinedName, defined_names};
use crate::dwarf::collect::partial::collect_partial;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::key::Key;
use crate::dwarf::distinct::shadowed::UnitList;
use crate::dwarf::distinct::table::NO_TAG;
use crate::dwarf::distinct::wanted::{Roots, tag_key};
use crate::dwarf::driver::job::{Interned, Job, Worker};
use crate::dwarf::driver::threads::{NumberedUnit, Outcome};
use crate::dwarf::read::name::{Composed, Files, NameRef};
use crate::error::{Context, Result};

/// The names that the quick pass found in a unit.
#[derive(Debug, Default)]
struct Found {
    /// The names that types can be referred to by.
    names: Vec<DefinedName>,
    /// The offsets of the roots' DIEs.
    roots: Vec<u32>,
    /// Whether names are qualified in the unit, and a root may be among them.
    whole: bool,
}

/// Whether the name at each offset of the program's `.debug_str` is a root, so that each name is compared once. Two bits
/// for each byte of the section: whether the name was compared, and the result.
struct Memo<'j> {
    files: &'j Files<'j>,
    roots: &'j Roots,
    words: Vec<u64>,
}

impl<'j> Memo<'j> {
    fn new(files: &'j Files<'j>, roots: &'j Roots) -> Self {
        let len = files.files.first().map_or(0, |file| file.str.len());
        Self {
            files,
            roots,
            words: vec![0; len / 32 + 1],
        }
    }

    /// Returns whether a name is the last part of a root's name.
    fn is_root(&mut self, name: NameRef) -> bool {
        let look = || {
            self.roots
                .contains_tail(self.files.tail(name, Composed::NONE))
        };
        let Some(place) = name.in_first_str() else {
            return look();
        };
        let shift = place % 32 * 2;
        let Some(word) = usize::try_from(place / 32)
            .ok()
            .and_then(|word| self.words.get_mut(word))
        else {
            return look();
        };
        match *word >> shift & 3 {
            0 => {
                let is_root = self
                    .roots
                    .contains_tail(self.files.tail(name, Composed::NONE));
                *word |= if is_root { 3 } else { 1 } << shift;
                is_root
            }
            known => known == 3,
        }
    }
}

/// The unit and the DIE that define each name first, by the key of its tag.
type First = HashMap<Key, (u32, u32)>;

impl Job<'_> {
    /// Returns whether converting only the roots is less work than converting all types.
    pub(super) fn by_roots(&self) -> bool {
        !self.roots.is_empty() && !self.options.functions && !self.options.variables
    }

    /// Reads the types that the roots need.
    pub(super) fn read_roots(&self) -> Result<Outcome<Vec<Interned>>> {
        let Outcome::Done(found) = self.find_names()? else {
            return Ok(Outcome::NeedsLinked);
        };
        let workers = self.on_threads(
            || Worker::new(self),
            |worker, unit| {
                let Some(found) = found.get(unit.number) else {
                    return Ok(Outcome::Done(()));
                };
                let list = if found.whole {
                    self.whole_unit(worker, unit, &[])?
                } else if found.roots.is_empty() {
                    return Ok(Outcome::Done(()));
                } else {
                    self.part_of_unit(worker, unit, &found.roots, |_, _, _| false)?
                };
                let Outcome::Done(list) = list else {
                    return Ok(Outcome::NeedsLinked);
                };
                worker.interned.lists.push((unit.number, list));
                Ok(Outcome::Done(()))
            },
        )?;
        let Outcome::Done(workers) = workers else {
            return Ok(Outcome::NeedsLinked);
        };
        let mut worker = Worker::new(self);
        let threads = workers.into_iter().map(|worker| worker.interned);
        worker.interned = self.join_tables(threads.collect());
        Ok(match self.follow_pointers(&mut worker, &found)? {
            Outcome::Done(()) => Outcome::Done(vec![worker.interned]),
            Outcome::NeedsLinked => Outcome::NeedsLinked,
        })
    }

    /// Finds the names that each unit defines.
    fn find_names(&self) -> Result<Outcome<Vec<Found>>> {
        let parts = self.on_threads(
            || {
                let memo = Memo::new(&self.files, &self.roots);
                (Worker::for_names(), memo, Vec::new())
            },
            |(worker, memo, all), unit| {
                let Outcome::Done(found) = self.names_of_unit(worker, memo, unit)? else {
                    return Ok(Outcome::NeedsLinked);
                };
                all.push((unit.number, found));
                Ok(Outcome::Done(()))
            },
        )?;
        let Outcome::Done(parts) = parts else {
            return Ok(Outcome::NeedsLinked);
        };
        let mut found: Vec<Found> = Vec::new();
        found.resize_with(self.unit_count(), Found::default);
        for (number, part) in parts.into_iter().flat_map(|(.., all)| all) {
            if let Some(place) = found.get_mut(number) {
                *place = part;
            }
        }
        Ok(Outcome::Done(found))
    }

    fn names_of_unit(
        &self,
        worker: &mut Worker,
        memo: &mut Memo<'_>,
        unit: NumberedUnit<'_, '_>,
    ) -> Result<Outcome<Found>> {
        let NumberedUnit { source, unit, .. } = unit;
        let view = source.view(unit, 0);
        self.read_abbrevs(worker, &view, source.sections)?;
        let mut found = Found::default();
        let files = &self.files;
        let is_qualified = defined_names(self.input(worker, &view), |name| {
            if memo.is_root(name.name)
                || name.qualified
                    && memo
                        .roots
                        .contains_spelled_tail(files.tail(name.name, Composed::NONE))
            {
                found.roots.push(name.die);
            }
            if name.shape.is_nominal() {
                found.names.push(name);
            }
        })?;
        if is_qualified && !worker.scratch.imports().is_empty() {
            return Ok(Outcome::NeedsLinked);
        }
        if is_qualified {
            found.whole = !found.roots.is_empty();
            found.roots = Vec::new();
            found.names = Vec::new();
        }
        found.names.shrink_to_fit();
        Ok(Outcome::Done(found))
    }

    /// Converts types of a unit: those at `start` with all they contain, and those they point to that `also` asks for.
    fn part_of_unit(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
        start: &[u32],
        also: impl Fn(Shape, NameRef, u32) -> bool,
    ) -> Result<Outcome<UnitList>> {
        worker.nodes.clear(unit.unit.header.len);
        worker.scratch.clear();
        let view = unit.source.view(unit.unit, 0);
        self.read_abbrevs(worker, &view, unit.source.sections)?;
        let done = collect_partial(self.input(worker, &view), start, also);
        // If this fails, the unit is read as a whole, and that error is reported.
        if !matches!(done, Ok(true)) {
            return self.whole_unit(worker, unit, start);
        }
        if !worker.nodes.links.is_empty() {
            return Ok(Outcome::NeedsLinked);
        }
        self.finish_unit(worker, unit.number, None)
            .map(Outcome::Done)
    }

    /// Converts the types of a unit that the roots and the DIEs at `start` reach.
    fn whole_unit(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
        start: &[u32],
    ) -> Result<Outcome<UnitList>> {
        let Outcome::Done(()) = self.collect_unit(worker, unit)? else {
            return Ok(Outcome::NeedsLinked);
        };
        self.finish_unit(worker, unit.number, Some(start))
            .map(Outcome::Done)
    }

    /// Converts named types that are only pointed to.
    fn follow_pointers(&self, worker: &mut Worker, found: &[Found]) -> Result<Outcome<()>> {
        let mut first: Option<First> = None;
        let mut asked = vec![];
        let mut wanted: Vec<Vec<u32>> = found.iter().map(|found| found.roots.clone()).collect();
        loop {
            let table = &worker.interned.table;
            asked.resize(table.tags.len(), false);
            for distinct in &table.types {
                if distinct.tag != NO_TAG
                    && let Some(asked) = asked.get_mut(distinct.tag as usize)
                {
                    *asked = true;
                }
            }
            let mut due: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for (tag, asked) in table.tags.iter().zip(&mut asked) {
                if std::mem::replace(asked, true) {
                    continue;
                }
                let first = first.get_or_insert_with(|| self.first(found));
                if let Some(&(unit, die)) = first.get(&tag.key) {
                    due.entry(unit).or_default().push(die);
                }
            }
            let Some(first) = first.as_ref().filter(|_| !due.is_empty()) else {
                return Ok(Outcome::Done(()));
            };
            for (number, dies) in due {
                let more = self.more_of_unit(worker, number, &dies, first, &mut wanted)?;
                let Outcome::Done(()) = more else {
                    return Ok(Outcome::NeedsLinked);
                };
            }
        }
    }

    fn more_of_unit(
        &self,
        worker: &mut Worker,
        number: u32,
        dies: &[u32],
        first: &First,
        wanted: &mut [Vec<u32>],
    ) -> Result<Outcome<()>> {
        let place = number as usize;
        let (Some(unit), Some(wanted)) = (self.unit(place), wanted.get_mut(place)) else {
            return Ok(Outcome::Done(()));
        };
        wanted.extend_from_slice(dies);
        let files = &self.files;
        let also = |shape: Shape, name: NameRef, die: u32| {
            first.get(&tag_key(files, shape, name)) == Some(&(number, die))
        };
        let list = self
            .part_of_unit(worker, unit, wanted, also)
            .within(|| unit.source.place())?;
        let Outcome::Done(list) = list else {
            return Ok(Outcome::NeedsLinked);
        };
        // The earlier list of this unit is a part of the new one.
        worker.interned.lists.retain(|(of, _)| *of != place);
        worker.interned.lists.push((place, list));
        Ok(Outcome::Done(()))
    }

    /// Finds the first definition of each name.
    fn first(&self, found: &[Found]) -> First {
        let len = self.files.files.first().map_or(0, |file| file.str.len());
        let mut seen = [const { Vec::new() }; 3];
        for seen in &mut seen {
            seen.resize(len / 64 + 1, 0u64);
        }
        let mut first = First::new();
        for (unit, found) in (0u32..).zip(found) {
            for name in &found.names {
                let seen = match name.shape {
                    Shape::Struct => seen.get_mut(0),
                    Shape::Union => seen.get_mut(1),
                    _ => seen.get_mut(2),
                };
                if let Some(place) = name.name.in_first_str()
                    && let Ok(word) = usize::try_from(place / 64)
                    && let Some(word) = seen.and_then(|seen| seen.get_mut(word))
                {
                    let bit = 1 << (place % 64);
                    if *word & bit != 0 {
                        continue;
                    }
                    *word |= bit;
                }
                first
                    .entry(tag_key(&self.files, name.shape, name.name))
                    .or_insert((unit, name.die));
            }
        }
        first
    }
}
