//! Graph → bytes. Records are copied, not rebuilt: a graph that was parsed is encoded as it was.

mod ext;

pub use ext::encode_ext;

use std::io;

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Layout, LayoutEntry};
use crate::target::Endian;
use crate::wire::{BtfHeader, Preamble};

/// Options for encoding a graph.
///
/// ```
/// use btfkit::Endian;
/// use btfkit::encode::EncodeOptions;
/// let options = EncodeOptions::new().endian(Endian::Big).layout(true);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// The byte order. `None` keeps the graph's own.
    pub endian: Option<Endian>,
    /// Whether to write a layout section with an entry for every kind, so that older readers can skip kinds they
    /// don't know. A graph that was parsed with a layout section keeps it either way.
    pub layout: bool,
}

impl EncodeOptions {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the byte order.
    #[must_use]
    pub fn endian(self, endian: Endian) -> Self {
        Self {
            endian: Some(endian),
            ..self
        }
    }

    /// Sets whether to write a layout section.
    #[must_use]
    pub fn layout(self, layout: bool) -> Self {
        Self { layout, ..self }
    }
}

impl Btf {
    /// Encodes the graph's own types, without its base's, as raw BTF in the graph's byte order.
    ///
    /// # Errors
    /// `Overflow` where a type needs the bits of the info word that were added in 2025 (see
    /// [`set_wide`](crate::graph::GraphBuilder::set_wide)), or where the result would be larger than 4 GiB.
    pub fn encode(&self) -> Result<Vec<u8>> {
        encode(self)
    }

    /// Encodes the graph's own types with options.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_with(&self, options: &EncodeOptions) -> Result<Vec<u8>> {
        encode_with(self, options)
    }

    /// Writes the graph's own types with options. In this machine's byte order the types are not copied.
    ///
    /// # Errors
    /// As [`Self::encode`], or `Io` where the writer fails.
    pub fn encode_to(&self, options: &EncodeOptions, to: &mut impl io::Write) -> Result<()> {
        encode_to(self, options, to)
    }
}

/// Encodes a graph's own types, as [`Btf::encode`] does.
///
/// # Errors
/// As [`Btf::encode`].
pub fn encode(graph: &Btf) -> Result<Vec<u8>> {
    encode_with(graph, &EncodeOptions::default())
}

/// Encodes a graph's own types with options, as [`Btf::encode_with`] does.
///
/// # Errors
/// As [`Btf::encode`].
pub fn encode_with(graph: &Btf, options: &EncodeOptions) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(
        BtfHeader::LEN_WITH_LAYOUT as usize
            + graph.record_bytes().len()
            + graph.string_section().len()
            + 128,
    );
    encode_to(graph, options, &mut out)?;
    Ok(out)
}

/// Writes a graph's own types with options, as [`Btf::encode_to`] does.
///
/// # Errors
/// As [`Btf::encode_to`].
pub fn encode_to(graph: &Btf, options: &EncodeOptions, to: &mut impl io::Write) -> Result<()> {
    let format = graph.format();
    if !format.wide {
        check_narrow(graph)?;
    }
    let endian = options.endian.unwrap_or(format.endian);
    let full = options.layout.then(Layout::full);
    let layout = format
        .layout
        .as_ref()
        .filter(|layout| full.is_none() || !layout.entries.is_empty())
        .or(full.as_ref());
    let layout_bytes: Vec<u8> = layout
        .iter()
        .flat_map(|layout| &layout.entries)
        .flat_map(|entry| {
            let [a, b] = endian.bytes16(entry.flags);
            [entry.info_size, entry.elem_size, a, b]
        })
        .collect();
    let (types, strings) = (graph.record_bytes(), graph.string_section());
    let tail = &format.header_tail;
    let length = |len: usize| {
        u32::try_from(len)
            .map_err(|_| Error::new(ErrorKind::Overflow, "the BTF would be larger than 4 GiB"))
    };
    let type_len = length(types.len())?;
    let layout_len = length(layout_bytes.len())?;
    // A header that has the fields and no layout section has zeros there.
    let layout_off = if layout_bytes.is_empty() { 0 } else { type_len };
    let header = BtfHeader {
        type_off: 0,
        type_len,
        str_off: length(types.len() + layout_bytes.len())?,
        str_len: length(strings.len())?,
        layout: layout.map(|_| (layout_off, layout_len)),
    };
    let header_len = length(header.len() as usize + tail.len())?;
    length(header_len as usize + types.len() + layout_bytes.len() + strings.len())?;

    let mut out = Vec::with_capacity(header_len as usize);
    Preamble { endian, header_len }.write(&mut out);
    header.write(endian, &mut out);
    out.extend_from_slice(tail);
    to.write_all(&out)?;
    if endian.is_host() {
        to.write_all(types)?;
    } else {
        let mut swapped = types.to_vec();
        for word in swapped.as_chunks_mut::<4>().0 {
            word.reverse();
        }
        to.write_all(&swapped)?;
    }
    to.write_all(&layout_bytes)?;
    to.write_all(strings)?;
    Ok(())
}

/// Refuses info words that readers from before 2025 misread.
fn check_narrow(graph: &Btf) -> Result<()> {
    match graph.own_types().find(|ty| ty.info().is_wide()) {
        None => Ok(()),
        Some(ty) => Err(Error::new(
            ErrorKind::Overflow,
            format!(
                "{} elements of kind {} need the wide info word, which is not enabled (GraphBuilder::set_wide)",
                ty.info().vlen(),
                ty.kind()
            ),
        ))
        .within(|| Place::Type(ty.id())),
    }
}

impl Layout {
    /// Returns a layout section with an entry for every kind this version knows.
    fn full() -> Self {
        let entries = (0..=crate::graph::Kind::LAST)
            .map(|number| {
                let shape = crate::graph::Kind::from_number(number).shape();
                shape.map_or(LayoutEntry::default(), |shape| LayoutEntry {
                    info_size: shape.extra * 4,
                    elem_size: shape.elem * 4,
                    flags: 0,
                })
            })
            .collect();
        Self { entries }
    }
}
