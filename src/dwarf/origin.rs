//! Where a type was declared: unit, file and line.

use gimli::{AttributeValue, EndianSlice, RunTimeEndian};

use crate::dwarf::names::NameSection;
use crate::dwarf::read::index;
use crate::dwarf::report::Conversion;
use crate::dwarf::sections::Sections;
use crate::dwarf::sources::{Parts, SourceKind, UnitSection, package, places};
use crate::dwarf::split::skeletons;
use crate::id::TypeId;
use crate::target::Endian;

type Reader<'a> = EndianSlice<'a, RunTimeEndian>;

/// Where a type was declared, in the first unit that has it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Origin {
    /// The offset of its entry, as [`Conversion::die`] says it.
    pub die: u64,
    /// The unit's name: the source file it was compiled from.
    pub unit: String,
    /// The file it is declared in, as the compiler knew it.
    pub file: Option<String>,
    /// The line there, from 1.
    pub line: Option<u64>,
}

impl Conversion {
    /// The offset of the first entry of a structure, union, enumeration, typedef, base type, function or
    /// variable; `None` for other types, which have a place only through those. It counts from the start of
    /// `.debug_info`; sections that follow on it are `.debug_types`, the alternate file's `.debug_info`, and
    /// both of each file in [`Sections::split`].
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
    let mut base = 0u64;
    for place in places(sections) {
        let len = place.bytes().len() as u64;
        match die.checked_sub(base) {
            Some(offset) if offset < len => {
                let origin = find_in(sections, &place, index(offset))?;
                return Some(Origin { die, ..origin });
            }
            _ => base = base.checked_add(len)?,
        }
    }
    None
}

/// The sections of a program or of split units, `parts` of them in a package.
fn dwarf<'a>(place: &UnitSection<'a>, parts: Parts) -> gimli::Dwarf<Reader<'a>> {
    let sections = place.sections;
    let endian = match sections.endian {
        Endian::Little => RunTimeEndian::Little,
        Endian::Big => RunTimeEndian::Big,
    };
    let from = |bytes: &'a [u8], start: u64| bytes.get(index(start)..).unwrap_or_default();
    let offsets = from(&sections.str_offsets, parts.str_offsets);
    gimli::Dwarf {
        debug_addr: gimli::DebugAddr::from(Reader::new(&sections.addr, endian)),
        debug_abbrev: gimli::DebugAbbrev::new(from(&sections.abbrev, parts.abbrev), endian),
        debug_info: gimli::DebugInfo::new(&sections.info, endian),
        debug_types: gimli::DebugTypes::new(&sections.types, endian),
        debug_line: gimli::DebugLine::new(&sections.line, endian),
        debug_line_str: gimli::DebugLineStr::new(&sections.line_str, endian),
        debug_str: gimli::DebugStr::new(&sections.str, endian),
        debug_str_offsets: gimli::DebugStrOffsets::from(Reader::new(offsets, endian)),
        file_type: match place.kind {
            SourceKind::Split => gimli::DwarfFileType::Dwo,
            _ => gimli::DwarfFileType::Main,
        },
        ..gimli::Dwarf::default()
    }
}

/// The unit that an entry at an offset of a section is in: its start, and its header.
fn unit_at<'a>(
    dwarf: &gimli::Dwarf<Reader<'a>>,
    section: NameSection,
    offset: usize,
) -> Option<(usize, gimli::UnitHeader<Reader<'a>>)> {
    let around = |start: usize, header: &gimli::UnitHeader<Reader<'a>>| {
        let len = header.length_including_self();
        (start..start.saturating_add(len)).contains(&offset)
    };
    if section == NameSection::Types {
        let mut units = dwarf.type_units();
        while let Some(header) = units.next().ok()? {
            let start = header.debug_types_offset()?.0;
            if around(start, &header) {
                return Some((start, header));
            }
        }
        return None;
    }
    let mut units = dwarf.units();
    while let Some(header) = units.next().ok()? {
        let start = header.debug_info_offset()?.0;
        if around(start, &header) {
            return Some((start, header));
        }
    }
    None
}

fn find_in(main: &Sections, place: &UnitSection<'_>, offset: usize) -> Option<Origin> {
    let mut sections = dwarf(place, Parts::default());
    let (start, header) = unit_at(&sections, place.section, offset)?;
    if place.kind == SourceKind::Split {
        let is_types = place.section == NameSection::Types;
        let parts = package(place.sections, is_types).ok()?;
        let parts = parts.get(&(start as u64)).copied().unwrap_or_default();
        sections = dwarf(place, parts);
    }
    let unit = sections.unit(header).ok()?;
    let entry = gimli::UnitOffset(offset.checked_sub(start)?);
    let entry = unit.entry(entry).ok()?;
    let number = |value: AttributeValue<Reader<'_>>| match value {
        AttributeValue::FileIndex(number) => Some(number),
        value => value.udata_value(),
    };
    let file = entry.attr_value(gimli::DW_AT_decl_file).and_then(number);
    let file = file.and_then(|number| match unit.dwo_id {
        Some(gimli::DwoId(id)) if place.kind == SourceKind::Split => {
            let (sections, skeleton) = skeleton(main, id)?;
            file_name(&sections, &skeleton, number)
        }
        _ => file_name(&sections, &unit, number),
    });
    let name = unit
        .name
        .map(|name| String::from_utf8_lossy(name.slice()).into_owned());
    Some(Origin {
        die: 0,
        unit: name.unwrap_or_default(),
        file,
        line: entry.attr_value(gimli::DW_AT_decl_line).and_then(number),
    })
}

/// The skeleton of a split unit: it has the unit's table of files.
fn skeleton(
    main: &Sections,
    id: u64,
) -> Option<(gimli::Dwarf<Reader<'_>>, gimli::Unit<Reader<'_>>)> {
    let found = skeletons(main).ok()?;
    let found = found.into_iter().find(|skeleton| skeleton.id == id)?;
    let program = places(main).into_iter().next()?;
    let sections = dwarf(&program, Parts::default());
    let (_, header) = unit_at(&sections, NameSection::Info, index(found.unit))?;
    let unit = sections.unit(header).ok()?;
    Some((sections, unit))
}

/// The name of a file by its number, with its folder.
fn file_name(
    sections: &gimli::Dwarf<Reader<'_>>,
    unit: &gimli::Unit<Reader<'_>>,
    number: u64,
) -> Option<String> {
    let text = |value| {
        let text = sections.attr_string(unit, value).ok()?;
        Some(String::from_utf8_lossy(text.slice()).into_owned())
    };
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
}
