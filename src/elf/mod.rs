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
pub(crate) mod debug;
pub(crate) mod file;
mod inflate;
mod linkable;
mod relocations;
mod rewrite;

pub use bpf::BpfObject;
pub use btf::{BtfOptions, btf_of, btf_of_with};
pub use debug::debug_sections;
pub use rewrite::Rewriter;

pub(crate) use btf::{btf_in, has_btf};
pub(crate) use debug::debug_sections_in;
pub(crate) use file::{Elf, is_elf};
pub(crate) use inflate::{Compression, inflate};
pub(crate) use linkable::Linkable;
