//! Programs whose units refer to each other: link-time optimisation, type units, what dwz makes.
//!
//! Such units mean nothing alone, so all of them are taken for one. Its entries are numbered through: first
//! `.debug_info`, then `.debug_types`, then the alternate file's `.debug_info`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::dwarf::convert::{Done, Job, Worker, is_of_the_unit, place_bitfields, reached};
use crate::dwarf::language::is_c;
use crate::dwarf::names::NameSection;
use crate::dwarf::read::Class;
use crate::dwarf::sources::{Source, SourceKind};
use crate::dwarf::unit::keys::UnitTypes;
use crate::dwarf::unit::memory::Import;
use crate::dwarf::unit::nodes::{Link, Ref};
use crate::dwarf::unit::program::complete;
use crate::error::{Context, Error, Result};

impl Job<'_> {
    /// Reads all units as one.
    pub(super) fn read_linked(&self) -> Result<Done> {
        let sources = &self.sources;
        let end = |source: &Source<'_>| source.base + source.bytes.len() as u64;
        let len = sources.last().map_or(0, end);
        let Ok(len) = u32::try_from(len) else {
            return Err(Error::limit(
                "the program's units refer to each other and have more than 4 GiB together",
            ));
        };
        let mut worker = Worker::new(self);
        let mut skipped = Skipped::default();
        self.collect_all(&mut worker, len, &HashMap::new(), &mut skipped)?;
        // What dwz took out of units doesn't say their language, which those that take it in do.
        let places = Places::new(sources);
        let languages = inherited(worker.memory.languages(), worker.memory.imports(), &places);
        if languages.values().any(|language| !is_c(*language)) {
            self.collect_all(&mut worker, len, &languages, &mut skipped)?;
        }
        link(&mut worker, sources, &places);
        let later = worker.memory.later();
        complete(
            &mut worker.nodes,
            later,
            &self.files,
            self.options.limits.depth,
        );
        if worker.nodes.old_bitfields {
            place_bitfields(&mut worker.nodes, self.options.limits.chain);
        }
        let shared = shared(sources, worker.memory.imports());
        let types = UnitTypes {
            nodes: &worker.nodes,
            files: &self.files,
        };
        let wanted =
            (!shared.is_empty()).then(|| reached(types, |_, node| !is_in(&shared, node.die)));
        let list = self.enter(&mut worker, 0, wanted.as_deref())?;
        worker.done.lists.push((0, list));
        worker.done.unreadable = skipped.errors;
        Ok(worker.done)
    }

    /// Finds the types of all units; `languages` are those of units that don't say theirs, by place.
    fn collect_all(
        &self,
        worker: &mut Worker,
        len: u32,
        languages: &HashMap<u32, u64>,
        skipped: &mut Skipped,
    ) -> Result<()> {
        // What was found of a unit before it turned out unreadable can't be told from the rest, so all are read again.
        while let Some((start, error)) = self.try_all(worker, len, languages, &skipped.units)? {
            if skipped.units.len() >= MOST_SKIPPED {
                return Err(error);
            }
            skipped.units.insert(start);
            skipped.errors.push((start, error));
        }
        Ok(())
    }

    /// Finds the types of all units but some. Returns the first that can't be read.
    fn try_all(
        &self,
        worker: &mut Worker,
        len: u32,
        languages: &HashMap<u32, u64>,
        skipped: &HashSet<u64>,
    ) -> Result<Option<(u64, Error)>> {
        worker.nodes.clear(len);
        worker.memory.clear();
        for source in &self.sources {
            for &unit in &source.units {
                if skipped.contains(&source.start(unit)) {
                    continue;
                }
                let base = source.start(unit);
                let mut view = source.view(unit, u32::try_from(base).unwrap_or(u32::MAX));
                view.language = languages.get(&view.base).copied().unwrap_or(0);
                let read = self
                    .collect(worker, &view, source.sections)
                    .within(|| source.place());
                match read {
                    Ok(()) => {}
                    Err(error) if is_of_the_unit(&error) => {
                        return Ok(Some((source.start(unit), error)));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(None)
    }
}

/// Units that can't be read, as all of a program's are read at once.
#[derive(Default)]
struct Skipped {
    units: HashSet<u64>,
    errors: Vec<(u64, Error)>,
}

/// Units that may be unreadable: each costs one more pass over all.
const MOST_SKIPPED: usize = 16;

/// Where the `.debug_info` of each file starts, where all are numbered through.
struct Places {
    bases: HashMap<u32, u64>,
    alternate: Option<u64>,
}

impl Places {
    fn new(sources: &[Source<'_>]) -> Self {
        let infos = sources
            .iter()
            .filter(|source| source.section == NameSection::Info);
        let mut alternate = sources
            .iter()
            .filter(|source| source.kind == SourceKind::Alternate);
        Self {
            bases: infos.map(|source| (source.file, source.base)).collect(),
            alternate: alternate.next().map(|source| source.base),
        }
    }

    fn info(&self, file: u32, offset: u64) -> Option<u64> {
        self.bases.get(&file)?.checked_add(offset)
    }

    fn alternate(&self, offset: u64) -> Option<u64> {
        self.alternate?.checked_add(offset)
    }
}

/// The languages of units that don't say theirs: that of a unit that takes them in, at however many removes; without
/// one, the only language there is.
fn inherited(said: &[(u32, u64)], imports: &[Import], places: &Places) -> HashMap<u32, u64> {
    let mut found = HashMap::new();
    if said.iter().all(|(_, language)| *language != 0) {
        return found;
    }
    let mut edges: Vec<(u32, u32)> = imports
        .iter()
        .filter_map(|import| {
            let place = match import.class {
                Class::InfoRef => places.info(import.file, import.offset)?,
                Class::AltRef => places.alternate(import.offset)?,
                Class::UnitRef => u64::from(import.by).checked_add(import.offset)?,
                _ => return None,
            };
            let next = said.partition_point(|(unit, _)| u64::from(*unit) <= place);
            let (unit, language) = *said.get(next.checked_sub(1)?)?;
            (language == 0).then_some((import.by, unit))
        })
        .collect();
    edges.sort_unstable();
    let known = said.iter().filter(|(_, language)| *language != 0);
    let mut open: Vec<(u32, u64)> = known.clone().copied().collect();
    while let Some((unit, language)) = open.pop() {
        let start = edges.partition_point(|(by, _)| *by < unit);
        let taken_in = edges.get(start..).unwrap_or_default();
        for &(_, unit) in taken_in.iter().take_while(|(by, _)| *by == unit) {
            if let Entry::Vacant(vacant) = found.entry(unit) {
                vacant.insert(language);
                open.push((unit, language));
            }
        }
    }
    let mut languages = known.map(|(_, language)| *language);
    if let Some(only) = languages.next()
        && languages.all(|language| language == only)
    {
        for (unit, _) in said.iter().filter(|(_, language)| *language == 0) {
            found.entry(*unit).or_insert(only);
        }
    }
    found
}

/// The entries of the alternate file's units that the program doesn't take in. The file serves many programs;
/// of those units only what is referred to is this program's.
fn shared(sources: &[Source<'_>], imports: &[Import]) -> Vec<Range<u64>> {
    let alternate = sources
        .iter()
        .find(|source| source.kind == SourceKind::Alternate);
    let Some(alternate) = alternate else {
        return Vec::new();
    };
    let imports = imports.iter().filter(|import| match import.class {
        Class::AltRef => import.file != alternate.file,
        Class::InfoRef => import.file == alternate.file,
        _ => false,
    });
    let mut imported: Vec<u64> = imports.map(|import| import.offset).collect();
    imported.sort_unstable();
    let headers = alternate.units.iter().map(|unit| unit.header);
    let ranges = headers.map(|header| header.offset..header.offset + u64::from(header.len));
    ranges
        .filter(|range| {
            let next = imported.partition_point(|offset| *offset < range.start);
            imported.get(next).is_none_or(|offset| *offset >= range.end)
        })
        .map(|range| alternate.base + range.start..alternate.base + range.end)
        .collect()
}

/// Whether an entry is in one of these ranges, which are sorted.
fn is_in(ranges: &[Range<u64>], die: u32) -> bool {
    let die = u64::from(die);
    let next = ranges.partition_point(|range| range.end <= die);
    ranges.get(next).is_some_and(|range| range.contains(&die))
}

/// Settles the references that lead out of their units.
fn link(worker: &mut Worker, sources: &[Source<'_>], places: &Places) {
    let mut signatures = HashMap::new();
    for source in sources {
        for unit in &source.units {
            if let Some((signature, entry)) = unit.header.signature {
                let place = (source.base + unit.header.offset).checked_add(entry);
                // Linkers keep one unit of each signature; where there are more, they are the same.
                signatures.entry(signature).or_insert(place);
            }
        }
    }
    let settle = |link: &Link| {
        let place = match *link {
            Link::Info { file, offset } => places.info(file, offset),
            Link::Alt(offset) => places.alternate(offset),
            Link::Signature(signature) => signatures.get(&signature).copied().flatten(),
        };
        // What leads nowhere is a reference to no entry.
        let place = place.and_then(|place| u32::try_from(place).ok());
        Ref::unit(place.unwrap_or(u32::MAX))
    };
    worker.nodes.settled = worker.nodes.links.iter().map(settle).collect();
}
