//! Asking for some types of a program, without converting the others.
//!
//! 1. A quick pass over all units finds the names they define (`unit::heads`).
//! 2. In each unit that defines a root, the roots are converted, with all that they hold by value. Every
//!    definition of a root in the program is found, and told apart from the others, as when all is converted.
//! 3. A named type that is only pointed to is taken from the first unit that defines it, and so on from there.
//!
//! Units in which names are qualified (`ns::Foo`) are converted as a whole, if the last part of a root's name is
//! defined there, and what the roots reach is kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::dwarf::convert::{Interned, Job, Worker};
use crate::dwarf::key::{Key, Mixer};
use crate::dwarf::names::{Composed, Files, NameRef};
use crate::dwarf::threads::{NumberedUnit, Outcome};
use crate::dwarf::unit::collect::{collect_some, heads};
use crate::dwarf::unit::exact::UnitList;
use crate::dwarf::unit::heads::Head;
use crate::dwarf::unit::keys::NOMINAL;
use crate::dwarf::unit::types::Shape;
use crate::dwarf::whole::table::NO_TAG;
use crate::error::{Context, Result};
use crate::graph::Name;
use crate::query::{c_spelling, essential_name, spelling_key};

/// The names asked for.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// The keys of the names as a whole, sorted.
    names: Vec<Key>,
    /// The keys of their last parts, sorted: of `ns::Foo<a::b>`, of all that stands behind a `::`.
    tails: Vec<Key>,
    /// Whether a name with a flavor suffix is as good as the one without.
    flavors: bool,
    /// The names as C spells them, without `_` at the end.
    spellings: Vec<Vec<u8>>,
}

impl Roots {
    pub fn new(names: &[String], flavors: bool) -> Self {
        let sorted = |mut keys: Vec<Key>| {
            keys.sort_unstable();
            keys
        };
        let parts = |name: &str| -> Vec<Key> {
            let behind = name
                .match_indices("::")
                .map(|(at, colons)| at + colons.len());
            std::iter::once(0)
                .chain(behind)
                .filter_map(|at| name.get(at..))
                .map(|part| key(part.as_bytes()))
                .collect()
        };
        Self {
            names: sorted(names.iter().map(|name| key(name.as_bytes())).collect()),
            tails: sorted(names.iter().flat_map(|name| parts(name)).collect()),
            flavors,
            spellings: names
                .iter()
                .map(|name| spelling_key(&c_spelling(name.as_bytes())).to_vec())
                .collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the name is one of them; it ends with the first NUL.
    pub fn contains(&self, tail: &[u8]) -> bool {
        self.is_one(&self.names, tail)
    }

    /// Whether the name, of a language other than C, is one of them, or is spelled like one of them.
    pub fn contains_spelled(&self, tail: &[u8]) -> bool {
        if self.contains(tail) {
            return true;
        }
        let Cow::Owned(spelling) = c_spelling(Name::new(tail).as_bytes()) else {
            return false;
        };
        let key = spelling_key(&spelling);
        self.spellings.iter().any(|root| root == key)
    }

    /// Whether the name may be the last part of one of another language that is spelled like one of them.
    fn contains_spelled_tail(&self, tail: &[u8]) -> bool {
        let spelling = c_spelling(Name::new(tail).as_bytes());
        let key = spelling_key(&spelling);
        self.spellings.iter().any(|root| root.ends_with(key))
    }

    /// Whether it is the last part of one of them.
    fn contains_tail(&self, tail: &[u8]) -> bool {
        self.is_one(&self.tails, tail)
    }

    fn is_one(&self, keys: &[Key], tail: &[u8]) -> bool {
        let is_one = |name: &[u8]| keys.binary_search(&key(name)).is_ok();
        if is_one(tail) {
            return true;
        }
        if !self.flavors {
            return false;
        }
        let end = tail.iter().position(|&byte| byte == 0);
        let name = tail.get(..end.unwrap_or(tail.len())).unwrap_or_default();
        let essential = essential_name(name);
        essential.len() < name.len() && is_one(essential)
    }
}

/// Whether C spells a name, which ends with the first NUL, like a root's.
pub(super) fn is_spelled(root: &str, tail: &[u8]) -> bool {
    match c_spelling(Name::new(tail).as_bytes()) {
        Cow::Owned(name) => spelling_key(&name) == spelling_key(&c_spelling(root.as_bytes())),
        Cow::Borrowed(_) => false,
    }
}

pub(super) fn key(tail: &[u8]) -> Key {
    Mixer::new(0).text(tail).finish()
}

/// What the quick pass found in a unit.
#[derive(Debug, Default)]
struct Found {
    /// All heads that can be referred to by name.
    heads: Vec<Head>,
    /// The entries of the roots.
    roots: Vec<u32>,
    /// Whether names are qualified here, and a root may be among them.
    whole: bool,
}

/// Which names are roots, by where they stand: each is looked at once. Two bits for each byte of the section.
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

    /// Whether a name is the last part of a root's.
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

/// Where each name that can be referred to is defined first, by the key of its tag.
type First = HashMap<Key, (u32, u32)>;

impl Job<'_> {
    /// Whether asking for the roots is less work than converting all.
    pub(super) fn by_roots(&self) -> bool {
        !self.roots.is_empty() && !self.options.functions && !self.options.variables
    }

    /// Reads the types that the roots need.
    pub(super) fn read_roots(&self) -> Result<Outcome<Vec<Interned>>> {
        let Outcome::Done(found) = self.find_heads()? else {
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
                    self.some_of_unit(worker, unit, &found.roots, |_, _, _| false)?
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

    fn find_heads(&self) -> Result<Outcome<Vec<Found>>> {
        let parts = self.on_threads(
            || {
                let memo = Memo::new(&self.files, &self.roots);
                (Worker::for_heads(), memo, Vec::new())
            },
            |(worker, memo, all), unit| {
                let Outcome::Done(found) = self.heads_of_unit(worker, memo, unit)? else {
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

    fn heads_of_unit(
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
        let Worker {
            abbrevs,
            memory,
            nodes,
            ..
        } = worker;
        let is_qualified = heads(&view, abbrevs, &self.files, memory, nodes, |head| {
            if memo.is_root(head.name)
                || head.qualified
                    && memo
                        .roots
                        .contains_spelled_tail(files.tail(head.name, Composed::NONE))
            {
                found.roots.push(head.die);
            }
            if head.shape.is_nominal() {
                found.heads.push(head);
            }
        })?;
        if is_qualified && !worker.memory.imports().is_empty() {
            return Ok(Outcome::NeedsLinked);
        }
        if is_qualified {
            found.whole = !found.roots.is_empty();
            found.roots = Vec::new();
            found.heads = Vec::new();
        }
        found.heads.shrink_to_fit();
        Ok(Outcome::Done(found))
    }

    /// Converts types of a unit: the whole of those at `start`, and those they point to that `also` asks for.
    fn some_of_unit(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
        start: &[u32],
        also: impl Fn(Shape, NameRef, u32) -> bool,
    ) -> Result<Outcome<UnitList>> {
        worker.nodes.clear(unit.unit.header.len);
        worker.memory.clear();
        let view = unit.source.view(unit.unit, 0);
        self.read_abbrevs(worker, &view, unit.source.sections)?;
        let wants = self.wants();
        let Worker {
            abbrevs,
            memory,
            nodes,
            ..
        } = worker;
        let also = (start, also);
        // Where it fails the unit as a whole is read, and says why.
        let done = collect_some(&view, abbrevs, &self.files, wants, memory, nodes, also);
        if !matches!(done, Ok(true)) {
            return self.whole_unit(worker, unit, start);
        }
        if !worker.nodes.links.is_empty() {
            return Ok(Outcome::NeedsLinked);
        }
        self.finish_unit(worker, unit.number, None)
            .map(Outcome::Done)
    }

    /// Converts what the roots reach of a unit, and what the entries in `start` do.
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
            .some_of_unit(worker, unit, wanted, also)
            .within(|| unit.source.place())?;
        let Outcome::Done(list) = list else {
            return Ok(Outcome::NeedsLinked);
        };
        // The list of before is a part of this one.
        worker.interned.lists.retain(|(of, _)| *of != place);
        worker.interned.lists.push((place, list));
        Ok(Outcome::Done(()))
    }

    /// Where each name is defined first.
    fn first(&self, found: &[Found]) -> First {
        let len = self.files.files.first().map_or(0, |file| file.str.len());
        let mut seen = [const { Vec::new() }; 3];
        for seen in &mut seen {
            seen.resize(len / 64 + 1, 0u64);
        }
        let mut first = First::new();
        for (unit, found) in (0u32..).zip(found) {
            for head in &found.heads {
                let seen = match head.shape {
                    Shape::Struct => seen.get_mut(0),
                    Shape::Union => seen.get_mut(1),
                    _ => seen.get_mut(2),
                };
                if let Some(place) = head.name.in_first_str()
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
                    .entry(tag_key(&self.files, head.shape, head.name))
                    .or_insert((unit, head.die));
            }
        }
        first
    }
}

/// The key of the tag with this name.
fn tag_key(files: &Files<'_>, shape: Shape, name: NameRef) -> Key {
    Mixer::new(NOMINAL | shape as u64)
        .text(files.tail(name, Composed::NONE))
        .finish()
}
