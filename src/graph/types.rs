//! Types of a graph: `Copy` handles to their records.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::graph::edges;
use crate::graph::info::Info;
use crate::graph::kind::{HEAD, Kind, Word};
use crate::graph::store::Btf;
use crate::graph::strings::Name;
use crate::id::{StrId, TypeId};

/// A type of a graph.
///
/// Two types are equal if they have the same id in the [same](Btf::is_same) graph. `{}` writes the type as C does,
/// `{:?}` its id, kind and name.
#[derive(Clone, Copy)]
pub struct Type<'g> {
    graph: &'g Btf,
    id: TypeId,
    /// Empty for `void`.
    record: &'g [Word],
}

impl<'g> Type<'g> {
    pub(crate) const fn new(graph: &'g Btf, id: TypeId, record: &'g [Word]) -> Self {
        Self { graph, id, record }
    }

    /// Returns the graph the type was looked up in.
    #[must_use]
    pub const fn graph(self) -> &'g Btf {
        self.graph
    }

    /// Returns the type's id.
    #[must_use]
    pub const fn id(self) -> TypeId {
        self.id
    }

    /// Returns the word with this index of the record; 0 beyond the last.
    #[inline]
    pub(super) fn word(self, index: usize) -> u32 {
        match self.record.get(index) {
            Some(word) => u32::from_ne_bytes(*word),
            None => 0,
        }
    }

    /// Returns the info word.
    #[must_use]
    #[inline]
    pub fn info(self) -> Info {
        Info::from_word(self.word(1))
    }

    /// Returns the kind.
    #[must_use]
    #[inline]
    pub fn kind(self) -> Kind {
        self.info().kind()
    }

    /// Returns the string offset of the name.
    #[must_use]
    pub fn name_id(self) -> StrId {
        StrId::new(self.word(0))
    }

    /// Returns the name, which is empty for anonymous types.
    #[must_use]
    pub fn name(self) -> Name<'g> {
        self.graph.string(self.name_id())
    }

    /// Returns the third word of the record: the size in bytes of an integer, structure, union, enumeration, data
    /// section or floating-point number. [`Type::size`] returns the size of a type of any kind.
    #[must_use]
    pub fn size_word(self) -> u32 {
        self.word(2)
    }

    /// Returns the words of the record.
    pub(crate) const fn record(self) -> &'g [Word] {
        self.record
    }

    /// Returns the words of the record as numbers in host order: name offset, info word, size or type id, and the
    /// words that the kind adds.
    pub fn record_words(self) -> impl ExactSizeIterator<Item = u32> + use<'g> {
        self.record.iter().map(|word| u32::from_ne_bytes(*word))
    }

    /// Returns the ids of the types that this one refers to, in the record's order, `void` included.
    pub fn references(self) -> impl Iterator<Item = TypeId> + use<'g> {
        edges::type_edges(self.record)
    }

    /// Returns the one type that a pointer, typedef, qualifier, attribute, function or variable refers to.
    #[must_use]
    pub fn referent(self) -> Option<Self> {
        self.referent_id().map(|id| self.graph.ty(id))
    }

    /// Returns the id of the one type that a pointer, typedef, qualifier, attribute, function or variable refers to.
    #[must_use]
    pub fn referent_id(self) -> Option<TypeId> {
        let shape = self.kind().shape()?;
        (shape.refers && self.kind() != Kind::FuncProto).then(|| TypeId::new(self.word(2)))
    }

    /// Returns the words after the head in groups of `N`.
    pub(super) fn after_head<const N: usize>(self) -> &'g [[Word; N]] {
        self.record
            .get(HEAD..)
            .unwrap_or_default()
            .as_chunks::<N>()
            .0
    }
}

impl PartialEq for Type<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.graph.is_same(other.graph)
    }
}

impl Eq for Type<'_> {}

impl Hash for Type<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.id, self.kind(), self.name())
    }
}
