//! Programs whose units refer to each other: link-time optimisation, type units, what dwz makes.
//!
//! Such units mean nothing alone, so all of them are taken for one. Its entries are numbered through: first
//! `.debug_info`, then `.debug_types`, then the alternate file's `.debug_info`.

use std::collections::HashMap;
use std::ops::Range;

use crate::dwarf::convert::{Done, Job, Worker, is_root, place_bitfields, reached};
use crate::dwarf::names::NameSection;
use crate::dwarf::read::Class;
use crate::dwarf::sources::{Source, SourceKind};
use crate::dwarf::unit::keys::UnitTypes;
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
        worker.nodes.clear(len);
        worker.memory.clear();
        for source in sources {
            for &unit in &source.units {
                let base = source.base + unit.header.offset;
                let view = source.view(unit, u32::try_from(base).unwrap_or(u32::MAX));
                self.collect(&mut worker, &view, source.sections)
                    .within(|| source.place())?;
            }
        }
        link(&mut worker, sources);
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
        let wanted = if !self.roots.is_empty() {
            Some(reached(types, |_, node| is_root(types, &self.roots, node)))
        } else if shared.is_empty() {
            None
        } else {
            Some(reached(types, |_, node| !is_in(&shared, node.die)))
        };
        let list = self.enter(&mut worker, 0, wanted.as_deref())?;
        worker.done.lists.push((0, list));
        Ok(worker.done)
    }
}

/// The entries of the alternate file's units that the program doesn't take in. The file serves many programs;
/// of those units only what is referred to is this program's.
fn shared(sources: &[Source<'_>], imports: &[(u32, Class, u64)]) -> Vec<Range<u64>> {
    let alternate = sources
        .iter()
        .find(|source| source.kind == SourceKind::Alternate);
    let Some(alternate) = alternate else {
        return Vec::new();
    };
    let imports = imports.iter().filter(|(file, class, _)| match class {
        Class::AltRef => *file != alternate.file,
        Class::InfoRef => *file == alternate.file,
        _ => false,
    });
    let mut imported: Vec<u64> = imports.map(|(_, _, offset)| *offset).collect();
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
fn link(worker: &mut Worker, sources: &[Source<'_>]) {
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
    let infos = sources
        .iter()
        .filter(|source| source.section == NameSection::Info);
    let bases: HashMap<u32, u64> = infos.map(|source| (source.file, source.base)).collect();
    let alternate = sources
        .iter()
        .find(|source| source.kind == SourceKind::Alternate);
    let alternate = alternate.map(|source| source.base);
    let settle = |link: &Link| {
        let place = match *link {
            Link::Info { file, offset } => {
                let base = bases.get(&file);
                base.and_then(|base| base.checked_add(offset))
            }
            Link::Alt(offset) => alternate.and_then(|base| base.checked_add(offset)),
            Link::Signature(signature) => signatures.get(&signature).copied().flatten(),
        };
        // What leads nowhere is a reference to no entry.
        let place = place.and_then(|place| u32::try_from(place).ok());
        Ref::unit(place.unwrap_or(u32::MAX))
    };
    worker.nodes.settled = worker.nodes.links.iter().map(settle).collect();
}
