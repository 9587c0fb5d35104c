//! Into and out of [aya-obj](aya_obj) (feature `aya`).
//!
//! **Most programs need neither this module nor the feature.** aya takes bytes, and bytes go with every version of aya:
//! a relocated object into `aya::EbpfLoader::load`, a graph's BTF into `aya::Btf::parse`.
//!
//! ```no_run
//! use btfkit::Btf;
//! use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
//!
//! let targets = [
//!     TargetFile::user("app", std::fs::read("./server")?),
//!     TargetFile::kernel(Btf::kernel()?),
//! ];
//! let relocated = relocate(std::fs::read("probe.bpf.o")?, &targets, &RelocateOptions::default())?;
//! // Nothing is left to relocate, so aya needs no BTF for that.
//! let ebpf = aya::EbpfLoader::new().btf(None).load(&relocated.object)?;
//!
//! let btf = aya::Btf::parse(&Btf::kernel()?.encode()?, Default::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The functions of this module have aya-obj's types in their signatures, and so are bound to one version of it:
//! **aya-obj 0.3**, which is that of aya 0.14. With another version of aya in the program, the compiler reports
//! mismatched types of one name; use bytes then.
//!
//! [`to_aya`] turns a graph into aya's BTF for aya's own relocation, [`from_aya`] does the reverse, and [`object()`]
//! parses an object for those who work with [`aya_obj::Object`] itself.

use aya_obj::btf::Btf as AyaBtf;

use crate::encode::EncodeOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Btf;
use crate::target::Endian;

/// Returns the graph as aya-obj's BTF, in this machine's byte order, for `aya::EbpfLoader::btf` and
/// [`aya_obj::Object::relocate_btf`].
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
/// first; `Unsupported` where aya-obj refuses the BTF, for example for a newer kind; as [`Btf::encode`].
pub fn to_aya(graph: &Btf) -> Result<AyaBtf> {
    if graph.base().is_some() {
        return Err(Error::new(
            ErrorKind::Usage,
            "aya-obj doesn't know split BTF: merge the graph with its base first",
        ));
    }
    // aya-obj works, and writes, in this machine's byte order, which is its default.
    let bytes = graph.encode_with(&EncodeOptions::new().endian(Endian::HOST))?;
    AyaBtf::parse(&bytes, Default::default()).map_err(|error| {
        let message = format!("aya-obj refuses this BTF: {error}");
        Error::new(ErrorKind::Unsupported, message).because(error)
    })
}

/// Returns aya-obj's BTF as a graph. Ids stay.
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
/// As [`Btf::parse`]: aya-obj checks less than this crate does.
pub fn from_aya(btf: &AyaBtf) -> Result<Btf> {
    Btf::parse(btf.to_bytes())
}

/// Parses an object, such as that of a [`RelocatedObject`](crate::pipeline::RelocatedObject), as aya-obj's.
///
/// # Errors
/// `Unsupported` where aya-obj refuses the object.
pub fn object(bytes: impl AsRef<[u8]>) -> Result<aya_obj::Object> {
    aya_obj::Object::parse(bytes.as_ref()).map_err(|error| {
        let message = format!("aya-obj refuses this object: {error}");
        Error::new(ErrorKind::Unsupported, message).because(error)
    })
}
