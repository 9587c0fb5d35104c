//! Variables, and the data sections they are in.

use std::fmt;

use crate::graph::kind::Word;
use crate::graph::store::Btf;
use crate::graph::types::Type;
use crate::id::{ByteSize, TypeId};

/// A variable.
#[derive(Clone, Copy)]
pub struct Var<'g> {
    pub(super) graph: &'g Btf,
    /// The id of the variable's type.
    pub type_id: TypeId,
    /// The linkage.
    pub linkage: VarLinkage,
}

/// The linkage of a variable (`BTF_VAR_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VarLinkage {
    /// Visible in its compile unit alone.
    Static,
    /// Defined here and visible elsewhere (`BTF_VAR_GLOBAL_ALLOCATED`).
    Global,
    /// Defined elsewhere.
    Extern,
    /// A number that BTF gives no meaning.
    Other(u32),
}

impl VarLinkage {
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

impl fmt::Display for VarLinkage {
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

/// A data section.
#[derive(Clone, Copy)]
pub struct Datasec<'g> {
    pub(super) graph: &'g Btf,
    /// The size. Compilers leave 0 until the loader fills it in.
    pub size: ByteSize,
    pub(super) entries: &'g [[Word; 3]],
}

/// A variable's place in a data section.
#[derive(Clone, Copy)]
pub struct DatasecEntry<'g> {
    graph: &'g Btf,
    /// The id of the variable (or extern function).
    pub var_id: TypeId,
    /// The offset from the start of the section.
    pub offset: ByteSize,
    /// The size.
    pub size: ByteSize,
}

impl<'g> Var<'g> {
    /// Returns the variable's type.
    #[must_use]
    pub fn ty(&self) -> Type<'g> {
        self.graph.ty(self.type_id)
    }
}

impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Var")
            .field("ty", &self.type_id)
            .field("linkage", &self.linkage)
            .finish()
    }
}

impl<'g> Datasec<'g> {
    /// Returns the entries in the record's order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = DatasecEntry<'g>> + Clone + use<'g> {
        let graph = self.graph;
        self.entries.iter().map(move |words| {
            let [var, offset, size] = words.map(u32::from_ne_bytes);
            DatasecEntry {
                graph,
                var_id: TypeId::new(var),
                offset: ByteSize::from(offset),
                size: ByteSize::from(size),
            }
        })
    }
}

impl fmt::Debug for Datasec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datasec")
            .field("size", &self.size)
            .field("entries", &self.entries().collect::<Vec<_>>())
            .finish()
    }
}

impl<'g> DatasecEntry<'g> {
    /// Returns the variable (or extern function).
    #[must_use]
    pub fn var(&self) -> Type<'g> {
        self.graph.ty(self.var_id)
    }
}

impl fmt::Debug for DatasecEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasecEntry")
            .field("var", &self.var_id)
            .field("offset", &self.offset)
            .field("size", &self.size)
            .finish()
    }
}
