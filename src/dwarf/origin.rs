//! Where a type was declared: unit, file and line.

use gimli::{AttributeValue, EndianSlice, RunTimeEndian};

use crate::dwarf::report::Conversion;
use crate::dwarf::sections::Sections;
use crate::id::TypeId;
use crate::target::Endian;

type Reader<'a> = EndianSlice<'a, RunTimeEndian>;

/// Where a type was declared, in the first unit that has it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Origin {
    /// The offset of its entry in `.debug_info`.
    pub die: u64,
    /// The unit's name: the source file it was compiled from.
    pub unit: String,
    /// The file it is declared in, as the compiler knew it.
    pub file: Option<String>,
    /// The line there, from 1.
    pub line: Option<u64>,
}

impl Conversion {
    /// The offset in `.debug_info` of the first entry of a structure, union, enumeration, typedef, base type,
    /// function or variable; `None` for other types, which have a place only through those.
    #[must_use]
    pub fn die(&self, id: TypeId) -> Option<u64> {
        let at = self.places.binary_search_by_key(&id, |(id, _)| *id);
        self.places.get(at.ok()?).map(|(_, die)| *die)
    }

    /// Where a type was declared, read from the sections it was converted from. `None` where they don't say.
    #[must_use]
    pub fn origin(&self, sections: &Sections, id: TypeId) -> Option<Origin> {
        let die = self.die(id)?;
        find(sections, die)
    }
}

fn find(sections: &Sections, die: u64) -> Option<Origin> {
    let endian = match sections.endian {
        Endian::Little => RunTimeEndian::Little,
        Endian::Big => RunTimeEndian::Big,
    };
    let dwarf = gimli::Dwarf::<Reader<'_>> {
        debug_abbrev: gimli::DebugAbbrev::new(&sections.abbrev, endian),
        debug_info: gimli::DebugInfo::new(&sections.info, endian),
        debug_line: gimli::DebugLine::new(&sections.line, endian),
        debug_line_str: gimli::DebugLineStr::new(&sections.line_str, endian),
        debug_str: gimli::DebugStr::new(&sections.str, endian),
        debug_str_offsets: gimli::DebugStrOffsets::from(Reader::new(&sections.str_offsets, endian)),
        ..gimli::Dwarf::default()
    };
    let at = gimli::DebugInfoOffset(usize::try_from(die).ok()?);
    let mut units = dwarf.units();
    while let Some(header) = units.next().ok()? {
        let Some(entry) = at.to_unit_offset(&header) else {
            continue;
        };
        let unit = dwarf.unit(header).ok()?;
        let entry = unit.entry(entry).ok()?;
        let text = |value| {
            let text = dwarf.attr_string(&unit, value).ok()?;
            Some(String::from_utf8_lossy(text.slice()).into_owned())
        };
        let number = |value: AttributeValue<Reader<'_>>| value.udata_value();
        let file = entry
            .attr_value(gimli::DW_AT_decl_file)
            .and_then(number)
            .and_then(|number| {
                let header = unit.line_program.as_ref()?.header();
                let file = header.file(number)?;
                let name = text(file.path_name())?;
                let folder = file.directory(header).and_then(text);
                Some(match folder {
                    Some(folder) if !folder.is_empty() && !name.starts_with('/') => {
                        format!("{folder}/{name}")
                    }
                    _ => name,
                })
            });
        let name = unit
            .name
            .map(|name| String::from_utf8_lossy(name.slice()).into_owned());
        return Some(Origin {
            die,
            unit: name.unwrap_or_default(),
            file,
            line: entry.attr_value(gimli::DW_AT_decl_line).and_then(number),
        });
    }
    None
}
