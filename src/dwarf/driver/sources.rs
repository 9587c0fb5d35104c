//! The sections that units stand in: the program's, the alternate file's, those of split units.

use std::collections::{HashMap, HashSet};

use crate::dwarf::collect::pass::UnitView;
use crate::dwarf::read::name::NameSection;
use crate::dwarf::read::package::package;
use crate::dwarf::read::skeleton::{Skeleton, dwo_id, skeletons};
use crate::dwarf::read::{Header, headers, index};
use crate::dwarf::sections::Sections;
use crate::error::{Context, Place, Result};

/// The units of one section.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub sections: &'a Sections,
    pub bytes: &'a [u8],
    /// The addresses of its units by number: those of the program.
    addr: &'a [u8],
    /// The file's number.
    pub file: u32,
    pub section: NameSection,
    pub kind: SourceKind,
    pub units: Vec<Unit>,
    /// Where its entries start where all are numbered through.
    pub base: u64,
}

/// Whose section it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SourceKind {
    Program,
    /// The alternate file's, which serves many programs.
    Alternate,
    /// A split unit's, or those of a package.
    Split,
}

/// A unit, and where its parts of other sections start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub header: Header,
    str_offsets: u64,
    /// Where its skeleton has its addresses.
    addr: u64,
}

/// A section of units.
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

/// The sections of units of a program, in the order in which their entries are numbered through.
pub(super) fn places(main: &Sections) -> Vec<UnitSection<'_>> {
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

/// All sources of a program.
///
/// # Errors
/// As [`headers`]; `Malformed` where a package's index can't be read.
pub(super) fn sources(main: &Sections) -> Result<Vec<Source<'_>>> {
    let list = places(main);
    let skeletons = if main.split.is_empty() {
        Vec::new()
    } else {
        skeletons(main)?
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
            base,
        };
        source.units = units(&source).within(|| source.place())?;
        if kind == SourceKind::Split && section == NameSection::Info {
            pair(&mut source, &bases, &mut split);
        }
        base += bytes.len() as u64;
        sources.push(source);
    }
    // A skeleton says nothing that its split unit doesn't.
    let said = |skeleton: &&Skeleton<'_>| split.contains(&skeleton.id);
    let said: HashSet<u64> = skeletons.iter().filter(said).map(|one| one.unit).collect();
    if let Some(program) = sources.first_mut() {
        program
            .units
            .retain(|unit| !said.contains(&unit.header.offset));
    }
    Ok(sources)
}

/// Tells split units where their skeletons have their addresses; adds what they have in common to `split`.
fn pair(source: &mut Source<'_>, bases: &HashMap<u64, u64>, split: &mut HashSet<u64>) {
    for unit in &mut source.units {
        if let Some(id) = dwo_id(source.sections, &unit.header)
            && let Some(base) = bases.get(&id)
        {
            unit.addr = *base;
            split.insert(id);
        }
    }
}

fn units(source: &Source<'_>) -> Result<Vec<Unit>> {
    let sections = source.sections;
    let is_types = source.section == NameSection::Types;
    let parts = package(sections, is_types)?;
    let found = headers(source.bytes, sections.endian, is_types)?;
    let units = found.into_iter().map(|mut header| {
        let parts = parts.get(&header.offset).copied().unwrap_or_default();
        header.abbrev = header.abbrev.saturating_add(parts.abbrev);
        Unit {
            header,
            str_offsets: parts.str_offsets,
            addr: 0,
        }
    });
    Ok(units.collect())
}

impl<'a> Source<'a> {
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

    /// A unit to read, its entries numbered from `base` on.
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
