//! A BPF object: its types, its code and what `.BTF.ext` says about the code.

use std::borrow::Cow;
use std::cmp::Reverse;

use bytes::Bytes;

use crate::elf::file::{BPF, EXECUTABLE, Elf, PROGBITS, Symbol, malformed};
use crate::elf::rewrite::Rewriter;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Ext, Name};
use crate::limits::Limits;
use crate::parse;
use crate::target::{Endian, PointerWidth};

/// The name of the section with the types.
pub(crate) const BTF: &str = ".BTF";
/// The name of the section about the code.
pub(crate) const BTF_EXT: &str = ".BTF.ext";

/// An object file for the BPF machine (`EM_BPF`), of either byte order, as clang or `bpftool gen object`
/// writes it.
///
/// It keeps the file's bytes; [`BpfObject::rewrite`] makes a new file of them.
#[derive(Clone, Debug)]
pub struct BpfObject {
    pub(super) elf: Elf,
    pub(super) limits: Limits,
    pub(super) ext: Option<Ext>,
    graph: Btf,
    sections: Vec<CodeSection>,
}

/// A section of instructions.
#[derive(Clone, Debug)]
pub struct CodeSection {
    index: u32,
    name: Bytes,
    code: Bytes,
    functions: Vec<Function>,
}

/// A function of a section, as the symbol table has it.
#[derive(Clone, Debug)]
pub struct Function {
    name: Bytes,
    start: u64,
    size: u64,
}

impl BpfObject {
    /// Reads a BPF object.
    ///
    /// # Errors
    /// `NoBtf` where there is no `.BTF`; `Unsupported` for an ELF file for another machine, or a 32-bit one;
    /// `Malformed`, with section and byte, where the file is no ELF file or breaks a format; `Limit`.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// Reads a BPF object within bounds of your own.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_with(bytes: impl Into<Bytes>, limits: &Limits) -> Result<Self> {
        let elf = Elf::parse(bytes.into())?;
        if elf.machine != BPF {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "this ELF file is for machine {}, not for BPF (247)",
                    elf.machine
                ),
            )
            .within(Place::Byte(18)));
        }
        if elf.width != PointerWidth::Eight {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a BPF object is a 64-bit ELF file, and this is a 32-bit one",
            )
            .within(Place::Byte(4)));
        }
        let Some(section) = elf.find(BTF) else {
            return Err(Error::new(
                ErrorKind::NoBtf,
                "there is no .BTF section: compile the object with `clang -g -target bpf`",
            ));
        };
        let options = parse::ParseOptions {
            pointer_width: Some(PointerWidth::Eight),
            limits: limits.clone(),
            ..parse::ParseOptions::default()
        };
        let graph = parse::parse_with(elf.data(section, limits)?, &options)
            .within(|| Place::Section(BTF.into()))?;
        let ext = match elf.find(BTF_EXT) {
            Some(section) => {
                let ext = parse::parse_ext(&elf.data(section, limits)?, &graph, limits);
                Some(ext.within(|| Place::Section(BTF_EXT.into()))?)
            }
            None => None,
        };
        Ok(Self {
            sections: code_sections(&elf)?,
            elf,
            limits: limits.clone(),
            ext,
            graph,
        })
    }

    /// The file's byte order, which is the instructions'.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.elf.endian
    }

    /// The object's own types.
    #[must_use]
    pub fn graph(&self) -> &Btf {
        &self.graph
    }

    /// What `.BTF.ext` says; `None` where the object has no such section.
    #[must_use]
    pub fn ext(&self) -> Option<&Ext> {
        self.ext.as_ref()
    }

    /// The sections with instructions in them, in the file's order.
    #[must_use]
    pub fn code_sections(&self) -> &[CodeSection] {
        &self.sections
    }

    /// The first section of instructions with this name.
    #[must_use]
    pub fn code_section(&self, name: Name<'_>) -> Option<&CodeSection> {
        self.sections
            .iter()
            .find(|section| section.name == name.as_bytes())
    }

    /// The whole file, as it was read.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.elf.bytes
    }

    /// Starts a new file that differs from this one in what is said to the [`Rewriter`], and in nothing else.
    ///
    /// # Errors
    /// `Malformed` where the sections that may be written to overlap each other or the file's headers.
    pub fn rewrite(&self) -> Result<Rewriter<'_>> {
        Rewriter::new(self)
    }
}

impl CodeSection {
    /// The section's number in the file.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The section's name, such as `uprobe/read_config`.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The instructions, eight bytes each.
    #[must_use]
    pub fn code(&self) -> &Bytes {
        &self.code
    }

    /// The functions, by where they start; of several with one start, the longest first.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function that has the instruction at this byte: of functions that overlap, the one that starts last,
    /// and the longest of several that start there.
    #[must_use]
    pub fn function_at(&self, offset: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.start <= offset);
        let start = self.functions.get(after.checked_sub(1)?)?.start;
        let first = self.functions.partition_point(|f| f.start < start);
        let function = self.functions.get(first)?;
        (offset - start < function.size).then_some(function)
    }
}

impl Function {
    /// The function's name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// Where it starts, in bytes from the start of its section.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

fn code_sections(elf: &Elf) -> Result<Vec<CodeSection>> {
    let mut symbols = elf.functions()?;
    symbols.sort_by_key(|symbol| (symbol.section, symbol.value, Reverse(symbol.size)));
    let mut sections = Vec::new();
    for section in &elf.sections {
        if section.kind != PROGBITS || section.flags & EXECUTABLE == 0 || section.size == 0 {
            continue;
        }
        let Some(code) = elf.raw(section)? else {
            continue;
        };
        let from = symbols.partition_point(|symbol| symbol.section < section.index);
        let to = symbols.partition_point(|symbol| symbol.section <= section.index);
        let own = symbols.get(from..to).unwrap_or_default();
        let functions = own
            .iter()
            .map(|symbol| {
                // The next one: aliases start at the same byte.
                let next = own.partition_point(|other| other.value <= symbol.value);
                function(symbol, own.get(next), section.size)
            })
            .collect::<Result<_>>()
            .within(|| section.place())?;
        sections.push(CodeSection {
            index: section.index,
            name: section.name.clone(),
            code,
            functions,
        });
    }
    Ok(sections)
}

/// A symbol as a function; one without a size (assembler may leave it out) goes on to the next.
fn function(symbol: &Symbol, next: Option<&Symbol>, section_size: u64) -> Result<Function> {
    let end = match symbol.size {
        0 => Some(next.map_or(section_size, |next| next.value)),
        size => symbol.value.checked_add(size),
    };
    match end {
        Some(end) if symbol.value <= end && end <= section_size => Ok(Function {
            name: symbol.name.clone(),
            start: symbol.value,
            size: end - symbol.value,
        }),
        _ => Err(malformed(
            symbol.value,
            format!(
                "function {} has {:#x} bytes, beyond the section's end at {section_size:#x}",
                Name::new(&symbol.name),
                symbol.size
            ),
        )),
    }
}
