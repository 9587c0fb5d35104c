//! CO-RE for user programs: a BPF object compiled once reads the structures of every build of a program.
//!
//! Five jobs over one [shared type graph](graph); [`pipeline`] does each whole, from bytes to bytes, and the
//! modules do their part of it.
//!
//! # Relocate a BPF object
//!
//! Against several targets at once: a program's types, from its DWARF or BTF, and the kernel's.
//!
//! ```
//! use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//!
//! let mut options = RelocateOptions::default();
//! options.partial = true; // The kernel's part is left to the loader.
//! let program = TargetFile::user("app", read("tutorial/prog_b.gcc-dwarf5"));
//! let relocated = relocate(read("tutorial/probe.bpf.o"), &[program], &options)?;
//! assert!(relocated.report.to_string().contains("struct data.c in app: 4 -> 8"));
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Convert DWARF to BTF
//!
//! ```
//! use btfkit::{Limits, dwarf, elf, encode};
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//!
//! let sections = elf::debug_sections(&read("layouts/server1.gcc-dwarf5").into(), &Limits::default())?;
//! let options = dwarf::ConvertOptions::new().root("session");
//! let conversion = dwarf::convert(&sections, &options)?;
//! let btf = encode::encode(&conversion.graph)?;
//! # assert!(btf.len() > 1000);
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Find a field
//!
//! ```
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//! use btfkit::pipeline::{LoadOptions, load};
//!
//! let types = load(read("layouts/server2.gcc-dwarf5"), &LoadOptions::default())?.graph;
//! let field = types.field("session", "hops[2].port")?;
//! assert_eq!((field.offset.bytes().0, field.size.0), (220, 2));
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Merge
//!
//! ```
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//! use btfkit::merge::{self, Input, merge};
//! use btfkit::pipeline::{LoadOptions, load};
//!
//! let types = |name: &str| load(read(name), &LoadOptions::default()).map(|loaded| loaded.graph);
//! let inputs = [
//!     Input::new("v1", types("layouts/server1.gcc-dwarf5")?),
//!     Input::new("v2", types("layouts/server2.gcc-dwarf5")?),
//! ];
//! let merged = merge(inputs, &merge::MergeOptions::default())?;
//! // Two layouts of one name are kept apart.
//! assert_eq!(merged.graph.named(b"session").count(), 2);
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Parse and encode
//!
//! ```
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//! use btfkit::{elf, encode, parse};
//!
//! let types = elf::btf_of(read("tutorial/probe.bpf.o"))?;
//! let bytes = encode::encode(&types)?;
//! assert_eq!(parse::parse(bytes)?.len(), types.len());
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Input is hostile
//!
//! Whatever the bytes are, the answer is a value or an [`Error`] that names the place; what an input may ask
//! for is bounded by [`Limits`]. There is no unsafe code, no build script and no C.
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod error;
mod id;
mod limits;
mod parallel;
mod target;

pub mod graph;
pub mod query;

pub mod encode;
pub mod parse;

#[cfg(feature = "dwarf")]
pub mod dwarf;
pub mod merge;
pub mod relocate;
pub mod render;

#[cfg(feature = "aya")]
pub mod aya;
#[cfg(feature = "dwarf")]
pub mod debuginfo;
pub mod elf;
pub mod pipeline;

pub use graph::Btf;

pub use error::{Error, ErrorKind, Place, Result};
pub use id::{Bits, ByteSize, StrId, TypeId};
pub use limits::Limits;
pub use target::{Endian, PointerWidth};

/// The README's example, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
