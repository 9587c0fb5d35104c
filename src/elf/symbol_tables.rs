//! The symbol tables of a file, as they are stored.

use std::collections::HashMap;

use bytes::Bytes;
use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader, Sym};

use crate::elf::file::{Elf, wrong};
use crate::error::{Context, Place, Result};
use crate::graph::Name;
use crate::target::{Endian, PointerWidth};

/// The longest name that is read. It keeps a table whose names overlap from taking long.
const LONGEST: usize = 1 << 16;

/// The tables that a file may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Table {
    /// `.symtab`.
    Static,
    /// `.dynsym`.
    Dynamic,
}

/// A symbol of a function, or one without a type.
#[derive(Clone, Debug)]
pub(super) struct RawSymbol {
    /// The number of the symbol in its table.
    pub index: u32,
    pub name: Bytes,
    /// The index of its section; 0 for a symbol that another file defines.
    pub section: u32,
    pub value: u64,
    pub size: u64,
    /// `STT_*`.
    pub kind: u8,
    /// `STB_*`.
    pub binding: u8,
}

/// The version of a dynamic symbol.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub name: Bytes,
    /// The library that is to have it, of a symbol that another file defines.
    pub library: Option<Bytes>,
}

/// Reads the symbols of functions, and those without a type, that have names.
///
/// # Errors
/// `Malformed` if the table can't be read.
pub(super) fn symbols(elf: &Elf, table: Table) -> Result<Vec<RawSymbol>> {
    let read = match elf.width {
        PointerWidth::Eight => read::<elf::FileHeader64<Endianness>>(&elf.bytes, table),
        PointerWidth::Four => read::<elf::FileHeader32<Endianness>>(&elf.bytes, table),
    };
    let name = match table {
        Table::Static => ".symtab",
        Table::Dynamic => ".dynsym",
    };
    read.map_err(wrong).within(|| Place::Section(name.into()))
}

fn read<H: FileHeader<Endian = Endianness>>(
    bytes: &Bytes,
    table: Table,
) -> object::read::Result<Vec<RawSymbol>> {
    let data: &[u8] = bytes;
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let kind = match table {
        Table::Static => elf::SHT_SYMTAB,
        Table::Dynamic => elf::SHT_DYNSYM,
    };
    // A file stripped of symbols may keep the header of the table.
    let is_there = |section: &&H::SectionHeader| section.sh_type(endian) == kind;
    if !sections.iter().any(|section| is_there(&section)) {
        return Ok(Vec::new());
    }
    let symbols = sections.symbols(endian, data, kind)?;
    let strings = sections
        .section(symbols.string_section())?
        .data(endian, data)?;
    let mut found = Vec::new();
    for (index, symbol) in symbols.enumerate() {
        let kind = symbol.st_type();
        if !matches!(kind, elf::STT_FUNC | elf::STT_GNU_IFUNC | elf::STT_NOTYPE) {
            continue;
        }
        let start = usize::try_from(symbol.st_name(endian)).unwrap_or(usize::MAX);
        let rest = strings.get(start..).unwrap_or_default();
        let name = Name::new(rest.get(..LONGEST).unwrap_or(rest)).as_bytes();
        let section = symbols
            .symbol_section(endian, symbol, index)?
            .map_or(0, |section| section.0);
        if let (false, Ok(index), Ok(section)) = (
            name.is_empty(),
            u32::try_from(index.0),
            u32::try_from(section),
        ) {
            found.push(RawSymbol {
                index,
                name: bytes.slice_ref(name),
                section,
                value: symbol.st_value(endian).into(),
                size: symbol.st_size(endian).into(),
                kind: kind.0,
                binding: symbol.st_bind().0,
            });
        }
    }
    Ok(found)
}

/// The versions of a file's dynamic symbols (LSB Core, "Symbol Versioning").
#[derive(Debug)]
pub(super) struct Versions {
    /// For each symbol, the version's index and whether it is hidden.
    symbols: Vec<u16>,
    versions: HashMap<u16, Version>,
}

impl Versions {
    /// Reads the versions of a file. What can't be read is not there.
    pub fn read(elf: &Elf) -> Self {
        let data = |kind: u32| {
            let section = elf.sections.iter().find(|section| section.kind == kind)?;
            elf.raw(section).ok()?
        };
        let dynstr = elf
            .find(".dynstr")
            .and_then(|section| elf.raw(section).ok()?);
        let reader = |bytes| Words {
            bytes,
            endian: elf.endian,
        };
        let mut versions = HashMap::new();
        if let Some(strings) = &dynstr {
            if let Some(bytes) = data(elf::SHT_GNU_VERDEF.0) {
                defined(&reader(bytes), strings, &mut versions);
            }
            if let Some(bytes) = data(elf::SHT_GNU_VERNEED.0) {
                needed(&reader(bytes), strings, &mut versions);
            }
        }
        let symbols = data(elf::SHT_GNU_VERSYM.0).unwrap_or_default();
        let symbols = symbols
            .chunks_exact(2)
            .filter_map(|pair| Some(elf.endian.u16(*pair.first_chunk()?)));
        Self {
            symbols: symbols.collect(),
            versions,
        }
    }

    /// Returns the version of a symbol, and whether it is the one that new programs are linked with.
    pub fn of(&self, symbol: u32) -> Option<(&Version, bool)> {
        let index = *self.symbols.get(usize::try_from(symbol).ok()?)?;
        let version = self.versions.get(&(index & 0x7fff))?;
        Some((version, index & 0x8000 == 0))
    }
}

/// Words of a section.
struct Words {
    bytes: Bytes,
    endian: Endian,
}

impl Words {
    fn half(&self, at: usize) -> Option<u16> {
        Some(self.endian.u16(*self.bytes.get(at..)?.first_chunk()?))
    }

    fn word(&self, at: usize) -> Option<usize> {
        usize::try_from(self.endian.u32(*self.bytes.get(at..)?.first_chunk()?)).ok()
    }
}

fn string(strings: &Bytes, at: usize) -> Option<Bytes> {
    let rest = strings.get(at..)?;
    let name = Name::new(rest.get(..LONGEST).unwrap_or(rest)).as_bytes();
    Some(strings.slice_ref(name))
}

/// Reads the versions that the file defines (`Elfxx_Verdef`).
fn defined(words: &Words, strings: &Bytes, versions: &mut HashMap<u16, Version>) {
    let mut at = 0usize;
    // There are no more records than fit.
    for _ in 0..words.bytes.len() / 20 {
        let record = || {
            let (flags, index) = (
                words.half(at.checked_add(2)?)?,
                words.half(at.checked_add(4)?)?,
            );
            let (aux, next) = (
                words.word(at.checked_add(12)?)?,
                words.word(at.checked_add(16)?)?,
            );
            let name = string(strings, words.word(at.checked_add(aux)?)?)?;
            Some((flags, index, name, next))
        };
        let Some((flags, index, name, next)) = record() else {
            return;
        };
        // The base version is the file's own name.
        if flags & 1 == 0 {
            versions.insert(
                index,
                Version {
                    name,
                    library: None,
                },
            );
        }
        match at.checked_add(next) {
            Some(following) if next > 0 => at = following,
            _ => return,
        }
    }
}

/// Reads the versions that the file needs of others (`Elfxx_Verneed`).
fn needed(words: &Words, strings: &Bytes, versions: &mut HashMap<u16, Version>) {
    let mut left = words.bytes.len() / 16;
    let mut at = 0usize;
    while left > 0 {
        left -= 1;
        let record = || {
            let library = string(strings, words.word(at.checked_add(4)?)?)?;
            let (aux, next) = (
                words.word(at.checked_add(8)?)?,
                words.word(at.checked_add(12)?)?,
            );
            Some((library, at.checked_add(aux)?, next))
        };
        let Some((library, mut aux, next)) = record() else {
            return;
        };
        while left > 0 {
            left -= 1;
            let record = || {
                let index = words.half(aux.checked_add(6)?)?;
                let name = string(strings, words.word(aux.checked_add(8)?)?)?;
                Some((index, name, words.word(aux.checked_add(12)?)?))
            };
            let Some((index, name, further)) = record() else {
                break;
            };
            versions.insert(
                index & 0x7fff,
                Version {
                    name,
                    library: Some(library.clone()),
                },
            );
            match aux.checked_add(further) {
                Some(following) if further > 0 => aux = following,
                _ => break,
            }
        }
        match at.checked_add(next) {
            Some(following) if next > 0 => at = following,
            _ => return,
        }
    }
}
