//! The input of a conversion: the debug sections of one program.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Result;
use crate::target::{Endian, PointerWidth};

/// The debug sections of one program (DWARF 5, section 7.5 and figure B.1), decompressed and relocated.
///
/// A section that the file doesn't have is empty. [`elf::debug_sections`](crate::elf::debug_sections) reads them from
/// an ELF file.
#[derive(Clone)]
#[non_exhaustive]
pub struct Sections {
    /// `.debug_info`: the units.
    pub info: Bytes,
    /// `.debug_types`: DWARF 4's type units.
    pub types: Bytes,
    /// `.debug_abbrev`: the abbreviations.
    pub abbrev: Bytes,
    /// `.debug_str`: names.
    pub str: Bytes,
    /// `.debug_line_str`: names of files, and any other names that a compiler puts there.
    pub line_str: Bytes,
    /// `.debug_str_offsets`: names by number.
    pub str_offsets: Bytes,
    /// `.debug_addr`: addresses by number.
    pub addr: Bytes,
    /// `.debug_line`: the names of the files that contain declarations.
    pub line: Bytes,
    /// `.debug_cu_index`, in a `.dwp` package.
    pub cu_index: Bytes,
    /// `.debug_tu_index`, in a `.dwp` package.
    pub tu_index: Bytes,
    /// The sections of the program's memory, by which variables are grouped. Empty if addresses are not known yet.
    pub memory: Vec<MemorySection>,
    /// `.debug_ranges`: the pieces of functions that are not contiguous (up to DWARF 4).
    pub ranges: Bytes,
    /// `.debug_rnglists`: the same from DWARF 5 on.
    pub rnglists: Bytes,
    /// `.debug_loc`: where variables are, instruction by instruction (up to DWARF 4).
    pub loc: LazySection,
    /// `.debug_loclists`: the same from DWARF 5 on.
    pub loclists: LazySection,
    /// The functions of the program's symbol tables.
    pub symbols: FunctionSymbols,
    /// The byte order of the program.
    pub endian: Endian,
    /// The width of the program's pointers.
    pub pointer_width: PointerWidth,
    /// The sections of the file that `.gnu_debugaltlink` names (made by dwz).
    pub alt: Option<Box<Sections>>,
    /// The sections of `.dwo` files and of a `.dwp` package, for programs made with `-gsplit-dwarf`.
    pub split: Vec<Sections>,
}

/// A section that is read when it is asked for: the conversion of types doesn't need it.
#[derive(Clone, Default)]
pub struct LazySection {
    read: Option<Arc<Read>>,
}

type Read = dyn Fn() -> Result<Bytes> + Send + Sync;

impl LazySection {
    /// A section that the file doesn't have.
    pub const EMPTY: Self = Self { read: None };

    /// Returns the section that `read` reads, decompressed and relocated.
    pub fn new(read: impl Fn() -> Result<Bytes> + Send + Sync + 'static) -> Self {
        Self {
            read: Some(Arc::new(read)),
        }
    }

    /// Reads the section; it is empty if the file doesn't have it.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn get(&self) -> Result<Bytes> {
        self.read
            .as_ref()
            .map_or_else(|| Ok(Bytes::new()), |read| read())
    }
}

impl fmt::Debug for LazySection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazySection")
            .field("is_there", &self.read.is_some())
            .finish()
    }
}

/// The functions of a program's symbol tables, by name, as a debugger or a uprobe finds them.
#[derive(Clone, Default)]
pub struct FunctionSymbols {
    tables: Vec<Arc<LookUp>>,
    is_complete: bool,
}

type LookUp = dyn Fn(&[u8]) -> Vec<u64> + Send + Sync;

impl FunctionSymbols {
    /// No functions.
    pub const NONE: Self = Self {
        tables: Vec::new(),
        is_complete: false,
    };

    /// Returns the functions that `look_up` finds: it takes a name and returns the addresses of the functions of that
    /// name. `is_complete` tells whether it knows every function of the program, not only those that other files may
    /// call.
    pub fn new(
        is_complete: bool,
        look_up: impl Fn(&[u8]) -> Vec<u64> + Send + Sync + 'static,
    ) -> Self {
        Self {
            tables: vec![Arc::new(look_up)],
            is_complete,
        }
    }

    /// Adds the functions of another file of the same program.
    pub fn extend(&mut self, other: &Self) {
        self.tables.extend(other.tables.iter().cloned());
        self.is_complete |= other.is_complete;
    }

    /// Returns whether every function of the program is known.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns the addresses of the functions with this name, ascending.
    #[must_use]
    pub fn addresses(&self, name: &[u8]) -> Vec<u64> {
        let mut addresses: Vec<u64> = self
            .tables
            .iter()
            .flat_map(|look_up| look_up(name))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

impl fmt::Debug for FunctionSymbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSymbols")
            .field("tables", &self.tables.len())
            .field("is_complete", &self.is_complete)
            .finish()
    }
}

/// A section of a program's memory, such as `.data`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemorySection {
    /// The section's name.
    pub name: String,
    /// The section's address.
    pub address: u64,
    /// The section's size in bytes.
    pub size: u64,
}

impl Sections {
    /// Returns empty sections of a program with this byte order and pointer width.
    #[must_use]
    pub const fn new(endian: Endian, pointer_width: PointerWidth) -> Self {
        Self {
            info: Bytes::new(),
            types: Bytes::new(),
            abbrev: Bytes::new(),
            str: Bytes::new(),
            line_str: Bytes::new(),
            str_offsets: Bytes::new(),
            addr: Bytes::new(),
            line: Bytes::new(),
            cu_index: Bytes::new(),
            tu_index: Bytes::new(),
            memory: Vec::new(),
            ranges: Bytes::new(),
            rnglists: Bytes::new(),
            loc: LazySection::EMPTY,
            loclists: LazySection::EMPTY,
            symbols: FunctionSymbols::NONE,
            endian,
            pointer_width,
            alt: None,
            split: Vec::new(),
        }
    }
}

impl fmt::Debug for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sections")
            .field("info", &self.info.len())
            .field("types", &self.types.len())
            .field("abbrev", &self.abbrev.len())
            .field("str", &self.str.len())
            .field("endian", &self.endian)
            .field("pointer_width", &self.pointer_width)
            .field("alt", &self.alt)
            .field("split", &self.split)
            .finish_non_exhaustive()
    }
}
