//! Building a graph: records are appended, then the whole is proved and frozen.

use bytes::{Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Result};
use crate::graph::append::unknown;
use crate::graph::edges;
use crate::graph::kind::{Info, Kind, WIDE_VLEN};
use crate::graph::store::{Format, Parts, TypeGraph, Word};
use crate::graph::strings::{Name, StringTable};
use crate::graph::types::{FwdKind, IntEncoding, Type};
use crate::id::{Bits, StrId, TypeId};
use crate::limits::Limits;
use crate::target::{Endian, PointerWidth};

/// Builds a [`TypeGraph`] record by record.
///
/// An id may be referred to before its record is there ([`GraphBuilder::next_id`] tells the next one);
/// [`GraphBuilder::freeze`] proves that in the end every id has one.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
///
/// let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// let members = [
///     NewMember::new(builder.intern("a")?, int, 0),
///     NewMember::new(builder.intern("b")?, int, 32),
/// ];
/// builder.composite(Kind::Struct, "pair", 8, &members)?;
/// let graph = builder.freeze()?;
/// assert_eq!(graph.find(Kind::Struct, "pair").unwrap().members().len(), 2);
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    base: Option<TypeGraph>,
    types: Vec<u8>,
    first_id: u32,
    count: u32,
    strings: StringTable,
    format: Format,
    pointer_width: Option<PointerWidth>,
    limits: Limits,
}

/// A member for [`GraphBuilder::composite`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewMember {
    /// Its name; empty for anonymous ones.
    pub name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// Where it starts, in bits from the start of the structure.
    pub offset: Bits,
    /// Its width in bits, if it is a bitfield.
    pub bitfield: Option<u8>,
}

impl NewMember {
    /// A member that is no bitfield, `offset` bits from the start.
    #[must_use]
    pub const fn new(name: StrId, ty: TypeId, offset: u64) -> Self {
        Self {
            name,
            ty,
            offset: Bits(offset),
            bitfield: None,
        }
    }

    /// A bitfield `offset` bits from the start, `width` bits wide.
    #[must_use]
    pub const fn bitfield(name: StrId, ty: TypeId, offset: u64, width: u8) -> Self {
        Self {
            name,
            ty,
            offset: Bits(offset),
            bitfield: Some(width),
        }
    }
}

impl Default for GraphBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl GraphBuilder {
    /// An empty graph, in the byte order of this machine.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// An empty graph with bounds of its own.
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
            limits,
        }
    }

    /// Split BTF over a base: ids and strings go on where the base's end.
    #[must_use]
    pub fn split(base: &TypeGraph) -> Self {
        Self::split_with_limits(base, Limits::default())
    }

    /// Split BTF over a base, with bounds of its own.
    #[must_use]
    pub fn split_with_limits(base: &TypeGraph, limits: Limits) -> Self {
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
            base: Some(base.clone()),
            limits,
        }
    }

    /// An empty graph without a base, to be written as `graph` is.
    pub(crate) fn like(graph: &TypeGraph, limits: Limits) -> Self {
        Self {
            format: graph.format().clone(),
            pointer_width: graph.known_pointer_width(),
            ..Self::with_limits(limits)
        }
    }

    /// Goes on from a graph: its ids and string offsets stay.
    #[must_use]
    pub fn resume(graph: &TypeGraph) -> Self {
        Self::resume_with_limits(graph, Limits::default())
    }

    /// Goes on from a graph, with bounds of its own.
    #[must_use]
    pub fn resume_with_limits(graph: &TypeGraph, limits: Limits) -> Self {
        let base_strings = graph.base().map(joined_strings).unwrap_or_default();
        Self {
            base: graph.base().cloned(),
            types: graph.record_bytes().to_vec(),
            first_id: graph.first_id().get(),
            count: graph.end_id() - graph.first_id().get(),
            strings: StringTable::resume(base_strings, graph.string_section(), limits.string_bytes),
            format: graph.format().clone(),
            pointer_width: graph.known_pointer_width(),
            limits,
        }
    }

    /// Sets the byte order of the machine the types describe, which is the encoder's.
    pub fn set_endian(&mut self, endian: Endian) -> &mut Self {
        self.format.endian = endian;
        self
    }

    /// Sets the pointer width.
    pub fn set_pointer_width(&mut self, width: PointerWidth) -> &mut Self {
        self.pointer_width = Some(width);
        self
    }

    /// Allows info words with the bits added in 2025: more than 65,535 elements, kinds above 31. Readers
    /// from before misread them.
    pub fn set_wide(&mut self, wide: bool) -> &mut Self {
        self.format.wide = wide;
        self
    }

    /// The id the next record will get.
    #[must_use]
    pub const fn next_id(&self) -> TypeId {
        TypeId::new(self.first_id + self.count)
    }

    /// The offset of a string, which is added where it is new.
    ///
    /// # Errors
    /// `Limit` where the strings grow beyond [`Limits::string_bytes`]; `Usage` for a string with a NUL.
    pub fn intern(&mut self, string: impl AsRef<[u8]>) -> Result<StrId> {
        self.strings.intern(string.as_ref())
    }

    /// The string at an offset given out before.
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

    /// The byte order of the machine the types describe.
    pub(crate) const fn endian(&self) -> Endian {
        self.format.endian
    }

    /// How many types there are, without the base's.
    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether this very graph is the base, or the base's base.
    pub(crate) fn has_base(&self, graph: &TypeGraph) -> bool {
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

    /// Appends a graph's own records as they are, ids and names still its own, and tells at which word
    /// they start.
    pub(crate) fn append_records(&mut self, graph: &TypeGraph) -> Result<usize> {
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

    /// Whether no two strings are equal.
    pub(crate) const fn has_unique_strings(&self) -> bool {
        self.strings.is_unique()
    }

    pub(crate) fn take_types(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.types)
    }

    pub(crate) fn put_types(&mut self, types: Vec<u8>) {
        self.types = types;
    }

    /// The records' words from `start` on.
    pub(crate) fn words_from(&mut self, start: usize) -> &mut [Word] {
        let (words, _) = self.types.as_chunks_mut::<4>();
        words.get_mut(start..).unwrap_or_default()
    }

    fn push(&mut self, words: impl IntoIterator<Item = u32>) -> Result<TypeId> {
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

    fn head(&mut self, name: &[u8], info: Info, third: u32) -> Result<[u32; 3]> {
        Ok([self.intern(name)?.get(), info.word(), third])
    }

    /// Appends an integer as wide as its storage of `size` bytes.
    ///
    /// # Errors
    /// As [`Self::intern`], or `Usage` where the size is 0 or above 16.
    pub fn int(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        encoding: IntEncoding,
    ) -> Result<TypeId> {
        if size == 0 || size > 16 {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("an integer of {size} bytes can't be said in BTF"),
            ));
        }
        let head = self.head(name.as_ref(), Info::new(Kind::Int, 0, false), size)?;
        let data = u32::from(encoding.0) << 24 | (size * 8);
        self.push(head.into_iter().chain([data]))
    }

    /// Appends a floating-point number.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn float(&mut self, name: impl AsRef<[u8]>, size: u32) -> Result<TypeId> {
        let head = self.head(name.as_ref(), Info::new(Kind::Float, 0, false), size)?;
        self.push(head)
    }

    /// Appends a pointer, typedef, qualifier, type tag or function: a kind that refers to one type and has
    /// no more to it. Pointers and qualifiers have no name. `flag` is the kind flag, `linkage` a function's.
    fn reference(&mut self, info: Info, name: &[u8], ty: TypeId) -> Result<TypeId> {
        let head = self.head(name, info, ty.get())?;
        self.push(head)
    }

    /// Appends a pointer.
    ///
    /// # Errors
    /// `Limit` beyond [`Limits`].
    pub fn ptr(&mut self, ty: TypeId) -> Result<TypeId> {
        self.reference(Info::new(Kind::Ptr, 0, false), b"", ty)
    }

    /// Appends `volatile`, `const` or `restrict` of a type.
    ///
    /// # Errors
    /// `Usage` where the kind is another; `Limit` beyond [`Limits`].
    pub fn qualifier(&mut self, kind: Kind, ty: TypeId) -> Result<TypeId> {
        if !matches!(kind, Kind::Volatile | Kind::Const | Kind::Restrict) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{kind} is no qualifier"),
            ));
        }
        self.reference(Info::new(kind, 0, false), b"", ty)
    }

    /// Appends a typedef.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn typedef(&mut self, name: impl AsRef<[u8]>, ty: TypeId) -> Result<TypeId> {
        self.reference(Info::new(Kind::Typedef, 0, false), name.as_ref(), ty)
    }

    /// Appends an attribute of a type. `attribute` says that `value` is the text of any attribute and not
    /// of a `btf_type_tag`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn type_tag(
        &mut self,
        value: impl AsRef<[u8]>,
        ty: TypeId,
        attribute: bool,
    ) -> Result<TypeId> {
        self.reference(Info::new(Kind::TypeTag, 0, attribute), value.as_ref(), ty)
    }

    /// Appends an attribute of a declaration, or of its member or parameter number `component`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn decl_tag(
        &mut self,
        value: impl AsRef<[u8]>,
        ty: TypeId,
        component: Option<u32>,
        attribute: bool,
    ) -> Result<TypeId> {
        let info = Info::new(Kind::DeclTag, 0, attribute);
        let head = self.head(value.as_ref(), info, ty.get())?;
        self.push(head.into_iter().chain([component.unwrap_or(u32::MAX)]))
    }

    /// Appends an array of one dimension.
    ///
    /// # Errors
    /// `Limit` beyond [`Limits`].
    pub fn array(&mut self, element: TypeId, index: TypeId, count: u32) -> Result<TypeId> {
        let head = self.head(b"", Info::new(Kind::Array, 0, false), 0)?;
        self.push(head.into_iter().chain([element.get(), index.get(), count]))
    }

    /// Appends a structure or union of `size` bytes. The kind flag is set where a member is a bitfield.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Usage` where the kind is another; `Overflow` where an offset doesn't fit its
    /// 32 bits, or 24 in a structure with bitfields.
    pub fn composite(
        &mut self,
        kind: Kind,
        name: impl AsRef<[u8]>,
        size: u32,
        members: &[NewMember],
    ) -> Result<TypeId> {
        if !kind.is_composite() {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{kind} is neither structure nor union"),
            ));
        }
        let flag = members.iter().any(|member| member.bitfield.is_some());
        let limit = if flag { 0xff_ffff } else { u32::MAX };
        let overflow = members
            .iter()
            .find(|member| member.offset.0 > u64::from(limit));
        if let Some(member) = overflow {
            return Err(Error::new(
                ErrorKind::Overflow,
                format!(
                    "member {:?} starts at bit {}, beyond what BTF can say here ({limit})",
                    self.string(member.name),
                    member.offset
                ),
            ));
        }
        let info = Info::new(kind, self.vlen(members.len())?, flag);
        let head = self.head(name.as_ref(), info, size)?;
        let words = members.iter().flat_map(|member| {
            let width = u32::from(member.bitfield.unwrap_or(0));
            // Proved above to fit.
            let offset = u32::try_from(member.offset.0).unwrap_or(limit);
            let word = if flag { width << 24 | offset } else { offset };
            [member.name.get(), member.ty.get(), word]
        });
        self.push(head.into_iter().chain(words))
    }

    fn vlen(&self, len: usize) -> Result<u32> {
        match u32::try_from(len) {
            Ok(len) if len <= self.limits.vlen.min(WIDE_VLEN) => Ok(len),
            _ => Err(Error::limit("there are more elements than Limits::vlen")),
        }
    }

    /// Appends a forward declaration of a structure or union.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn fwd(&mut self, name: impl AsRef<[u8]>, of: FwdKind) -> Result<TypeId> {
        let info = Info::new(Kind::Fwd, 0, of == FwdKind::Union);
        let head = self.head(name.as_ref(), info, 0)?;
        self.push(head)
    }

    /// Appends an enumeration of `size` bytes: ENUM where it has at most four, else ENUM64. Values are the
    /// bits, extended to 64 as `signed` says. None at all make a forward declaration.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Overflow` where a value doesn't fit the size.
    pub fn enumeration(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        signed: bool,
        values: &[(StrId, u64)],
    ) -> Result<TypeId> {
        if size > 4 {
            self.enum64(name, size, signed, values)
        } else {
            self.enum32(name, size, signed, values)
        }
    }

    /// Appends an ENUM, whatever its size: its values have 32 bits.
    ///
    /// # Errors
    /// As [`Self::enumeration`].
    pub fn enum32(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        signed: bool,
        values: &[(StrId, u64)],
    ) -> Result<TypeId> {
        let fits = |value: u64| {
            if signed {
                i32::try_from(value.cast_signed()).is_ok()
            } else {
                u32::try_from(value).is_ok()
            }
        };
        if let Some((name, value)) = values.iter().find(|(_, value)| !fits(*value)) {
            return Err(Error::new(
                ErrorKind::Overflow,
                format!(
                    "enumerator {:?} has the value {value:#x}, too large for 32 bits",
                    self.string(*name)
                ),
            ));
        }
        let info = Info::new(Kind::Enum, self.vlen(values.len())?, signed);
        let head = self.head(name.as_ref(), info, size)?;
        let words = values.iter().flat_map(|(name, value)| {
            let [low, _] = halves(*value);
            [name.get(), low]
        });
        self.push(head.into_iter().chain(words))
    }

    /// Appends an ENUM64, whatever its size: its values have 64 bits.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn enum64(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        signed: bool,
        values: &[(StrId, u64)],
    ) -> Result<TypeId> {
        let info = Info::new(Kind::Enum64, self.vlen(values.len())?, signed);
        let head = self.head(name.as_ref(), info, size)?;
        let words = values.iter().flat_map(|(name, value)| {
            let [low, high] = halves(*value);
            [name.get(), low, high]
        });
        self.push(head.into_iter().chain(words))
    }

    /// Appends a function with a linkage: 0 static, 1 global, 2 extern.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn func(&mut self, name: impl AsRef<[u8]>, proto: TypeId, linkage: u32) -> Result<TypeId> {
        self.reference(Info::new(Kind::Func, linkage, false), name.as_ref(), proto)
    }

    /// Appends a prototype. A last parameter without name and type stands for `...`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn func_proto(&mut self, result: TypeId, params: &[(StrId, TypeId)]) -> Result<TypeId> {
        let info = Info::new(Kind::FuncProto, self.vlen(params.len())?, false);
        let head = self.head(b"", info, result.get())?;
        let words = params.iter().flat_map(|(name, ty)| [name.get(), ty.get()]);
        self.push(head.into_iter().chain(words))
    }

    /// Appends a variable with a linkage: 0 static, 1 global, 2 extern.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn var(&mut self, name: impl AsRef<[u8]>, ty: TypeId, linkage: u32) -> Result<TypeId> {
        let head = self.head(name.as_ref(), Info::new(Kind::Var, 0, false), ty.get())?;
        self.push(head.into_iter().chain([linkage]))
    }

    /// Appends a data section; an entry is a variable, its offset and its size in bytes.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn datasec(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        entries: &[(TypeId, u32, u32)],
    ) -> Result<TypeId> {
        let info = Info::new(Kind::Datasec, self.vlen(entries.len())?, false);
        let head = self.head(name.as_ref(), info, size)?;
        let words = entries
            .iter()
            .flat_map(|&(var, offset, size)| [var.get(), offset, size]);
        self.push(head.into_iter().chain(words))
    }

    /// Appends a copy of a type of any graph: names are interned, ids go through `id`.
    ///
    /// # Errors
    /// As [`Self::intern`], or what `id` answers; `Unsupported` for a kind this version doesn't know,
    /// whose ids it can't find.
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
            _ => {}
        }
        let mut record = ty.record().to_vec();
        let strings = &mut self.strings;
        edges::rewrite(&mut record, &mut id, |name| {
            strings.intern(ty.graph().string(name).as_bytes())
        })?;
        self.push(record.iter().map(|word| u32::from_ne_bytes(*word)))
    }

    /// Proves the whole and freezes it.
    ///
    /// # Errors
    /// `Malformed`, with the type, where an id has no record.
    pub fn freeze(self) -> Result<TypeGraph> {
        TypeGraph::prove(
            Parts {
                base: self.base,
                types: self.types.into(),
                strings: self.strings.into_section(),
                format: self.format,
                pointer_width: self.pointer_width,
                from_wire: false,
            },
            &self.limits,
        )
    }
}

/// The strings of a graph and of all its bases in one, so that an offset indexes it.
pub(crate) fn joined_strings(graph: &TypeGraph) -> Bytes {
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

/// A 64-bit value as its lower and its upper word.
fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}
