//! The units of a program, in whichever file they are, and references between them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gimli::{
    AttributeValue, DebugInfoOffset, DwarfFileType, Reader as _, Section as _, UnitOffset, UnitType,
};

use crate::dwarf::functions::scopes::ScopeIndex;
use crate::dwarf::functions::views::{Dwarf, Entry, Slice, Unit};
use crate::dwarf::origin::{dwarf_of, rows};
use crate::dwarf::sections::Sections;
use crate::error::{Error, Result};

type Header<'a> = gimli::UnitHeader<Slice<'a>>;

/// A DIE: the number of its unit, and its offset there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Die {
    pub unit: u32,
    pub offset: usize,
}

/// The location lists of a program, which are read for this job only.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Of the program, the alternate file, and each file of split units.
    files: Vec<(bytes::Bytes, bytes::Bytes)>,
}

impl Lists {
    /// Reads the lists.
    ///
    /// # Errors
    /// As reading sections.
    pub fn read(sections: &Sections) -> Result<Self> {
        let alt = sections.alt.as_deref().into_iter();
        let all = std::iter::once(sections).chain(alt).chain(&sections.split);
        let files = all.map(|file| Ok((file.loc.get()?, file.loclists.get()?)));
        Ok(Self {
            files: files.collect::<Result<_>>()?,
        })
    }
}

/// The units of a program.
#[derive(Debug)]
pub(super) struct Units<'a> {
    files: Vec<Dwarf<'a>>,
    /// Those of `.debug_info` in the order of the files, and behind them those of `.debug_types`.
    units: Vec<Place<'a>>,
    /// The number of units of `.debug_info`.
    in_info: usize,
    /// The types that have units of their own.
    signatures: HashMap<u64, Die>,
    /// The number of the file that `dwz` moved shared entries to.
    alt: Option<u32>,
    /// The skeletons of split units, by `dwo_id`: numbers of units.
    skeletons: HashMap<u64, u32>,
}

#[derive(Debug)]
struct Place<'a> {
    file: u32,
    /// The offset of the unit in its `.debug_info`.
    start: usize,
    header: Header<'a>,
}

impl<'a> Units<'a> {
    /// Reads the headers of all units.
    pub fn new(sections: &'a Sections, lists: &'a Lists) -> Self {
        let main = || {
            let dwarf = dwarf_of(sections, DwarfFileType::Main);
            with_lists(sections, dwarf, lists.files.first())
        };
        let (main, mut files) = (main(), vec![main()]);
        let mut lists = lists.files.iter().skip(1);
        let mut alt = None;
        if let Some(sections) = &sections.alt {
            alt = Some(1);
            let dwarf = dwarf_of(sections, DwarfFileType::Main);
            files.push(with_lists(sections, dwarf, lists.next()));
        }
        for split in &sections.split {
            let own = lists.next();
            for dwarf in rows(split) {
                let mut dwarf = with_lists_of_row(split, dwarf, own);
                dwarf.make_dwo(&main);
                files.push(dwarf);
            }
        }
        let mut this = Self {
            files: Vec::new(),
            units: Vec::new(),
            in_info: 0,
            signatures: HashMap::new(),
            alt,
            skeletons: HashMap::new(),
        };
        for (number, dwarf) in (0u32..).zip(&files) {
            let mut headers = dwarf.units();
            // What follows a header that can't be read is lost.
            while let Ok(Some(header)) = headers.next() {
                if let Some(start) = header.debug_info_offset() {
                    this.units.push(Place {
                        file: number,
                        start: start.0,
                        header,
                    });
                }
            }
        }
        this.in_info = this.units.len();
        for (number, dwarf) in (0u32..).zip(&files) {
            let mut headers = dwarf.type_units();
            while let Ok(Some(header)) = headers.next() {
                this.units.push(Place {
                    file: number,
                    start: 0,
                    header,
                });
            }
        }
        for (number, place) in (0u32..).zip(&this.units) {
            let kind = place.header.type_();
            if let UnitType::Type {
                type_signature,
                type_offset,
            }
            | UnitType::SplitType {
                type_signature,
                type_offset,
            } = kind
            {
                let die = Die {
                    unit: number,
                    offset: type_offset.0,
                };
                this.signatures.entry(type_signature.0).or_insert(die);
            }
        }
        this.files = files;
        if !sections.split.is_empty() {
            this.find_skeletons();
        }
        this
    }

    /// Finds the skeletons of split units.
    fn find_skeletons(&mut self) {
        let mut found = HashMap::new();
        for number in self.numbers() {
            if self.file_of(number) == Some(0)
                && let Some(unit) = self.bare(number)
                && let Some(id) = unit.dwo_id
            {
                found.insert(id.0, number);
            }
        }
        self.skeletons = found;
    }

    /// Returns the numbers of all units.
    pub fn numbers(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.units.len()).unwrap_or(u32::MAX)
    }

    fn place(&self, unit: u32) -> Option<&Place<'a>> {
        self.units.get(usize::try_from(unit).ok()?)
    }

    fn file_of(&self, unit: u32) -> Option<u32> {
        Some(self.place(unit)?.file)
    }

    /// Returns the file of a unit.
    pub fn dwarf(&self, unit: u32) -> Option<&Dwarf<'a>> {
        self.files.get(usize::try_from(self.file_of(unit)?).ok()?)
    }

    /// Reads a unit's own attributes.
    fn bare(&self, number: u32) -> Option<Unit<'a>> {
        let header = self.place(number)?.header;
        self.dwarf(number)?.unit(header).ok()
    }

    /// Reads a unit's own attributes, and those that its skeleton has for it.
    pub fn unit(&self, number: u32) -> Option<Unit<'a>> {
        let mut unit = self.bare(number)?;
        if let Some(skeleton) = self.skeleton_of(number, &unit)
            && let Some(skeleton) = self.bare(skeleton)
        {
            unit.copy_relocated_attributes(&skeleton);
        }
        Some(unit)
    }

    fn skeleton_of(&self, number: u32, unit: &Unit<'a>) -> Option<u32> {
        let skeleton = *self.skeletons.get(&unit.dwo_id?.0)?;
        (skeleton != number).then_some(skeleton)
    }

    /// Returns the unit whose line table names a unit's files, if it isn't the unit itself.
    pub fn lines_of(&self, number: u32, unit: &Unit<'a>) -> Option<u32> {
        unit.line_program
            .is_none()
            .then(|| self.skeleton_of(number, unit))
            .flatten()
    }

    /// Returns the DIE that an attribute of a unit refers to.
    pub fn target(&self, unit: u32, value: &AttributeValue<Slice<'a>>) -> Option<Die> {
        match value {
            AttributeValue::UnitRef(UnitOffset(offset)) => Some(Die {
                unit,
                offset: *offset,
            }),
            AttributeValue::DebugInfoRef(DebugInfoOffset(at)) => self.at(self.file_of(unit)?, *at),
            AttributeValue::DebugTypesRef(signature) => self.signatures.get(&signature.0).copied(),
            AttributeValue::DebugInfoRefSup(DebugInfoOffset(at)) => self.at(self.alt?, *at),
            _ => None,
        }
    }

    /// Returns the DIE at an offset of a file's `.debug_info`.
    fn at(&self, file: u32, offset: usize) -> Option<Die> {
        let units = self.units.get(..self.in_info)?;
        let behind = units.partition_point(|place| (place.file, place.start) <= (file, offset));
        let number = behind.checked_sub(1)?;
        let place = units.get(number).filter(|place| place.file == file)?;
        Some(Die {
            unit: u32::try_from(number).ok()?,
            offset: offset.checked_sub(place.start)?,
        })
    }
}

/// Returns the view of a file with its ranges and location lists.
fn with_lists<'a>(
    sections: &'a Sections,
    mut dwarf: Dwarf<'a>,
    lists: Option<&'a (bytes::Bytes, bytes::Bytes)>,
) -> Dwarf<'a> {
    let endian = dwarf.debug_info.reader().endian();
    dwarf.ranges = gimli::RangeLists::new(
        gimli::DebugRanges::from(Slice::new(&sections.ranges, endian)),
        gimli::DebugRngLists::from(Slice::new(&sections.rnglists, endian)),
    );
    if let Some((loc, loclists)) = lists {
        dwarf.locations = gimli::LocationLists::new(
            gimli::DebugLoc::from(Slice::new(loc, endian)),
            gimli::DebugLocLists::from(Slice::new(loclists, endian)),
        );
    }
    dwarf
}

/// Returns the view of one unit of a package, with its part of ranges and location lists.
fn with_lists_of_row<'a>(
    sections: &'a Sections,
    (dwarf, parts): (Dwarf<'a>, crate::dwarf::origin::RowParts),
    lists: Option<&'a (bytes::Bytes, bytes::Bytes)>,
) -> Dwarf<'a> {
    let mut dwarf = with_lists(sections, dwarf, lists);
    let endian = dwarf.debug_info.reader().endian();
    let rest = |bytes: &'a bytes::Bytes, offset: usize| {
        Slice::new(bytes.get(offset..).unwrap_or_default(), endian)
    };
    dwarf.ranges = gimli::RangeLists::new(
        gimli::DebugRanges::from(Slice::new(&[], endian)),
        gimli::DebugRngLists::from(rest(&sections.rnglists, parts.rnglists)),
    );
    if let Some((loc, loclists)) = lists {
        dwarf.locations = gimli::LocationLists::new(
            gimli::DebugLoc::from(rest(loc, parts.loc)),
            gimli::DebugLocLists::from(rest(loclists, parts.loclists)),
        );
    }
    dwarf
}

/// The most units that a reader keeps.
const KEPT: usize = 32;

/// The most DIEs that a function is described by.
const CHAIN: usize = 8;

/// A reader of DIEs, of one thread.
#[derive(Debug)]
pub(super) struct Reader<'u, 'a> {
    pub units: &'u Units<'a>,
    kept: RefCell<HashMap<u32, Rc<Unit<'a>>>>,
    scopes: RefCell<HashMap<u32, Rc<ScopeIndex>>>,
}

impl<'u, 'a> Reader<'u, 'a> {
    pub fn new(units: &'u Units<'a>) -> Self {
        Self {
            units,
            kept: RefCell::default(),
            scopes: RefCell::default(),
        }
    }

    /// Returns a unit.
    pub fn unit(&self, number: u32) -> Option<Rc<Unit<'a>>> {
        if let Some(unit) = self.kept.borrow().get(&number) {
            return Some(Rc::clone(unit));
        }
        let unit = Rc::new(self.units.unit(number)?);
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(number, Rc::clone(&unit));
        Some(unit)
    }

    /// Returns a DIE.
    pub fn entry(&self, die: Die) -> Option<Entry<'a>> {
        self.unit(die.unit)?.entry(UnitOffset(die.offset)).ok()
    }

    /// Returns a name with those of the namespaces and classes that its DIE is in.
    pub fn qualified(&self, die: Die, name: &str) -> String {
        let known = self.scopes.borrow().get(&die.unit).map(Rc::clone);
        let scopes = known.unwrap_or_else(|| {
            let unit = self.unit(die.unit).zip(self.units.dwarf(die.unit));
            let index = unit.map(|(unit, dwarf)| ScopeIndex::of(&unit, dwarf));
            let index = Rc::new(index.unwrap_or_default());
            let mut scopes = self.scopes.borrow_mut();
            if scopes.len() >= KEPT {
                scopes.clear();
            }
            scopes.insert(die.unit, Rc::clone(&index));
            index
        });
        scopes.qualified(die.offset, name)
    }

    /// Returns the DIE that an attribute of another one refers to.
    pub fn follow(&self, die: Die, entry: &Entry<'a>, name: gimli::DwAt) -> Option<Die> {
        self.units.target(die.unit, &entry.attr_value(name)?)
    }

    /// Returns a DIE and those that it completes or is a copy of.
    pub fn chain(&self, die: Die) -> Vec<(Die, Entry<'a>)> {
        let mut chain = Vec::new();
        let mut next = Some(die);
        while let Some(die) = next
            && chain.len() < CHAIN
            && let Some(entry) = self.entry(die)
        {
            next = self
                .follow(die, &entry, gimli::DW_AT_abstract_origin)
                .or_else(|| self.follow(die, &entry, gimli::DW_AT_specification));
            chain.push((die, entry));
        }
        chain
    }

    /// Returns a string of a DIE.
    pub fn text(&self, die: Die, value: AttributeValue<Slice<'a>>) -> Option<Slice<'a>> {
        let unit = self.unit(die.unit)?;
        self.units.dwarf(die.unit)?.attr_string(&unit, value).ok()
    }

    /// Returns an attribute of the first DIE of a chain that has it.
    pub fn first(
        chain: &[(Die, Entry<'a>)],
        name: gimli::DwAt,
    ) -> Option<(Die, AttributeValue<Slice<'a>>)> {
        chain
            .iter()
            .find_map(|(die, entry)| Some((*die, entry.attr_value(name)?)))
    }

    /// Returns a string that a chain has.
    pub fn first_text(&self, chain: &[(Die, Entry<'a>)], name: gimli::DwAt) -> Option<Slice<'a>> {
        let (die, value) = Self::first(chain, name)?;
        self.text(die, value)
    }

    /// Returns a function's name for the linker: the name in the symbol table.
    pub fn linkage_name(&self, chain: &[(Die, Entry<'a>)]) -> Option<Slice<'a>> {
        self.first_text(chain, gimli::DW_AT_linkage_name)
            .or_else(|| self.first_text(chain, gimli::DW_AT_MIPS_linkage_name))
    }
}

/// Returns the error for sections that need a feature of the file that is not there.
#[cold]
pub(super) fn too_many(what: &str) -> Error {
    Error::limit(format!("the program has too many {what} (Limits::entries)"))
}
