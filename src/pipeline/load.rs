//! Types out of whatever holds them: raw BTF, an ELF file with BTF, and each of these compressed.

use bytes::Bytes;

use crate::elf::{BtfOptions, Compression, btf_of_with, inflate, is_elf};
use crate::error::{Error, Place, Result};
use crate::graph::TypeGraph;
use crate::limits::Limits;
use crate::parse;

/// How to load types.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// The graph that split BTF goes on from: for a kernel module, the kernel's.
    pub base: Option<TypeGraph>,
    /// Bounds on the input.
    pub limits: Limits,
}

/// Types, and what they came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The types.
    pub graph: TypeGraph,
    /// What they came from.
    pub source: Source,
}

/// What types came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Source {
    /// The bytes were BTF.
    Btf,
    /// The `.BTF` section of an ELF file.
    ElfBtf,
}

/// Loads the types of a file, which may be raw BTF (as `/sys/kernel/btf/vmlinux` is) or an ELF file with a
/// `.BTF` section; and either of these compressed by gzip or zstd, or by xz if the feature `cli` is on. What
/// it is, is told by its first bytes.
///
/// ```
/// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
/// # let mut builder = GraphBuilder::new();
/// # builder.int("int", 4, IntEncoding::SIGNED)?;
/// # let bytes = btfkit::encode::encode(&builder.freeze()?)?;
/// use btfkit::pipeline::{LoadOptions, load};
/// let loaded = load(bytes, &LoadOptions::default())?;
/// assert!(loaded.graph.find(Kind::Int, "int").is_some());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Malformed` where the bytes are neither BTF nor an ELF file, or break their format; `NoBtf` for an ELF file
/// without BTF; `Limit`; `Unsupported`.
pub fn load(bytes: impl Into<Bytes>, options: &LoadOptions) -> Result<Loaded> {
    let bytes = unpacked(bytes.into(), &options.limits)?;
    if is_elf(&bytes) {
        let graph = btf_of_with(
            bytes,
            &BtfOptions {
                base: options.base.clone(),
                limits: options.limits.clone(),
            },
        )?;
        return Ok(Loaded {
            graph,
            source: Source::ElfBtf,
        });
    }
    if !matches!(*bytes, [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..]) {
        return Err(Error::malformed(
            "this is neither BTF nor an ELF file, nor one of these compressed by gzip, xz or zstd",
        )
        .within(Place::Byte(0)));
    }
    let parse_options = parse::Options {
        base: options.base.clone(),
        limits: options.limits.clone(),
        ..parse::Options::default()
    };
    let graph = parse::parse_with(bytes, &parse_options)?;
    Ok(Loaded {
        graph,
        source: Source::Btf,
    })
}

/// The bytes, decompressed if they are compressed.
pub(super) fn unpacked(bytes: Bytes, limits: &Limits) -> Result<Bytes> {
    match Compression::detect(&bytes) {
        Some(format) => inflate(format, &bytes, limits.section_bytes).map(Bytes::from),
        None => Ok(bytes),
    }
}
