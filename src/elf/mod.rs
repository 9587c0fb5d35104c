//! ELF files: BPF objects and programs in, rewritten objects out. The only folder that names `object`.
//!
//! ```no_run
//! let object = btfkit::elf::BpfObject::parse(std::fs::read("probe.bpf.o")?)?;
//! for section in object.code_sections() {
//!     println!("{}: {} functions", section.name, section.functions.len());
//! }
//! # Ok::<(), btfkit::Error>(())
//! ```

mod bpf;
mod btf;
#[cfg(feature = "dwarf")]
mod code_layout;
#[cfg(feature = "dwarf")]
pub(crate) mod debug;
pub(crate) mod demangle;
#[cfg_attr(
    not(feature = "dwarf"),
    expect(dead_code, reason = "only debug information needs it")
)]
pub(crate) mod file;
mod functions;
mod imports;
mod inflate;
mod linkable;
pub(crate) mod notes;
#[cfg(feature = "dwarf")]
mod relocations;
mod rewrite;
mod segments;
mod symbol_tables;

pub use bpf::BpfObject;
pub use btf::{BtfOptions, btf_of, btf_of_with};
#[cfg(feature = "dwarf")]
pub use debug::debug_sections;
pub use functions::{Binding, FunctionSymbol, FunctionTable, SymbolKind, SymbolSource};
pub use imports::ImportedFunction;
pub use rewrite::Rewriter;

pub(crate) use btf::{btf_in, has_btf};
#[cfg(feature = "dwarf")]
pub(crate) use debug::debug_sections_in;
pub(crate) use file::{Elf, is_elf};
pub(crate) use inflate::{Compression, inflate};
pub(crate) use linkable::Linkable;
