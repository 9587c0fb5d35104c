//! Reads the debug sections of a program's own file.

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use object::{Object, ObjectSymbol};

use crate::dwarf::{FunctionSymbols, LazySection, MemorySection, Sections};
use crate::elf::code_layout::CodeLayout;
use crate::elf::file::{Elf, Section};
use crate::elf::inflate::{Compression, inflate};
use crate::elf::relocations::Relocations;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Name;
use crate::limits::Limits;

/// Reads a program's debug sections from its ELF file, decompressed, and relocated if the file is relocatable.
///
/// Sections that are not compressed are not copied. No other file is opened:
/// [`find_debug_sections`](crate::debuginfo::find_debug_sections) searches those.
///
/// ```no_run
/// let file = std::fs::read("program")?;
/// let sections = btfkit::elf::debug_sections(file, &btfkit::Limits::default())?;
/// let options = btfkit::dwarf::ConvertOptions::default();
/// let conversion = btfkit::dwarf::convert(&sections, &options)?;
/// println!("{} types", conversion.graph.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `NoDebugInfo` if the program was compiled without; `Stripped` if its debug information was removed or is in
/// another file; `Malformed` if the file is not an ELF file or a section lies outside of it; `Unsupported` for an
/// unknown relocation; `Limit` if a section decompresses to more than [`Limits::section_bytes`].
pub fn debug_sections(file: impl Into<Bytes>, limits: &Limits) -> Result<Sections> {
    debug_sections_in(&Elf::parse(file.into())?, limits)
}

/// Reads the debug sections of an ELF file whose headers were read.
///
/// # Errors
/// As [`debug_sections`].
pub(crate) fn debug_sections_in(elf: &Elf, limits: &Limits) -> Result<Sections> {
    own(elf, limits)?.ok_or_else(|| nothing(elf))
}

/// Reads a file's own debug sections; `None` if it has none.
pub(crate) fn own(elf: &Elf, limits: &Limits) -> Result<Option<Sections>> {
    let relocations = Relocations::new(elf)?;
    let mut sections = take_with(elf, &relocations, Part::Program, limits)?;
    let split = take_with(elf, &relocations, Part::Split, limits)?;
    if has_units(&split) {
        sections.split.push(split);
    }
    let found = has_units(&sections) || !sections.split.is_empty();
    Ok(found.then_some(sections))
}

/// Returns whether the sections have units, apart from those of other files.
pub(crate) fn has_units(sections: &Sections) -> bool {
    !(sections.info.is_empty() && sections.types.is_empty())
}

/// A part of a file's debug sections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// The sections of the program's units, `.debug_info` and so on.
    Program,
    /// The sections of split units, `.debug_info.dwo` and so on.
    Split,
}

/// Reads a part of a file's debug sections; they are empty if the file has none.
///
/// # Errors
/// As [`debug_sections`], without `NoDebugInfo` and `Stripped`.
pub(crate) fn take(elf: &Elf, part: Part, limits: &Limits) -> Result<Sections> {
    take_with(elf, &Relocations::new(elf)?, part, limits)
}

fn take_with(
    elf: &Elf,
    relocations: &Relocations<'_>,
    part: Part,
    limits: &Limits,
) -> Result<Sections> {
    let mut sections = Sections::new(elf.endian, elf.width);
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
        *field = contents(elf, relocations, &format!("{name}{suffix}"), limits)?;
    }
    sections.loc = lazy(elf, &format!("debug_loc{suffix}"), limits);
    sections.loclists = lazy(elf, &format!("debug_loclists{suffix}"), limits);
    let whole = |name| contents(elf, relocations, name, limits);
    match part {
        Part::Program => {
            sections.addr = whole("debug_addr")?;
            sections.ranges = whole("debug_ranges")?;
            sections.memory = loaded_sections(elf);
            sections.symbols = function_symbols(elf);
        }
        Part::Split => {
            sections.cu_index = whole("debug_cu_index")?;
            sections.tu_index = whole("debug_tu_index")?;
        }
    }
    Ok(sections)
}

/// Returns a section that is decompressed and relocated when it is asked for.
fn lazy(elf: &Elf, name: &str, limits: &Limits) -> LazySection {
    let is_there = |section: &Section| {
        let bare = section.name.strip_prefix(b".z");
        let bare = bare.or_else(|| section.name.strip_prefix(b"."));
        bare == Some(name.as_bytes())
    };
    if !elf.sections.iter().any(is_there) {
        return LazySection::EMPTY;
    }
    let (elf, name, limits) = (elf.clone(), name.to_owned(), limits.clone());
    LazySection::new(move || contents(&elf, &Relocations::new(&elf)?, &name, &limits))
}

/// Returns the functions of a file's symbol tables, which are read when the first one is asked for.
pub(crate) fn function_symbols(elf: &Elf) -> FunctionSymbols {
    let bytes = elf.bytes.clone();
    let layout = CodeLayout::new(elf);
    let table: OnceLock<HashMap<Box<[u8]>, Vec<u64>>> = OnceLock::new();
    let is_complete = elf
        .find(".symtab")
        .is_some_and(|section| section.size > 0 && elf.raw(section).is_ok_and(|raw| raw.is_some()));
    FunctionSymbols::new(is_complete, move |name| {
        let table = table.get_or_init(|| functions(&bytes, &layout));
        table.get(name).cloned().unwrap_or_default()
    })
}

/// Reads the functions of a file's symbol tables. What can't be read is not there.
fn functions(bytes: &Bytes, layout: &CodeLayout) -> HashMap<Box<[u8]>, Vec<u64>> {
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
            addresses.push(layout.address(&symbol) & mask);
        }
    }
    found
}

/// Returns the sections that a linked program has in memory.
fn loaded_sections(elf: &Elf) -> Vec<MemorySection> {
    if elf.is_relocatable() {
        return Vec::new();
    }
    let sections = elf.sections.iter();
    let loaded = sections.filter(|section| section.address > 0 && section.size > 0);
    let named = loaded.filter(|section| section.index > 0 && !section.name.is_empty());
    named
        .map(|section| MemorySection {
            name: String::from_utf8_lossy(&section.name).into_owned(),
            address: section.address,
            size: section.size,
        })
        .collect()
}

/// Reads the debug sections of one name, decompressed, one after the other; empty if there is none. Only a
/// relocatable file has several: each type unit's are in a group of their own.
fn contents(
    elf: &Elf,
    relocations: &Relocations<'_>,
    name: &str,
    limits: &Limits,
) -> Result<Bytes> {
    let has_name = |section: &&Section| {
        // Before ELF had compressed sections, GNU tools gave them another name.
        let bare = section.name.strip_prefix(b".z");
        let bare = bare.or_else(|| section.name.strip_prefix(b"."));
        bare == Some(name.as_bytes())
    };
    let mut found = elf.sections.iter().filter(has_name);
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

/// Reads one section, decompressed and relocated.
fn one(
    elf: &Elf,
    relocations: &Relocations<'_>,
    section: &Section,
    limits: &Limits,
) -> Result<Bytes> {
    // A file stripped of debug information may keep the headers of its debug sections, without their bytes.
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

/// Decompresses a `.zdebug_*` section: `ZLIB`, the size in eight bytes, most significant first, and the data.
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

/// Returns an error that states why there are no debug sections, and what to do.
#[cold]
pub(crate) fn nothing(elf: &Elf) -> Error {
    if elf.find(".stab").is_some_and(|section| section.size > 0) {
        return Error::new(
            ErrorKind::NoDebugInfo,
            "the debug information is STABS, which is not read: compile the program with -gdwarf",
        );
    }
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
