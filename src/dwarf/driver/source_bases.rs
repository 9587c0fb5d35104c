//! The offsets of DIEs, counted through all sections.

use std::collections::HashMap;
use std::ops::Range;

use crate::dwarf::collect::nodes::Link;
use crate::dwarf::collect::scratch::Import;
use crate::dwarf::driver::sources::{Source, SourceKind};
use crate::dwarf::read::Class;
use crate::dwarf::read::name::NameSection;

/// The offsets of each file's `.debug_info` and of type units, counted through all sections.
pub(super) struct SourceBases {
    bases: HashMap<u32, u64>,
    alternate: Option<u64>,
    /// The offset of the type of each type unit, by signature.
    signatures: HashMap<u64, u64>,
}

impl SourceBases {
    pub fn new(sources: &[Source<'_>]) -> Self {
        let infos = sources
            .iter()
            .filter(|source| source.section == NameSection::Info);
        let mut alternate = sources
            .iter()
            .filter(|source| source.kind == SourceKind::Alternate);
        let mut signatures = HashMap::new();
        for source in sources {
            for unit in &source.units {
                if let Some((signature, entry)) = unit.header.signature
                    && let Some(place) = source.start(*unit).checked_add(entry)
                {
                    // Linkers keep one unit of each signature; if there are more, they are the same.
                    signatures.entry(signature).or_insert(place);
                }
            }
        }
        Self {
            signatures,
            bases: infos.map(|source| (source.file, source.base)).collect(),
            alternate: alternate.next().map(|source| source.base),
        }
    }

    /// Returns the offset of the DIE that a reference out of a unit is to.
    pub fn place(&self, link: Link) -> Option<u64> {
        match link {
            Link::Info { file, offset } => self.info(file, offset),
            Link::Alt(offset) => self.alternate(offset),
            Link::Signature(signature) => self.signatures.get(&signature).copied(),
        }
    }

    /// Returns the offset of a DIE of the unit that is imported.
    pub fn imported(&self, import: &Import) -> Option<u64> {
        match import.class {
            Class::InfoRef => self.info(import.file, import.offset),
            Class::AltRef => self.alternate(import.offset),
            Class::UnitRef => u64::from(import.by).checked_add(import.offset),
            _ => None,
        }
    }

    /// Returns the offset of a DIE in a file's `.debug_info`, counted through all sections.
    fn info(&self, file: u32, offset: u64) -> Option<u64> {
        self.bases.get(&file)?.checked_add(offset)
    }

    /// Returns the offset of a DIE in the alternate file's `.debug_info`, counted through all sections.
    fn alternate(&self, offset: u64) -> Option<u64> {
        self.alternate?.checked_add(offset)
    }
}

/// Returns whether a DIE is in one of these ranges, which are sorted.
pub(super) fn contains(ranges: &[Range<u64>], die: u32) -> bool {
    let die = u64::from(die);
    let next = ranges.partition_point(|range| range.end <= die);
    ranges.get(next).is_some_and(|range| range.contains(&die))
}
