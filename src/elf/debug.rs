//! The debug sections of a program's own file.

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use object::{Object, ObjectSection, ObjectSymbol};

use crate::dwarf::{FunctionSymbols, MemorySection, Sections};
use crate::elf::file::{Elf, Section};
use crate::elf::inflate::{Compression, inflate};
use crate::elf::relocations::Relocations;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Name;
use crate::limits::Limits;

/// Takes a program's debug sections from its ELF file, decompressed, and relocated where it is a relocatable one.
///
/// Sections that are not compressed are not copied. This looks into no other file;
/// [`find_debug_sections`](crate::debuginfo::find_debug_sections) does.
///
/// ```no_run
/// let file = bytes::Bytes::from(std::fs::read("program")?);
/// let sections = btfkit::elf::debug_sections(&file, &btfkit::Limits::default())?;
/// let options = btfkit::dwarf::ConvertOptions::default();
/// let conversion = btfkit::dwarf::convert(&sections, &options)?;
/// println!("{} types", conversion.graph.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `NoDebugInfo` where the program was compiled without; `Stripped` where it had debug information that is
/// gone or in another file; `Malformed` where the file is no ELF file or lies about its sections; `Unsupported`
/// for a relocation that isn't known; `Limit` where a section decompresses to more than
/// [`Limits::section_bytes`].
pub fn debug_sections(file: &Bytes, limits: &Limits) -> Result<Sections> {
    let elf = Elf::parse(file.clone())?;
    own(&elf, limits)?.ok_or_else(|| nothing(&elf))
}

/// A file's own debug sections; `None` where there are none.
pub(crate) fn own(elf: &Elf, limits: &Limits) -> Result<Option<Sections>> {
    let mut sections = take(elf, Part::Program, limits)?;
    let split = take(elf, Part::Split, limits)?;
    if has_units(&split) {
        sections.split.push(split);
    }
    let some = has_units(&sections) || !sections.split.is_empty();
    Ok(some.then_some(sections))
}

/// Whether there are units of their own, apart from those of other files.
pub(crate) fn has_units(sections: &Sections) -> bool {
    !(sections.info.is_empty() && sections.types.is_empty())
}

/// Which of a file's debug sections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// The program's.
    Program,
    /// Those of split units, `.debug_info.dwo` and so on.
    Split,
}

/// A part of a file's debug sections.
///
/// # Errors
/// As [`debug_sections`], but none where there are none.
pub(crate) fn take(elf: &Elf, part: Part, limits: &Limits) -> Result<Sections> {
    let mut sections = Sections::new(elf.endian, elf.width);
    let relocations = Relocations::new(elf)?;
    let fields: [(&str, &mut Bytes); 8] = [
        ("debug_info", &mut sections.info),
        ("debug_types", &mut sections.types),
        ("debug_abbrev", &mut sections.abbrev),
        ("debug_str", &mut sections.str),
        ("debug_line_str", &mut sections.line_str),
        ("debug_str_offsets", &mut sections.str_offsets),
        ("debug_line", &mut sections.line),
        ("debug_rnglists", &mut sections.rnglists),
    ];
    let suffix = match part {
        Part::Program => "",
        Part::Split => ".dwo",
    };
    for (name, field) in fields {
        *field = contents(elf, &relocations, &format!("{name}{suffix}"), limits)?;
    }
    let whole = |name| contents(elf, &relocations, name, limits);
    match part {
        Part::Program => {
            sections.addr = whole("debug_addr")?;
            sections.ranges = whole("debug_ranges")?;
            sections.memory = memory(elf);
            sections.symbols = function_symbols(elf);
        }
        Part::Split => {
            sections.cu_index = whole("debug_cu_index")?;
            sections.tu_index = whole("debug_tu_index")?;
        }
    }
    Ok(sections)
}

/// The functions of a file's symbol tables, which are read when the first one is asked for.
pub(crate) fn function_symbols(elf: &Elf) -> FunctionSymbols {
    let bytes = elf.bytes.clone();
    let table: OnceLock<HashMap<Box<[u8]>, Vec<u64>>> = OnceLock::new();
    let is_complete = elf
        .find(".symtab")
        .is_some_and(|section| section.size > 0 && elf.raw(section).is_ok_and(|raw| raw.is_some()));
    FunctionSymbols::new(is_complete, move |name| {
        let table = table.get_or_init(|| functions(&bytes));
        table.get(name).cloned().unwrap_or_default()
    })
}

/// Reads the functions of a file's symbol tables. What can't be read is not there.
fn functions(bytes: &Bytes) -> HashMap<Box<[u8]>, Vec<u64>> {
    let mut found: HashMap<Box<[u8]>, Vec<u64>> = HashMap::new();
    let Ok(file) = object::File::parse(&**bytes) else {
        return found;
    };
    // The lowest bit of an address tells an Arm processor its instruction set.
    let mask = match file.architecture() {
        object::Architecture::Arm => !1,
        _ => !0,
    };
    for symbol in file.symbols().chain(file.dynamic_symbols()) {
        if symbol.kind() == object::SymbolKind::Text
            && symbol.is_definition()
            && let Ok(name) = symbol.name_bytes()
        {
            let name = name.split(|byte| *byte == b'@').next().unwrap_or(name);
            let addresses = found.entry(name.into()).or_default();
            addresses.push(symbol.address() & mask);
        }
    }
    found
}

/// The sections of a linked program's memory.
fn memory(elf: &Elf) -> Vec<MemorySection> {
    if elf.is_relocatable() {
        return Vec::new();
    }
    let Ok(file) = object::File::parse(&*elf.bytes) else {
        return Vec::new();
    };
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
fn contents(
    elf: &Elf,
    relocations: &Relocations<'_>,
    name: &str,
    limits: &Limits,
) -> Result<Bytes> {
    let is_it = |section: &&Section| {
        // Before ELF had compressed sections, GNU tools gave them another name.
        let bare = section.name.strip_prefix(b".z");
        let bare = bare.or_else(|| section.name.strip_prefix(b"."));
        bare == Some(name.as_bytes())
    };
    let mut found = elf.sections.iter().filter(is_it);
    let Some(first) = found.next() else {
        return Ok(Bytes::new());
    };
    let first = one(elf, relocations, first, limits)?;
    let mut all = Vec::new();
    for section in found {
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&one(elf, relocations, section, limits)?);
        if all.len() as u64 > limits.section_bytes {
            return Err(Error::limit(format!(
                "the sections .{name} have more bytes than Limits::section_bytes"
            )));
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

/// The contents of one section, decompressed and relocated.
fn one(
    elf: &Elf,
    relocations: &Relocations<'_>,
    section: &Section,
    limits: &Limits,
) -> Result<Bytes> {
    // A file that keeps only code has the headers of its debug sections, but not their bytes.
    if elf.raw(section)?.is_none() {
        return Ok(Bytes::new());
    }
    let bytes = if section.name.starts_with(b".zdebug") {
        gnu_compressed(elf, section, limits).within(|| section.place())?
    } else {
        elf.data(section, limits)?
    };
    relocations.apply(section, bytes)
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
pub(crate) fn nothing(elf: &Elf) -> Error {
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
