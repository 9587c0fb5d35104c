//! Functions, prototypes and parameters.

use std::fmt;

use crate::graph::kind::Word;
use crate::graph::store::Btf;
use crate::graph::strings::Name;
use crate::graph::types::Type;
use crate::id::{StrId, TypeId};

/// A function.
#[derive(Clone, Copy)]
pub struct Func<'g> {
    pub(super) graph: &'g Btf,
    /// The id of the prototype.
    pub proto_id: TypeId,
    /// The linkage.
    pub linkage: FuncLinkage,
}

/// The linkage of a function (`BTF_FUNC_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FuncLinkage {
    /// Visible in its compile unit alone.
    Static,
    /// Defined here and visible elsewhere.
    Global,
    /// Defined elsewhere.
    Extern,
    /// A number that BTF gives no meaning.
    Other(u32),
}

impl FuncLinkage {
    /// Returns the linkage with this number on the wire.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Static,
            1 => Self::Global,
            2 => Self::Extern,
            other => Self::Other(other),
        }
    }

    /// Returns the linkage's number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Static => 0,
            Self::Global => 1,
            Self::Extern => 2,
            Self::Other(number) => number,
        }
    }
}

impl fmt::Display for FuncLinkage {
    /// Writes the linkage as bpftool prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Static => "static",
            Self::Global => "global",
            Self::Extern => "extern",
            Self::Other(_) => "(unknown)",
        })
    }
}

/// A function prototype.
#[derive(Clone, Copy)]
pub struct FuncProto<'g> {
    pub(super) graph: &'g Btf,
    /// The id of the type returned.
    pub result_id: TypeId,
    pub(super) params: &'g [[Word; 2]],
}

/// A parameter of a prototype. A last parameter of type `void` without a name stands for `...`.
#[derive(Clone, Copy)]
pub struct Param<'g> {
    graph: &'g Btf,
    name: StrId,
    /// The id of the parameter's type.
    pub type_id: TypeId,
}

impl<'g> Func<'g> {
    /// Returns the prototype's type.
    #[must_use]
    pub fn ty(&self) -> Type<'g> {
        self.graph.ty(self.proto_id)
    }

    /// Returns the prototype; `None` where the function's type is of another kind.
    #[must_use]
    pub fn proto(&self) -> Option<FuncProto<'g>> {
        self.ty().as_func_proto()
    }
}

impl fmt::Debug for Func<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Func")
            .field("proto", &self.proto_id)
            .field("linkage", &self.linkage)
            .finish()
    }
}

impl<'g> FuncProto<'g> {
    /// Returns the type returned.
    #[must_use]
    pub fn result(&self) -> Type<'g> {
        self.graph.ty(self.result_id)
    }

    /// Returns the parameters in order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param<'g>> + Clone + use<'g> {
        let graph = self.graph;
        self.params.iter().map(move |words| {
            let [name, ty] = words.map(u32::from_ne_bytes);
            Param {
                graph,
                name: StrId::new(name),
                type_id: TypeId::new(ty),
            }
        })
    }
}

impl fmt::Debug for FuncProto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<TypeId> = self.params().map(|param| param.type_id).collect();
        f.debug_struct("FuncProto")
            .field("result", &self.result_id)
            .field("params", &params)
            .finish()
    }
}

impl<'g> Param<'g> {
    /// Returns the parameter's type.
    #[must_use]
    pub fn ty(&self) -> Type<'g> {
        self.graph.ty(self.type_id)
    }

    /// Returns the name, which is empty in prototypes without names and for `...`.
    #[must_use]
    pub fn name(&self) -> Name<'g> {
        self.graph.string(self.name)
    }

    /// Returns the string offset of the name.
    #[must_use]
    pub const fn name_id(&self) -> StrId {
        self.name
    }
}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name(), self.type_id)
    }
}
