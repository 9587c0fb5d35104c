//! The shared type graph: one representation that parser, converter, merger and relocation engine share.
//!
//! A [`Btf`] keeps BTF's own records in one arena; a [`Type`] is a `Copy` view of one, decoded by
//! [`Type::view`]. A [`GraphBuilder`] makes a new graph, and whatever renumbers types says so in a [`Remap`].

mod append;
mod builder;
pub(crate) mod edges;
mod ext;
mod index;
mod kind;
mod parts;
mod proof;
mod records;
mod remap;
mod store;
mod string_map;
mod strings;
mod types;

pub use append::Appended;
pub(crate) use append::{Shift, unknown};
pub use builder::GraphBuilder;
pub use ext::{CoreRelo, Ext, FuncInfo, LineInfo, Records, SectionRecords};
pub(crate) use index::{HashIndex, HashIndexBuilder};
pub use kind::{Info, Kind};
pub use parts::{
    Array, Composite, Datasec, DatasecEntry, DeclTag, Enum, Enumerator, Func, FuncProto, FwdKind,
    Int, IntEncoding, Member, Param, Var,
};
pub use records::NewMember;
pub use remap::Remap;
pub use store::{Btf, Format, Layout, LayoutEntry};
pub use string_map::StringMap;
pub use strings::Name;
pub use types::{Type, View};

pub(crate) use store::{Parts, Word};
