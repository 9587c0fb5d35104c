//! The shared type graph: one representation that parser, converter, merger and relocation engine share.
//!
//! A [`Btf`] keeps BTF's own records in one arena; a [`Type`] is a `Copy` view of one, decoded by
//! [`Type::view`]. A [`GraphBuilder`] makes a new graph, and whatever renumbers types says so in a [`Remap`].

mod append;
mod builder;
pub(crate) mod edges;
mod ext;
mod format;
mod index;
mod info;
mod kind;
mod new_member;
mod proof;
mod records;
mod remap;
mod store;
mod string_map;
mod strings;
mod types;
mod view;

pub use append::Appended;
pub(crate) use append::Shift;
pub use builder::GraphBuilder;
pub(crate) use builder::unknown;
pub(crate) use ext::Record;
pub use ext::{CoreRelo, Ext, FuncInfo, LineInfo, Records, SectionRecords};
pub use format::{Format, Layout, LayoutEntry};
pub(crate) use index::{HashIndex, HashIndexBuilder};
pub use info::Info;
pub use kind::Kind;
pub(crate) use kind::Word;
pub use new_member::{NewMember, NewName};
pub use remap::Remap;
pub use store::Btf;
pub use string_map::StringMap;
pub use strings::Name;
pub use types::Type;
pub use view::{
    Array, Composite, Datasec, DatasecEntry, DeclTag, Enum, Enumerator, Func, FuncLinkage,
    FuncProto, FwdKind, Int, IntEncoding, Member, Param, Signedness, Var, VarLinkage, View,
};

pub(crate) use store::{MAGIC, NEW_HEADER, OLD_HEADER, Parts};
