//! Bytes → graph: raw BTF of either byte order, split BTF, `.BTF.ext`.
//!
//! Parsing is one bounds-checked scan that borrows the input; only a foreign byte order costs a copy.
//! (Kernel documentation, "BPF Type Format", sections 2 and 4.)

mod ext;
mod header;

use bytes::{Bytes, BytesMut};

pub use ext::parse_ext;

use crate::error::{Context, Error, Place, Result};
use crate::graph::{Btf, Format, Parts};
use crate::limits::Limits;
use crate::target::PointerWidth;

/// How to parse BTF.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ParseOptions {
    /// The graph that split BTF goes on from.
    pub base: Option<Btf>,
    /// The pointer width, where the file around the BTF said it.
    pub pointer_width: Option<PointerWidth>,
    /// Bounds on the input.
    pub limits: Limits,
}

impl ParseOptions {
    /// The defaults, for split BTF over this base.
    #[must_use]
    pub fn split(base: &Btf) -> Self {
        Self {
            base: Some(base.clone()),
            ..Self::default()
        }
    }

    /// The defaults, for BTF out of a file that says the pointer width.
    #[must_use]
    pub fn with_pointer_width(width: PointerWidth) -> Self {
        Self {
            pointer_width: Some(width),
            ..Self::default()
        }
    }
}

/// Parses raw BTF, which may be of either byte order.
///
/// ```
/// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
/// # let mut builder = GraphBuilder::new();
/// # builder.int("int", 4, IntEncoding::SIGNED)?;
/// # let raw = btfkit::encode::encode(&builder.freeze()?)?;
/// let graph = btfkit::parse::parse(raw)?;
/// assert!(graph.find(Kind::Int, "int").is_some());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Malformed` with the byte or type where the input breaks the format; `Unsupported` for a newer version
/// or an unknown kind without a layout section; `Limit` beyond [`Limits`].
pub fn parse(data: impl Into<Bytes>) -> Result<Btf> {
    parse_with(data, &ParseOptions::default())
}

/// Parses raw BTF as `options` say. Split BTF needs its base there.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(data: impl Into<Bytes>, options: &ParseOptions) -> Result<Btf> {
    let data = data.into();
    let header = header::parse(&data)?;
    let section = |start: u64, len: u32| -> Bytes {
        // The header was checked against the data, so both fit.
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(len as usize);
        if end <= data.len() {
            data.slice(start..end)
        } else {
            Bytes::new()
        }
    };
    if header.type_len > options.limits.type_bytes {
        return Err(Error::limit(
            "the type section is larger than Limits::type_bytes",
        ));
    }
    let types = section(header.type_start, header.type_len);
    let types = if header.endian.is_host() {
        types
    } else {
        swapped(&types)
    };
    let parts = Parts {
        base: options.base.clone(),
        types,
        strings: section(header.str_start, header.str_len),
        format: Format {
            endian: header.endian,
            header_tail: section(header.tail_start, header.tail_len),
            layout: header.layout,
            wide: false,
        },
        pointer_width: options.pointer_width,
        from_wire: true,
    };
    Btf::prove(parts, &options.limits).within(|| Place::Section("types".into()))
}

/// Swaps the bytes of every 32-bit word: all that records are made of.
fn swapped(types: &[u8]) -> Bytes {
    let mut swapped = BytesMut::from(types);
    for word in swapped.as_chunks_mut::<4>().0 {
        word.reverse();
    }
    swapped.freeze()
}
