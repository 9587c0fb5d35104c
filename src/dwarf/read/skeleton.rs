//! Split units, and the skeletons they leave in the program (DWARF 5, section 3.1.2; in DWARF 4, GNU's own).

use std::collections::HashSet;

use crate::dwarf::read::package::package;
use crate::dwarf::read::{
    Abbrevs, Attrs, Class, Cursor, Entry, Header, Plan, Slot, headers, index,
};
use crate::dwarf::sections::Sections;
use crate::error::Result;
use crate::graph::Name;

/// The part of a table of abbreviations in which that of a unit's first DIE is looked for first, in bytes. Most compilers
/// put it there; in a split file of DWARF 4, gcc puts it anywhere in the one table of all units.
const ABBREVIATION: usize = 512;

/// The greatest number of abbreviations and attributes of one table.
const MOST_ABBREVIATIONS: u32 = 1 << 22;

/// The unit that stands in the program for a split unit.
#[derive(Clone, Debug)]
pub(crate) struct Skeleton<'a> {
    /// The offset of the skeleton unit in `.debug_info`.
    pub unit: u64,
    /// The `dwo_id` that it has in common with its split unit.
    pub id: u64,
    /// The name of the `.dwo` file.
    pub name: &'a [u8],
    /// The folder the unit was compiled in.
    pub folder: &'a [u8],
    /// The offset of the unit's addresses in `.debug_addr`.
    pub addr_base: u64,
}

/// Returns the skeletons of a program.
pub(crate) fn skeletons(sections: &Sections) -> Vec<Skeleton<'_>> {
    let found = headers(&sections.info, sections.endian, false).units;
    let mut first = FirstDie::new();
    let skeletons = found.iter().filter_map(|header| {
        let id = first.read(sections, header)?;
        let addr_base = match first.attrs.get(Slot::AddrBase) {
            (Class::Absent, _) => header.encoding.table_header(),
            (_, base) => base,
        };
        Some(Skeleton {
            unit: header.offset,
            id,
            name: first.text(sections, header, Slot::DwoName)?,
            folder: first
                .text(sections, header, Slot::CompDir)
                .unwrap_or_default(),
            addr_base,
        })
    });
    skeletons.collect()
}

/// Returns whether all units of a program are skeletons.
pub(crate) fn only_skeletons(sections: &Sections) -> bool {
    let found = headers(&sections.info, sections.endian, false).units;
    let mut first = FirstDie::new();
    let skeletons = found
        .iter()
        .all(|header| first.dwo_id(sections, header).is_some());
    skeletons && sections.types.is_empty()
}

/// Returns the `dwo_id`s of the split units of a `.dwo` file or of a package.
///
/// # Errors
/// `Malformed` if a package's index can't be read.
pub(crate) fn dwo_ids(sections: &Sections) -> Result<HashSet<u64>> {
    let found = headers(&sections.info, sections.endian, false).units;
    let parts = package(sections, false)?;
    let mut first = FirstDie::new();
    let ids = found.into_iter().filter_map(|mut header| {
        let parts = parts.get(&header.offset).copied().unwrap_or_default();
        header.abbrev = header.abbrev.saturating_add(parts.abbrev);
        first.dwo_id(sections, &header)
    });
    Ok(ids.collect())
}

/// Returns the name of a unit of `.debug_info`: the source file it was compiled from.
pub(crate) fn unit_name(sections: &Sections, header: &Header) -> Option<String> {
    let mut first = FirstDie::new();
    first.attributes(sections, header)?;
    let name = first.text(sections, header, Slot::Name)?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// A reader of the first DIE of units of one file.
pub(crate) struct FirstDie {
    abbrevs: Abbrevs,
    attrs: Attrs,
    /// The bytes of whole tables that were read.
    read: u64,
}

impl FirstDie {
    pub fn new() -> Self {
        Self {
            abbrevs: Abbrevs::new(false, false),
            attrs: Attrs::new(),
            read: 0,
        }
    }

    /// Returns the `dwo_id` of a skeleton or split unit.
    pub fn dwo_id(&mut self, sections: &Sections, header: &Header) -> Option<u64> {
        header.dwo_id.or_else(|| self.read(sections, header))
    }

    /// Reads a unit's first DIE. Returns its `dwo_id`, or `None` if the unit is neither split nor a skeleton, or can't
    /// be read.
    fn read(&mut self, sections: &Sections, header: &Header) -> Option<u64> {
        if header.signature.is_some() || (header.encoding.version >= 5 && header.dwo_id.is_none()) {
            return None;
        }
        self.attributes(sections, header)?;
        match self.attrs.get(Slot::DwoId) {
            (Class::Absent, _) => header.dwo_id,
            (_, id) => Some(id),
        }
    }

    /// Reads the attributes of a unit's first DIE, if it can be read.
    fn attributes(&mut self, sections: &Sections, header: &Header) -> Option<()> {
        let mut die = Cursor::new(unit(sections, header), sections.endian, header.offset);
        die.seek(header.entries as usize);
        let code = die.uleb().ok()?;
        let plan = self.plan(sections, header, code)?;
        if plan.entry != Entry::Unit {
            return None;
        }
        self.attrs.read(&mut die, &self.abbrevs, &plan).ok()
    }

    /// Returns the plan of the abbreviation with this code, if it can be read. The table that was read last is kept, so
    /// that units that share one long table take no longer than the table. Units with many long tables that overlap are
    /// given up.
    fn plan(&mut self, sections: &Sections, header: &Header, code: u64) -> Option<Plan> {
        let (encoding, endian) = (header.encoding, sections.endian);
        let place = (0, header.abbrev);
        if !self.abbrevs.has_table(place, encoding) {
            let table = sections.abbrev.get(index(header.abbrev)..)?;
            let table = table.get(..ABBREVIATION).unwrap_or(table);
            if let Ok(plan) = self.abbrevs.read_one(table, encoding, endian, code) {
                return Some(plan);
            }
            let most = sections.info.len().saturating_add(sections.abbrev.len());
            if self.read > (most as u64).saturating_mul(4) {
                return None;
            }
        }
        let read = self.abbrevs.read(
            &sections.abbrev,
            place,
            encoding,
            endian,
            MOST_ABBREVIATIONS,
        );
        // Of a table that can't be read, the rest of the section may have been read.
        let rest = (sections.abbrev.len() as u64).saturating_sub(header.abbrev);
        self.read = self.read.saturating_add(*read.as_ref().unwrap_or(&rest));
        read.ok()?;
        self.abbrevs.get(code).copied()
    }

    /// Returns a string that the DIE has.
    fn text<'a>(&self, sections: &'a Sections, header: &Header, slot: Slot) -> Option<&'a [u8]> {
        let (section, offset) = match self.attrs.get(slot) {
            (Class::String, start) => (unit(sections, header), start),
            (Class::Str, offset) => (&sections.str[..], offset),
            (Class::LineStr, offset) => (&sections.line_str[..], offset),
            (Class::Strx, number) => {
                let base = match self.attrs.get(Slot::StrOffsetsBase) {
                    (Class::Absent, _) => return None,
                    (_, base) => base,
                };
                let place = number.checked_mul(header.encoding.offset_size().into())?;
                let mut table = Cursor::new(&sections.str_offsets, sections.endian, 0);
                table.seek(index(place.checked_add(base)?));
                let offset = table.section_offset(header.encoding.wide).ok()?;
                (&sections.str[..], offset)
            }
            _ => return None,
        };
        Some(Name::new(section.get(index(offset)..)?).as_bytes())
    }
}

/// Returns a unit's bytes.
fn unit<'a>(sections: &'a Sections, header: &Header) -> &'a [u8] {
    let start = index(header.offset);
    let range = start..start.saturating_add(header.len as usize);
    sections.info.get(range).unwrap_or_default()
}
