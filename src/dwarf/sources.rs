//! The sections that units stand in: the program's, the alternate file's, those of split units.

use std::collections::{HashMap, HashSet};

use gimli::{EndianSlice, IndexSectionId, RunTimeEndian};

use crate::dwarf::names::NameSection;
use crate::dwarf::read::{Header, headers, index};
use crate::dwarf::sections::Sections;
use crate::dwarf::split::{Skeleton, dwo_id, skeletons};
use crate::dwarf::unit::collect::UnitView;
use crate::error::{Context, Error, Place, Result};
use crate::target::Endian;

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
    /// The units whose headers can't be read.
    pub unreadable: Vec<(u64, Error)>,
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

/// Where a unit of a package has its parts of other sections.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    pub abbrev: u64,
    pub str_offsets: u64,
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

/// Reads the headers of a source's units.
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

/// By a unit's offset, where it has its parts (DWARF 5, section 7.3.5.3).
pub(super) fn package(sections: &Sections, is_types: bool) -> Result<HashMap<u64, Parts>> {
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
        // An offset and a size for each; without any, the number of units may be anything.
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

    /// Returns where a unit starts where all are numbered through.
    pub fn start(&self, unit: Unit) -> u64 {
        self.base.saturating_add(unit.header.offset)
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
