//! The index of a package of split units (`.dwp`; DWARF 5, section 7.3.5.3).

use std::collections::HashMap;

use gimli::{EndianSlice, IndexSectionId, RunTimeEndian};

use crate::dwarf::sections::Sections;
use crate::error::{Error, Result};
use crate::target::Endian;

/// The offsets of a unit's parts of other sections.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Parts {
    pub abbrev: u64,
    pub str_offsets: u64,
}

/// Returns the parts of each unit, by the unit's offset in `.debug_info` or `.debug_types`. Without an index there are
/// none.
///
/// # Errors
/// `Malformed` if the index can't be read.
pub(crate) fn package(sections: &Sections, is_types: bool) -> Result<HashMap<u64, Parts>> {
    let mut all = HashMap::new();
    let endian = match sections.endian {
        Endian::Little => RunTimeEndian::Little,
        Endian::Big => RunTimeEndian::Big,
    };
    let wrong = |error: gimli::Error| {
        Error::malformed(format!("the package's index can't be read: {error}"))
    };
    let read = |bytes| EndianSlice::new(bytes, endian);
    let indices = [
        (
            &sections.cu_index,
            gimli::DebugCuIndex::from(read(&sections.cu_index)).index(),
        ),
        (
            &sections.tu_index,
            gimli::DebugTuIndex::from(read(&sections.tu_index)).index(),
        ),
    ];
    for (bytes, index) in indices {
        let index = index.map_err(wrong)?;
        // An index has 8 bytes for each unit at least: a larger number of units is not to be believed.
        let most = u32::try_from(bytes.len() / 8).unwrap_or(u32::MAX);
        for row in 1..=index.unit_count().min(most) {
            let mut parts = Parts::default();
            let mut unit = None;
            for section in index.sections(row).map_err(wrong)? {
                let offset = u64::from(section.offset);
                match section.section {
                    IndexSectionId::DebugInfo if !is_types => unit = Some(offset),
                    IndexSectionId::DebugTypes if is_types => unit = Some(offset),
                    IndexSectionId::DebugAbbrev => parts.abbrev = offset,
                    IndexSectionId::DebugStrOffsets => parts.str_offsets = offset,
                    _ => {}
                }
            }
            all.extend(unit.map(|unit| (unit, parts)));
        }
    }
    Ok(all)
}
