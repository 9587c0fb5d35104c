//! The shared type graph: one representation that parser, converter, merger and relocation engine share.
//!
//! A [`TypeGraph`] keeps BTF's own records in one arena; a [`Type`] is a `Copy` view of one, decoded by
//! [`Type::view`]. A [`GraphBuilder`] makes a new graph, and whatever renumbers types says so in a [`Remap`].

mod alias;
mod append;
mod builder;
pub(crate) mod edges;
mod ext;
mod kind;
mod layout;
mod names;
mod parts;
mod proof;
mod records;
mod remap;
mod spelling;
mod store;
mod string_map;
mod strings;
mod types;
mod walk;

pub(crate) use alias::one_name;
pub use append::Appended;
pub(crate) use append::{Shift, unknown};
pub use builder::GraphBuilder;
pub(crate) use ext::Record;
pub use ext::{CoreRelo, Ext, FuncInfo, LineInfo, Records, SectionRecords};
pub use kind::{Info, Kind};
pub use layout::Field;
pub use names::{essential_name, flavor};
pub use parts::{
    Array, Composite, Datasec, DatasecEntry, DeclTag, Enum, Enumerator, Func, FuncProto, FwdKind,
    Int, IntEncoding, Member, Param, Var,
};
pub use records::NewMember;
pub use remap::Remap;
pub use spelling::c_spelling;
pub(crate) use spelling::spelling_key;
pub use store::{Format, Layout, LayoutEntry, TypeGraph};
pub use string_map::StringMap;
pub use strings::Name;
pub use types::{Type, View};
pub use walk::reachable;

pub(crate) use store::{MAGIC, NEW_HEADER, OLD_HEADER, Parts, Word};
