//! The graph itself: records, offsets and strings.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::error::{Error, Place, Result};
use crate::graph::index::HashIndex;
use crate::graph::kind::{Info, Kind};
use crate::graph::proof::{Proof, check_strings};
use crate::graph::strings::{Name, string_at};
use crate::graph::types::Type;
use crate::id::{StrId, TypeId};
use crate::limits::Limits;
use crate::target::{Endian, PointerWidth};

/// One 32-bit word of a record, in host order.
pub(crate) type Word = [u8; 4];

/// The shared type graph: BTF's own records in one arena, immutable, cheap to clone, `Send + Sync`.
///
/// Every id, string offset and count in it was proved when it was made, so that look-ups by the graph's
/// own ids can't fail. Split BTF is a graph with a [base](Self::base); ids and string offsets go on
/// where the base's end.
#[derive(Clone)]
pub struct Btf(Arc<Store>);

struct Store {
    base: Option<Btf>,
    /// The records, in host order.
    types: Bytes,
    /// Where each own type's record starts in `types`, in words; one more for the end.
    offsets: Vec<u32>,
    strings: Bytes,
    first_id: u32,
    first_str: u32,
    format: Format,
    pointer_width: Option<PointerWidth>,
    guessed_width: OnceLock<PointerWidth>,
    names: OnceLock<HashIndex>,
    spellings: OnceLock<HashIndex>,
}

/// How a graph's bytes were, or will be, wrapped: what the encoder needs beside the types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Format {
    /// The byte order on the wire.
    pub endian: Endian,
    /// The header's tail: what follows its 24 bytes, without the layout section's offset and length.
    /// Bytes of a newer version's header, kept as they are.
    pub header_tail: Bytes,
    /// The layout section, one entry a kind; `None` where the header is the old one of 24 bytes.
    pub layout: Option<Layout>,
    /// Whether info words may use the bits added in 2025 (24-bit vlen, 7-bit kind).
    pub wide: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            endian: Endian::HOST,
            header_tail: Bytes::new(),
            layout: None,
            wide: false,
        }
    }
}

/// The layout section: for each kind, how many bytes its record has.
/// (`struct btf_layout` in `linux/btf.h`.)
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// The entries, indexed by kind number. Empty where the header has the fields and the section is not there.
    pub entries: Vec<LayoutEntry>,
}

/// One kind's entry in the layout section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LayoutEntry {
    /// Bytes after the 12 of the head.
    pub info_size: u8,
    /// Bytes of each of the `vlen` elements.
    pub elem_size: u8,
    /// Flags; 0 today.
    pub flags: u16,
}

/// The parts a graph is made from, not yet proved.
pub(crate) struct Parts {
    pub base: Option<Btf>,
    /// Records in host order.
    pub types: Bytes,
    pub strings: Bytes,
    pub format: Format,
    pub pointer_width: Option<PointerWidth>,
    /// Whether the records were read from a file, which may use the wide info word without being asked.
    pub from_wire: bool,
}

impl Btf {
    /// Proves the parts and makes a graph of them. Places are bytes of the type section.
    pub(crate) fn prove(mut parts: Parts, limits: &Limits) -> Result<Self> {
        let first_id = parts.base.as_ref().map_or(1, Self::end_id);
        let first_str = parts.base.as_ref().map_or(0, Self::end_str);
        check_strings(&parts.strings, first_str, limits)?;
        let proof = Proof {
            first_id,
            end_str: first_str + u32::try_from(parts.strings.len()).unwrap_or(u32::MAX),
            layout: parts
                .format
                .layout
                .as_ref()
                .or_else(|| parts.base.as_ref().and_then(Self::layout)),
            limits,
        };
        let (words, rest) = parts.types.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(
                Error::malformed("the type section's length is no multiple of 4")
                    .within(Place::Byte(parts.types.len() as u64)),
            );
        }
        if words.len() > (limits.type_bytes / 4) as usize {
            return Err(Error::limit(
                "the type section is larger than Limits::type_bytes",
            ));
        }
        let (offsets, wide) = proof.scan(words)?;
        parts.format.wide |= parts.from_wire && wide;
        Ok(Self(Arc::new(Store {
            base: parts.base,
            types: parts.types,
            offsets,
            strings: parts.strings,
            first_id,
            first_str,
            format: parts.format,
            pointer_width: parts.pointer_width,
            guessed_width: OnceLock::new(),
            names: OnceLock::new(),
            spellings: OnceLock::new(),
        })))
    }

    /// The parts again, and where the records start. Nothing is copied where this is the only handle of the
    /// graph.
    pub(crate) fn into_parts(self) -> (Parts, Vec<u32>) {
        let parts = |store: &Store| Parts {
            base: store.base.clone(),
            types: store.types.clone(),
            strings: store.strings.clone(),
            format: store.format.clone(),
            pointer_width: store.pointer_width,
            from_wire: false,
        };
        match Arc::try_unwrap(self.0) {
            Ok(store) => (parts(&store), store.offsets),
            Err(shared) => (parts(&shared), shared.offsets.clone()),
        }
    }

    /// The graph this one is split from.
    #[must_use]
    pub fn base(&self) -> Option<&Self> {
        self.0.base.as_ref()
    }

    /// The first id of the graph's own types: 1, or where the base ends.
    #[must_use]
    pub fn first_id(&self) -> TypeId {
        TypeId::new(self.0.first_id)
    }

    /// How many types there are, without `void`, the base's included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end_id() as usize - 1
    }

    /// Whether there is no type but `void`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many types there are, without the base's.
    #[must_use]
    pub fn own_len(&self) -> usize {
        self.0.offsets.len().saturating_sub(1)
    }

    /// One more than the highest id.
    pub(crate) fn end_id(&self) -> u32 {
        self.0.first_id + u32::try_from(self.own_len()).unwrap_or(0)
    }

    /// The end of the string offsets.
    pub(crate) fn end_str(&self) -> u32 {
        self.0.first_str + u32::try_from(self.0.strings.len()).unwrap_or(0)
    }

    /// A type by its id; `None` where the graph has no such id.
    #[must_use]
    pub fn get(&self, id: TypeId) -> Option<Type<'_>> {
        if id.is_void() {
            return Some(Type::new(self, id, &[]));
        }
        let mut level = self;
        while id.get() < level.0.first_id {
            level = level.base()?;
        }
        let index = (id.get() - level.0.first_id) as usize;
        let start = *level.0.offsets.get(index)? as usize;
        let end = *level.0.offsets.get(index + 1)? as usize;
        Some(Type::new(self, id, level.words().get(start..end)?))
    }

    /// A type by an id of this graph; `void` for an id that is not.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> Type<'_> {
        self.get(id).unwrap_or(Type::new(self, TypeId::VOID, &[]))
    }

    /// All types in the order of their ids, without `void`, the base's included.
    pub fn types(&self) -> impl ExactSizeIterator<Item = Type<'_>> + Clone {
        (1..self.end_id()).map(|id| self.ty(TypeId::new(id)))
    }

    /// The graph's own types, without the base's.
    pub fn own_types(&self) -> impl ExactSizeIterator<Item = Type<'_>> + Clone {
        let words = self.words();
        (0..u32::try_from(self.own_len()).unwrap_or(0)).map(move |index| {
            let index_size = index as usize;
            let record = match self.0.offsets.get(index_size..index_size + 2) {
                Some(&[start, end]) => words.get(start as usize..end as usize),
                _ => None,
            };
            let id = TypeId::new(self.0.first_id + index);
            Type::new(self, id, record.unwrap_or_default())
        })
    }

    /// Id, name and info word of each of the graph's own types: what an index looks at.
    pub(crate) fn own_heads(&self) -> impl Iterator<Item = (TypeId, StrId, Info)> + '_ {
        let words = self.words();
        (self.0.first_id..)
            .zip(&self.0.offsets)
            .filter_map(move |(id, &offset)| {
                let &[name, info] = words.get(offset as usize..)?.first_chunk::<2>()?;
                Some((
                    TypeId::new(id),
                    StrId::new(u32::from_ne_bytes(name)),
                    Info::from_word(u32::from_ne_bytes(info)),
                ))
            })
    }

    /// The string at an offset; empty where the graph has no such offset.
    #[must_use]
    pub fn string(&self, id: StrId) -> Name<'_> {
        let mut level = self;
        while id.get() < level.0.first_str {
            match level.base() {
                Some(base) => level = base,
                None => return Name::default(),
            }
        }
        string_at(&level.0.strings, id.get() - level.0.first_str)
    }

    /// Whether the string at an offset is exactly `text`: cheaper than to look it up and compare.
    pub(crate) fn string_is(&self, id: StrId, text: &[u8]) -> bool {
        let mut level = self;
        while id.get() < level.0.first_str {
            match level.base() {
                Some(base) => level = base,
                None => return text.is_empty(),
            }
        }
        let at = (id.get() - level.0.first_str) as usize;
        let rest = level.0.strings.get(at..).unwrap_or_default();
        rest.starts_with(text) && rest.get(text.len()) == Some(&0)
    }

    /// The graph's own string section.
    #[must_use]
    pub fn string_section(&self) -> &Bytes {
        &self.0.strings
    }

    /// The graph's own records, in host order.
    pub(crate) fn record_bytes(&self) -> &Bytes {
        &self.0.types
    }

    /// The graph's own records as words.
    pub(crate) fn words(&self) -> &[Word] {
        self.0.types.as_chunks::<4>().0
    }

    /// Where each own record starts in [`Self::words`], and where the last one ends.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.0.offsets
    }

    /// How the graph's bytes were wrapped.
    #[must_use]
    pub fn format(&self) -> &Format {
        &self.0.format
    }

    /// The byte order of the machine the types describe.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.0.format.endian
    }

    /// The layout section that holds here: the graph's own or its base's.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        match &self.0.format.layout {
            Some(layout) => Some(layout),
            None => self.base().and_then(Self::layout),
        }
    }

    /// The width of a pointer: what the file's header said, else the size of the first integer that is
    /// called `long` in one of C's ways (libbpf's rule for raw BTF), else 8 bytes.
    #[must_use]
    pub fn pointer_width(&self) -> PointerWidth {
        if let Some(width) = self.0.pointer_width {
            return width;
        }
        if let Some(base) = self.base() {
            return base.pointer_width();
        }
        *self.0.guessed_width.get_or_init(|| {
            let ints = self.own_types().filter(|ty| ty.kind() == Kind::Int);
            ints.filter(|ty| is_long(ty.name()))
                .find_map(|ty| match ty.size_word() {
                    4 => Some(PointerWidth::Four),
                    8 => Some(PointerWidth::Eight),
                    _ => None,
                })
                .unwrap_or(PointerWidth::Eight)
        })
    }

    /// The pointer width the file's header said.
    pub(crate) fn known_pointer_width(&self) -> Option<PointerWidth> {
        self.0.pointer_width
    }

    /// The index of the graph's own names, which `build` makes on first use.
    pub(crate) fn names_index(&self, build: impl FnOnce(&Self) -> HashIndex) -> &HashIndex {
        self.0.names.get_or_init(|| build(self))
    }

    /// The index of the spellings of the graph's own names, which `build` makes on first use.
    pub(crate) fn spellings_index(&self, build: impl FnOnce(&Self) -> HashIndex) -> &HashIndex {
        self.0.spellings.get_or_init(|| build(self))
    }

    /// Whether both are the same graph in memory.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Btf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Btf")
            .field("types", &self.own_len())
            .field("first_id", &self.0.first_id)
            .field("string_bytes", &self.0.strings.len())
            .finish_non_exhaustive()
    }
}

/// Whether an integer's name is one of C's spellings of `long`, with or without a sign and `int`.
fn is_long(name: Name<'_>) -> bool {
    let mut longs = 0;
    let mut ints = 0;
    let mut unsigned = 0;
    for word in name.as_bytes().split(|&byte| byte == b' ') {
        match word {
            b"long" => longs += 1,
            b"int" => ints += 1,
            b"unsigned" => unsigned += 1,
            _ => return false,
        }
    }
    longs == 1 && ints <= 1 && unsigned <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{GraphBuilder, IntEncoding};

    /// Found by comparing with libbpf: an `unsigned long` counts, and the first in the order of ids does.
    #[test]
    fn the_first_long_says_how_wide_pointers_are() -> Result<()> {
        let width = |ints: &[(&str, u32)]| -> Result<PointerWidth> {
            let mut builder = GraphBuilder::new();
            for (name, size) in ints {
                builder.int(name, *size, IntEncoding::UNSIGNED)?;
            }
            Ok(builder.freeze()?.pointer_width())
        };
        assert_eq!(width(&[("unsigned long", 4)])?, PointerWidth::Four);
        assert_eq!(
            width(&[("int unsigned long", 4), ("long", 8)])?,
            PointerWidth::Four
        );
        assert_eq!(
            width(&[("long", 2), ("long int", 8), ("long", 4)])?,
            PointerWidth::Eight
        );
        assert_eq!(
            width(&[("long long", 4), ("longer", 4), ("", 4)])?,
            PointerWidth::Eight
        );
        Ok(())
    }
}
