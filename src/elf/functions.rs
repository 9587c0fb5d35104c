//! The functions that a program's symbol tables name.

use std::fmt;

use bytes::Bytes;
use object::elf;

use crate::elf::file::{EXECUTABLE, Elf, Section, is_elf};
use crate::elf::imports::{ImportedFunction, Imports, libraries};
use crate::elf::inflate::{Compression, inflate};
use crate::elf::segments::{Segment, file_offset};
use crate::elf::symbol_tables::{RawSymbol, Table, Versions, symbols};
use crate::error::{Context, Error, Result};
use crate::graph::Name;
use crate::id::ByteSize;
use crate::limits::Limits;

/// The functions of a program or library, as its symbol tables name them, with the file offsets that uprobes take.
///
/// Symbols are in `.symtab`, in `.dynsym` (what other files may call), in `.gnu_debugdata` (a compressed ELF file inside
/// the program, which takes the feature `xz`) and in the program's debug file ([`Self::add_debug_file`]).
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/layouts/server1.gcc-dwarf5");
/// use btfkit::{Limits, elf::FunctionTable};
/// let table = FunctionTable::parse(std::fs::read(path)?, &Limits::default())?;
/// let handle = table.named("handle").next().unwrap();
/// assert!(handle.file_offset().is_some());
/// assert!(table.imports().iter().any(|import| import.name() == "printf"));
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FunctionTable {
    pub(crate) elf: Elf,
    segments: Vec<Segment>,
    /// By address and name.
    symbols: Vec<FunctionSymbol>,
    imports: Vec<ImportedFunction>,
    libraries: Vec<Bytes>,
    notes: Vec<String>,
}

/// A symbol of a function.
#[derive(Clone, Debug)]
pub struct FunctionSymbol {
    name: Bytes,
    version: Option<(Bytes, bool)>,
    address: u64,
    file_offset: Option<u64>,
    size: u64,
    kind: SymbolKind,
    binding: Binding,
    source: SymbolSource,
}

/// The kind of a symbol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum SymbolKind {
    /// A function (`STT_FUNC`).
    Function,
    /// A function whose implementation is chosen when the program is loaded (`STT_GNU_IFUNC`). The address is that of the
    /// resolver, which chooses.
    Ifunc,
    /// A symbol without a type (`STT_NOTYPE`) in a section of instructions, as assembly has them.
    Untyped,
}

/// The visibility of a symbol when files are linked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Binding {
    /// Visible to other files.
    Global,
    /// Visible to other files, one of which may replace it.
    Weak,
    /// Visible in its own object file only.
    Local,
}

/// The table that a symbol was read from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum SymbolSource {
    /// The program's `.symtab`.
    Symtab,
    /// The program's `.dynsym`.
    Dynsym,
    /// The `.symtab` of the program's debug file.
    DebugFile,
    /// The `.symtab` of the compressed file in `.gnu_debugdata`.
    DebugData,
}

impl FunctionTable {
    /// Reads the symbols of a program or library.
    ///
    /// # Errors
    /// `Malformed` if the bytes are no ELF file or its program headers or symbol tables can't be read. A `.gnu_debugdata`
    /// that can't be read is a [note](Self::notes).
    pub fn parse(file: impl Into<Bytes>, limits: &Limits) -> Result<Self> {
        Self::of(Elf::parse(file.into())?, limits)
    }

    /// Reads the symbols of a file whose headers are parsed already.
    pub(crate) fn of(elf: Elf, limits: &Limits) -> Result<Self> {
        let segments = elf.segments()?;
        let versions = Versions::read(&elf);
        let dynamic = symbols(&elf, Table::Dynamic)?;
        let mut table = Self {
            imports: Imports::read(&elf, &dynamic, &versions),
            libraries: libraries(&elf),
            segments,
            symbols: Vec::new(),
            notes: Vec::new(),
            elf,
        };
        let own = symbols(&table.elf, Table::Static)?;
        let elf = table.elf.clone();
        table.add(&elf, own, SymbolSource::Symtab, None);
        table.add(&elf, dynamic, SymbolSource::Dynsym, Some(&versions));
        if let Err(error) = table.add_debug_data(limits) {
            table
                .notes
                .push(format!("its .gnu_debugdata can't be read: {error}"));
        }
        table.sort();
        Ok(table)
    }

    /// Adds the symbols of the program's debug file. File offsets remain those of the program.
    ///
    /// # Errors
    /// `Malformed` if the bytes are no ELF file or its symbol table can't be read.
    pub fn add_debug_file(&mut self, file: impl Into<Bytes>) -> Result<()> {
        self.add_debug_elf(&Elf::parse(file.into())?)
    }

    pub(crate) fn add_debug_elf(&mut self, debug: &Elf) -> Result<()> {
        let found = symbols(debug, Table::Static)?;
        self.add(debug, found, SymbolSource::DebugFile, None);
        self.sort();
        Ok(())
    }

    /// Adds the symbols of `.gnu_debugdata`.
    fn add_debug_data(&mut self, limits: &Limits) -> Result<()> {
        let Some(section) = self.elf.find(".gnu_debugdata") else {
            return Ok(());
        };
        let place = section.place();
        let Some(data) = self.elf.raw(section)? else {
            return Ok(());
        };
        let read = || {
            let bytes = inflate(Compression::Xz, &data, limits.inflated(data.len()))?;
            if !is_elf(&bytes) {
                return Err(Error::malformed("it contains no ELF file"));
            }
            let inner = Elf::parse(bytes.into())?;
            let found = symbols(&inner, Table::Static)?;
            Ok((inner, found))
        };
        let (inner, found) = read().within(|| place)?;
        self.add(&inner, found, SymbolSource::DebugData, None);
        Ok(())
    }

    /// Adds the functions among the symbols of a file.
    fn add(
        &mut self,
        file: &Elf,
        symbols: Vec<RawSymbol>,
        source: SymbolSource,
        versions: Option<&Versions>,
    ) {
        // The lowest bit of an address tells an Arm processor its instruction set.
        let mask = if file.machine == elf::EM_ARM.0 {
            !1
        } else {
            !0
        };
        for symbol in symbols {
            let section = usize::try_from(symbol.section).ok();
            let section = section.filter(|section| *section > 0);
            let Some(section) = section.and_then(|section| file.sections.get(section)) else {
                continue;
            };
            let kind = match elf::SymbolType(symbol.kind) {
                elf::STT_FUNC => SymbolKind::Function,
                elf::STT_GNU_IFUNC => SymbolKind::Ifunc,
                // Mapping symbols of Arm, and labels.
                _ if symbol.name.starts_with(b"$") || symbol.name.starts_with(b".L") => continue,
                _ if section.flags & EXECUTABLE == 0 => continue,
                _ => SymbolKind::Untyped,
            };
            let address = symbol.value & mask;
            let (name, version) = versioned(&symbol, versions);
            self.symbols.push(FunctionSymbol {
                name,
                version,
                address,
                file_offset: self.file_offset(address),
                size: symbol.size,
                kind,
                binding: match elf::SymbolBind(symbol.binding) {
                    elf::STB_LOCAL => Binding::Local,
                    elf::STB_WEAK => Binding::Weak,
                    _ => Binding::Global,
                },
                source,
            });
        }
    }

    /// Sorts the symbols. One that several tables have is kept once.
    fn sort(&mut self) {
        self.symbols.sort_by(|a, b| a.key().cmp(&b.key()));
        let same = |a: &FunctionSymbol, b: &FunctionSymbol| {
            let version = |symbol: &FunctionSymbol| symbol.version.clone().map(|(name, _)| name);
            (a.address, &a.name) == (b.address, &b.name)
                && (version(a) == version(b) || a.version.is_none() || b.version.is_none())
        };
        self.symbols.dedup_by(|later, kept| {
            let same = same(later, kept);
            if same && kept.version.is_none() {
                kept.version = later.version.take();
            }
            same
        });
    }

    /// Returns the symbols, ascending by address.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &FunctionSymbol> {
        self.symbols.iter()
    }

    /// Returns the symbols with this name, without a version.
    pub fn named<'t>(
        &'t self,
        name: &'t (impl AsRef<[u8]> + ?Sized),
    ) -> impl Iterator<Item = &'t FunctionSymbol> {
        let name = name.as_ref();
        self.symbols
            .iter()
            .filter(move |symbol| symbol.name == name)
    }

    /// Returns the symbols at an address: a function and its aliases.
    #[must_use]
    pub fn at(&self, address: u64) -> &[FunctionSymbol] {
        let start = self
            .symbols
            .partition_point(|symbol| symbol.address < address);
        let rest = self.symbols.get(start..).unwrap_or_default();
        let len = rest.partition_point(|symbol| symbol.address == address);
        rest.get(..len).unwrap_or_default()
    }

    /// Returns the functions that other files define and this one calls.
    #[must_use]
    pub fn imports(&self) -> &[ImportedFunction] {
        &self.imports
    }

    /// Returns the names of the libraries that the program is linked with (`DT_NEEDED`).
    pub fn libraries(&self) -> impl ExactSizeIterator<Item = Name<'_>> {
        self.libraries.iter().map(|library| Name::new(library))
    }

    /// Returns the offset in the file of the instruction at an address, as a uprobe takes it; `None` if no segment of the
    /// file has the address.
    ///
    /// Segments decide, not sections (System V ABI, "Program Loading").
    #[must_use]
    pub fn file_offset(&self, address: u64) -> Option<u64> {
        file_offset(&self.segments, address)
    }

    /// Returns whether an address is in a section of instructions.
    #[cfg_attr(
        not(feature = "dwarf"),
        expect(dead_code, reason = "only debug information needs it")
    )]
    pub(crate) fn is_code(&self, address: u64) -> bool {
        let is_in = |section: &Section| {
            section.flags & EXECUTABLE != 0
                && address
                    .checked_sub(section.address)
                    .is_some_and(|within| within < section.size)
        };
        self.elf.sections.iter().any(is_in)
    }

    /// Returns whether the file is a debug file: its code is elsewhere, in the program.
    #[must_use]
    pub fn is_debug_file(&self) -> bool {
        let code = |section: &&Section| section.flags & EXECUTABLE != 0;
        let mut code = self.elf.sections.iter().filter(code).peekable();
        code.peek().is_some() && code.all(|section| section.kind == elf::SHT_NOBITS.0)
    }

    /// Returns whether the file is relocatable: an object file, whose functions have no addresses yet.
    #[must_use]
    pub fn is_relocatable(&self) -> bool {
        self.elf.is_relocatable()
    }

    /// Returns notes on what could not be read.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Returns a symbol's name without its version, and the version with whether it is the default one. In `.symtab`, the
/// version is a part of the name.
fn versioned(symbol: &RawSymbol, versions: Option<&Versions>) -> (Bytes, Option<(Bytes, bool)>) {
    let name = &symbol.name;
    if let Some(versions) = versions {
        let version = versions.of(symbol.index);
        let version = version.map(|(version, is_default)| (version.name.clone(), is_default));
        return (name.clone(), version);
    }
    match memchr::memchr(b'@', name) {
        Some(at) if at > 0 => {
            let rest = name.slice(at.saturating_add(1)..);
            match rest.strip_prefix(b"@") {
                Some(version) => (name.slice(..at), Some((rest.slice_ref(version), true))),
                None => (name.slice(..at), Some((rest, false))),
            }
        }
        _ => (name.clone(), None),
    }
}

impl FunctionSymbol {
    /// Returns the key that symbols are sorted by.
    fn key(&self) -> (u64, &Bytes, SymbolSource, Option<&(Bytes, bool)>) {
        (self.address, &self.name, self.source, self.version.as_ref())
    }

    /// Returns the name, without a version.
    #[must_use]
    pub fn name(&self) -> Name<'_> {
        Name::new(&self.name)
    }

    /// Returns the version, and whether programs are linked with it by default (`memcpy@@GLIBC_2.14`).
    #[must_use]
    pub fn version(&self) -> Option<(Name<'_>, bool)> {
        let version = self.version.as_ref();
        version.map(|(version, is_default)| (Name::new(version), *is_default))
    }

    /// Returns the address of the first instruction, as the file has it. In a relocatable file it counts from the start
    /// of the section.
    #[must_use]
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// Returns the offset of the first instruction in the program's file, as a uprobe takes it.
    #[must_use]
    pub const fn file_offset(&self) -> Option<u64> {
        self.file_offset
    }

    /// Returns the size in bytes, 0 if the symbol doesn't have it.
    #[must_use]
    pub const fn size(&self) -> ByteSize {
        ByteSize(self.size)
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> SymbolKind {
        self.kind
    }

    /// Returns the visibility.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.binding
    }

    /// Returns the table that the symbol was read from. Of several, it is the first in the order of [`SymbolSource`].
    #[must_use]
    pub const fn source(&self) -> SymbolSource {
        self.source
    }
}

impl fmt::Display for SymbolSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Symtab => ".symtab",
            Self::Dynsym => ".dynsym",
            Self::DebugFile => ".symtab of the debug file",
            Self::DebugData => ".gnu_debugdata",
        })
    }
}
