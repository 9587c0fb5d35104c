//! Views of types: `Copy`, decoded on request.

use std::fmt;

use crate::graph::edges;
use crate::graph::kind::{HEAD, Info, Kind};
use crate::graph::parts::{
    Array, Composite, Datasec, DeclTag, Enum, Func, FuncProto, FwdKind, Int, IntEncoding, Member,
    Var,
};
use crate::graph::store::{Btf, Word};
use crate::graph::strings::Name;
use crate::id::{StrId, TypeId};

/// A type of a graph.
#[derive(Clone, Copy)]
pub struct Type<'g> {
    graph: &'g Btf,
    id: TypeId,
    /// Empty for `void`.
    record: &'g [Word],
}

/// What a type is, with its parts. (Kernel documentation, "BPF Type Format", section 2.2.)
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum View<'g> {
    /// `void`.
    Void,
    /// An integer.
    Int(Int),
    /// A pointer to a type.
    Ptr(TypeId),
    /// An array of one dimension.
    Array(Array),
    /// A structure.
    Struct(Composite<'g>),
    /// A union.
    Union(Composite<'g>),
    /// An enumeration, of either width.
    Enum(Enum<'g>),
    /// A forward declaration.
    Fwd(FwdKind),
    /// A typedef of a type.
    Typedef(TypeId),
    /// `volatile` of a type.
    Volatile(TypeId),
    /// `const` of a type.
    Const(TypeId),
    /// `restrict` of a type.
    Restrict(TypeId),
    /// A function.
    Func(Func),
    /// A function prototype.
    FuncProto(FuncProto<'g>),
    /// A variable.
    Var(Var),
    /// A data section.
    Datasec(Datasec<'g>),
    /// A floating-point number of this many bytes.
    Float(u32),
    /// An attribute of a declaration.
    DeclTag(DeclTag),
    /// An attribute of a type.
    TypeTag(TypeId),
    /// A kind this version doesn't know.
    Unknown(u8),
}

impl<'g> Type<'g> {
    pub(crate) const fn new(graph: &'g Btf, id: TypeId, record: &'g [Word]) -> Self {
        Self { graph, id, record }
    }

    /// The graph the type was looked up in.
    #[must_use]
    pub const fn graph(self) -> &'g Btf {
        self.graph
    }

    /// The type's id.
    #[must_use]
    pub const fn id(self) -> TypeId {
        self.id
    }

    #[inline]
    fn word(self, index: usize) -> u32 {
        match self.record.get(index) {
            Some(word) => u32::from_ne_bytes(*word),
            None => 0,
        }
    }

    /// The info word.
    #[must_use]
    #[inline]
    pub fn info(self) -> Info {
        Info::from_word(self.word(1))
    }

    /// The kind.
    #[must_use]
    #[inline]
    pub fn kind(self) -> Kind {
        self.info().kind()
    }

    /// Where the name stands in the strings.
    #[must_use]
    pub fn name_id(self) -> StrId {
        StrId::new(self.word(0))
    }

    /// The name; empty for anonymous types.
    #[must_use]
    pub fn name(self) -> Name<'g> {
        self.graph.string(self.name_id())
    }

    /// The third word as a size in bytes: what it means for integers, structures, unions, enumerations,
    /// data sections and floating-point numbers.
    #[must_use]
    pub fn size_word(self) -> u32 {
        self.word(2)
    }

    /// The record's words.
    pub(crate) const fn record(self) -> &'g [Word] {
        self.record
    }

    /// The record's words as numbers in host order: name offset, info word, size or type, and what the
    /// kind adds.
    pub fn record_words(self) -> impl ExactSizeIterator<Item = u32> + 'g {
        self.record.iter().map(|word| u32::from_ne_bytes(*word))
    }

    /// The types this one refers to, in the record's order, `void` included.
    pub fn references(self) -> impl Iterator<Item = TypeId> + 'g {
        edges::type_edges(self.record)
    }

    /// The one type a pointer, typedef, qualifier, tag, function or variable refers to.
    #[must_use]
    pub fn referent(self) -> Option<TypeId> {
        let shape = self.kind().shape()?;
        (shape.refers && self.kind() != Kind::FuncProto).then(|| TypeId::new(self.word(2)))
    }

    fn after_head<const N: usize>(self) -> &'g [[Word; N]] {
        self.record
            .get(HEAD..)
            .unwrap_or_default()
            .as_chunks::<N>()
            .0
    }

    /// The members of a structure or union; none of any other kind.
    pub fn members(self) -> impl ExactSizeIterator<Item = Member<'g>> + Clone {
        self.composite().into_members()
    }

    /// A member of a structure or union by its number, from 0.
    #[must_use]
    pub fn member_at(self, index: usize) -> Option<Member<'g>> {
        self.composite().member(index)
    }

    /// The type as a structure or union, empty for any other kind.
    fn composite(self) -> Composite<'g> {
        Composite {
            graph: self.graph,
            size: self.size_word(),
            flag: self.info().flag(),
            members: if self.kind().is_composite() {
                self.after_head()
            } else {
                &[]
            },
        }
    }

    /// The type as an enumeration; `None` for any other kind.
    #[must_use]
    pub fn as_enum(self) -> Option<Enum<'g>> {
        let kind = self.kind();
        kind.is_enum().then(|| Enum {
            graph: self.graph,
            size: self.size_word(),
            signed: self.info().flag(),
            words: self.record.get(HEAD..).unwrap_or_default(),
            wide: kind == Kind::Enum64,
        })
    }

    /// The type as an integer; `None` for any other kind.
    #[must_use]
    pub fn as_int(self) -> Option<Int> {
        (self.kind() == Kind::Int).then(|| {
            let [bits, _, offset, encoding] = self.word(HEAD).to_le_bytes();
            Int {
                size: self.size_word(),
                encoding: IntEncoding(encoding & 0x0f),
                offset,
                bits,
            }
        })
    }

    /// The type as an array; `None` for any other kind.
    #[must_use]
    pub fn as_array(self) -> Option<Array> {
        (self.kind() == Kind::Array).then(|| Array {
            element: TypeId::new(self.word(HEAD)),
            index: TypeId::new(self.word(HEAD + 1)),
            count: self.word(HEAD + 2),
        })
    }

    /// The type as a prototype; `None` for any other kind.
    #[must_use]
    pub fn as_func_proto(self) -> Option<FuncProto<'g>> {
        (self.kind() == Kind::FuncProto).then(|| FuncProto {
            graph: self.graph,
            result: TypeId::new(self.word(2)),
            params: self.after_head(),
        })
    }

    /// The type with its parts.
    #[must_use]
    pub fn view(self) -> View<'g> {
        let referent = TypeId::new(self.word(2));
        let flag = self.info().flag();
        match self.kind() {
            Kind::Void => View::Void,
            Kind::Int => self.as_int().map_or(View::Void, View::Int),
            Kind::Ptr => View::Ptr(referent),
            Kind::Array => self.as_array().map_or(View::Void, View::Array),
            Kind::Struct => View::Struct(self.composite()),
            Kind::Union => View::Union(self.composite()),
            Kind::Enum | Kind::Enum64 => self.as_enum().map_or(View::Void, View::Enum),
            Kind::Fwd => View::Fwd(if flag {
                FwdKind::Union
            } else {
                FwdKind::Struct
            }),
            Kind::Typedef => View::Typedef(referent),
            Kind::Volatile => View::Volatile(referent),
            Kind::Const => View::Const(referent),
            Kind::Restrict => View::Restrict(referent),
            Kind::Func => View::Func(Func {
                proto: referent,
                linkage: self.info().vlen(),
            }),
            Kind::FuncProto => self.as_func_proto().map_or(View::Void, View::FuncProto),
            Kind::Var => View::Var(Var {
                ty: referent,
                linkage: self.word(HEAD),
            }),
            Kind::Datasec => View::Datasec(Datasec {
                size: self.size_word(),
                entries: self.after_head(),
            }),
            Kind::Float => View::Float(self.size_word()),
            Kind::DeclTag => View::DeclTag(DeclTag {
                target: referent,
                component: match self.word(HEAD) {
                    u32::MAX => None,
                    index => Some(index),
                },
            }),
            Kind::TypeTag => View::TypeTag(referent),
            Kind::Unknown(number) => View::Unknown(number),
        }
    }
}

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.id, self.kind(), self.name())
    }
}
