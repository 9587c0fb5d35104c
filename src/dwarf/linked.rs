//! Programs whose units refer to each other: link-time optimisation, type units, what dwz makes.
//!
//! Such units mean nothing alone, so all of them are taken for one. Its entries are numbered through: first
//! `.debug_info`, then `.debug_types`, then the alternate file's `.debug_info`.

use std::collections::HashMap;

use crate::dwarf::convert::{Done, Job, Worker, place_bitfields};
use crate::dwarf::names::NameSection;
use crate::dwarf::read::{Header, headers, index};
use crate::dwarf::sections::Sections;
use crate::dwarf::unit::collect::UnitView;
use crate::dwarf::unit::nodes::{Link, Ref};
use crate::dwarf::unit::program::complete;
use crate::error::{Context, Error, Place, Result};

/// The units of one section, and where its entries start in the common numbering.
struct Part<'a> {
    sections: &'a Sections,
    bytes: &'a [u8],
    file: u32,
    section: NameSection,
    units: Vec<Header>,
    base: u64,
}

impl<'a> Job<'a> {
    /// Reads all units as one.
    pub(super) fn read_linked(&self) -> Result<Done> {
        let parts = self.parts()?;
        let len = parts.last().map_or(0, |part| part.base + part.bytes.len() as u64);
        let Ok(len) = u32::try_from(len) else {
            return Err(Error::limit(
                "the program's units refer to each other and have more than 4 GiB together",
            ));
        };
        let mut worker = Worker::new(self);
        worker.nodes.clear(len);
        worker.memory.clear();
        for part in &parts {
            for header in &part.units {
                self.collect(&mut worker, &part.view(*header), part.sections)
                    .within(|| part.place())?;
            }
        }
        link(&mut worker, &parts);
        complete(&mut worker.nodes, worker.memory.later());
        if worker.nodes.old_bitfields {
            place_bitfields(&mut worker.nodes, self.options.limits.chain);
        }
        // The alternate file serves many programs: only what this one refers to is its own.
        let own = parts.iter().find(|part| part.file > 0).map(|part| part.base);
        let list = self.enter(&mut worker, 0, own);
        worker.done.lists.push((0, list));
        Ok(worker.done)
    }

    fn parts(&self) -> Result<Vec<Part<'a>>> {
        let main = self.sections;
        let mut parts = Vec::new();
        let mut base = 0;
        let mut add = |sections: &'a Sections, bytes: &'a [u8], file, section| -> Result<()> {
            let is_types = section == NameSection::Types;
            let part = Part {
                sections,
                bytes,
                file,
                section,
                units: Vec::new(),
                base,
            };
            let units = headers(bytes, sections.endian, is_types).within(|| part.place())?;
            base += bytes.len() as u64;
            parts.push(Part { units, ..part });
            Ok(())
        };
        add(main, &main.info, 0, NameSection::Info)?;
        add(main, &main.types, 0, NameSection::Types)?;
        if let Some(alt) = &main.alt {
            add(alt, &alt.info, 1, NameSection::Info)?;
        }
        Ok(parts)
    }
}

impl<'a> Part<'a> {
    fn place(&self) -> Place {
        Place::Section(
            match self.section {
                NameSection::Types => ".debug_types",
                _ => ".debug_info",
            }
            .into(),
        )
    }

    fn view(&self, header: Header) -> UnitView<'a> {
        let start = index(header.offset);
        let range = start..start.saturating_add(header.len as usize);
        UnitView {
            header,
            bytes: self.bytes.get(range).unwrap_or_default(),
            endian: self.sections.endian,
            file: self.file,
            alt: 1,
            section: self.section,
            base: u32::try_from(self.base + header.offset).unwrap_or(u32::MAX),
            str_offsets: &self.sections.str_offsets,
            addr: &self.sections.addr,
        }
    }
}

/// Settles the references that lead out of their units.
fn link(worker: &mut Worker, parts: &[Part<'_>]) {
    let mut signatures = HashMap::new();
    for part in parts {
        for header in &part.units {
            if let Some((signature, entry)) = header.signature {
                let place = (part.base + header.offset).checked_add(entry);
                // Linkers keep one unit of each signature; where there are more, they are the same.
                signatures.entry(signature).or_insert(place);
            }
        }
    }
    let alt = parts.iter().find(|part| part.file > 0).map(|part| part.base);
    let settle = |link: &Link| {
        let place = match *link {
            Link::Info { file: 0, offset } => Some(offset),
            Link::Info { offset, .. } | Link::Alt(offset) => alt.and_then(|alt| alt.checked_add(offset)),
            Link::Signature(signature) => signatures.get(&signature).copied().flatten(),
        };
        // What leads nowhere is a reference to no entry.
        Ref::unit(place.and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX))
    };
    worker.nodes.settled = worker.nodes.links.iter().map(settle).collect();
}
