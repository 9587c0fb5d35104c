//! The debug sections of a program's ELF file.

use bytes::Bytes;

use crate::dwarf::Sections;
use crate::elf::file::{Elf, Section};
use crate::elf::inflate::{Compression, inflate};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Name;
use crate::limits::Limits;

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
    Ok(sections)
}

/// The contents of a debug section, whichever way it is compressed; empty where it is not there.
fn contents(elf: &Elf, name: &str, limits: &Limits) -> Result<Bytes> {
    if let Some(section) = elf.find(name) {
        // A file that keeps only code has the headers of its debug sections, but not their bytes.
        return match elf.raw(section)? {
            Some(_) => elf.data(section, limits),
            None => Ok(Bytes::new()),
        };
    }
    // Before ELF had compressed sections, GNU tools gave them another name.
    match elf.find(&name.replacen(".debug", ".zdebug", 1)) {
        Some(section) => gnu_compressed(elf, section, limits).within(|| section.place()),
        None => Ok(Bytes::new()),
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
    inflate(Compression::Zlib, data, limits.section_bytes).map(Bytes::from)
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
