//! The debug sections of a program's ELF file.

use bytes::Bytes;
use object::{Object, ObjectSection, ObjectSymbol};

use crate::dwarf::{MemorySection, Sections};
use crate::elf::file::{Elf, REL, RELA, Section};
use crate::elf::inflate::{Compression, inflate};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Name;
use crate::limits::Limits;
use crate::target::Endian;

/// Takes a program's debug sections from its ELF file, decompressed.
///
/// Sections that are not compressed are not copied.
///
/// ```no_run
/// let file = bytes::Bytes::from(std::fs::read("program")?);
/// let sections = btfkit::elf::debug_sections(&file, &btfkit::Limits::default())?;
/// let options = btfkit::dwarf::Options::default();
/// let conversion = btfkit::dwarf::convert(&sections, &options)?;
/// println!("{} types", conversion.graph.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `NoDebugInfo` where the program was compiled without; `Stripped` where it had debug information that is
/// gone or in another file; `Malformed` where the file is no ELF file or lies about its sections; `Limit`
/// where a section decompresses to more than [`Limits::section_bytes`].
pub fn debug_sections(file: &Bytes, limits: &Limits) -> Result<Sections> {
    let elf = Elf::parse(file.clone())?;
    let sections = take(&elf, limits)?;
    if sections.info.is_empty() && sections.types.is_empty() {
        return Err(nothing(&elf));
    }
    Ok(sections)
}

fn take(elf: &Elf, limits: &Limits) -> Result<Sections> {
    let mut sections = Sections::new(elf.endian, elf.width);
    let fields: [(&str, &mut Bytes); 9] = [
        (".debug_info", &mut sections.info),
        (".debug_types", &mut sections.types),
        (".debug_abbrev", &mut sections.abbrev),
        (".debug_str", &mut sections.str),
        (".debug_line_str", &mut sections.line_str),
        (".debug_str_offsets", &mut sections.str_offsets),
        (".debug_addr", &mut sections.addr),
        (".debug_line", &mut sections.line),
        (".debug_cu_index", &mut sections.cu_index),
    ];
    for (name, field) in fields {
        *field = contents(elf, name, limits)?;
    }
    sections.tu_index = contents(elf, ".debug_tu_index", limits)?;
    sections.memory = memory(elf);
    Ok(sections)
}

/// The sections of a linked program's memory.
fn memory(elf: &Elf) -> Vec<MemorySection> {
    let Ok(file) = object::File::parse(&*elf.bytes) else {
        return Vec::new();
    };
    if file.kind() == object::ObjectKind::Relocatable {
        return Vec::new();
    }
    let sections = file.sections();
    let sections = sections.filter(|section| section.address() > 0 && section.size() > 0);
    let named = sections.filter_map(|section| {
        Some(MemorySection {
            name: String::from_utf8_lossy(section.name_bytes().ok()?).into_owned(),
            address: section.address(),
            size: section.size(),
        })
    });
    named.collect()
}

/// The contents of the debug sections of a name, one after the other, whichever way they are compressed; empty
/// where there is none. Only a relocatable file has more than one: a type unit's stand in a group.
fn contents(elf: &Elf, name: &str, limits: &Limits) -> Result<Bytes> {
    // Before ELF had compressed sections, GNU tools gave them another name.
    let old = name.replacen(".debug", ".zdebug", 1);
    let split = format!("{name}.dwo");
    let names = [name, &old, &split];
    let mut found = elf
        .sections
        .iter()
        .filter(|section| names.iter().any(|name| section.name == name.as_bytes()));
    let Some(first) = found.next() else {
        return Ok(Bytes::new());
    };
    let first = one(elf, first, limits)?;
    let mut all = Vec::new();
    for section in found {
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&one(elf, section, limits)?);
        if all.len() as u64 > limits.section_bytes {
            return Err(Error::limit(format!(
                "the sections {name} have more bytes than Limits::section_bytes"
            )));
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

/// The contents of one section, decompressed and relocated.
fn one(elf: &Elf, section: &Section, limits: &Limits) -> Result<Bytes> {
    // A file that keeps only code has the headers of its debug sections, but not their bytes.
    if elf.raw(section)?.is_none() {
        return Ok(Bytes::new());
    }
    let bytes = if section.name.starts_with(b".zdebug") {
        gnu_compressed(elf, section, limits).within(|| section.place())?
    } else {
        elf.data(section, limits)?
    };
    relocated(elf, section, bytes)
}

/// Applies the relocations of a section of a relocatable file. A linked file may have kept them, but there
/// they were applied when it was linked.
fn relocated(elf: &Elf, section: &Section, bytes: Bytes) -> Result<Bytes> {
    let relocates =
        |other: &Section| (other.kind == RELA || other.kind == REL) && other.info == section.index;
    if !elf.sections.iter().any(relocates) {
        return Ok(bytes);
    }
    let wrong = |error: object::read::Error| {
        Error::malformed(format!("the relocations can't be read: {error}")).within(section.place())
    };
    let file = object::File::parse(&*elf.bytes).map_err(wrong)?;
    if file.kind() != object::ObjectKind::Relocatable {
        return Ok(bytes);
    }
    let index = object::SectionIndex(section.index as usize);
    let parsed = file.section_by_index(index).map_err(wrong)?;
    let mut bytes = bytes.to_vec();
    for (offset, relocation) in parsed.relocations() {
        let symbol = match relocation.target() {
            object::RelocationTarget::Symbol(index) => file
                .symbol_by_index(index)
                .map_or(0, |symbol| symbol.address()),
            _ => 0,
        };
        let size = usize::from(relocation.size() / 8);
        let place = usize::try_from(offset)
            .ok()
            .and_then(|start| bytes.get_mut(start..start.checked_add(size)?));
        let Some(place) = place else {
            return Err(Error::malformed(format!(
                "a relocation is about byte {offset:#x}, behind the end"
            ))
            .within(section.place()));
        };
        let mut value = symbol.wrapping_add_signed(relocation.addend());
        if relocation.has_implicit_addend() {
            value = value.wrapping_add(number(place, elf.endian));
        }
        put(place, value, elf.endian);
    }
    Ok(bytes.into())
}

/// The number that some bytes hold.
fn number(bytes: &[u8], endian: Endian) -> u64 {
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match endian {
        Endian::Little => bytes.iter().rev().fold(0, add),
        Endian::Big => bytes.iter().fold(0, add),
    }
}

/// Puts a number into some bytes; what doesn't fit is cut.
fn put(bytes: &mut [u8], value: u64, endian: Endian) {
    let places = value.to_le_bytes();
    match endian {
        Endian::Little => bytes
            .iter_mut()
            .zip(places)
            .for_each(|(to, from)| *to = from),
        Endian::Big => bytes
            .iter_mut()
            .rev()
            .zip(places)
            .for_each(|(to, from)| *to = from),
    }
}

/// A `.zdebug_*` section: `ZLIB`, eight bytes of size, most significant first, and the data.
fn gnu_compressed(elf: &Elf, section: &Section, limits: &Limits) -> Result<Bytes> {
    let raw = elf.raw(section)?.unwrap_or_default();
    let data = raw.strip_prefix(b"ZLIB").and_then(|rest| rest.get(8..));
    let Some(data) = data else {
        return Err(
            Error::malformed("the section doesn't start with ZLIB and a size")
                .within(Place::Byte(0)),
        );
    };
    inflate(Compression::Zlib, data, limits.inflated(data.len())).map(Bytes::from)
}

/// Why there are no debug sections, and what to do.
#[cold]
fn nothing(elf: &Elf) -> Error {
    if let Some(link) = elf.find(".gnu_debuglink")
        && let Ok(Some(bytes)) = elf.raw(link)
    {
        return Error::new(
            ErrorKind::Stripped,
            format!(
                "the debug information is in another file, {}: install the package with debug symbols, or name that file",
                Name::new(&bytes).to_string_lossy()
            ),
        );
    }
    if elf.find(".symtab").is_none() {
        return Error::new(
            ErrorKind::Stripped,
            "the file is stripped, debug information and symbols are gone: use the file before `strip`, or install the package with debug symbols",
        );
    }
    Error::new(
        ErrorKind::NoDebugInfo,
        "the file has no debug information: compile and link the program with -g",
    )
}
