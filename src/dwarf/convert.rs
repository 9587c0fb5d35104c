//! The conversion as a whole: units to threads, tables to one, and the graph.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::dwarf::key::{Key, Mixer};
use crate::dwarf::names::Files;
use crate::dwarf::options::Options;
use crate::dwarf::read::Abbrevs;
use crate::dwarf::report::Conversion;
use crate::dwarf::sections::Sections;
use crate::dwarf::sources::{Source, SourceKind, Unit, sources};
use crate::dwarf::unit::collect::{Memory, UnitView, Wants, collect};
use crate::dwarf::unit::exact::{UnitList, exact};
use crate::dwarf::unit::intern::Intern;
use crate::dwarf::unit::keys::{Keys, UnitTypes};
use crate::dwarf::unit::member::from_storage;
use crate::dwarf::unit::nodes::{Nodes, Note, Ref, Shape};
use crate::dwarf::unit::program::complete;
use crate::dwarf::whole::bind::bind;
use crate::dwarf::whole::data::with_sections;
use crate::dwarf::whole::emit::emit;
use crate::dwarf::whole::merge::merge;
use crate::dwarf::whole::table::{Seen, Table};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::GraphBuilder;
use crate::id::TypeId;

/// Converts the types of a program.
///
/// The graph holds every structure, union, enumeration, typedef and base type of the program (or those that
/// [`Options::roots`] name) with all they refer to, each once. What BTF can't say becomes the nearest type
/// of the same size and is listed in [`Conversion::degraded`].
///
/// # Errors
/// `NoDebugInfo` where there are no units; `Malformed`, with the place, where they can't be read;
/// `Unsupported` for a version of DWARF other than 2 to 5; `NotFound` where a root is not there (but see
/// [`Options::allow_missing_roots`]); `Limit`
/// beyond [`Limits`](crate::Limits).
pub fn convert(sections: &Sections, options: &Options) -> Result<Conversion> {
    let job = Job::new(sections, options)?;
    let done = job.read()?;
    let (table, lists) = job.join(done)?;
    let binding = bind(&table, &lists)?;
    let mut builder = match &options.base {
        Some(base) => GraphBuilder::split(base),
        None => GraphBuilder::with_limits(options.limits.clone()),
    };
    builder.set_endian(sections.endian);
    builder.set_pointer_width(sections.pointer_width);
    let offsets: Vec<u64> = if job.linked.load(Ordering::Relaxed) {
        vec![0]
    } else {
        job.units
            .iter()
            .map(|(_, unit)| unit.header.offset)
            .collect()
    };
    let emitted = emit(
        &table,
        &binding,
        &job.files,
        &offsets,
        builder,
        options.limits.types,
        sections.pointer_width,
    )?;
    let place = |(id, seen): (TypeId, Seen)| {
        let unit = offsets.get(seen.unit as usize).copied().unwrap_or(0);
        (id, unit + u64::from(seen.die))
    };
    let graph = with_sections(emitted.graph, emitted.variables, &sections.memory)?;
    Ok(Conversion {
        graph,
        degraded: emitted.degraded,
        places: emitted.seen.into_iter().map(place).collect(),
    })
}

pub(super) struct Job<'a> {
    pub(super) sections: &'a Sections,
    pub(super) options: &'a Options,
    pub(super) files: Files<'a>,
    pub(super) sources: Vec<Source<'a>>,
    /// The units, in the order of the sources: the source's number, and the unit.
    units: Vec<(usize, Unit)>,
    roots: Vec<Key>,
    /// Whether units refer to each other; found out on the way.
    linked: AtomicBool,
}

/// What one thread found.
#[derive(Default)]
pub(super) struct Done {
    table: Table,
    /// Units, and the classes each has.
    pub(super) lists: Vec<(u32, UnitList)>,
}

/// One thread's memory, kept from unit to unit.
pub(super) struct Worker {
    abbrevs: Abbrevs,
    pub(super) memory: Memory,
    pub(super) nodes: Nodes,
    keys: Keys,
    pub(super) done: Done,
}

impl Worker {
    pub(super) fn new(job: &Job<'_>) -> Self {
        Self {
            abbrevs: Abbrevs::new(job.options.functions, job.options.variables),
            memory: Memory::new(),
            nodes: Nodes::default(),
            keys: Keys::default(),
            done: Done::default(),
        }
    }
}

impl<'a> Job<'a> {
    fn new(sections: &'a Sections, options: &'a Options) -> Result<Self> {
        let sources = sources(sections)?;
        let own = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.kind != SourceKind::Alternate);
        let units: Vec<(usize, Unit)> = own
            .flat_map(|(number, source)| source.units.iter().map(move |unit| (number, *unit)))
            .collect();
        if units.is_empty() {
            return Err(Error::new(
                ErrorKind::NoDebugInfo,
                "there is no debug information: compile the program with -g",
            ));
        }
        let roots = options.roots.iter();
        let has_type_units = units
            .iter()
            .any(|(_, unit)| unit.header.signature.is_some());
        Ok(Self {
            sections,
            options,
            files: Files {
                files: std::iter::once(sections)
                    .chain(sections.alt.as_deref())
                    .chain(&sections.split)
                    .collect(),
            },
            sources,
            units,
            linked: AtomicBool::new(has_type_units || sections.alt.is_some()),
            roots: roots
                .map(|root| Mixer::new(0).text(root.as_bytes()).finish())
                .collect(),
        })
    }

    /// How many threads are worth it: each has a table of its own.
    fn threads(&self) -> usize {
        let wanted = self
            .options
            .threads
            .map_or_else(rayon::current_num_threads, usize::from);
        let most = (self.sections.info.len() >> 18).min(self.units.len());
        wanted.min(most.max(1))
    }

    /// Reads all units, on as many threads as are wanted.
    fn read(&self) -> Result<Vec<Done>> {
        if !self.linked.load(Ordering::Relaxed) {
            let done = self.read_apart()?;
            if !self.linked.load(Ordering::Relaxed) {
                return Ok(done);
            }
        }
        Ok(vec![self.read_linked()?])
    }

    fn read_apart(&self) -> Result<Vec<Done>> {
        let next = AtomicUsize::new(0);
        let threads = self.threads();
        let results = Mutex::new(Vec::with_capacity(threads));
        let run = || {
            rayon::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|_| {
                        let result = self.work(&next);
                        if let Ok(mut results) = results.lock() {
                            results.push(result);
                        }
                    });
                }
            });
        };
        match self.options.threads {
            _ if threads == 1 => results.lock().map_or((), |mut results| {
                results.push(self.work(&next));
            }),
            None => run(),
            Some(_) => rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .map_err(|error| Error::new(ErrorKind::Io, error.to_string()).because(error))?
                .install(run),
        }
        let (mut done, mut errors) = (Vec::new(), Vec::new());
        for result in results.into_inner().unwrap_or_default() {
            match result {
                Ok(found) => done.push(found),
                Err(error) => errors.push(error),
            }
        }
        // Units are taken in order, so the first one that can't be read is always among these.
        match errors.into_iter().min_by_key(|(unit, _)| *unit) {
            Some((_, error)) => Err(error),
            None => Ok(done),
        }
    }

    /// One thread's work: takes units until none is left.
    fn work(&self, next: &AtomicUsize) -> Result<Done, (usize, Error)> {
        let mut worker = Worker::new(self);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let linked = self.linked.load(Ordering::Relaxed);
            let Some(header) = self.units.get(number).filter(|_| !linked) else {
                return Ok(worker.done);
            };
            let (source, unit) = *header;
            let Some(source) = self.sources.get(source) else {
                continue;
            };
            self.unit(&mut worker, number, source, unit)
                .within(|| source.place())
                .map_err(|error| (number, error))?;
        }
    }

    fn unit(
        &self,
        worker: &mut Worker,
        number: usize,
        source: &Source<'_>,
        unit: Unit,
    ) -> Result<()> {
        worker.nodes.clear(unit.header.len);
        worker.memory.clear();
        self.collect(worker, &source.view(unit, 0), source.sections)?;
        if worker.abbrevs.links && !worker.nodes.links.is_empty() {
            self.linked.store(true, Ordering::Relaxed);
            return Ok(());
        }
        complete(&mut worker.nodes, worker.memory.later());
        if worker.nodes.old_bitfields {
            place_bitfields(&mut worker.nodes, self.options.limits.chain);
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let list = self.enter(worker, number, &[]);
        if !list.classes.is_empty() {
            worker.done.lists.push((number, list));
        }
        Ok(())
    }

    /// Finds the types of a unit.
    pub(super) fn collect(
        &self,
        worker: &mut Worker,
        view: &UnitView<'_>,
        sections: &Sections,
    ) -> Result<()> {
        let header = view.header;
        worker
            .abbrevs
            .read(
                &sections.abbrev,
                (view.file, header.abbrev),
                header.encoding,
                sections.endian,
            )
            .map_err(|error| error.within(Place::Section(".debug_abbrev".into())))?;
        let wants = Wants {
            functions: self.options.functions,
            variables: self.options.variables,
            depth: self.options.limits.depth,
        };
        collect(
            view,
            &worker.abbrevs,
            &self.files,
            wants,
            &mut worker.memory,
            &mut worker.nodes,
        )
    }

    /// Enters the types of a unit into the thread's table; answers their classes. The entries in
    /// `shared` only count where others refer to them.
    pub(super) fn enter(&self, worker: &mut Worker, unit: u32, shared: &[Range<u64>]) -> UnitList {
        let Worker {
            nodes, keys, done, ..
        } = worker;
        keys.clear(nodes.nodes.len());
        let types = UnitTypes {
            nodes,
            files: &self.files,
        };
        let some = !self.roots.is_empty() || !shared.is_empty();
        let wanted = some.then(|| reached(types, &self.roots, shared));
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
                Shape::Typedef | Shape::Defined | Shape::Base => true,
                _ => false,
            };
            let wanted = wanted
                .as_ref()
                .is_none_or(|wanted| wanted.get(number as usize) == Some(&true));
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
            exact(types, keys, &done.table, &entered, &classes)
        } else {
            Vec::new()
        };
        UnitList {
            classes: classes.into(),
            exact,
        }
    }

    /// One table of all, and the classes of each unit.
    fn join(&self, done: Vec<Done>) -> Result<(Table, Vec<UnitList>)> {
        let mut lists = vec![UnitList::default(); self.units.len().max(1)];
        let mut table = Table::default();
        for mut done in done {
            if table.classes.is_empty() {
                table = done.table;
            } else {
                let map = merge(&mut table, &done.table, &self.files);
                for (_, list) in &mut done.lists {
                    for class in &mut list.classes {
                        *class = map.get(*class as usize).copied().unwrap_or(u32::MAX);
                    }
                }
            }
            for (unit, list) in done.lists {
                if let Some(place) = lists.get_mut(unit as usize) {
                    *place = list;
                }
            }
        }
        table.losses.sort_unstable();
        table.losses.dedup();
        self.check_roots(&table)?;
        Ok((table, lists))
    }

    fn check_roots(&self, table: &Table) -> Result<()> {
        if self.options.allow_missing_roots {
            return Ok(());
        }
        for (root, key) in self.options.roots.iter().zip(&self.roots) {
            let found = table.classes.iter().any(|class| {
                !class.name.is_none()
                    && Mixer::new(0)
                        .text(self.files.tail(class.name, &table.made))
                        .finish()
                        == *key
            });
            if !found {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("the program has no type called {root}"),
                ));
            }
        }
        Ok(())
    }
}

/// Which nodes are one of the roots (all that are not shared, where there are none), or referred to by one.
fn reached(types: UnitTypes<'_>, roots: &[Key], shared: &[Range<u64>]) -> Vec<bool> {
    let mut reached = vec![false; types.nodes.nodes.len()];
    let mut stack = Vec::new();
    for (number, node) in (0u32..).zip(&types.nodes.nodes) {
        if roots.is_empty() {
            let die = u64::from(node.die);
            let next = shared.partition_point(|range| range.end <= die);
            if shared.get(next).is_none_or(|range| !range.contains(&die)) {
                stack.push(number);
            }
            continue;
        }
        let can_be = node.shape.is_nominal()
            || matches!(
                node.shape,
                Shape::Typedef | Shape::Function | Shape::Variable
            );
        if can_be && !node.declaration && !node.name.is_none() {
            let tail = types.files.tail(node.name, &types.nodes.made);
            if roots.contains(&Mixer::new(0).text(tail).finish()) {
                stack.push(number);
            }
        }
    }
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
            Shape::Base | Shape::Enum => return Some(node.size),
            Shape::Typedef
            | Shape::Defined
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Alias => reference = node.ty,
            _ => return None,
        }
    }
    None
}
