//! The shared type graph: one representation that parser, converter, merger and relocation engine share.
//!
//! A [`Btf`] keeps BTF's own records in one arena. A [`Type`] is a `Copy` handle to one of them, and [`Type::view`] decodes
//! it. A [`GraphBuilder`] makes a new graph. Whatever renumbers types returns a [`Remap`].
//!
//! | to find | look in |
//! |---|---|
//! | the graph | `store` ([`Btf`]) |
//! | the kinds, and the shapes of their records | `kind`, `info` |
//! | the children of a type: which words of a record are type ids | `edges` |
//! | the decoded parts of a type | `view` ([`View`], [`Member`], [`Enum`] …) |
//! | how a graph is checked | `proof` |
//! | how a graph is built | `builder`, `records` (a method for each kind), `append` (whole graphs) |
//! | the records of `.BTF.ext` | `ext` |
//!
//! Questions about a graph (by name, by path, sizes) are in [`query`](crate::query).

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

pub(crate) use store::{Names, Parts};
