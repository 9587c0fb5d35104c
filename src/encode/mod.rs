//! Graph → bytes. What was parsed comes out as it came in; the records are copied, not rebuilt.

mod ext;

pub use ext::encode_ext;

use std::io;

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Layout, LayoutEntry};
use crate::target::Endian;
use crate::wire::{BtfHeader, Preamble};

/// How to encode a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// The byte order; the graph's own where `None`.
    pub endian: Option<Endian>,
    /// Whether to write a layout section with an entry for every kind, so that older readers can skip
    /// kinds they don't know. A graph that came with one keeps it either way.
    pub layout: bool,
}

impl EncodeOptions {
    /// The defaults, in this byte order.
    #[must_use]
    pub fn endian(endian: Endian) -> Self {
        Self {
            endian: Some(endian),
            ..Self::default()
        }
    }
}

/// Encodes a graph's own types, without its base's, as raw BTF in the graph's byte order.
///
/// # Errors
/// `Overflow` where a type needs the info word's new bits (see
/// [`set_wide`](crate::graph::GraphBuilder::set_wide)), or the whole is beyond 4 GiB.
pub fn encode(graph: &Btf) -> Result<Vec<u8>> {
    encode_with(graph, &EncodeOptions::default())
}

/// Encodes a graph's own types as `options` say.
///
/// # Errors
/// As [`encode`].
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

/// Writes a graph's own types as `options` say, without a copy of them where the byte order is this
/// machine's.
///
/// # Errors
/// As [`encode`], or `Io` where the writer fails.
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
        u32::try_from(len).map_err(|_| Error::new(ErrorKind::Overflow, "the BTF is beyond 4 GiB"))
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

/// Refuses info words that readers from before 2025 misread, unless the graph says it is wide.
fn check_narrow(graph: &Btf) -> Result<()> {
    match graph.own_types().find(|ty| ty.info().is_wide()) {
        None => Ok(()),
        Some(ty) => Err(Error::new(
            ErrorKind::Overflow,
            format!(
                "{} elements of kind {} need the wide info word, which was not asked for",
                ty.info().vlen(),
                ty.kind()
            ),
        ))
        .within(|| Place::Type(ty.id())),
    }
}

impl Layout {
    /// An entry for every kind this version knows.
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
