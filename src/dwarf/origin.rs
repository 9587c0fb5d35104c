//! The origin of a type: unit, file and line of its declaration.
//!
//! This reads few DIEs, and line tables, so it uses `gimli`.

use std::sync::Arc;

use gimli::{AttributeValue, DwarfFileType, EndianSlice, Reader as _, RunTimeEndian, Section};

use crate::dwarf::report::Conversion;
use crate::dwarf::sections::Sections;
use crate::id::TypeId;
use crate::target::Endian;

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;
type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;
type Unit<'a> = gimli::Unit<Slice<'a>>;

/// The place where a type was declared, in the first unit that has it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Origin {
    /// The offset of its DIE, counted as [`Conversion::die`] counts.
    pub die: u64,
    /// The unit's name: the source file it was compiled from.
    pub unit: String,
    /// The path of the file that declares it, as the compiler found it.
    pub file: Option<String>,
    /// The line of the declaration, from 1.
    pub line: Option<u64>,
}

impl Conversion {
    /// Returns the offset of the first DIE of a structure, union, enumeration, typedef, base type, function or
    /// variable; `None` for other types, which are only found as parts of those.
    ///
    /// The offset counts from the start of `.debug_info`. The count continues with `.debug_types`, the alternate file's
    /// `.debug_info`, and the `.debug_info` and `.debug_types` of each file of split units.
    #[must_use]
    pub fn die(&self, id: TypeId) -> Option<u64> {
        let at = self.places.binary_search_by_key(&id, |(id, _)| *id);
        self.places.get(at.ok()?).map(|(_, die)| *die)
    }

    /// Returns the place where a type was declared, read from the sections it was converted from; `None` if they don't
    /// have it.
    #[must_use]
    pub fn origin(&self, sections: &Sections, id: TypeId) -> Option<Origin> {
        let die = self.die(id)?;
        let found = find(sections, die)?;
        let Found { dwarf, unit, entry } = &found;
        let entry = unit.entry(*entry).ok()?;
        let number = |value: AttributeValue<Slice<'_>>| value.udata_value();
        let file = match entry.attr_value(gimli::DW_AT_decl_file) {
            Some(AttributeValue::FileIndex(file)) => Some(file),
            value => value.and_then(number),
        };
        let name = unit.name;
        let name = name.map(|name| String::from_utf8_lossy(name.slice()).into_owned());
        Some(Origin {
            die,
            unit: name.unwrap_or_default(),
            file: file.and_then(|file| match &unit.line_program {
                Some(_) => file_name(dwarf, unit, file),
                // The line table of a split unit is that of its skeleton.
                None => {
                    let main = dwarf_of(sections, DwarfFileType::Main);
                    let skeleton = skeleton(&main, unit.dwo_id?)?;
                    file_name(&main, &skeleton, file)
                }
            }),
            line: entry.attr_value(gimli::DW_AT_decl_line).and_then(number),
        })
    }
}

/// A DIE, with all that is needed to read it.
struct Found<'a> {
    dwarf: Dwarf<'a>,
    unit: Unit<'a>,
    entry: gimli::UnitOffset,
}

/// Returns `gimli`'s view of the sections.
pub(super) fn dwarf_of(sections: &Sections, file_type: DwarfFileType) -> Dwarf<'_> {
    let endian = match sections.endian {
        Endian::Little => RunTimeEndian::Little,
        Endian::Big => RunTimeEndian::Big,
    };
    let alt = sections.alt.as_deref();
    Dwarf {
        debug_abbrev: gimli::DebugAbbrev::new(&sections.abbrev, endian),
        debug_info: gimli::DebugInfo::new(&sections.info, endian),
        debug_addr: gimli::DebugAddr::from(Slice::new(&sections.addr, endian)),
        debug_types: gimli::DebugTypes::new(&sections.types, endian),
        debug_line: gimli::DebugLine::new(&sections.line, endian),
        debug_line_str: gimli::DebugLineStr::new(&sections.line_str, endian),
        debug_str: gimli::DebugStr::new(&sections.str, endian),
        debug_str_offsets: gimli::DebugStrOffsets::from(Slice::new(&sections.str_offsets, endian)),
        sup: alt.map(|alt| Arc::new(dwarf_of(alt, DwarfFileType::Main))),
        file_type,
        ..Dwarf::default()
    }
}

/// Returns the DIE at an offset, counted as [`Conversion::die`] counts.
fn find(sections: &Sections, die: u64) -> Option<Found<'_>> {
    let (main, dwo) = (DwarfFileType::Main, DwarfFileType::Dwo);
    let own = [(sections, main, sections.types.len())];
    // Only the alternate file's `.debug_info` counts.
    let alt = sections.alt.as_deref().map(|alt| (alt, main, 0));
    let split = sections
        .split
        .iter()
        .map(|split| (split, dwo, split.types.len()));
    let mut at = usize::try_from(die).ok()?;
    for (sections, file_type, types) in own.into_iter().chain(alt).chain(split) {
        if at < sections.info.len() {
            return in_info(sections, file_type, at);
        }
        at -= sections.info.len();
        if at < types {
            return in_types(dwarf_of(sections, file_type), at);
        }
        at -= types;
    }
    None
}

/// Returns the DIE at an offset of `.debug_info`.
fn in_info(sections: &Sections, file_type: DwarfFileType, at: usize) -> Option<Found<'_>> {
    let dwarf = dwarf_of(sections, file_type);
    if !sections.cu_index.is_empty() {
        return in_package(sections, at);
    }
    let mut units = dwarf.units();
    while let Some(header) = units.next().ok()? {
        if let Some(entry) = gimli::DebugInfoOffset(at).to_unit_offset(&header) {
            let unit = dwarf.unit(header).ok()?;
            return Some(Found { dwarf, unit, entry });
        }
    }
    None
}

/// Returns the DIE at an offset of `.debug_types`.
fn in_types(dwarf: Dwarf<'_>, at: usize) -> Option<Found<'_>> {
    let mut units = dwarf.type_units();
    while let Some(header) = units.next().ok()? {
        if let Some(entry) = gimli::DebugTypesOffset(at).to_unit_offset(&header) {
            let unit = dwarf.unit(header).ok()?;
            return Some(Found { dwarf, unit, entry });
        }
    }
    None
}

/// Returns the DIE at an offset of a package.
fn in_package<'a>(sections: &'a Sections, at: usize) -> Option<Found<'a>> {
    for (dwarf, parts) in rows(sections) {
        let Some(header) = dwarf.units().next().ok().flatten() else {
            continue;
        };
        let entry = at
            .checked_sub(parts.info)
            .and_then(|at| gimli::DebugInfoOffset(at).to_unit_offset(&header));
        if let Some(entry) = entry {
            let unit = dwarf.unit(header).ok()?;
            return Some(Found { dwarf, unit, entry });
        }
    }
    None
}

/// The offsets of a unit's parts of the sections of a package.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct RowParts {
    info: usize,
    pub rnglists: usize,
    pub loclists: usize,
    pub loc: usize,
}

/// Returns the views of a file with split units: one for each unit of a package, or a single one. The index of a package
/// has the offsets of each unit's parts of the other sections (DWARF 5, section 7.3.5).
pub(super) fn rows(sections: &Sections) -> Vec<(Dwarf<'_>, RowParts)> {
    let whole = dwarf_of(sections, DwarfFileType::Dwo);
    if sections.cu_index.is_empty() {
        return vec![(whole, RowParts::default())];
    }
    let endian = whole.debug_info.reader().endian();
    let index = gimli::DebugCuIndex::from(Slice::new(&sections.cu_index, endian));
    let Ok(index) = index.index() else {
        return Vec::new();
    };
    let rows = 1..=index.unit_count();
    rows.filter_map(|number| row(sections, index.sections(number).ok()?))
        .collect()
}

fn row<'a>(
    sections: &'a Sections,
    parts: impl Iterator<Item = gimli::UnitIndexSection>,
) -> Option<(Dwarf<'a>, RowParts)> {
    let mut dwarf = dwarf_of(sections, DwarfFileType::Dwo);
    let endian = dwarf.debug_info.reader().endian();
    let rest =
        |bytes: &'a [u8], offset| Slice::new(bytes.get(offset..).unwrap_or_default(), endian);
    let mut row = RowParts::default();
    for part in parts {
        let offset = usize::try_from(part.offset).ok()?;
        match part.section {
            gimli::IndexSectionId::DebugInfo => {
                row.info = offset;
                let size = usize::try_from(part.size).ok()?;
                let unit = sections.info.get(offset..offset.checked_add(size)?)?;
                dwarf.debug_info = gimli::DebugInfo::new(unit, endian);
            }
            gimli::IndexSectionId::DebugAbbrev => {
                dwarf.debug_abbrev = rest(&sections.abbrev, offset).into();
            }
            gimli::IndexSectionId::DebugStrOffsets => {
                dwarf.debug_str_offsets = rest(&sections.str_offsets, offset).into();
            }
            gimli::IndexSectionId::DebugRngLists => row.rnglists = offset,
            gimli::IndexSectionId::DebugLocLists => row.loclists = offset,
            gimli::IndexSectionId::DebugLoc => row.loc = offset,
            _ => {}
        }
    }
    Some((dwarf, row))
}

/// Returns the skeleton of a split unit.
fn skeleton<'a>(main: &Dwarf<'a>, id: gimli::DwoId) -> Option<Unit<'a>> {
    let mut units = main.units();
    while let Some(header) = units.next().ok()? {
        let unit = main.unit(header).ok()?;
        if unit.dwo_id == Some(id) {
            return Some(unit);
        }
    }
    None
}

/// Returns the path of the file with this number in a unit's line table.
pub(super) fn file_name(dwarf: &Dwarf<'_>, unit: &Unit<'_>, number: u64) -> Option<String> {
    let text = |value| {
        let text = dwarf.attr_string(unit, value).ok()?;
        Some(String::from_utf8_lossy(text.slice()).into_owned())
    };
    let header = unit.line_program.as_ref()?.header();
    let file = header.file(number)?;
    let name = text(file.path_name())?;
    if name.starts_with('/') {
        return Some(name);
    }
    let compiled_in = unit
        .comp_dir
        .map(|folder| String::from_utf8_lossy(folder.slice()));
    let compiled_in = compiled_in.filter(|folder| !folder.is_empty());
    let folder = file.directory(header).and_then(text);
    let folder = folder.filter(|folder| !folder.is_empty());
    Some(match (compiled_in, folder) {
        (Some(outer), Some(folder)) if !folder.starts_with('/') && folder != outer => {
            format!("{outer}/{folder}/{name}")
        }
        (_, Some(folder)) => format!("{folder}/{name}"),
        (Some(outer), None) => format!("{outer}/{name}"),
        (None, None) => name,
    })
}
