//! The sections that contain units: the program's, the alternate file's, those of split units.

use std::collections::{HashMap, HashSet};

use crate::dwarf::collect::pass::UnitView;
use crate::dwarf::read::name::NameSection;
use crate::dwarf::read::package::package;
use crate::dwarf::read::skeleton::{FirstDie, Skeleton, skeletons};
use crate::dwarf::read::{Header, headers, index};
use crate::dwarf::sections::Sections;
use crate::error::{Context, Error, Place, Result};

/// A section with its units.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub sections: &'a Sections,
    pub bytes: &'a [u8],
    /// The addresses of its units by number; those of split units are in the program.
    addr: &'a [u8],
    /// The file's number.
    pub file: u32,
    pub section: NameSection,
    pub kind: SourceKind,
    pub units: Vec<Unit>,
    /// The units whose headers can't be read: their offsets, and the reason.
    pub unreadable: Vec<(u64, Error)>,
    /// The offset of the section, counted through all sections.
    pub base: u64,
}

/// The file that a section belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SourceKind {
    Program,
    /// The alternate file, which serves many programs.
    Alternate,
    /// The file of a split unit, or a package.
    Split,
}

/// A unit of the program.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberedUnit<'j, 'a> {
    /// Its index in the order of all units.
    pub number: usize,
    /// The section that contains it.
    pub source: &'j Source<'a>,
    pub unit: Unit,
}

/// A unit, and the offsets of its parts of other sections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub header: Header,
    str_offsets: u64,
    /// The offset of its skeleton's addresses in `.debug_addr`.
    addr: u64,
}

/// A section that contains units.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitSection<'a> {
    pub sections: &'a Sections,
    /// The file's number.
    file: u32,
    pub section: NameSection,
    pub kind: SourceKind,
}

impl<'a> UnitSection<'a> {
    pub fn bytes(&self) -> &'a [u8] {
        match self.section {
            NameSection::Types => &self.sections.types,
            _ => &self.sections.info,
        }
    }
}

/// Returns the sections of a program that contain units, in the order in which offsets count through them.
fn unit_sections(main: &Sections) -> Vec<UnitSection<'_>> {
    let alternate = main.alt.iter().map(|alt| (&**alt, SourceKind::Alternate));
    let split = main.split.iter().map(|split| (split, SourceKind::Split));
    let files = std::iter::once((main, SourceKind::Program))
        .chain(alternate)
        .chain(split);
    let mut places = Vec::new();
    for (file, (sections, kind)) in (0..).zip(files) {
        let place = |section| UnitSection {
            sections,
            file,
            section,
            kind,
        };
        places.push(place(NameSection::Info));
        if kind != SourceKind::Alternate {
            places.push(place(NameSection::Types));
        }
    }
    places
}

/// Returns all sections of a program with their units.
///
/// # Errors
/// `Malformed` if a package's index can't be read.
pub(super) fn sources(main: &Sections) -> Result<Vec<Source<'_>>> {
    let list = unit_sections(main);
    let skeletons = if main.split.is_empty() {
        Vec::new()
    } else {
        skeletons(main)
    };
    let bases: HashMap<u64, u64> = skeletons
        .iter()
        .map(|skeleton| (skeleton.id, skeleton.addr_base))
        .collect();
    let mut base = 0;
    let mut sources = Vec::with_capacity(list.len());
    let mut split = HashSet::new();
    for place in list {
        let (sections, section, kind) = (place.sections, place.section, place.kind);
        let bytes = place.bytes();
        let mut source = Source {
            sections,
            bytes,
            addr: match kind {
                SourceKind::Split => &main.addr,
                _ => &sections.addr,
            },
            file: place.file,
            section,
            kind,
            units: Vec::new(),
            unreadable: Vec::new(),
            base,
        };
        read_units(&mut source)?;
        if kind == SourceKind::Split && section == NameSection::Info {
            pair(&mut source, &bases, &mut split);
        }
        base += bytes.len() as u64;
        sources.push(source);
    }
    // A skeleton has nothing that its split unit doesn't have.
    let is_empty = |skeleton: &&Skeleton<'_>| split.contains(&skeleton.id);
    let empty = skeletons.iter().filter(is_empty);
    let empty: HashSet<u64> = empty.map(|skeleton| skeleton.unit).collect();
    if let Some(program) = sources.first_mut() {
        program
            .units
            .retain(|unit| !empty.contains(&unit.header.offset));
    }
    Ok(sources)
}

/// Gives split units the addresses of their skeletons, and adds their `dwo_id`s to `split`.
fn pair(source: &mut Source<'_>, bases: &HashMap<u64, u64>, split: &mut HashSet<u64>) {
    let mut first = FirstDie::new();
    for unit in &mut source.units {
        if let Some(id) = first.dwo_id(source.sections, &unit.header)
            && let Some(base) = bases.get(&id)
        {
            unit.addr = *base;
            split.insert(id);
        }
    }
}

/// Reads the headers of a section's units.
fn read_units(source: &mut Source<'_>) -> Result<()> {
    let sections = source.sections;
    let is_types = source.section == NameSection::Types;
    let parts = package(sections, is_types).within(|| source.place())?;
    let found = headers(source.bytes, sections.endian, is_types);
    let units = found.units.into_iter().map(|mut header| {
        let parts = parts.get(&header.offset).copied().unwrap_or_default();
        header.abbrev = header.abbrev.saturating_add(parts.abbrev);
        Unit {
            header,
            str_offsets: parts.str_offsets,
            addr: 0,
        }
    });
    source.units = units.collect();
    let place = source.place();
    let unreadable = found.unreadable.into_iter();
    source.unreadable = unreadable
        .map(|(offset, error)| (offset, error.within(place.clone())))
        .collect();
    Ok(())
}

impl<'a> Source<'a> {
    /// Returns the section's name, for errors.
    pub fn place(&self) -> Place {
        let name = match self.section {
            NameSection::Types => ".debug_types",
            _ => ".debug_info",
        };
        Place::Section(match self.kind {
            SourceKind::Program => name.into(),
            SourceKind::Alternate => format!("{name} of the alternate file"),
            SourceKind::Split => format!("{name}.dwo"),
        })
    }

    /// Returns the offset of a unit, counted through all sections.
    pub fn start(&self, unit: Unit) -> u64 {
        self.base.saturating_add(unit.header.offset)
    }

    /// Returns a unit to read. `base` is added to the offsets of its DIEs.
    pub fn view(&self, unit: Unit, base: u32) -> UnitView<'a> {
        let start = index(unit.header.offset);
        let range = start..start.saturating_add(unit.header.len as usize);
        let str_offsets = self.sections.str_offsets.get(index(unit.str_offsets)..);
        UnitView {
            header: unit.header,
            bytes: self.bytes.get(range).unwrap_or_default(),
            endian: self.sections.endian,
            file: self.file,
            alt: 1,
            section: self.section,
            is_split: self.kind == SourceKind::Split,
            language: 0,
            base,
            str_offsets: str_offsets.unwrap_or_default(),
            addr: self.addr.get(index(unit.addr)..).unwrap_or_default(),
        }
    }
}
