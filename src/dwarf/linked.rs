//! Programs whose units refer to each other: link-time optimisation, type units, what dwz makes.
//!
//! Such units mean nothing alone, so all of them are taken for one. Its entries are numbered through: first
//! `.debug_info`, then `.debug_types`, then the alternate file's `.debug_info`.

use std::collections::HashMap;

use crate::dwarf::convert::{Done, Job, Worker, place_bitfields};
use crate::dwarf::names::NameSection;
use crate::dwarf::sources::{Source, SourceKind};
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
        complete(&mut worker.nodes, worker.memory.later());
        if worker.nodes.old_bitfields {
            place_bitfields(&mut worker.nodes, self.options.limits.chain);
        }
        // The alternate file serves many programs: only what this one refers to is its own.
        let shared = sources
            .iter()
            .find(|source| source.kind == SourceKind::Alternate)
            .map(|source| source.base..source.base + source.bytes.len() as u64);
        let list = self.enter(&mut worker, 0, shared);
        worker.done.lists.push((0, list));
        Ok(worker.done)
    }
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
