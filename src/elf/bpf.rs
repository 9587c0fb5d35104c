//! A BPF object: its types, its code and the records of `.BTF.ext` about the code.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use bytes::Bytes;

use crate::bpf::{CodeSection, Function, Program};
use crate::elf::file::{BPF, EXECUTABLE, Elf, PROGBITS, Symbol, is_elf, malformed};
use crate::elf::rewrite::Rewriter;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, CoreRelo, Ext, LineInfo, Name, SectionRecords};
use crate::id::StrId;
use crate::limits::Limits;
use crate::parse;
use crate::relocate::{Patched, Resolution, ResolveOptions, Target, apply, resolve};
use crate::target::{Endian, PointerWidth};

/// The name of the section with the types.
pub(crate) const BTF: &str = ".BTF";
/// The name of the section about the code.
pub(crate) const BTF_EXT: &str = ".BTF.ext";

/// An object file for the BPF machine (`EM_BPF`), of either byte order, as clang or `bpftool gen object`
/// writes it.
///
/// It keeps the file's bytes; [`BpfObject::rewrite`] makes a new file of them. To relocate an object in memory,
/// resolve its relocations and apply the resolution:
///
/// ```
/// use btfkit::elf::BpfObject;
/// use btfkit::pipeline::{LoadOptions, load};
/// use btfkit::relocate::{Report, ResolveOptions, Target};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
///
/// let types = load(read("tutorial/prog_b.gcc-dwarf5"), &LoadOptions::default())?.graph;
/// let targets = [Target::user("app", types)];
///
/// let object = BpfObject::parse(read("tutorial/probe.bpf.o"))?;
/// let resolution = object.resolve(&targets, &ResolveOptions::new().partial(true))?;
/// let (relocated, patched) = object.apply(&resolution)?;
///
/// let report = Report::new(&object.program(), &targets, &resolution, &patched);
/// assert!(report.to_string().contains("struct data.c in app: 4 -> 8"));
/// # assert!(BpfObject::parse(relocated)?.ext().is_some());
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BpfObject {
    pub(super) elf: Elf,
    pub(super) limits: Limits,
    pub(super) ext: Option<Ext>,
    graph: Btf,
    code: Vec<Code>,
}

/// A section of instructions, without the records of `.BTF.ext` about them.
#[derive(Clone, Debug)]
pub(super) struct Code {
    index: u32,
    name: Bytes,
    bytes: Bytes,
    functions: Vec<Function>,
}

impl BpfObject {
    /// Returns whether a file is an ELF file for the BPF machine, of either byte order. Its first 20 bytes tell.
    #[must_use]
    pub fn is_one(file: impl AsRef<[u8]>) -> bool {
        let file = file.as_ref();
        let bpf = [BPF.to_le_bytes(), BPF.to_be_bytes()];
        is_elf(file)
            && file
                .get(18..20)
                .is_some_and(|machine| bpf.iter().any(|bpf| bpf == machine))
    }

    /// Reads a BPF object.
    ///
    /// # Errors
    /// `NoBtf` if there is no `.BTF`; `Unsupported` for an ELF file for another machine, or a 32-bit one;
    /// `Malformed`, with section and byte, if the file is not an ELF file or breaks a format; `Limit`.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// Reads a BPF object within the bounds given.
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
                let ext = parse::parse_ext(elf.data(section, limits)?, &graph, limits);
                Some(ext.within(|| Place::Section(BTF_EXT.into()))?)
            }
            None => None,
        };
        Ok(Self {
            code: read_code(&elf)?,
            elf,
            limits: limits.clone(),
            ext,
            graph,
        })
    }

    /// Returns the byte order of the file and its instructions.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.elf.endian
    }

    /// Returns the object's own types.
    #[must_use]
    pub fn graph(&self) -> &Btf {
        &self.graph
    }

    /// Returns the contents of `.BTF.ext`; `None` if the object has no such section.
    #[must_use]
    pub fn ext(&self) -> Option<&Ext> {
        self.ext.as_ref()
    }

    /// Returns the object as the relocation engine takes it: its types, and the code sections in the order of the
    /// relocation records.
    #[must_use]
    pub fn program(&self) -> Program<'_> {
        let relos = self.relos();
        let code = first_by_name(self.code.iter().map(|code| &code.name[..]));
        let lines = self.first_of(self.lines());
        let sections = relos.iter().map(|records| {
            let name = self.graph.string(records.section).as_bytes();
            let code = code.get(name).and_then(|number| self.code.get(*number));
            let lines = lines.get(name).and_then(|number| self.lines().get(*number));
            section(name, code, Some(records), lines)
        });
        Program {
            graph: &self.graph,
            endian: self.endian(),
            sections: sections.collect(),
        }
    }

    /// Returns the sections with instructions in them, in the file's order.
    pub fn code_sections(&self) -> impl Iterator<Item = CodeSection<'_>> {
        let relos = self.first_of(self.relos());
        let lines = self.first_of(self.lines());
        self.code.iter().map(move |code| {
            let name = &code.name[..];
            let relos = relos.get(name).and_then(|number| self.relos().get(*number));
            let lines = lines.get(name).and_then(|number| self.lines().get(*number));
            section(name, Some(code), relos, lines)
        })
    }

    /// Returns the first section of instructions with this name.
    #[must_use]
    pub fn code_section(&self, name: impl AsRef<[u8]>) -> Option<CodeSection<'_>> {
        let name = name.as_ref();
        let code = self.code.iter().find(|code| code.name == name)?;
        let is_its = |id: StrId| self.graph.string(id).as_bytes() == name;
        let relos = self.relos().iter().find(|records| is_its(records.section));
        let lines = self.lines().iter().find(|records| is_its(records.section));
        Some(section(&code.name, Some(code), relos, lines))
    }

    /// Returns the section of instructions with this index in the file.
    pub(super) fn code_at(&self, index: u32) -> Option<&Code> {
        // They are in the file's order.
        let found = self.code.binary_search_by_key(&index, |code| code.index);
        found.ok().and_then(|found| self.code.get(found))
    }

    fn relos(&self) -> &[SectionRecords<CoreRelo>] {
        let relos = self.ext.as_ref().and_then(|ext| ext.relos.as_ref());
        relos.map(|relos| &relos.sections[..]).unwrap_or_default()
    }

    fn lines(&self) -> &[SectionRecords<LineInfo>] {
        let ext = self.ext.as_ref();
        ext.map(|ext| &ext.lines.sections[..]).unwrap_or_default()
    }

    /// Returns the index of the first records about each code section.
    fn first_of<T>(&self, sections: &[SectionRecords<T>]) -> HashMap<&[u8], usize> {
        let names = sections.iter();
        first_by_name(names.map(|records| self.graph.string(records.section).as_bytes()))
    }

    /// Returns the whole file, as it was read.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.elf.bytes
    }

    /// Resolves every relocation of the object against the targets, which are searched in their order. The object
    /// itself is unchanged.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn resolve(&self, targets: &[Target], options: &ResolveOptions) -> Result<Resolution> {
        resolve(&self.program(), targets, options)
    }

    /// Applies the object's own relocations, as [resolved](Self::resolve). Returns the new file, and what was done
    /// about each relocation.
    ///
    /// # Errors
    /// As [`Self::rewrite`], [`apply`] and [`Rewriter::finish`].
    pub fn apply(&self, resolution: &Resolution) -> Result<(Vec<u8>, Patched)> {
        self.apply_to(&self.program(), resolution)
    }

    /// Like [`Self::apply`], for a caller that has the object's program.
    pub(crate) fn apply_to(
        &self,
        program: &Program<'_>,
        resolution: &Resolution,
    ) -> Result<(Vec<u8>, Patched)> {
        let mut rewriter = self.rewrite()?;
        let patched = apply(program, resolution, &mut rewriter)?;
        Ok((rewriter.finish()?, patched))
    }

    /// Starts a new file that differs from this one only in the changes made through the [`Rewriter`].
    ///
    /// # Errors
    /// `Malformed` if the sections that may be written to overlap each other or the file's headers.
    pub fn rewrite(&self) -> Result<Rewriter<'_>> {
        Rewriter::new(self)
    }
}

/// Returns the index of the first of each name.
fn first_by_name<'n>(names: impl Iterator<Item = &'n [u8]>) -> HashMap<&'n [u8], usize> {
    let mut first = HashMap::new();
    for (index, name) in names.enumerate() {
        first.entry(name).or_insert(index);
    }
    first
}

/// Puts a section of instructions and the records about it together.
fn section<'o>(
    name: &'o [u8],
    code: Option<&'o Code>,
    relos: Option<&'o SectionRecords<CoreRelo>>,
    lines: Option<&'o SectionRecords<LineInfo>>,
) -> CodeSection<'o> {
    let lines = lines.map(|records| &records.records[..]);
    CodeSection {
        index: code.map_or(0, |code| code.index),
        name: String::from_utf8_lossy(name),
        code: code.map(|code| &code.bytes[..]).unwrap_or_default(),
        functions: code
            .map(|code| &code.functions[..])
            .unwrap_or_default()
            .into(),
        relos: relos
            .map(|records| &records.records[..])
            .unwrap_or_default(),
        lines: sorted(lines.unwrap_or_default()),
    }
}

/// Returns the line records in the order of their instructions, which is the order compilers write them in.
fn sorted(lines: &[LineInfo]) -> Cow<'_, [LineInfo]> {
    if lines.is_sorted_by_key(|line| line.insn_off) {
        return Cow::Borrowed(lines);
    }
    let mut lines = lines.to_vec();
    lines.sort_by_key(|line| line.insn_off);
    Cow::Owned(lines)
}

/// Reads the sections of instructions, and the functions in them.
fn read_code(elf: &Elf) -> Result<Vec<Code>> {
    let mut symbols = elf.functions()?;
    symbols.sort_by_key(|symbol| (symbol.section, symbol.value, Reverse(symbol.size)));
    let mut sections = Vec::new();
    for section in &elf.sections {
        if section.kind != PROGBITS || section.flags & EXECUTABLE == 0 || section.size == 0 {
            continue;
        }
        let Some(bytes) = elf.raw(section)? else {
            continue;
        };
        let from = symbols.partition_point(|symbol| symbol.section < section.index);
        let to = symbols.partition_point(|symbol| symbol.section <= section.index);
        let own = symbols.get(from..to).unwrap_or_default();
        let functions = own
            .iter()
            .map(|symbol| {
                // Aliases start at the same byte, and are not the next function.
                let next = own.partition_point(|other| other.value <= symbol.value);
                function(symbol, own.get(next), section.size)
            })
            .collect::<Result<_>>()
            .within(|| section.place())?;
        sections.push(Code {
            index: section.index,
            name: section.name.clone(),
            bytes,
            functions,
        });
    }
    Ok(sections)
}

/// Turns a symbol into a function. A function without a size, which assembler may leave out, ends where the next
/// one starts.
fn function(symbol: &Symbol, next: Option<&Symbol>, section_size: u64) -> Result<Function> {
    let end = match symbol.size {
        0 => Some(next.map_or(section_size, |next| next.value)),
        size => symbol.value.checked_add(size),
    };
    match end {
        Some(end) if symbol.value <= end && end <= section_size => Ok(Function {
            name: String::from_utf8_lossy(&symbol.name).into_owned(),
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
