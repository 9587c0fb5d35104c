//! Programs whose units refer to each other: by link-time optimisation, type units, or dwz.
//!
//! Such units can't be read alone, so all of them are read as one. Offsets of DIEs count through all sections: first
//! `.debug_info`, then `.debug_types`, then the alternate file's `.debug_info`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::dwarf::collect::complete::complete;
use crate::dwarf::collect::member::place_bitfields;
use crate::dwarf::collect::nodes::{Link, Ref};
use crate::dwarf::collect::scratch::Import;
use crate::dwarf::distinct::keys::UnitTypes;
use crate::dwarf::distinct::wanted::reached;
use crate::dwarf::driver::function_units::{FunctionUnits, Preferred};
use crate::dwarf::driver::job::{Interned, Job, Worker, costs_one_unit};
use crate::dwarf::driver::source_bases::{SourceBases, contains};
use crate::dwarf::driver::sources::{Source, SourceKind};
use crate::dwarf::read::Class;
use crate::dwarf::read::language::is_c;
use crate::error::{Context, Error, Result};

impl Job<'_> {
    /// Reads all units as one. Returns also the types that the units of a function prefer.
    pub(super) fn read_linked(
        &self,
        function: Option<&FunctionUnits>,
    ) -> Result<(Interned, Preferred)> {
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
        // A partial unit made by dwz doesn't specify the language; the units that import it do.
        let bases = SourceBases::new(sources);
        let languages = inherited(worker.scratch.languages(), worker.scratch.imports(), &bases);
        if languages.values().any(|language| !is_c(*language)) {
            self.collect_all(&mut worker, len, &languages, &mut skipped)?;
        }
        link(&mut worker, &bases);
        let deferred = worker.scratch.deferred();
        complete(
            &mut worker.nodes,
            deferred,
            &self.files,
            &self.options.limits,
        );
        place_bitfields(&mut worker.nodes, self.options.limits.chain);
        let shared = shared(sources, worker.scratch.imports());
        let types = UnitTypes {
            nodes: &worker.nodes,
            files: &self.files,
        };
        let wanted =
            (!shared.is_empty()).then(|| reached(types, |_, node| !contains(&shared, node.die)));
        let list = self.intern(&mut worker, 0, wanted.as_deref())?;
        let preferred = match function {
            Some(units) => self.preferred_linked(units, &list, &worker, &bases)?,
            None => Preferred::default(),
        };
        worker.interned.lists.push((0, list));
        worker.interned.unreadable = skipped.errors;
        Ok((worker.interned, preferred))
    }

    /// Collects the types of all units. `languages` has the languages of units that don't specify theirs, by offset.
    fn collect_all(
        &self,
        worker: &mut Worker,
        len: u32,
        languages: &HashMap<u32, u64>,
        skipped: &mut Skipped,
    ) -> Result<()> {
        // The types of an unreadable unit can't be told from those of the others, so all units are read again.
        while let Some((start, error)) = self.try_all(worker, len, languages, &skipped.units)? {
            if skipped.units.len() >= MOST_SKIPPED {
                return Err(error);
            }
            skipped.units.insert(start);
            skipped.errors.push((start, error));
        }
        Ok(())
    }

    /// Collects the types of all units but the skipped ones. Returns the first unit that can't be read.
    fn try_all(
        &self,
        worker: &mut Worker,
        len: u32,
        languages: &HashMap<u32, u64>,
        skipped: &HashSet<u64>,
    ) -> Result<Option<(u64, Error)>> {
        worker.nodes.clear(len);
        worker.scratch.clear();
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
                    Err(error) if costs_one_unit(&error) => {
                        return Ok(Some((source.start(unit), error)));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(None)
    }
}

/// The units that can't be read.
#[derive(Default)]
struct Skipped {
    /// Their offsets, counted through all sections.
    units: HashSet<u64>,
    errors: Vec<(u64, Error)>,
}

/// The number of units that may be unreadable. Each costs one more pass over all.
const MOST_SKIPPED: usize = 16;

/// Returns the languages of units that don't specify theirs: that of a unit that imports them, directly or not; without
/// one, the only language that the program has.
fn inherited(
    specified: &[(u32, u64)],
    imports: &[Import],
    bases: &SourceBases,
) -> HashMap<u32, u64> {
    let mut found = HashMap::new();
    if specified.iter().all(|(_, language)| *language != 0) {
        return found;
    }
    let mut edges: Vec<(u32, u32)> = imports
        .iter()
        .filter_map(|import| {
            let place = bases.imported(import)?;
            let next = specified.partition_point(|(unit, _)| u64::from(*unit) <= place);
            let (unit, language) = *specified.get(next.checked_sub(1)?)?;
            (language == 0).then_some((import.by, unit))
        })
        .collect();
    edges.sort_unstable();
    let known = specified.iter().filter(|(_, language)| *language != 0);
    let mut open: Vec<(u32, u64)> = known.clone().copied().collect();
    while let Some((unit, language)) = open.pop() {
        let start = edges.partition_point(|(by, _)| *by < unit);
        let imported = edges.get(start..).unwrap_or_default();
        for &(_, unit) in imported.iter().take_while(|(by, _)| *by == unit) {
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
        for (unit, _) in specified.iter().filter(|(_, language)| *language == 0) {
            found.entry(*unit).or_insert(only);
        }
    }
    found
}

/// Returns the offsets of the alternate file's units that the program doesn't import. The file serves many programs; of
/// these units only the types that are referred to are this program's.
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

/// Resolves the references that lead out of their units.
fn link(worker: &mut Worker, bases: &SourceBases) {
    let settle = |link: &Link| {
        // A reference that leads nowhere becomes one to no DIE.
        let place = bases
            .place(*link)
            .and_then(|place| u32::try_from(place).ok());
        Ref::unit(place.unwrap_or(u32::MAX))
    };
    worker.nodes.settled = worker.nodes.links.iter().map(settle).collect();
}
