//! CO-RE for user programs: a BPF object compiled once reads the structures of every build of a program.
//!
//! The central type is [`Btf`], an immutable graph of types. [`pipeline`] does whole jobs, from bytes to bytes;
//! the other modules do the parts: DWARF to BTF ([`dwarf`]), merging and reducing ([`merge`]), CO-RE relocation
//! ([`relocate`]), printing ([`render`]), files ([`elf`], [`debuginfo`]).
//!
//! # Types
//!
//! Open the BTF of the kernel, of a module, or of any file with BTF or DWARF:
//!
//! ```no_run
//! use btfkit::Btf;
//!
//! let kernel = Btf::kernel()?;
//! let module = Btf::kernel_module("nf_tables")?;
//! let libc = Btf::open("/lib/x86_64-linux-gnu/libc.so.6")?;
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! Find a structure by name, and list its members with offsets and types:
//!
//! ```
//! # fn file(name: &str) -> String { format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR")) }
//! use btfkit::{Btf, graph::Kind};
//!
//! # let path = file("layouts/server2.gcc-dwarf5");
//! let btf = Btf::open(path)?;
//! for member in btf.find(Kind::Struct, "hop").unwrap().members() {
//!     println!("{:>4} {}: {}", member.offset.bytes(), member.name(), member.ty());
//! }
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! Follow a chain of typedefs and qualifiers:
//!
//! ```
//! # use btfkit::graph::{GraphBuilder, IntEncoding};
//! # let mut builder = GraphBuilder::new();
//! # let long = builder.int("unsigned long", 8, IntEncoding::UNSIGNED)?;
//! # let kernel_size = builder.typedef("__kernel_size_t", long)?;
//! # builder.typedef("size_t", kernel_size)?;
//! # let btf = builder.freeze()?;
//! # use btfkit::graph::Kind;
//! let size_t = btf.find(Kind::Typedef, "size_t").unwrap();
//! let chain: Vec<String> = size_t.chain().map(|ty| ty.to_string()).collect();
//! assert_eq!(chain, ["size_t", "__kernel_size_t", "unsigned long"]);
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! Find a field by its path:
//!
//! ```
//! # fn file(name: &str) -> String { format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR")) }
//! # let btf = btfkit::Btf::open(file("layouts/server2.gcc-dwarf5"))?;
//! let field = btf.field("session", "hops[2].port")?;
//! assert_eq!((field.offset.bytes().0, field.size.0), (220, 2));
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! List all types of a kind:
//!
//! ```
//! # fn file(name: &str) -> String { format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR")) }
//! # use btfkit::graph::Kind;
//! # let btf = btfkit::Btf::open(file("layouts/server2.gcc-dwarf5"))?;
//! for structure in btf.types_of(Kind::Struct) {
//!     println!("{structure}: {} bytes", structure.size()?);
//! }
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! Build types, encode them, and parse them again:
//!
//! ```
//! use btfkit::graph::{GraphBuilder, IntEncoding};
//! use btfkit::{Bits, Btf};
//!
//! let mut builder = GraphBuilder::new();
//! let int = builder.int("int", 4, IntEncoding::SIGNED)?;
//! builder.structure("session", 8, [("id", int, Bits(0)), ("port", int, Bits(32))])?;
//! assert_eq!(Btf::parse(builder.freeze()?.encode()?)?.len(), 2);
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Relocate a BPF object
//!
//! Against several targets at once: a program's types, from its DWARF or BTF, and the kernel's.
//!
//! ```
//! use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//!
//! let options = RelocateOptions::new().partial(true); // The kernel's part is left to the loader.
//! let program = TargetFile::user("app", read("tutorial/prog_b.gcc-dwarf5"));
//! let relocated = relocate(read("tutorial/probe.bpf.o"), &[program], &options)?;
//! assert!(relocated.report.to_string().contains("struct data.c in app: 4 -> 8"));
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Convert DWARF to BTF
//!
//! [`Btf::open`] converts a file's DWARF if it has no BTF. With options, and with a report of what BTF can't represent:
//!
//! ```
//! use btfkit::{Limits, dwarf, elf};
//! # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
//!
//! let sections = elf::debug_sections(read("layouts/server1.gcc-dwarf5"), &Limits::default())?;
//! let options = dwarf::ConvertOptions::new().root("session");
//! let conversion = dwarf::convert(&sections, &options)?;
//! let btf = conversion.graph.encode()?;
//! # assert!(btf.len() > 1000);
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Merge
//!
//! ```
//! # fn file(name: &str) -> String { format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR")) }
//! use btfkit::Btf;
//! use btfkit::merge::{self, Input, merge};
//!
//! # let [v1, v2] = ["layouts/server1.gcc-dwarf5", "layouts/server2.gcc-dwarf5"].map(file);
//! let inputs = [
//!     Input::new("v1", Btf::open(v1)?),
//!     Input::new("v2", Btf::open(v2)?),
//! ];
//! let merged = merge(inputs, &merge::MergeOptions::default())?;
//! // Two layouts of one name are kept apart.
//! assert_eq!(merged.graph.named("session").count(), 2);
//! # Ok::<(), btfkit::Error>(())
//! ```
//!
//! # Input is hostile
//!
//! Every function returns a value or an [`Error`] with its place, whatever the bytes are. [`Limits`] bounds what an input
//! may ask for. There is no unsafe code, no build script and no C.
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
mod wire;

pub mod bpf;

pub mod encode;
pub mod parse;

#[cfg(feature = "dwarf")]
pub mod dwarf;
pub mod merge;
pub mod relocate;
pub mod render;
pub mod verify;

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
