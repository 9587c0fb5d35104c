//! ELF files: BPF objects and programs in, rewritten objects out. The only folder that names `object`.
//!
//! ```no_run
//! let object = btfkit::elf::BpfObject::parse(std::fs::read("probe.bpf.o")?)?;
//! for section in object.code_sections() {
//!     println!("{}: {} functions", section.name(), section.functions().len());
//! }
//! # Ok::<(), btfkit::Error>(())
//! ```

mod bpf;
mod btf;
mod debug;
mod dwo;
mod file;
mod find;
mod finder;
mod inflate;
mod linkable;
mod links;
mod relocations;
mod request;
mod rewrite;
mod search;

pub use bpf::{BpfObject, CodeSection, Function};
pub use btf::{BtfOptions, btf_of, btf_of_with};
pub use debug::debug_sections;
pub use find::{Found, find_debug_sections};
pub use links::BuildId;
pub use request::{DebugFile, Missing, Request};
pub use rewrite::Rewriter;
pub use search::Search;

pub(crate) use btf::has_btf;
pub(crate) use file::is_elf;
pub(crate) use inflate::{Compression, inflate};
pub(crate) use linkable::Linkable;
