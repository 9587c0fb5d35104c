//! Views: the contents of a type's record, decoded on request.
//!
//! [`Type::view`] decodes a type of any kind; `as_int`, `as_struct` … decode a type of one kind.

mod array;
mod composite;
mod enumeration;
mod function;
mod int;
mod tag;
mod variable;

pub use array::Array;
pub use composite::{Composite, Member};
pub use enumeration::{Enum, Enumerator};
pub use function::{Func, FuncLinkage, FuncProto, Param};
pub use int::{Int, IntEncoding, Signedness};
pub use tag::DeclTag;
pub use variable::{Datasec, DatasecEntry, Var, VarLinkage};

use crate::graph::kind::{HEAD, Kind};
use crate::graph::types::Type;
use crate::id::{Bits, ByteSize, TypeId};

/// The contents of a type. (Kernel documentation, "BPF Type Format", section 2.2.)
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
    Array(Array<'g>),
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
    Func(Func<'g>),
    /// A function prototype.
    FuncProto(FuncProto<'g>),
    /// A variable.
    Var(Var<'g>),
    /// A data section.
    Datasec(Datasec<'g>),
    /// A floating-point number of this size.
    Float(ByteSize),
    /// An attribute of a declaration.
    DeclTag(DeclTag<'g>),
    /// An attribute of a type.
    TypeTag(TypeId),
    /// A kind this version doesn't know.
    Unknown(u8),
}

/// The kind of type that a forward declaration declares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FwdKind {
    /// A structure.
    Struct,
    /// A union.
    Union,
}

impl<'g> Type<'g> {
    /// Decodes the type.
    #[must_use]
    pub fn view(self) -> View<'g> {
        let referent = TypeId::new(self.word(2));
        match self.kind() {
            Kind::Void => View::Void,
            Kind::Int => View::Int(self.int()),
            Kind::Ptr => View::Ptr(referent),
            Kind::Array => View::Array(self.array()),
            Kind::Struct => View::Struct(self.composite()),
            Kind::Union => View::Union(self.composite()),
            Kind::Enum | Kind::Enum64 => View::Enum(self.enumeration()),
            Kind::Fwd => View::Fwd(self.fwd()),
            Kind::Typedef => View::Typedef(referent),
            Kind::Volatile => View::Volatile(referent),
            Kind::Const => View::Const(referent),
            Kind::Restrict => View::Restrict(referent),
            Kind::Func => View::Func(self.func()),
            Kind::FuncProto => View::FuncProto(self.func_proto()),
            Kind::Var => View::Var(self.var()),
            Kind::Datasec => View::Datasec(self.datasec()),
            Kind::Float => View::Float(self.size_field()),
            Kind::DeclTag => View::DeclTag(self.decl_tag()),
            Kind::TypeTag => View::TypeTag(referent),
            Kind::Unknown(number) => View::Unknown(number),
        }
    }

    /// Returns the members of a structure or union; none for any other kind.
    pub fn members(self) -> impl ExactSizeIterator<Item = Member<'g>> + Clone + use<'g> {
        self.composite().into_members()
    }

    /// Returns the member of a structure or union with this index; `None` for any other kind.
    #[must_use]
    pub fn member_at(self, index: usize) -> Option<Member<'g>> {
        self.composite().member(index)
    }
}

/// One method for each kind.
impl<'g> Type<'g> {
    /// Returns the integer; `None` for any other kind.
    #[must_use]
    pub fn as_int(self) -> Option<Int> {
        (self.kind() == Kind::Int).then(|| self.int())
    }

    /// Returns the type pointed to; `None` where this is not a pointer.
    #[must_use]
    pub fn as_ptr(self) -> Option<Self> {
        self.referent_of(Kind::Ptr)
    }

    /// Returns the array; `None` for any other kind.
    #[must_use]
    pub fn as_array(self) -> Option<Array<'g>> {
        (self.kind() == Kind::Array).then(|| self.array())
    }

    /// Returns the structure; `None` for any other kind.
    #[must_use]
    pub fn as_struct(self) -> Option<Composite<'g>> {
        (self.kind() == Kind::Struct).then(|| self.composite())
    }

    /// Returns the union; `None` for any other kind.
    #[must_use]
    pub fn as_union(self) -> Option<Composite<'g>> {
        (self.kind() == Kind::Union).then(|| self.composite())
    }

    /// Returns the structure or union; `None` for any other kind.
    #[must_use]
    pub fn as_composite(self) -> Option<Composite<'g>> {
        self.kind().is_composite().then(|| self.composite())
    }

    /// Returns the enumeration, of either width; `None` for any other kind.
    #[must_use]
    pub fn as_enum(self) -> Option<Enum<'g>> {
        self.kind().is_enum().then(|| self.enumeration())
    }

    /// Returns the kind of type declared; `None` where this is not a forward declaration.
    #[must_use]
    pub fn as_fwd(self) -> Option<FwdKind> {
        (self.kind() == Kind::Fwd).then(|| self.fwd())
    }

    /// Returns the type behind the typedef; `None` for any other kind.
    #[must_use]
    pub fn as_typedef(self) -> Option<Self> {
        self.referent_of(Kind::Typedef)
    }

    /// Returns the type that is `volatile` here; `None` for any other kind.
    #[must_use]
    pub fn as_volatile(self) -> Option<Self> {
        self.referent_of(Kind::Volatile)
    }

    /// Returns the type that is `const` here; `None` for any other kind.
    #[must_use]
    pub fn as_const(self) -> Option<Self> {
        self.referent_of(Kind::Const)
    }

    /// Returns the type that is `restrict` here; `None` for any other kind.
    #[must_use]
    pub fn as_restrict(self) -> Option<Self> {
        self.referent_of(Kind::Restrict)
    }

    /// Returns the function; `None` for any other kind.
    #[must_use]
    pub fn as_func(self) -> Option<Func<'g>> {
        (self.kind() == Kind::Func).then(|| self.func())
    }

    /// Returns the prototype; `None` for any other kind.
    #[must_use]
    pub fn as_func_proto(self) -> Option<FuncProto<'g>> {
        (self.kind() == Kind::FuncProto).then(|| self.func_proto())
    }

    /// Returns the variable; `None` for any other kind.
    #[must_use]
    pub fn as_var(self) -> Option<Var<'g>> {
        (self.kind() == Kind::Var).then(|| self.var())
    }

    /// Returns the data section; `None` for any other kind.
    #[must_use]
    pub fn as_datasec(self) -> Option<Datasec<'g>> {
        (self.kind() == Kind::Datasec).then(|| self.datasec())
    }

    /// Returns the size of the floating-point number; `None` for any other kind.
    #[must_use]
    pub fn as_float(self) -> Option<ByteSize> {
        (self.kind() == Kind::Float).then(|| self.size_field())
    }

    /// Returns the attribute of a declaration; `None` for any other kind.
    #[must_use]
    pub fn as_decl_tag(self) -> Option<DeclTag<'g>> {
        (self.kind() == Kind::DeclTag).then(|| self.decl_tag())
    }

    /// Returns the type that the attribute belongs to; `None` where this is no attribute of a type.
    #[must_use]
    pub fn as_type_tag(self) -> Option<Self> {
        self.referent_of(Kind::TypeTag)
    }

    fn referent_of(self, kind: Kind) -> Option<Self> {
        (self.kind() == kind).then(|| self.graph().ty(TypeId::new(self.word(2))))
    }
}

/// Decoders that trust the kind.
impl<'g> Type<'g> {
    fn int(self) -> Int {
        let [bits, _, offset, encoding] = self.word(HEAD).to_le_bytes();
        Int {
            size: self.size_field(),
            encoding: IntEncoding(encoding & 0x0f),
            offset: Bits(u64::from(offset)),
            bits: Bits(u64::from(bits)),
        }
    }

    fn array(self) -> Array<'g> {
        Array {
            graph: self.graph(),
            element_id: TypeId::new(self.word(HEAD)),
            index_id: TypeId::new(self.word(HEAD + 1)),
            count: self.word(HEAD + 2),
        }
    }

    /// Decodes a structure or union; an empty one for any other kind.
    fn composite(self) -> Composite<'g> {
        Composite {
            graph: self.graph(),
            size: self.size_field(),
            flag: self.info().flag(),
            members: if self.kind().is_composite() {
                self.after_head()
            } else {
                &[]
            },
        }
    }

    fn enumeration(self) -> Enum<'g> {
        Enum {
            graph: self.graph(),
            size: self.size_field(),
            signedness: Signedness::from_flag(self.info().flag()),
            words: self.record().get(HEAD..).unwrap_or_default(),
            wide: self.kind() == Kind::Enum64,
        }
    }

    fn fwd(self) -> FwdKind {
        if self.info().flag() {
            FwdKind::Union
        } else {
            FwdKind::Struct
        }
    }

    fn func(self) -> Func<'g> {
        Func {
            graph: self.graph(),
            proto_id: TypeId::new(self.word(2)),
            linkage: FuncLinkage::from_number(self.info().vlen()),
        }
    }

    fn func_proto(self) -> FuncProto<'g> {
        FuncProto {
            graph: self.graph(),
            result_id: TypeId::new(self.word(2)),
            params: self.after_head(),
        }
    }

    fn var(self) -> Var<'g> {
        Var {
            graph: self.graph(),
            type_id: TypeId::new(self.word(2)),
            linkage: VarLinkage::from_number(self.word(HEAD)),
        }
    }

    fn datasec(self) -> Datasec<'g> {
        Datasec {
            graph: self.graph(),
            size: self.size_field(),
            entries: self.after_head(),
        }
    }

    fn decl_tag(self) -> DeclTag<'g> {
        DeclTag {
            graph: self.graph(),
            target_id: TypeId::new(self.word(2)),
            component: match self.word(HEAD) {
                u32::MAX => None,
                index => Some(index),
            },
        }
    }

    fn size_field(self) -> ByteSize {
        ByteSize::from(self.size_word())
    }
}
