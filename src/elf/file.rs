//! The headers of an ELF file, of either class and byte order: the rest of the folder works on these.

use bytes::Bytes;
use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader, Sym};

use crate::elf::inflate::{Compression, inflate};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Name;
use crate::limits::Limits;
use crate::target::{Endian, PointerWidth};

/// `SHF_EXECINSTR`: the section holds instructions.
pub(crate) const EXECUTABLE: u64 = elf::SHF_EXECINSTR.0;
/// `SHF_ALLOC`: the section is loaded into memory.
pub(crate) const ALLOCATED: u64 = elf::SHF_ALLOC.0;
/// `SHF_COMPRESSED`.
pub(crate) const COMPRESSED: u64 = elf::SHF_COMPRESSED.0;
/// `SHT_PROGBITS`.
pub(crate) const PROGBITS: u32 = elf::SHT_PROGBITS.0;
/// `SHT_RELA`.
pub(crate) const RELA: u32 = elf::SHT_RELA.0;
/// `SHT_REL`.
pub(crate) const REL: u32 = elf::SHT_REL.0;
/// `SHT_CREL`.
pub(crate) const CREL: u32 = elf::SHT_CREL.0;
/// `SHT_NOTE`.
pub(crate) const NOTE: u32 = elf::SHT_NOTE.0;
/// `EM_BPF`.
pub(crate) const BPF: u16 = elf::EM_BPF.0;

/// Returns whether the bytes start like an ELF file.
pub(crate) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(&elf::ELFMAG)
}

/// An ELF file's sections.
#[derive(Clone, Debug)]
pub(crate) struct Elf {
    pub bytes: Bytes,
    pub endian: Endian,
    /// The class: 64-bit or 32-bit.
    pub width: PointerWidth,
    /// `e_type`.
    kind: u16,
    /// `e_machine`.
    pub machine: u16,
    /// The section header table: its first byte, and the bytes of one header.
    pub headers: (u64, u64),
    pub sections: Vec<Section>,
}

/// A section header, and the section's name.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub index: u32,
    pub name: Bytes,
    pub kind: u32,
    pub flags: u64,
    /// The address in memory; 0 for a section that isn't loaded, and in relocatable files.
    pub address: u64,
    pub offset: u64,
    pub size: u64,
    /// `sh_info`: of a relocation section, the index of the section it changes.
    pub info: u32,
    /// The alignment: the address must be a multiple of it. 0 means the same as 1.
    pub align: u64,
}

/// A symbol of a section.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    pub name: Bytes,
    pub section: u32,
    /// Bytes from the start of the section in relocatable files.
    pub value: u64,
    /// Bytes.
    pub size: u64,
    /// Whether it is weak: another object's definition takes precedence.
    pub is_weak: bool,
}

impl Elf {
    /// Reads the header and the section headers.
    ///
    /// # Errors
    /// `Malformed` if the file is not an ELF file or its section headers can't be read.
    pub fn parse(bytes: Bytes) -> Result<Self> {
        if !is_elf(&bytes) {
            return Err(Error::malformed(
                "this is not an ELF file: it doesn't start with \\x7fELF",
            )
            .within(Place::Byte(0)));
        }
        match bytes.get(4) {
            Some(2) => read::<elf::FileHeader64<Endianness>>(bytes, PointerWidth::Eight),
            Some(1) => read::<elf::FileHeader32<Endianness>>(bytes, PointerWidth::Four),
            _ => Err(malformed(4, "the ELF class is neither 32 nor 64 bits")),
        }
    }

    /// Returns whether the file is relocatable: an object file that is still to be linked.
    pub fn is_relocatable(&self) -> bool {
        self.kind == elf::ET_REL.0
    }

    /// Returns the first section with this name.
    pub fn find(&self, name: &str) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.name == name.as_bytes())
    }

    /// Returns a section's bytes as they are in the file; `None` for a section without bytes (`SHT_NOBITS`).
    ///
    /// # Errors
    /// `Malformed` if they lie outside the file.
    pub fn raw(&self, section: &Section) -> Result<Option<Bytes>> {
        if section.kind == elf::SHT_NOBITS.0 {
            return Ok(None);
        }
        match self.range(section) {
            Some(range) => Ok(Some(self.bytes.slice(range))),
            None => Err(malformed(
                self.header_at(section),
                format!(
                    "the section has {:#x} bytes from {:#x} on, but the file ends at {:#x}",
                    section.size,
                    section.offset,
                    self.bytes.len()
                ),
            )
            .within(section.place())),
        }
    }

    /// Returns the range of a section's bytes in the file; `None` if they lie outside of it.
    pub fn range(&self, section: &Section) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(section.offset).ok()?;
        let end = start.checked_add(usize::try_from(section.size).ok()?)?;
        (end <= self.bytes.len()).then_some(start..end)
    }

    /// Returns a section's bytes, decompressed if they are compressed.
    ///
    /// # Errors
    /// As [`Self::raw`], and as [`inflate`]; `Malformed` for a section that has no bytes in the file.
    pub fn data(&self, section: &Section, limits: &Limits) -> Result<Bytes> {
        let raw = self.raw(section)?.ok_or_else(|| {
            malformed(
                self.header_at(section),
                "the section has no bytes in the file (SHT_NOBITS)",
            )
            .within(section.place())
        })?;
        if section.flags & COMPRESSED == 0 {
            return Ok(raw);
        }
        self.decompressed(&raw, limits)
            .within(|| section.place())
            .map(Bytes::from)
    }

    /// Decompresses a section (`Elf32_Chdr`, `Elf64_Chdr`: ELF specification, "Compressed Sections").
    fn decompressed(&self, raw: &[u8], limits: &Limits) -> Result<Vec<u8>> {
        let word = |at: usize| -> Option<u32> {
            let bytes = raw.get(at..)?.first_chunk::<4>()?;
            Some(self.endian.u32(*bytes))
        };
        let (size, header) = match self.width {
            PointerWidth::Four => (word(4).map(u64::from), 12),
            PointerWidth::Eight => {
                let halves = (word(8).map(u64::from), word(12).map(u64::from));
                let size = match (halves, self.endian) {
                    ((Some(first), Some(second)), Endian::Little) => Some(first | second << 32),
                    ((Some(first), Some(second)), Endian::Big) => Some(first << 32 | second),
                    _ => None,
                };
                (size, 24)
            }
        };
        let (Some(kind), Some(size), Some(data)) = (word(0), size, raw.get(header..)) else {
            return Err(malformed(0, "the compression header is cut off"));
        };
        if size > limits.inflated(data.len()) {
            return Err(Error::limit(format!(
                "{} compressed bytes become {size}, more than Limits::inflation and Limits::section_bytes allow",
                data.len()
            )));
        }
        let format = match elf::CompressionType(kind) {
            elf::ELFCOMPRESS_ZLIB => Compression::Zlib,
            elf::ELFCOMPRESS_ZSTD => Compression::Zstd,
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("compression {kind} is unknown; 1 (zlib) and 2 (zstd) are known"),
                )
                .within(Place::Byte(0)));
            }
        };
        let out = inflate(format, data, size)?;
        if out.len() as u64 != size {
            return Err(malformed(
                0,
                format!(
                    "the compression header promises {size} bytes, but decompression gives {}",
                    out.len()
                ),
            ));
        }
        Ok(out)
    }

    /// Reads the function symbols (`STT_FUNC`) that are defined in a section, in the symbol table's order.
    ///
    /// # Errors
    /// `Malformed` if the symbol table can't be read.
    pub fn functions(&self) -> Result<Vec<Symbol>> {
        self.symbols(elf::STT_FUNC)
    }

    /// Reads the symbols of variables (`STT_OBJECT`) in the same way.
    ///
    /// # Errors
    /// As [`Self::functions`].
    pub fn variables(&self) -> Result<Vec<Symbol>> {
        self.symbols(elf::STT_OBJECT)
    }

    fn symbols(&self, kind: elf::SymbolType) -> Result<Vec<Symbol>> {
        let read = match self.width {
            PointerWidth::Eight => symbols::<elf::FileHeader64<Endianness>>(&self.bytes, kind),
            PointerWidth::Four => symbols::<elf::FileHeader32<Endianness>>(&self.bytes, kind),
        };
        read.map_err(|error| wrong(error).within(Place::Section(".symtab".into())))
    }

    /// Returns the offset of a section's header in the file.
    pub fn header_at(&self, section: &Section) -> u64 {
        let (table, size) = self.headers;
        table.saturating_add(size.saturating_mul(u64::from(section.index)))
    }
}

impl Section {
    /// Returns the section as the place of an error.
    pub fn place(&self) -> Place {
        if self.name.is_empty() {
            return Place::Section(format!("section {}", self.index));
        }
        Place::Section(Name::new(&self.name).to_string())
    }
}

/// Returns a `Malformed` error about byte `at`.
#[cold]
pub(super) fn malformed(at: u64, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::malformed(message).within(Place::Byte(at))
}

/// Turns an error of `object` into ours: its type stays out of our signatures.
#[cold]
pub(super) fn wrong(error: object::read::Error) -> Error {
    Error::malformed(format!("the ELF file is damaged: {error}"))
}

fn read<H: FileHeader<Endian = Endianness>>(bytes: Bytes, width: PointerWidth) -> Result<Elf> {
    let data: &[u8] = &bytes;
    let header = H::parse(data).map_err(|error| wrong(error).within(Place::Byte(0)))?;
    let endian = header
        .endian()
        .map_err(|error| wrong(error).within(Place::Byte(5)))?;
    let table_at: u64 = header.e_shoff(endian).into();
    let table = header
        .sections(endian, data)
        .map_err(|error| wrong(error).within(Place::Byte(table_at)))?;
    let mut sections = Vec::with_capacity(table.len());
    for (index, section) in (0u32..).zip(table.iter()) {
        // Section 0 has no name; a name outside the table is as good as none.
        let name = table.section_name(endian, section).unwrap_or_default();
        sections.push(Section {
            index,
            name: bytes.slice_ref(name),
            kind: section.sh_type(endian).0,
            flags: section.sh_flags(endian).0,
            address: section.sh_addr(endian).into(),
            offset: section.sh_offset(endian).into(),
            size: section.sh_size(endian).into(),
            info: section.sh_info(endian),
            align: section.sh_addralign(endian).into(),
        });
    }
    Ok(Elf {
        endian: match endian {
            Endianness::Little => Endian::Little,
            Endianness::Big => Endian::Big,
        },
        width,
        kind: header.e_type(endian).0,
        machine: header.e_machine(endian).0,
        headers: (table_at, u64::from(header.e_shentsize(endian))),
        sections,
        bytes,
    })
}

fn symbols<H: FileHeader<Endian = Endianness>>(
    bytes: &Bytes,
    kind: elf::SymbolType,
) -> object::read::Result<Vec<Symbol>> {
    let data: &[u8] = bytes;
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB)?;
    let mut found = Vec::new();
    for (index, symbol) in symbols.enumerate() {
        if symbol.st_type() != kind {
            continue;
        }
        let Some(section) = symbols.symbol_section(endian, symbol, index)? else {
            continue;
        };
        let Ok(section) = u32::try_from(section.0) else {
            continue;
        };
        found.push(Symbol {
            name: bytes.slice_ref(symbols.symbol_name(endian, symbol)?),
            section,
            value: symbol.st_value(endian).into(),
            size: symbol.st_size(endian).into(),
            is_weak: symbol.st_bind() == elf::STB_WEAK,
        });
    }
    Ok(found)
}
