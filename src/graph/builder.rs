//! The builder: records are appended, then the whole is checked and frozen.

use bytes::{Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::edges;
use crate::graph::format::Format;
use crate::graph::info::{Info, WIDE_VLEN};
use crate::graph::kind::{Kind, Word};
use crate::graph::store::{Btf, Names, Parts};
use crate::graph::strings::{Name, StringTable};
use crate::graph::types::Type;
use crate::id::{StrId, TypeId};
use crate::limits::Limits;
use crate::target::{Endian, PointerWidth};

/// Builds a [`Btf`] record by record.
///
/// A record may refer to the id of a later one ([`GraphBuilder::next_id`] returns the next). [`GraphBuilder::freeze`]
/// checks that every id has a record.
///
/// ```
/// use btfkit::Bits;
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
///
/// let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// builder.structure("pair", 8, [("a", int, Bits(0)), ("b", int, Bits(32))])?;
/// let graph = builder.freeze()?;
/// assert_eq!(graph.find(Kind::Struct, "pair").unwrap().members().len(), 2);
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    base: Option<Btf>,
    types: Vec<u8>,
    first_id: u32,
    count: u32,
    strings: StringTable,
    format: Format,
    pointer_width: Option<PointerWidth>,
    inline_namespaces: Names,
    limits: Limits,
}

impl Default for GraphBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl GraphBuilder {
    /// Returns a builder without types, in the byte order of this machine.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// Returns a builder without types, with bounds of its own.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            base: None,
            types: Vec::new(),
            first_id: 1,
            count: 0,
            strings: StringTable::new(Bytes::new(), limits.string_bytes),
            format: Format::default(),
            pointer_width: None,
            inline_namespaces: Names::default(),
            limits,
        }
    }

    /// Returns a builder of split BTF: ids and string offsets continue those of the base.
    #[must_use]
    pub fn split(base: &Btf) -> Self {
        Self::split_with_limits(base, Limits::default())
    }

    /// Returns a builder of split BTF, with bounds of its own.
    #[must_use]
    pub fn split_with_limits(base: &Btf, limits: Limits) -> Self {
        Self {
            types: Vec::new(),
            first_id: base.end_id(),
            count: 0,
            strings: StringTable::new(joined_strings(base), limits.string_bytes),
            format: Format {
                endian: base.endian(),
                ..Format::default()
            },
            pointer_width: base.known_pointer_width(),
            inline_namespaces: Names::default(),
            base: Some(base.clone()),
            limits,
        }
    }

    /// Returns a builder without types and base, with the format of `graph`.
    pub(crate) fn like(graph: &Btf, limits: Limits) -> Self {
        Self {
            format: graph.format().clone(),
            pointer_width: graph.known_pointer_width(),
            inline_namespaces: graph.shared_inline_namespaces(),
            ..Self::with_limits(limits)
        }
    }

    /// Returns a builder that starts with a graph's types. Their ids and string offsets stay.
    #[must_use]
    pub fn resume(graph: &Btf) -> Self {
        Self::resume_with_limits(graph, Limits::default())
    }

    /// Returns a builder that starts with a graph's types, with bounds of its own.
    #[must_use]
    pub fn resume_with_limits(graph: &Btf, limits: Limits) -> Self {
        let base_strings = graph.base().map(joined_strings).unwrap_or_default();
        Self {
            base: graph.base().cloned(),
            types: graph.record_bytes().to_vec(),
            first_id: graph.first_id().get(),
            count: graph.end_id() - graph.first_id().get(),
            strings: StringTable::resume(
                base_strings,
                graph.string_section().to_vec(),
                limits.string_bytes,
            ),
            format: graph.format().clone(),
            pointer_width: graph.known_pointer_width(),
            inline_namespaces: graph.shared_inline_namespaces(),
            limits,
        }
    }

    /// Like [`Self::resume_with_limits`], but reuses the graph's memory if this is its only handle.
    pub(crate) fn resume_owned(graph: Btf, limits: Limits) -> Self {
        let base_strings = graph.base().map(joined_strings).unwrap_or_default();
        let (first_id, end_id) = (graph.first_id().get(), graph.end_id());
        let (parts, offsets) = graph.into_parts();
        drop(offsets);
        // Both parts of a parsed graph share the file's bytes: one is copied, the other takes them over.
        let types = Vec::from(parts.types);
        let mut strings = Vec::from(parts.strings);
        strings.shrink_to_fit();
        Self {
            base: parts.base,
            types,
            first_id,
            count: end_id - first_id,
            strings: StringTable::resume(base_strings, strings, limits.string_bytes),
            format: parts.format,
            pointer_width: parts.pointer_width,
            inline_namespaces: parts.inline_namespaces,
            limits,
        }
    }

    /// Sets the byte order of the machine that the types describe. The encoder uses it, too.
    pub fn set_endian(&mut self, endian: Endian) -> &mut Self {
        self.format.endian = endian;
        self
    }

    /// Sets the pointer width.
    pub fn set_pointer_width(&mut self, width: PointerWidth) -> &mut Self {
        self.pointer_width = Some(width);
        self
    }

    /// Sets the qualified names of the program's inline namespaces, such as `std::__cxx11`. Look-ups by name may leave out
    /// their last part ([`Btf::named_or_spelled`]). BTF has no place for them, so they are not written.
    pub fn set_inline_namespaces(
        &mut self,
        names: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> &mut Self {
        let mut names: Vec<Box<[u8]>> =
            names.into_iter().map(|name| name.as_ref().into()).collect();
        names.sort_unstable();
        names.dedup();
        self.inline_namespaces = names.into();
        self
    }

    /// Adds the inline namespaces of a graph, without those of its base.
    pub(crate) fn add_inline_namespaces(&mut self, graph: &Btf) {
        let more = graph.shared_inline_namespaces();
        if more.is_empty() || more == self.inline_namespaces {
            return;
        }
        let known = std::mem::take(&mut self.inline_namespaces);
        self.set_inline_namespaces(known.iter().chain(more.iter()));
    }

    /// Allows info words with the bits added in 2025: more than 65,535 elements, kinds above 31. Older readers misread
    /// these.
    pub fn set_wide(&mut self, wide: bool) -> &mut Self {
        self.format.wide = wide;
        self
    }

    /// Returns the id of the next record.
    #[must_use]
    pub const fn next_id(&self) -> TypeId {
        TypeId::new(self.first_id + self.count)
    }

    /// Returns the offset of a string, which is added where it is new.
    ///
    /// # Errors
    /// `Limit` where the strings grow beyond [`Limits::string_bytes`]; `Usage` for a string with a NUL.
    pub fn intern(&mut self, string: impl AsRef<[u8]>) -> Result<StrId> {
        self.strings.intern(string.as_ref())
    }

    /// Returns the string at an offset that the builder returned.
    #[must_use]
    pub fn string(&self, id: StrId) -> Name<'_> {
        self.strings.get(id)
    }

    /// Appends a record of these words, in host order.
    ///
    /// # Errors
    /// `Usage` where the words are not one record of a known kind; `Limit` beyond [`Limits`].
    pub fn record(&mut self, words: &[u32]) -> Result<TypeId> {
        let &[_, info, _, ..] = words else {
            return Err(not_a_record());
        };
        let info = Info::from_word(info);
        let Some(shape) = info.kind().shape() else {
            return Err(not_a_record());
        };
        let elements = if shape.elem == 0 {
            0
        } else {
            self.vlen(info.vlen() as usize)?
        };
        let len = 3 + usize::from(shape.extra) + elements as usize * usize::from(shape.elem);
        if words.len() != len {
            return Err(not_a_record());
        }
        self.push(words.iter().copied())
    }

    /// Returns the byte order of the machine that the types describe.
    pub(crate) const fn endian(&self) -> Endian {
        self.format.endian
    }

    /// Returns the number of types without the base's.
    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    /// Returns whether a graph is the base, or the base's base.
    pub(crate) fn has_base(&self, graph: &Btf) -> bool {
        let mut level = self.base.as_ref();
        while let Some(base) = level {
            if base.is_same(graph) {
                return true;
            }
            level = base.base();
        }
        false
    }

    pub(crate) const fn strings_mut(&mut self) -> &mut StringTable {
        &mut self.strings
    }

    /// Appends a graph's own records unchanged, with the ids and string offsets of that graph. Returns the word at
    /// which they start.
    pub(crate) fn append_records(&mut self, graph: &Btf) -> Result<usize> {
        let bytes = graph.record_bytes();
        if graph.own_len() > (self.limits.types.saturating_sub(self.count)) as usize {
            return Err(Error::limit("there are more types than Limits::types"));
        }
        if self.types.len() + bytes.len() > self.limits.type_bytes as usize {
            return Err(Error::limit(
                "the type section grows beyond Limits::type_bytes",
            ));
        }
        let start = self.types.len() / 4;
        self.types.reserve_exact(bytes.len());
        self.types.extend_from_slice(bytes);
        self.count += u32::try_from(graph.own_len()).unwrap_or(0);
        self.format.wide |= graph.format().wide;
        Ok(start)
    }

    /// Returns whether no two strings are equal.
    pub(crate) fn has_unique_strings(&mut self) -> bool {
        self.strings.is_unique()
    }

    pub(crate) fn take_types(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.types)
    }

    pub(crate) fn put_types(&mut self, types: Vec<u8>) {
        self.types = types;
    }

    /// Returns the words from an own type's record on, in a builder that starts with `graph`.
    pub(crate) fn resumed_words(&mut self, graph: &Btf, id: TypeId) -> &mut [Word] {
        let index = id.get().checked_sub(graph.first_id().get());
        let start = index.and_then(|index| graph.offsets().get(index as usize));
        match start {
            Some(&start) => self.words_from(start as usize),
            None => &mut [],
        }
    }

    /// Returns the records' words from `start` on.
    pub(crate) fn words_from(&mut self, start: usize) -> &mut [Word] {
        let (words, _) = self.types.as_chunks_mut::<4>();
        words.get_mut(start..).unwrap_or_default()
    }

    pub(super) fn push(&mut self, words: impl IntoIterator<Item = u32>) -> Result<TypeId> {
        if self.count >= self.limits.types {
            return Err(Error::limit("there are more types than Limits::types"));
        }
        if self.types.len() > self.limits.type_bytes as usize {
            return Err(Error::limit(
                "the type section grows beyond Limits::type_bytes",
            ));
        }
        for word in words {
            self.types.extend_from_slice(&word.to_ne_bytes());
        }
        let id = self.next_id();
        self.count += 1;
        Ok(id)
    }

    pub(super) fn head(&mut self, name: &[u8], info: Info, third: u32) -> Result<[u32; 3]> {
        Ok([self.intern(name)?.get(), info.word(), third])
    }

    pub(super) fn vlen(&self, len: usize) -> Result<u32> {
        match u32::try_from(len) {
            Ok(len) if len <= self.limits.vlen.min(WIDE_VLEN) => Ok(len),
            _ => Err(Error::limit("there are more elements than Limits::vlen")),
        }
    }

    /// Appends a copy of a type of any graph. Names are interned, ids are mapped by `id`.
    ///
    /// # Errors
    /// As [`Self::intern`], or the error of `id`; `Unsupported` for an unknown kind, because the ids in its records
    /// can't be found.
    pub fn copy(
        &mut self,
        ty: Type<'_>,
        mut id: impl FnMut(TypeId) -> Result<TypeId>,
    ) -> Result<TypeId> {
        match ty.kind() {
            Kind::Unknown(number) => return Err(unknown(ty.id(), number)),
            Kind::Void => {
                return Err(Error::new(ErrorKind::Usage, "void has no record to copy"));
            }
            Kind::Int
            | Kind::Ptr
            | Kind::Array
            | Kind::Struct
            | Kind::Union
            | Kind::Enum
            | Kind::Fwd
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Func
            | Kind::FuncProto
            | Kind::Var
            | Kind::Datasec
            | Kind::Float
            | Kind::DeclTag
            | Kind::TypeTag
            | Kind::Enum64 => {}
        }
        let mut record = ty.record().to_vec();
        let strings = &mut self.strings;
        edges::rewrite(&mut record, &mut id, |name| {
            strings.intern(ty.graph().string(name).as_bytes())
        })?;
        self.push(record.iter().map(|word| u32::from_ne_bytes(*word)))
    }

    /// Checks the whole and makes a graph of it.
    ///
    /// # Errors
    /// `Malformed`, with the type, where an id has no record.
    pub fn freeze(self) -> Result<Btf> {
        Btf::prove(
            Parts {
                base: self.base,
                types: self.types.into(),
                strings: self.strings.into_section(),
                format: self.format,
                pointer_width: self.pointer_width,
                inline_namespaces: self.inline_namespaces,
                from_wire: false,
            },
            &self.limits,
        )
    }
}

/// Returns the strings of all levels of a graph in one, so that a string offset is an index.
pub(crate) fn joined_strings(graph: &Btf) -> Bytes {
    if graph.base().is_none() {
        return graph.string_section().clone();
    }
    let mut levels = vec![graph];
    while let Some(base) = levels.last().and_then(|level| level.base()) {
        levels.push(base);
    }
    let mut joined = BytesMut::new();
    for level in levels.iter().rev() {
        joined.extend_from_slice(level.string_section());
    }
    joined.freeze()
}

fn not_a_record() -> Error {
    Error::new(
        ErrorKind::Usage,
        "these words are not one record of a known kind",
    )
}

/// Returns the error for a type that can't be copied because its kind is unknown.
#[cold]
pub(crate) fn unknown(id: TypeId, number: u8) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "a type of unknown kind {number} can't be copied, because the ids in its record can't be found"
        ),
    )
    .within(Place::Type(id))
}
