//! The conversion as a whole: units to threads, tables to one, and the graph.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::dwarf::key::Key;
use crate::dwarf::names::Files;
use crate::dwarf::options::ConvertOptions;
use crate::dwarf::read::Abbrevs;
use crate::dwarf::report::{Conversion, Degraded, Reason};
use crate::dwarf::roots::{self, Roots};
use crate::dwarf::sections::Sections;
use crate::dwarf::sources::{Source, SourceKind, Unit, sources};
use crate::dwarf::unit::collect::{UnitView, Wants, collect};
use crate::dwarf::unit::exact::{UnitList, exact};
use crate::dwarf::unit::intern::Intern;
use crate::dwarf::unit::keys::{Keys, UnitTypes};
use crate::dwarf::unit::member::from_storage;
use crate::dwarf::unit::memory::Memory;
use crate::dwarf::unit::nodes::{Node, Nodes, Note, Ref, Shape};
use crate::dwarf::unit::program::complete;
use crate::dwarf::whole::bind::bind;
use crate::dwarf::whole::data::with_sections;
use crate::dwarf::whole::emit::{Asked, emit};
use crate::dwarf::whole::merge::merge;
use crate::dwarf::whole::table::{Seen, Table};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::GraphBuilder;
use crate::id::TypeId;

/// Converts the types of a program.
///
/// The graph holds every structure, union, enumeration, typedef and base type of the program (or those that
/// [`ConvertOptions::roots`] name) with all they refer to, each once. What BTF can't say becomes the nearest type
/// of the same size and is listed in [`Conversion::degraded`].
///
/// # Errors
/// `NoDebugInfo` where there are no units; `Malformed`, with the place, where they can't be read;
/// `Unsupported` for a version of DWARF other than 2 to 5; `NotFound` where a root is not there (but see
/// [`ConvertOptions::allow_missing_roots`]); `Limit`
/// beyond [`Limits`](crate::Limits).
pub fn convert(sections: &Sections, options: &ConvertOptions) -> Result<Conversion> {
    let job = Job::new(sections, options)?;
    let done = job.read()?;
    let (table, lists, mut degraded) = job.join(done)?;
    let units = match &options.function {
        Some(function) => job.units_of(function)?,
        None => Vec::new(),
    };
    let binding = bind(&table, &lists, &units)?;
    let mut builder = GraphBuilder::with_limits(options.limits.clone());
    builder.set_endian(sections.endian);
    builder.set_pointer_width(sections.pointer_width);
    let offsets: Vec<u64> = if job.linked.load(Ordering::Relaxed) {
        vec![0]
    } else {
        job.units
            .iter()
            .map(|(source, unit)| {
                let base = job.sources.get(*source).map_or(0, |source| source.base);
                base.saturating_add(unit.header.offset)
            })
            .collect()
    };
    let emitted = emit(
        &table,
        &binding,
        &job.files,
        &offsets,
        builder,
        &Asked {
            roots: &job.roots,
            most_types: options.limits.types,
            pointer_width: sections.pointer_width,
        },
    )?;
    let place = |(id, seen): (TypeId, Seen)| {
        let unit = offsets.get(seen.unit as usize).copied().unwrap_or(0);
        (id, unit.saturating_add(seen.die.into()))
    };
    let ids = &emitted.ids;
    let preferred = binding.preferred.iter();
    let preferred = preferred.filter_map(|variant| ids.get(*variant as usize).copied());
    let mut preferred: Vec<TypeId> = preferred.filter(|id| *id != TypeId::VOID).collect();
    preferred.sort_unstable();
    let graph = with_sections(emitted.graph, emitted.variables, &sections.memory)?;
    Ok(Conversion {
        graph,
        degraded: {
            degraded.extend(emitted.degraded);
            degraded.sort();
            degraded
        },
        preferred,
        places: emitted.seen.into_iter().map(place).collect(),
    })
}

pub(super) struct Job<'a> {
    pub(super) options: &'a ConvertOptions,
    pub(super) files: Files<'a>,
    pub(super) sources: Vec<Source<'a>>,
    /// The units, in the order of the sources: the source's number, and the unit.
    units: Vec<(usize, Unit)>,
    pub(super) roots: Roots,
    /// Whether units refer to each other; found out on the way.
    linked: AtomicBool,
    /// The bytes of abbreviations read so far.
    abbrevs_read: AtomicU64,
}

/// What one thread found.
#[derive(Default)]
pub(super) struct Done {
    pub(super) table: Table,
    /// Units, and the classes each has.
    pub(super) lists: Vec<(usize, UnitList)>,
    /// Units that can't be read: where each starts, and why.
    pub(super) unreadable: Vec<(u64, Error)>,
}

/// One thread's memory, kept from unit to unit.
pub(super) struct Worker {
    pub(super) abbrevs: Abbrevs,
    pub(super) memory: Memory,
    pub(super) nodes: Nodes,
    keys: Keys,
    pub(super) done: Done,
}

impl Worker {
    pub(super) fn new(job: &Job<'_>) -> Self {
        Self::with(Abbrevs::new(job.options.functions, job.options.variables))
    }

    pub(super) fn with(abbrevs: Abbrevs) -> Self {
        Self {
            abbrevs,
            memory: Memory::new(),
            nodes: Nodes::default(),
            keys: Keys::default(),
            done: Done::default(),
        }
    }
}

impl<'a> Job<'a> {
    fn new(sections: &'a Sections, options: &'a ConvertOptions) -> Result<Self> {
        let mut sources = sources(sections)?;
        let own = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.kind != SourceKind::Alternate);
        let units: Vec<(usize, Unit)> = own
            .flat_map(|(number, source)| source.units.iter().map(move |unit| (number, *unit)))
            .collect();
        if units.is_empty() {
            // Nothing can be read: the first header says why.
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
            files: Files {
                files: std::iter::once(sections)
                    .chain(sections.alt.as_deref())
                    .chain(&sections.split)
                    .collect(),
            },
            sources,
            units,
            abbrevs_read: AtomicU64::new(0),
            linked: AtomicBool::new(has_type_units || sections.alt.is_some()),
            roots: Roots::new(&options.roots, options.flavors),
        })
    }

    /// A unit, and the section it stands in.
    pub(super) fn unit_at(&self, number: usize) -> Option<(&Source<'a>, Unit)> {
        let (source, unit) = self.units.get(number)?;
        Some((self.sources.get(*source)?, *unit))
    }

    pub(super) fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// Notes that units refer to each other.
    pub(super) fn set_linked(&self) {
        self.linked.store(true, Ordering::Relaxed);
    }

    /// Whether units refer to each other, as far as is known.
    pub(super) fn is_linked(&self) -> bool {
        self.linked.load(Ordering::Relaxed)
    }

    /// Reads all units, on as many threads as are wanted.
    fn read(&self) -> Result<Vec<Done>> {
        if !self.is_linked() {
            let done = self.read_apart()?;
            if !self.is_linked() {
                return Ok(done);
            }
        }
        Ok(vec![self.read_linked()?])
    }

    fn read_apart(&self) -> Result<Vec<Done>> {
        self.on_threads(|units| {
            let mut worker = Worker::new(self);
            for (number, source, unit) in units {
                let read = self
                    .unit(&mut worker, number, source, unit)
                    .within(|| source.place());
                match read {
                    Ok(()) => {}
                    Err(error) if is_of_the_unit(&error) => {
                        worker.done.unreadable.push((source.start(unit), error));
                    }
                    Err(error) => return Err((number, error)),
                }
            }
            Ok(worker.done)
        })
    }

    fn unit(
        &self,
        worker: &mut Worker,
        number: usize,
        source: &Source<'_>,
        unit: Unit,
    ) -> Result<()> {
        if self.collect_unit(worker, source, unit)? {
            let list = self.finish_unit(worker, number)?;
            if !list.classes.is_empty() {
                worker.done.lists.push((number, list));
            }
        }
        Ok(())
    }

    /// Finds the types of one unit alone; answers `false` where it refers to others, which is noted.
    pub(super) fn collect_unit(
        &self,
        worker: &mut Worker,
        source: &Source<'_>,
        unit: Unit,
    ) -> Result<bool> {
        worker.nodes.clear(unit.header.len);
        worker.memory.clear();
        self.collect(worker, &source.view(unit, 0), source.sections)?;
        if worker.abbrevs.links && !worker.nodes.links.is_empty() {
            self.set_linked();
            return Ok(false);
        }
        if worker.memory.takes_in_parts() {
            self.set_linked();
            return Ok(false);
        }
        let later = worker.memory.later();
        complete(
            &mut worker.nodes,
            later,
            &self.files,
            self.options.limits.depth,
        );
        Ok(true)
    }

    /// Enters the types that were found in one unit.
    pub(super) fn finish_unit(&self, worker: &mut Worker, number: usize) -> Result<UnitList> {
        // Those of all units so far.
        if worker.done.table.made.len() > self.options.limits.string_bytes as usize {
            return Err(Error::limit(
                "qualified names have more bytes than Limits::string_bytes",
            ));
        }
        if worker.nodes.old_bitfields {
            place_bitfields(&mut worker.nodes, self.options.limits.chain);
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.enter(worker, number, None)
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

    /// The bytes of abbreviations that may be read in all: a table is read again for each unit that uses it. Real
    /// programs read a fraction of their size.
    fn most_abbrevs(&self) -> u64 {
        const FREE: u64 = 1 << 26;
        let size = |sections: &Sections| (sections.info.len() + sections.abbrev.len()) as u64;
        let all: u64 = self.files.files.iter().map(|file| size(file)).sum();
        all.saturating_mul(16).saturating_add(FREE)
    }

    /// What to look for in units.
    pub(super) fn wants(&self) -> Wants {
        Wants {
            functions: self.options.functions,
            variables: self.options.variables,
            codes: false,
            depth: self.options.limits.depth,
            entries: self.options.limits.entries,
            made: self.options.limits.string_bytes,
        }
    }

    /// Finds the types of a unit.
    pub(super) fn collect(
        &self,
        worker: &mut Worker,
        view: &UnitView<'_>,
        sections: &Sections,
    ) -> Result<()> {
        self.read_abbrevs(worker, view, sections)?;
        collect(
            view,
            &worker.abbrevs,
            &self.files,
            self.wants(),
            &mut worker.memory,
            &mut worker.nodes,
        )
    }

    /// Enters the types of a unit into the thread's table, all or those that are wanted; answers their classes.
    pub(super) fn enter(
        &self,
        worker: &mut Worker,
        unit: u32,
        wanted: Option<&[bool]>,
    ) -> Result<UnitList> {
        let Worker {
            nodes, keys, done, ..
        } = worker;
        keys.clear(nodes.nodes.len());
        let types = UnitTypes {
            nodes,
            files: &self.files,
        };
        let mut intern = Intern {
            types,
            keys,
            table: &mut done.table,
            unit,
            chain: self.options.limits.chain,
        };
        let (mut entered, mut classes) = (Vec::new(), Vec::new());
        let mut several = false;
        for (number, node) in (0u32..).zip(&nodes.nodes) {
            let listed = match node.shape {
                Shape::Struct | Shape::Union | Shape::Enum => !node.declaration,
                Shape::Function | Shape::Variable => !node.declaration && !node.name.is_none(),
                Shape::Typedef | Shape::Defined | Shape::Base | Shape::Tag => true,
                Shape::DeclTag => tagged(nodes, node).is_some(),
                _ => false,
            };
            let wanted = wanted.is_none_or(|wanted| {
                // A tag is wanted where what it is for is.
                let number = match node.shape {
                    Shape::DeclTag => tagged(nodes, node).unwrap_or(number),
                    _ => number,
                };
                wanted.get(number as usize) == Some(&true)
            });
            if listed
                && wanted
                && let Some(class) = intern.enter(number)
            {
                several |= intern.table.defines(class, unit);
                entered.push(number);
                classes.push(class);
            }
        }
        let exact = if several {
            exact(types, keys, &done.table, &entered, &classes)?
        } else {
            Vec::new()
        };
        let dies = entered.iter().filter_map(|node| nodes.get(*node));
        Ok(UnitList {
            dies: dies.map(|node| node.die).collect(),
            classes: classes.into(),
            exact,
        })
    }

    /// One table of all.
    pub(super) fn join_tables(&self, done: Vec<Done>) -> Done {
        let mut all = Done::default();
        for mut done in done {
            if all.table.classes.is_empty() {
                all.table = done.table;
            } else {
                let map = merge(&mut all.table, &done.table, &self.files);
                for (_, list) in &mut done.lists {
                    for class in &mut list.classes {
                        *class = map.get(*class as usize).copied().unwrap_or(u32::MAX);
                    }
                }
            }
            all.lists.append(&mut done.lists);
            all.unreadable.append(&mut done.unreadable);
        }
        all
    }

    /// One table of all, and the classes of each unit.
    ///
    /// # Errors
    /// That of the first unit that can't be read, where none can.
    fn join(&self, done: Vec<Done>) -> Result<(Table, Vec<UnitList>, Vec<Degraded>)> {
        let mut lists = vec![UnitList::default(); self.units.len().max(1)];
        let Done {
            mut table,
            lists: all,
            unreadable,
        } = self.join_tables(done);
        for (unit, list) in all {
            if let Some(place) = lists.get_mut(unit) {
                *place = list;
            }
        }
        table.losses.sort_unstable();
        table.losses.dedup();
        let skipped = self.skipped(unreadable)?;
        self.check_roots(&table)?;
        Ok((table, lists, skipped))
    }

    /// Lists the units that can't be read.
    ///
    /// # Errors
    /// That of the first one, where no unit can be read.
    fn skipped(&self, mut unreadable: Vec<(u64, Error)>) -> Result<Vec<Degraded>> {
        unreadable.sort_by_key(|(start, _)| *start);
        if unreadable.len() == self.units.len() {
            return match unreadable.into_iter().next() {
                Some((_, error)) => Err(error),
                None => Ok(Vec::new()),
            };
        }
        let mut skipped: Vec<(u64, String)> = unreadable
            .into_iter()
            .map(|(start, error)| (start, error.to_string()))
            .collect();
        for source in &self.sources {
            let headers = source.unreadable.iter();
            skipped.extend(
                headers.map(|(offset, error)| {
                    (source.base.saturating_add(*offset), error.to_string())
                }),
            );
        }
        Ok(skipped
            .into_iter()
            .map(|(die, name)| Degraded {
                die,
                name,
                reason: Reason::UnreadableUnit,
            })
            .collect())
    }

    fn check_roots(&self, table: &Table) -> Result<()> {
        if self.options.allow_missing_roots || self.roots.is_empty() {
            return Ok(());
        }
        let names = table.classes.iter().map(|class| class.name);
        let names = names.filter(|name| !name.is_none());
        let texts = names.map(|name| self.files.tail(name, &table.made));
        let found: HashSet<Key> = texts.clone().map(roots::key).collect();
        let missing = |root: &&String| {
            !found.contains(&roots::key(root.as_bytes()))
                && !texts.clone().any(|text| roots::is_spelled(root, text))
        };
        match self.options.roots.iter().find(missing) {
            None => Ok(()),
            Some(root) => Err(Error::new(
                ErrorKind::NotFound,
                format!("the program has no type called {root}"),
            )),
        }
    }
}

/// Returns whether an error costs the unit alone that has it.
pub(super) fn is_of_the_unit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported)
}

/// What a tag is for, if it is defined here.
fn tagged(nodes: &Nodes, tag: &Node) -> Option<u32> {
    let tagged = nodes.follow(tag.ty)?;
    let node = nodes.get(tagged)?;
    (!node.declaration).then_some(tagged)
}

/// Which nodes are among those that start, or are referred to by one.
pub(super) fn reached(types: UnitTypes<'_>, starts: impl Fn(u32, &Node) -> bool) -> Vec<bool> {
    let mut reached = vec![false; types.nodes.nodes.len()];
    let mut stack: Vec<u32> = (0u32..)
        .zip(&types.nodes.nodes)
        .filter(|(number, node)| starts(*number, node))
        .map(|(number, _)| number)
        .collect();
    while let Some(number) = stack.pop() {
        match reached.get_mut(number as usize) {
            Some(reached) if !*reached => *reached = true,
            _ => continue,
        }
        let Some(node) = types.nodes.get(number) else {
            continue;
        };
        let references = (0..).map_while(|index| types.reference(node, index));
        stack.extend(references.filter_map(|reference| types.nodes.follow(reference)));
    }
    reached
}

/// Places the bitfields that count from the top of their storage where the storage is their type's.
pub(super) fn place_bitfields(nodes: &mut Nodes, chain: u32) {
    for index in 0..nodes.parts.len() {
        let Some(&part) = nodes.parts.get(index) else {
            break;
        };
        if part.note != Note::NeedsStorage {
            continue;
        }
        let storage = storage(nodes, part.ty, chain);
        if let Some(part) = nodes.parts.get_mut(index) {
            match storage {
                Some(storage) => from_storage(part, storage),
                None => part.note = Note::Unplaced,
            }
        }
    }
}

/// The size of a base type or enumeration, in bytes.
fn storage(nodes: &Nodes, reference: Ref, chain: u32) -> Option<u64> {
    let mut reference = reference;
    for _ in 0..chain {
        let node = nodes.get(nodes.follow(reference)?)?;
        match node.shape {
            Shape::Base | Shape::Enum | Shape::Subrange => return Some(node.size),
            Shape::Typedef
            | Shape::Defined
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Tag
            | Shape::Alias => reference = node.ty,
            _ => return None,
        }
    }
    None
}
