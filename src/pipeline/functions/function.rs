//! What is known of one function.

use crate::elf::SymbolSource;
use crate::pipeline::functions::parameter::{Parameter, Slot};

/// A function of a program.
#[derive(Clone, Debug)]
pub struct Function {
    pub(super) asked: Vec<String>,
    pub(super) name: String,
    pub(super) symbol: Option<String>,
    pub(super) version: Option<String>,
    pub(super) is_default_version: bool,
    pub(super) aliases: Vec<String>,
    pub(super) part: Option<(String, String)>,
    pub(super) kind: FunctionKind,
    pub(super) address: Option<u64>,
    pub(super) file_offset: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) symbol_source: Option<SymbolSource>,
    pub(super) libraries: Vec<String>,
    pub(super) stubs: Vec<(u64, Option<u64>)>,
    pub(super) unit: Option<String>,
    pub(super) declared_at: Option<SourcePlace>,
    pub(super) parameters: Option<Vec<Parameter>>,
    pub(super) is_variadic: bool,
    pub(super) results: Vec<String>,
    pub(super) result_address: Option<Slot>,
    pub(super) inlined: Vec<InlinedCopy>,
}

/// The kind of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FunctionKind {
    /// The program has its code.
    Code,
    /// The address is that of a resolver, which chooses the implementation when the program is loaded
    /// (`STT_GNU_IFUNC`).
    Ifunc,
    /// Another file has its code: one of [`Function::libraries`].
    Imported,
    /// It has no code of its own: every call of it is [inlined](Function::inlined).
    Inlined,
    /// The compiler made code for it, and the linker dropped that.
    Dropped,
    /// The program declares it, and nothing says where its code is.
    Declared,
}

/// A copy of a function's code inside another function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InlinedCopy {
    pub(super) address: Option<u64>,
    pub(super) file_offset: Option<u64>,
    pub(super) ranges: Vec<(u64, u64)>,
    pub(super) caller: String,
    pub(super) within: Option<String>,
    pub(super) call_site: Option<SourcePlace>,
}

/// A line of a source file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct SourcePlace {
    /// The path of the file, as the compiler found it.
    pub file: String,
    /// The line, from 1; 0 if it is unknown.
    pub line: u64,
}

impl Function {
    /// Returns the names that were asked for and that this function answers to.
    #[must_use]
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Returns the name as its language writes it, with the types of the parameters where C++ has them.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the symbol: the name that the linker knows, without a version.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        self.symbol.as_deref()
    }

    /// Returns the version of the symbol: `GLIBC_2.14`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns whether programs that are linked today take this version, if there are several.
    #[must_use]
    pub const fn is_default_version(&self) -> bool {
        self.is_default_version
    }

    /// Returns the other symbols at the same address.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// Returns what the compiler made of a function, if this is a part or a copy of it: the function's symbol, and the
    /// suffix that the compiler added, such as `.cold` or `.constprop.0`.
    #[must_use]
    pub fn part_of(&self) -> Option<(&str, &str)> {
        let part = self.part.as_ref();
        part.map(|(original, suffix)| (&**original, &**suffix))
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> FunctionKind {
        self.kind
    }

    /// Returns the address of the first instruction, as the file has it.
    #[must_use]
    pub const fn address(&self) -> Option<u64> {
        self.address
    }

    /// Returns the offset of the first instruction in the program's file, as a uprobe takes it.
    #[must_use]
    pub const fn file_offset(&self) -> Option<u64> {
        self.file_offset
    }

    /// Returns the size of the code in bytes, without parts that are elsewhere.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Returns the table that the symbol was read from.
    #[must_use]
    pub const fn symbol_source(&self) -> Option<SymbolSource> {
        self.symbol_source
    }

    /// Returns the libraries that may have the code of an imported function: the right one, if its symbol has a version.
    #[must_use]
    pub fn libraries(&self) -> &[String] {
        &self.libraries
    }

    /// Returns the stubs through which the program calls an imported function: addresses, and offsets in the file.
    #[must_use]
    pub fn stubs(&self) -> &[(u64, Option<u64>)] {
        &self.stubs
    }

    /// Returns the compile unit that defines the function: the source file it was compiled from.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Returns where the source defines the function, or declares it.
    #[must_use]
    pub const fn declared_at(&self) -> Option<&SourcePlace> {
        self.declared_at.as_ref()
    }

    /// Returns the parameters; `None` if they are not known, because there is no debug information.
    #[must_use]
    pub fn parameters(&self) -> Option<&[Parameter]> {
        self.parameters.as_deref()
    }

    /// Returns whether the function takes further parameters (`...`).
    #[must_use]
    pub const fn is_variadic(&self) -> bool {
        self.is_variadic
    }

    /// Returns the types of the results: none for `void`, several in Go.
    #[must_use]
    pub fn results(&self) -> &[String] {
        &self.results
    }

    /// Returns where the address is that the result is written to, if the caller passes one.
    #[must_use]
    pub const fn result_address(&self) -> Option<Slot> {
        self.result_address
    }

    /// Returns the copies of the function's code inside other functions, ascending by address.
    #[must_use]
    pub fn inlined(&self) -> &[InlinedCopy] {
        &self.inlined
    }
}

impl InlinedCopy {
    /// Returns the address of the copy's first instruction. Instructions of other copies may lie between those of one.
    #[must_use]
    pub const fn address(&self) -> Option<u64> {
        self.address
    }

    /// Returns the offset of the copy's first instruction in the program's file.
    #[must_use]
    pub const fn file_offset(&self) -> Option<u64> {
        self.file_offset
    }

    /// Returns the first addresses, and those behind the last, of the copy's pieces.
    #[must_use]
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// Returns the function that the source calls it from.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.caller
    }

    /// Returns the function whose code the copy is in, if that is not the caller: the caller is inlined, too.
    #[must_use]
    pub fn within(&self) -> Option<&str> {
        self.within.as_deref()
    }

    /// Returns where the source calls the function.
    #[must_use]
    pub const fn call_site(&self) -> Option<&SourcePlace> {
        self.call_site.as_ref()
    }
}
