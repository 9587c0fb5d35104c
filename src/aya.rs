//! Into and out of [aya-obj](aya_obj): what a program that loads with aya needs (feature `aya`).
//!
//! Most need nothing of this module: [`pipeline::relocate`](crate::pipeline::relocate) makes an object
//! that has no relocations left, and aya loads it without BTF to relocate against.
//!
//! ```no_run
//! use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
//!
//! let targets = [
//!     TargetFile::user("app", std::fs::read("./server")?),
//!     TargetFile::kernel(std::fs::read("/sys/kernel/btf/vmlinux")?),
//! ];
//! let relocated = relocate(std::fs::read("probe.bpf.o")?, &targets, &RelocateOptions::default())?;
//! let ebpf = aya::EbpfLoader::new().btf(None).load(&relocated.object)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`to_aya`] hands a graph to aya's own relocation, [`from_aya`] takes one over, and [`object()`] parses an
//! object for those who work with [`aya_obj::Object`] itself.

use aya_obj::btf::Btf as AyaBtf;

use crate::encode::{EncodeOptions, encode_with};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Btf;
use crate::parse::parse;
use crate::target::Endian;

/// The graph as aya-obj's BTF, in this machine's byte order, for `aya::EbpfLoader::btf` and [`aya_obj::Object::relocate_btf`].
///
/// ```
/// # use btfkit::graph::{GraphBuilder, IntEncoding};
/// # let mut builder = GraphBuilder::new();
/// # builder.int("int", 4, IntEncoding::SIGNED)?;
/// # let graph = builder.freeze()?;
/// let btf = btfkit::aya::to_aya(&graph)?;
/// let loader = aya::EbpfLoader::new().btf(Some(&btf));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Usage` for a split graph, which aya-obj doesn't know: [`merge`](crate::merge::merge) it with its base
/// first; `Unsupported` where aya-obj refuses the BTF, for example for a newer kind; as
/// [`encode`](crate::encode::encode()).
pub fn to_aya(graph: &Btf) -> Result<AyaBtf> {
    if graph.base().is_some() {
        return Err(Error::new(
            ErrorKind::Usage,
            "aya-obj doesn't know split BTF: merge the graph with its base first",
        ));
    }
    // aya-obj works, and writes, in this machine's byte order, which is its default.
    let bytes = encode_with(graph, &EncodeOptions::endian(Endian::HOST))?;
    AyaBtf::parse(&bytes, Default::default()).map_err(|error| {
        let message = format!("aya-obj doesn't take this BTF: {error}");
        Error::new(ErrorKind::Unsupported, message).because(error)
    })
}

/// A graph of aya-obj's BTF. Its ids stay.
///
/// ```
/// let mut btf = aya_obj::btf::Btf::new();
/// let name = btf.add_string("int");
/// let int = aya_obj::btf::Int::new(name, 4, aya_obj::btf::IntEncoding::Signed, 0);
/// btf.add_type(aya_obj::btf::BtfType::Int(int));
/// let graph = btfkit::aya::from_aya(&btf)?;
/// assert_eq!(graph.size_of_named("int")?.0, 4);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`parse`](crate::parse::parse()): aya-obj checks less than this crate does.
pub fn from_aya(btf: &AyaBtf) -> Result<Btf> {
    parse(btf.to_bytes())
}

/// An object's bytes as aya-obj's object: those of [`pipeline::RelocatedObject`](crate::pipeline::RelocatedObject),
/// for example.
///
/// # Errors
/// `Unsupported` where aya-obj refuses the object.
pub fn object(bytes: &[u8]) -> Result<aya_obj::Object> {
    aya_obj::Object::parse(bytes).map_err(|error| {
        let message = format!("aya-obj doesn't take this object: {error}");
        Error::new(ErrorKind::Unsupported, message).because(error)
    })
}
