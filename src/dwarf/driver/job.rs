//! The job of one conversion: its units, and the steps that each of them takes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dwarf::collect::complete::complete;
use crate::dwarf::collect::member::place_bitfields;
use crate::dwarf::collect::nodes::{Node, Nodes};
use crate::dwarf::collect::pass::{Input, UnitView, Wants, collect};
use crate::dwarf::collect::scratch::Scratch;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::intern::Intern;
use crate::dwarf::distinct::join::join;
use crate::dwarf::distinct::key::Key;
use crate::dwarf::distinct::keys::{Keys, UnitTypes};
use crate::dwarf::distinct::shadowed::{UnitList, resolve_shadowed};
use crate::dwarf::distinct::table::{Distinct, RefTarget, Seen, Table, Tag};
use crate::dwarf::distinct::wanted::{RootNames, is_short, is_spelled, name_key};
use crate::dwarf::driver::function_units::{FunctionUnits, Preferred};
use crate::dwarf::driver::outcome::Outcome;
use crate::dwarf::driver::sources::{NumberedUnit, Source, SourceKind, Unit, sources};
use crate::dwarf::options::ConvertOptions;
use crate::dwarf::read::Abbrevs;
use crate::dwarf::read::name::Files;
use crate::dwarf::read::skeleton::unit_name;
use crate::dwarf::report::{Degraded, Reason};
use crate::dwarf::sections::Sections;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::Name;
use crate::query::{InlineNamespaces, short_for_several};

/// One conversion.
pub(super) struct Job<'a> {
    pub(super) options: &'a ConvertOptions,
    pub(super) files: Files<'a>,
    pub(super) sources: Vec<Source<'a>>,
    /// The units, in the order of the sources, with the index of the source of each.
    units: Vec<(usize, Unit)>,
    pub(super) roots: RootNames,
    /// Whether units are known to refer to each other before any is read.
    must_link: bool,
    /// The number of bytes of abbreviations read so far.
    abbrevs_read: AtomicU64,
}

/// The types that all threads found.
pub(super) struct Read {
    pub(super) threads: Vec<Interned>,
    /// Whether all units were read as one.
    pub(super) as_one: bool,
    /// The types that a function prefers, if all units were read as one.
    pub(super) preferred: Preferred,
}

/// The types of all units.
pub(super) struct Joined {
    pub(super) table: Table,
    /// The types of each unit.
    pub(super) lists: Vec<UnitList>,
    /// The units that can't be read.
    pub(super) skipped: Vec<Degraded>,
}

/// The distinct types that one thread found.
#[derive(Default)]
pub(super) struct Interned {
    pub(super) table: Table,
    /// The numbers of units, and the types of each.
    pub(super) lists: Vec<(usize, UnitList)>,
    /// The units that can't be read: their offsets, counted through all sections, and the reason.
    pub(super) unreadable: Vec<(u64, Error)>,
}

/// One thread's memory, kept from unit to unit.
pub(super) struct Worker {
    pub(super) abbrevs: Abbrevs,
    pub(super) scratch: Scratch,
    pub(super) nodes: Nodes,
    keys: Keys,
    pub(super) interned: Interned,
}

impl Worker {
    pub(super) fn new(job: &Job<'_>) -> Self {
        Self::with(Abbrevs::new(job.options.functions, job.options.variables))
    }

    pub(super) fn with(abbrevs: Abbrevs) -> Self {
        Self {
            abbrevs,
            scratch: Scratch::new(),
            nodes: Nodes::default(),
            keys: Keys::default(),
            interned: Interned::default(),
        }
    }
}

impl<'a> Job<'a> {
    /// Finds the units of a program.
    pub(super) fn new(sections: &'a Sections, options: &'a ConvertOptions) -> Result<Self> {
        let mut sources = sources(sections)?;
        let own = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.kind != SourceKind::Alternate);
        let units: Vec<(usize, Unit)> = own
            .flat_map(|(number, source)| source.units.iter().map(move |unit| (number, *unit)))
            .collect();
        if units.is_empty() {
            // If headers can't be read, the first error is the reason.
            let unreadable = sources
                .iter_mut()
                .flat_map(|source| source.unreadable.drain(..));
            if let Some((_, error)) = unreadable.into_iter().next() {
                return Err(error);
            }
            return Err(Error::new(
                ErrorKind::NoDebugInfo,
                "there is no debug information: compile the program with -g",
            ));
        }
        let has_type_units = units
            .iter()
            .any(|(_, unit)| unit.header.signature.is_some());
        Ok(Self {
            options,
            files: Files::new(
                std::iter::once(sections)
                    .chain(sections.alt.as_deref())
                    .chain(&sections.split)
                    .collect(),
            ),
            sources,
            units,
            abbrevs_read: AtomicU64::new(0),
            must_link: has_type_units || sections.alt.is_some(),
            roots: RootNames::new(&options.roots, options.flavors),
        })
    }

    /// Returns the unit with this number.
    pub(super) fn unit(&self, number: usize) -> Option<NumberedUnit<'_, 'a>> {
        let (source, unit) = self.units.get(number)?;
        Some(NumberedUnit {
            number,
            source: self.sources.get(*source)?,
            unit: *unit,
        })
    }

    /// Returns the offset of each unit, counted as [`Conversion::die`](crate::dwarf::Conversion::die) counts.
    pub(super) fn unit_offsets(&self) -> Vec<u64> {
        let units = self.units.iter();
        let offsets = units.map(|(source, unit)| {
            let base = self.sources.get(*source).map_or(0, |source| source.base);
            base.saturating_add(unit.header.offset)
        });
        offsets.collect()
    }

    /// Returns the number of the unit that has a DIE, by its offset, counted through all sections.
    pub(super) fn unit_at(&self, place: u64) -> Option<u32> {
        let start = |(source, unit): &(usize, Unit)| {
            let source = self.sources.get(*source);
            source.map_or(u64::MAX, |source| source.start(*unit))
        };
        let next = self.units.partition_point(|unit| start(unit) <= place);
        let number = next.checked_sub(1)?;
        let unit = self.units.get(number)?;
        let end = start(unit).saturating_add(unit.1.header.len.into());
        u32::try_from(number).ok().filter(|_| place < end)
    }

    /// Returns the number of units.
    pub(super) fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// Reads all units, one by one if possible. `function` has the units whose types are preferred.
    pub(super) fn read(&self, function: Option<&FunctionUnits>) -> Result<Read> {
        let outcome = if self.must_link {
            Outcome::NeedsLinked
        } else {
            self.read_apart()?
        };
        Ok(match outcome {
            Outcome::Done(threads) => Read {
                threads,
                as_one: false,
                preferred: Preferred::new(),
            },
            Outcome::NeedsLinked => {
                let (all, preferred) = self.read_linked(function)?;
                Read {
                    threads: vec![all],
                    as_one: true,
                    preferred,
                }
            }
        })
    }

    /// Reads each unit alone.
    fn read_apart(&self) -> Result<Outcome<Vec<Interned>>> {
        let workers = self.on_threads(
            || Worker::new(self),
            |worker, unit| match self.read_unit(worker, unit) {
                Err(error) if costs_one_unit(&error) => {
                    let start = unit.source.start(unit.unit);
                    let error = error.within(unit.source.place());
                    worker.interned.unreadable.push((start, error));
                    Ok(Outcome::Done(()))
                }
                read => read,
            },
        )?;
        Ok(match workers {
            Outcome::Done(workers) => {
                Outcome::Done(workers.into_iter().map(|worker| worker.interned).collect())
            }
            Outcome::NeedsLinked => Outcome::NeedsLinked,
        })
    }

    /// Reads one unit alone.
    fn read_unit(&self, worker: &mut Worker, unit: NumberedUnit<'_, '_>) -> Result<Outcome<()>> {
        let Outcome::Done(()) = self.collect_unit(worker, unit)? else {
            return Ok(Outcome::NeedsLinked);
        };
        let list = self.finish_unit(worker, unit.number)?;
        if !list.types.is_empty() {
            worker.interned.lists.push((unit.number, list));
        }
        Ok(Outcome::Done(()))
    }

    /// Collects the types of one unit alone.
    pub(super) fn collect_unit(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
    ) -> Result<Outcome<()>> {
        let NumberedUnit { source, unit, .. } = unit;
        worker.nodes.clear(unit.header.len);
        worker.scratch.clear();
        self.collect(worker, &source.view(unit, 0), source.sections)?;
        let links = worker.abbrevs.links && !worker.nodes.links.is_empty();
        if links || worker.scratch.imports_names() {
            return Ok(Outcome::NeedsLinked);
        }
        let deferred = worker.scratch.deferred();
        complete(
            &mut worker.nodes,
            deferred,
            &self.files,
            &self.options.limits,
        );
        Ok(Outcome::Done(()))
    }

    /// Interns the types that were collected of one unit.
    fn finish_unit(&self, worker: &mut Worker, number: usize) -> Result<UnitList> {
        // The names of all units so far.
        if worker.interned.table.composed.len() > self.options.limits.string_bytes as usize {
            return Err(Error::limit(
                "qualified names have more bytes than Limits::string_bytes",
            ));
        }
        place_bitfields(&mut worker.nodes, self.options.limits.chain);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.intern(worker, number, None)
    }

    /// Reads the abbreviations of a unit.
    pub(super) fn read_abbrevs(
        &self,
        worker: &mut Worker,
        view: &UnitView<'_>,
        sections: &Sections,
    ) -> Result<()> {
        let header = view.header;
        let read = worker
            .abbrevs
            .read(
                &sections.abbrev,
                (view.file, header.abbrev),
                header.encoding,
                sections.endian,
                self.options.limits.abbreviations,
            )
            .map_err(|error| error.within(Place::Section(".debug_abbrev".into())))?;
        if self.abbrevs_read.fetch_add(read, Ordering::Relaxed) > self.most_abbrevs() {
            return Err(Error::limit(
                "units share large tables of abbreviations so often that reading them takes too long",
            ));
        }
        Ok(())
    }

    /// Returns the number of bytes of abbreviations that may be read in all. A table is read again for each unit that
    /// uses it; real programs read a fraction of their size.
    fn most_abbrevs(&self) -> u64 {
        const FREE: u64 = 1 << 26;
        let size = |sections: &Sections| (sections.info.len() + sections.abbrev.len()) as u64;
        let all: u64 = self.files.files.iter().map(|file| size(file)).sum();
        all.saturating_mul(16).saturating_add(FREE)
    }

    /// Returns what to collect of units.
    pub(super) fn wants(&self) -> Wants {
        Wants {
            functions: self.options.functions,
            variables: self.options.variables,
            codes: false,
            depth: self.options.limits.depth,
            entries: self.options.limits.entries,
            composed: self.options.limits.string_bytes,
        }
    }

    /// Collects the types of a unit.
    pub(super) fn collect(
        &self,
        worker: &mut Worker,
        view: &UnitView<'_>,
        sections: &Sections,
    ) -> Result<()> {
        self.read_abbrevs(worker, view, sections)?;
        collect(self.input(worker, view))
    }

    /// Returns what a pass over a unit reads and where it puts what it finds.
    pub(super) fn input<'p>(
        &'p self,
        worker: &'p mut Worker,
        view: &'p UnitView<'p>,
    ) -> Input<'p, 'p> {
        Input {
            unit: view,
            abbrevs: &worker.abbrevs,
            files: &self.files,
            wants: self.wants(),
            scratch: &mut worker.scratch,
            nodes: &mut worker.nodes,
        }
    }

    /// Interns the types of a unit in the thread's table: all of them, or those that are wanted.
    pub(super) fn intern(
        &self,
        worker: &mut Worker,
        unit: u32,
        wanted: Option<&[bool]>,
    ) -> Result<UnitList> {
        let Worker {
            nodes,
            keys,
            interned,
            ..
        } = worker;
        keys.clear(nodes.nodes.len());
        let types = UnitTypes {
            nodes,
            files: &self.files,
        };
        for &namespace in &nodes.inline_namespaces {
            let name = self.files.bytes(namespace, &nodes.composed);
            let known = &mut interned.table.inline_namespaces;
            if !known.contains(name) {
                known.insert(name.into());
            }
        }
        let mut intern = Intern {
            types,
            keys,
            table: &mut interned.table,
            unit,
            chain: self.options.limits.chain,
        };
        let (mut entered, mut numbers) = (Vec::new(), Vec::new());
        let mut several = false;
        for (number, node) in (0u32..).zip(&nodes.nodes) {
            let wanted = wanted.is_none_or(|wanted| {
                // A tag is wanted if the tagged type is.
                let number = match node.shape {
                    Shape::DeclTag => tagged(nodes, node).unwrap_or(number),
                    _ => number,
                };
                wanted.get(number as usize) == Some(&true)
            });
            if is_listed(nodes, node)
                && wanted
                && let Some(distinct) = intern.enter(number)
            {
                several |= intern.table.defines(distinct, unit);
                entered.push(number);
                numbers.push(distinct);
            }
        }
        let shadowed = if several {
            resolve_shadowed(types, keys, &interned.table, &entered, &numbers)?
        } else {
            Vec::new()
        };
        let dies = entered.iter().filter_map(|node| nodes.get(*node));
        Ok(UnitList {
            dies: dies.map(|node| node.die).collect(),
            types: numbers.into(),
            shadowed,
        })
    }

    /// Joins the tables of all threads.
    pub(super) fn join_tables(&self, threads: Vec<Interned>) -> Interned {
        let mut all = Interned::default();
        for mut interned in threads {
            if all.table.types.is_empty() {
                all.table = interned.table;
            } else {
                let map = join(&mut all.table, &interned.table, &self.files);
                for (_, list) in &mut interned.lists {
                    for distinct in &mut list.types {
                        *distinct = map.get(*distinct as usize).copied().unwrap_or(u32::MAX);
                    }
                }
            }
            all.lists.append(&mut interned.lists);
            all.unreadable.append(&mut interned.unreadable);
        }
        all
    }

    /// Joins the tables of all threads, and returns the types of each unit.
    ///
    /// # Errors
    /// The error of the first unit that can't be read, if none can; `NotFound` if the program has no type of a root's
    /// name.
    pub(super) fn join(&self, threads: Vec<Interned>) -> Result<Joined> {
        let mut lists = vec![UnitList::default(); self.units.len().max(1)];
        let Interned {
            mut table,
            lists: all,
            unreadable,
        } = self.join_tables(threads);
        for (unit, list) in all {
            if let Some(place) = lists.get_mut(unit) {
                *place = list;
            }
        }
        table.losses.sort_unstable();
        table.losses.dedup();
        let skipped = self.skipped(unreadable)?;
        self.check_roots(&table)?;
        Ok(Joined {
            table,
            lists,
            skipped,
        })
    }

    /// Reports the units that can't be read.
    ///
    /// # Errors
    /// The error of the program's first unit, if none of the program's own can be read. The alternate file's units don't
    /// count: they serve other programs as well.
    fn skipped(&self, mut unreadable: Vec<(u64, Error)>) -> Result<Vec<Degraded>> {
        unreadable.sort_by_key(|(start, _)| *start);
        let own: HashSet<u64> = self.unit_offsets().into_iter().collect();
        let is_own = |(start, _): &(u64, Error)| own.contains(start);
        if unreadable.iter().filter(|unit| is_own(unit)).count() == self.units.len()
            && let Some((_, error)) = unreadable.iter().find(|unit| is_own(unit))
        {
            return Err(error.clone());
        }
        let headers = self.sources.iter().flat_map(|source| {
            let offset = |offset: u64| source.base.saturating_add(offset);
            let unreadable = source.unreadable.iter();
            unreadable.map(move |(at, error)| (offset(*at), error.to_string()))
        });
        let units = unreadable.iter();
        let units = units.map(|(start, error)| (*start, error.to_string()));
        let degraded = units.chain(headers).map(|(die, name)| Degraded {
            die,
            name,
            reason: Reason::UnreadableUnit,
        });
        Ok(degraded.collect())
    }

    /// Fails if the program has no type of a root's name.
    fn check_roots(&self, table: &Table) -> Result<()> {
        if self.options.allow_missing_roots {
            return Ok(());
        }
        let names = table.types.iter().map(|distinct| distinct.name);
        let names = names.filter(|name| !name.is_none());
        let texts = names.map(|name| self.files.tail(name, &table.composed));
        let found: HashSet<Key> = texts.clone().map(name_key).collect();
        let missing = |root: &&String| {
            !found.contains(&name_key(root.as_bytes()))
                && !texts.clone().any(|text| is_spelled(root, text))
        };
        let namespaces = InlineNamespaces::new(&table.inline_namespaces);
        for root in self.options.roots.names().iter().filter(missing) {
            let mut short = texts
                .clone()
                .filter(|text| is_short(root, text, &namespaces));
            let Some(first) = short.next().map(|text| Name::new(text).as_bytes()) else {
                return Err(self.missing_root(table, root));
            };
            let mut short = short.map(|text| Name::new(text).as_bytes());
            if let Some(other) = short.find(|other| *other != first) {
                return Err(Error::new(
                    ErrorKind::Ambiguous,
                    short_for_several(root.as_bytes(), first, other),
                ));
            }
        }
        Ok(())
    }

    /// Returns the error about a root that no type of the program has as its name.
    fn missing_root(&self, table: &Table, root: &str) -> Error {
        Error::new(
            ErrorKind::NotFound,
            match self.declared(table, root) {
                None => format!("the program has no type called {root}"),
                Some(unit) => format!(
                    "the program only declares {root}{unit}: its definition is in another file, or was left out by the \
                     compiler (-fstandalone-debug)"
                ),
            },
        )
    }

    /// Returns where a type is declared that the program doesn't define, as a part of a sentence.
    fn declared(&self, table: &Table, root: &str) -> Option<String> {
        let namespaces = InlineNamespaces::new(&table.inline_namespaces);
        let text = |tag: &Tag| self.files.tail(tag.name, &table.composed);
        let is_root = |tag: &&Tag| {
            let text = text(tag);
            name_key(text) == name_key(root.as_bytes())
                || is_spelled(root, text)
                || is_short(root, text, &namespaces)
        };
        let found = (0u32..)
            .zip(&table.tags)
            .find(|(_, tag)| !tag.name.is_none() && is_root(tag));
        let (number, _) = found?;
        let refers = |distinct: &&Distinct| {
            (0..)
                .map_while(|index| table.reference(distinct, index))
                .any(|to| to.target() == RefTarget::Tag(number))
        };
        // A type without a name of its own comes before those that refer to it.
        let direct = table.types.iter().position(|distinct| refers(&distinct));
        let seen = direct.and_then(|first| {
            let after = table.types.get(first..).unwrap_or_default();
            after
                .iter()
                .map(|distinct| distinct.seen)
                .find(|seen| *seen != Seen::NEVER)
        });
        let unit = seen.and_then(|seen| self.unit(seen.unit as usize));
        let name = unit.and_then(|unit| unit_name(unit.source.sections, &unit.unit.header));
        Some(name.map_or_else(String::new, |name| format!(", in unit {name}")))
    }
}

/// Returns whether an error costs only the unit that has it.
pub(super) fn costs_one_unit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported)
}

/// Returns whether a type is a unit's own, not only a part of others.
fn is_listed(nodes: &Nodes, node: &Node) -> bool {
    match node.shape {
        Shape::Struct | Shape::Union | Shape::Enum => !node.declaration,
        Shape::Function | Shape::Variable => !node.declaration && !node.name.is_none(),
        Shape::Typedef | Shape::Defined | Shape::Base | Shape::Discriminant => true,
        Shape::DeclTag => tagged(nodes, node).is_some(),
        _ => false,
    }
}

/// Returns the node that a tag is for, if it is a definition.
fn tagged(nodes: &Nodes, tag: &Node) -> Option<u32> {
    let tagged = nodes.follow(tag.ty)?;
    let node = nodes.get(tagged)?;
    (!node.declaration).then_some(tagged)
}
