//! The graph: records, offsets and strings.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::error::{Error, Place, Result};
use crate::graph::format::{Format, Layout};
use crate::graph::index::HashIndex;
use crate::graph::info::Info;
use crate::graph::kind::{Kind, Word};
use crate::graph::proof::{Proof, check_strings};
use crate::graph::strings::{Name, string_at};
use crate::graph::types::Type;
use crate::id::{StrId, TypeId};
use crate::limits::Limits;
use crate::target::{Endian, PointerWidth};

/// The shared type graph: BTF's own records in one arena, immutable, cheap to clone, `Send + Sync`.
///
/// Every id, string offset and count is checked when the graph is made, so that look-ups by the graph's own ids
/// can't fail. Split BTF is a graph with a [base](Self::base): its ids and string offsets continue those of the base.
///
/// | task | methods |
/// |---|---|
/// | get a graph | [`open`](Self::open), [`kernel`](Self::kernel), [`kernel_module`](Self::kernel_module), [`parse`](Self::parse), [`GraphBuilder`](crate::graph::GraphBuilder) |
/// | find a type | [`find`](Self::find), [`named`](Self::named), [`types_of`](Self::types_of), [`types`](Self::types), [`get`](Self::get) |
/// | find a field | [`field`](Self::field), [`Type::members`] |
/// | write the graph | [`encode`](Self::encode) |
#[derive(Clone)]
pub struct Btf(Arc<Store>);

struct Store {
    base: Option<Btf>,
    /// The records, in host order.
    types: Bytes,
    /// The start of each own type's record in `types`, in words, and the end of the last.
    offsets: Vec<u32>,
    strings: Bytes,
    first_id: u32,
    first_str: u32,
    format: Format,
    pointer_width: Option<PointerWidth>,
    guessed_width: OnceLock<PointerWidth>,
    inline_namespaces: Names,
    names: OnceLock<HashIndex>,
    spellings: OnceLock<HashIndex>,
    shortened: OnceLock<HashIndex>,
}

/// Names that are shared between graphs.
pub(crate) type Names = Arc<[Box<[u8]>]>;

/// The parts a graph is made from, before they are checked.
pub(crate) struct Parts {
    pub base: Option<Btf>,
    /// Records in host order.
    pub types: Bytes,
    pub strings: Bytes,
    pub format: Format,
    pub pointer_width: Option<PointerWidth>,
    /// The qualified names of the program's inline namespaces, sorted.
    pub inline_namespaces: Names,
    /// Whether the records were read from a file, which may use the wide info word without permission.
    pub from_wire: bool,
}

impl Btf {
    /// Checks the parts and makes a graph of them. Places in errors are bytes of the type section.
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
                Error::malformed("the length of the type section is not a multiple of 4")
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
            inline_namespaces: parts.inline_namespaces,
            names: OnceLock::new(),
            spellings: OnceLock::new(),
            shortened: OnceLock::new(),
        })))
    }

    /// Returns the parts and the starts of the records. Nothing is copied if this is the only handle of the graph.
    pub(crate) fn into_parts(self) -> (Parts, Vec<u32>) {
        let parts = |store: &Store| Parts {
            base: store.base.clone(),
            types: store.types.clone(),
            strings: store.strings.clone(),
            format: store.format.clone(),
            pointer_width: store.pointer_width,
            inline_namespaces: store.inline_namespaces.clone(),
            from_wire: false,
        };
        match Arc::try_unwrap(self.0) {
            Ok(store) => (parts(&store), store.offsets),
            Err(shared) => (parts(&shared), shared.offsets.clone()),
        }
    }

    /// Returns the graph that this one is split from.
    #[must_use]
    pub fn base(&self) -> Option<&Self> {
        self.0.base.as_ref()
    }

    /// Returns the first id of the graph's own types: 1, or the id after the base's last.
    #[must_use]
    pub fn first_id(&self) -> TypeId {
        TypeId::new(self.0.first_id)
    }

    /// Returns the number of types, without `void`, the base's included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end_id() as usize - 1
    }

    /// Returns whether there is no type but `void`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of types without the base's.
    #[must_use]
    pub fn own_len(&self) -> usize {
        self.0.offsets.len().saturating_sub(1)
    }

    /// Returns the highest id plus one.
    pub(crate) fn end_id(&self) -> u32 {
        self.0.first_id + u32::try_from(self.own_len()).unwrap_or(0)
    }

    /// Returns the end of the string offsets.
    pub(crate) fn end_str(&self) -> u32 {
        self.0.first_str + u32::try_from(self.0.strings.len()).unwrap_or(0)
    }

    /// Returns the type with this id; `None` where the graph has no such id.
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

    /// Returns the type with this id; `void` where the graph has no such id.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> Type<'_> {
        self.get(id).unwrap_or(Type::new(self, TypeId::VOID, &[]))
    }

    /// Returns all types in the order of their ids, without `void`, the base's included.
    pub fn types(&self) -> impl ExactSizeIterator<Item = Type<'_>> + Clone {
        (1..self.end_id()).map(|id| self.ty(TypeId::new(id)))
    }

    /// Returns the graph's own types, without the base's.
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

    /// Returns the id, name and info word of each of the graph's own types, for an index.
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

    /// Returns the string at an offset; an empty one where the graph has no such offset.
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

    /// Returns whether the string at an offset is exactly `text`. Cheaper than [`Self::string`] and a comparison.
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

    /// Returns the graph's own string section.
    #[must_use]
    pub fn string_section(&self) -> &Bytes {
        &self.0.strings
    }

    /// Returns the graph's own records, in host order.
    pub(crate) fn record_bytes(&self) -> &Bytes {
        &self.0.types
    }

    /// Returns the graph's own records as words.
    pub(crate) fn words(&self) -> &[Word] {
        self.0.types.as_chunks::<4>().0
    }

    /// Returns the start of each own record in [`Self::words`], and the end of the last.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.0.offsets
    }

    /// Returns the parts of the encoding that are not types.
    #[must_use]
    pub fn format(&self) -> &Format {
        &self.0.format
    }

    /// Returns the byte order of the machine that the types describe.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.0.format.endian
    }

    /// Returns the layout section that applies: the graph's own, or else its base's.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        match &self.0.format.layout {
            Some(layout) => Some(layout),
            None => self.base().and_then(Self::layout),
        }
    }

    /// Returns the width of a pointer: that in the header of the ELF file, or else the size of the first integer with
    /// one of C's names for `long` (libbpf's rule for raw BTF), or else 8 bytes.
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

    /// Returns the pointer width that was specified when the graph was made.
    pub(crate) fn known_pointer_width(&self) -> Option<PointerWidth> {
        self.0.pointer_width
    }

    /// Returns the qualified names of the program's inline namespaces, such as `std::__cxx11`, sorted. DWARF has them, and
    /// BTF has no place for them: a graph that was parsed has none.
    pub fn inline_namespaces(&self) -> impl ExactSizeIterator<Item = Name<'_>> {
        self.0.inline_namespaces.iter().map(|name| Name::new(name))
    }

    /// Returns the names of the inline namespaces, to share them.
    pub(crate) fn shared_inline_namespaces(&self) -> Names {
        self.0.inline_namespaces.clone()
    }

    /// Returns the index of the graph's own names, which `build` makes on first use.
    pub(crate) fn names_index(&self, build: impl FnOnce(&Self) -> HashIndex) -> &HashIndex {
        self.0.names.get_or_init(|| build(self))
    }

    /// Returns the index of the spellings of the graph's own names, which `build` makes on first use.
    pub(crate) fn spellings_index(&self, build: impl FnOnce(&Self) -> HashIndex) -> &HashIndex {
        self.0.spellings.get_or_init(|| build(self))
    }

    /// Returns the index of the graph's own names without inline namespaces, which `build` makes on first use.
    pub(crate) fn shortened_index(&self, build: impl FnOnce(&Self) -> HashIndex) -> &HashIndex {
        self.0.shortened.get_or_init(|| build(self))
    }

    /// Returns whether both are the same graph in memory.
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

/// Returns whether an integer's name is one of C's names for `long`, with or without a sign and `int`.
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
