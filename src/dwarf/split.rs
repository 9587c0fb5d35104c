//! Split units, and the skeletons they leave in the program (DWARF 5, section 3.1.2; in DWARF 4, GNU's own).

use std::collections::HashSet;

use gimli::constants as dw;

use crate::dwarf::read::{Class, Cursor, Form, Header, headers, index, read_value};
use crate::dwarf::sections::Sections;
use crate::error::Result;
use crate::graph::Name;

/// How far into a table of abbreviations the first entry's is looked for. Compilers put it first; a bound keeps
/// many units that share one long table from taking long.
const ABBREVIATION: usize = 512;

/// What is left of a split unit in the program.
#[derive(Clone, Debug)]
pub(crate) struct Skeleton<'a> {
    /// Where it starts in `.debug_info`.
    pub unit: u64,
    /// What it has in common with its split unit.
    pub id: u64,
    /// The name of the `.dwo` file.
    pub name: &'a [u8],
    /// The folder it was compiled in.
    pub folder: &'a [u8],
    /// Where its addresses start in `.debug_addr`.
    pub addr_base: u64,
}

/// Returns the skeletons of a program.
pub(crate) fn skeletons(sections: &Sections) -> Vec<Skeleton<'_>> {
    let found = headers(&sections.info, sections.endian, false).units;
    let skeletons = found.iter().filter_map(|header| {
        let first = first(sections, header)?;
        let encoding = header.encoding;
        // Before DWARF 5, the table has no header.
        let behind_header = match encoding.version {
            ..5 => 0,
            _ if encoding.wide => 16,
            _ => 8,
        };
        let name = sections.text(header, &first, first.name)?;
        Some(Skeleton {
            unit: header.offset,
            id: first.id?,
            name,
            folder: sections
                .text(header, &first, first.folder)
                .unwrap_or_default(),
            addr_base: first.addr_base.unwrap_or(behind_header),
        })
    });
    skeletons.collect()
}

/// Returns whether a program has no units but skeletons.
pub(crate) fn only_skeletons(sections: &Sections) -> bool {
    let found = headers(&sections.info, sections.endian, false).units;
    let skeletons = found
        .iter()
        .all(|header| dwo_id(sections, header).is_some());
    skeletons && sections.types.is_empty()
}

/// What the split units of a `.dwo` file or of a package have in common with their skeletons.
///
/// # Errors
/// `Malformed` where a package's index can't be read.
pub(crate) fn dwo_ids(sections: &Sections) -> Result<HashSet<u64>> {
    let found = headers(&sections.info, sections.endian, false).units;
    let parts = super::sources::package(sections, false)?;
    let ids = found.into_iter().filter_map(|mut header| {
        let parts = parts.get(&header.offset).copied().unwrap_or_default();
        header.abbrev = header.abbrev.saturating_add(parts.abbrev);
        dwo_id(sections, &header)
    });
    Ok(ids.collect())
}

/// What a unit has in common with its skeleton or split unit.
pub(super) fn dwo_id(sections: &Sections, header: &Header) -> Option<u64> {
    header.dwo_id.or_else(|| first(sections, header)?.id)
}

/// What the first entry of a unit says that is split or a skeleton.
#[derive(Clone, Copy, Default, Debug)]
struct First {
    id: Option<u64>,
    name: (Class, u64),
    folder: (Class, u64),
    addr_base: Option<u64>,
    str_offsets_base: Option<u64>,
}

/// Reads a unit's first entry; `None` where the unit is neither split nor a skeleton, or can't be read.
fn first(sections: &Sections, header: &Header) -> Option<First> {
    let encoding = header.encoding;
    if header.signature.is_some() || (encoding.version >= 5 && header.dwo_id.is_none()) {
        return None;
    }
    let mut entry = Cursor::new(unit(sections, header), sections.endian, header.offset);
    entry.seek(header.entries as usize);
    let code = entry.uleb().ok()?;
    let start = index(header.abbrev);
    let table = sections.abbrev.get(start..)?;
    let table = table.get(..ABBREVIATION).unwrap_or(table);
    let mut table = Cursor::new(table, sections.endian, 0);
    let mut first = First {
        id: header.dwo_id,
        ..First::default()
    };
    loop {
        let here = table.uleb().ok()?;
        if here == 0 || code == 0 {
            return None;
        }
        table.uleb().ok()?;
        table.u8().ok()?;
        loop {
            let (attribute, number) = (table.uleb().ok()?, table.uleb().ok()?);
            if attribute == 0 && number == 0 {
                break;
            }
            let constant = if number == u64::from(dw::DW_FORM_implicit_const.0) {
                table.sleb().ok()?
            } else {
                1
            };
            if here != code {
                continue;
            }
            let form = Form::from_number(number, encoding)?;
            let value = read_value(&mut entry, form, constant, encoding).ok()?;
            first.take(attribute, value);
        }
        if here == code {
            return first.id.map(|_| first);
        }
    }
}

impl First {
    fn take(&mut self, attribute: u64, value: (Class, u64)) {
        match u16::try_from(attribute).map(dw::DwAt) {
            Ok(dw::DW_AT_GNU_dwo_id) => self.id = Some(value.1),
            Ok(dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name) => self.name = value,
            Ok(dw::DW_AT_comp_dir) => self.folder = value,
            Ok(dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base) => self.addr_base = Some(value.1),
            Ok(dw::DW_AT_str_offsets_base) => self.str_offsets_base = Some(value.1),
            _ => {}
        }
    }
}

/// A unit's bytes.
fn unit<'a>(sections: &'a Sections, header: &Header) -> &'a [u8] {
    let start = index(header.offset);
    let range = start..start.saturating_add(header.len as usize);
    sections.info.get(range).unwrap_or_default()
}

impl Sections {
    /// A string that a first entry has.
    fn text(&self, header: &Header, first: &First, value: (Class, u64)) -> Option<&[u8]> {
        let (section, offset) = match value {
            (Class::String, start) => (unit(self, header), start),
            (Class::Str, offset) => (&self.str[..], offset),
            (Class::LineStr, offset) => (&self.line_str[..], offset),
            (Class::Strx, number) => {
                let wide = header.encoding.wide;
                let place = number.checked_mul(if wide { 8 } else { 4 })?;
                let place = place.checked_add(first.str_offsets_base?)?;
                let mut table = Cursor::new(&self.str_offsets, self.endian, 0);
                table.seek(index(place));
                (&self.str[..], table.section_offset(wide).ok()?)
            }
            _ => return None,
        };
        Some(Name::new(section.get(index(offset)..)?).as_bytes())
    }
}
