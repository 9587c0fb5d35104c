//! Bytes → graph: raw BTF of either byte order, split BTF, `.BTF.ext`.
//!
//! Parsing is one bounds-checked scan that borrows the input. Only a foreign byte order costs a copy.
//! (Kernel documentation, "BPF Type Format", sections 2 and 4.)

mod ext;
mod header;

use bytes::{Bytes, BytesMut};

pub use ext::parse_ext;

use crate::error::{Context, Error, Place, Result};
use crate::graph::{Btf, Format, Names, Parts};
use crate::limits::Limits;
use crate::target::PointerWidth;

/// Options for parsing BTF.
///
/// ```
/// use btfkit::PointerWidth;
/// use btfkit::parse::ParseOptions;
/// let options = ParseOptions::new().pointer_width(PointerWidth::Four);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ParseOptions {
    /// The graph that split BTF continues.
    pub base: Option<Btf>,
    /// The pointer width, where the file around the BTF specifies it. [`Btf::pointer_width`] guesses it otherwise.
    pub pointer_width: Option<PointerWidth>,
    /// Bounds on the input.
    pub limits: Limits,
}

impl ParseOptions {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the graph that split BTF continues.
    #[must_use]
    pub fn base(self, base: Btf) -> Self {
        Self {
            base: Some(base),
            ..self
        }
    }

    /// Sets the pointer width.
    #[must_use]
    pub fn pointer_width(self, width: PointerWidth) -> Self {
        Self {
            pointer_width: Some(width),
            ..self
        }
    }

    /// Sets the bounds on the input.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

impl Btf {
    /// Parses raw BTF of either byte order.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
    /// # let mut builder = GraphBuilder::new();
    /// # builder.int("int", 4, IntEncoding::SIGNED)?;
    /// # let raw = builder.freeze()?.encode()?;
    /// let btf = btfkit::Btf::parse(raw)?;
    /// assert!(btf.find(Kind::Int, "int").is_some());
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Malformed`, with the byte or type, where the input breaks the format; `Unsupported` for a newer version
    /// or an unknown kind without a layout section; `Limit` beyond [`Limits`].
    pub fn parse(data: impl Into<Bytes>) -> Result<Self> {
        parse(data)
    }

    /// Parses raw BTF with options. Split BTF needs its [base](ParseOptions::base).
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_with(data: impl Into<Bytes>, options: &ParseOptions) -> Result<Self> {
        parse_with(data, options)
    }
}

/// Parses raw BTF of either byte order, as [`Btf::parse`] does.
///
/// # Errors
/// As [`Btf::parse`].
pub fn parse(data: impl Into<Bytes>) -> Result<Btf> {
    parse_with(data, &ParseOptions::default())
}

/// Parses raw BTF with options, as [`Btf::parse_with`] does.
///
/// # Errors
/// As [`Btf::parse`].
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
        inline_namespaces: Names::default(),
        from_wire: true,
    };
    Btf::prove(parts, &options.limits).within(|| Place::Section("types".into()))
}

/// Swaps the bytes of every 32-bit word. Records consist of nothing else.
fn swapped(types: &[u8]) -> Bytes {
    let mut swapped = BytesMut::from(types);
    for word in swapped.as_chunks_mut::<4>().0 {
        word.reverse();
    }
    swapped.freeze()
}
