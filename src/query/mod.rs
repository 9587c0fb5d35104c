//! Questions about a [graph](crate::graph).
//!
//! Most are methods of [`Btf`](crate::Btf) and [`Type`](crate::graph::Type), defined here so that
//! [`graph`](crate::graph) holds data alone:
//!
//! | question | method |
//! |---|---|
//! | a type by name and kind | [`Btf::find`](crate::Btf::find) |
//! | all types with a name | [`Btf::named`](crate::Btf::named), [`Btf::functions_named`](crate::Btf::functions_named) |
//! | all types with a name or a [spelling in C](c_spelling) | [`Btf::named_or_spelled`](crate::Btf::named_or_spelled) |
//! | all types that a name as people write it means | [`Btf::written`](crate::Btf::written) |
//! | all types whose names match a [`Pattern`] | [`Btf::matching`](crate::Btf::matching) |
//! | all types of a kind | [`Btf::types_of`](crate::Btf::types_of) |
//! | the field at a path | [`Btf::field`](crate::Btf::field), [`Btf::pointer_in_path`](crate::Btf::pointer_in_path) |
//! | the member with a name | [`Type::member`](crate::graph::Type::member) |
//! | typedefs and qualifiers | [`Type::chain`](crate::graph::Type::chain), [`Type::strip`](crate::graph::Type::strip) |
//! | size and alignment | [`Type::size`](crate::graph::Type::size), [`Type::align`](crate::graph::Type::align) |
//! | the type as C writes it | `Type: Display` |
//! | names kept without inline namespaces | [`Btf::with_short_names`](crate::Btf::with_short_names) |
//! | further names | [`Btf::with_aliases`](crate::Btf::with_aliases) |

mod alias;
mod display;
mod field;
pub(crate) mod function_name;
mod inline_namespace;
mod name;
pub(crate) mod nearest;
mod pattern;
mod size;
mod spelling;
mod walk;
mod written;

#[cfg(feature = "dwarf")]
pub(crate) use alias::short_for_several;
pub(crate) use alias::{one_name, one_short_name};
pub(crate) use field::bit_extent;
pub(crate) use field::types_on_path;
pub use field::{Field, PointerInPath};
#[cfg(feature = "dwarf")]
pub(crate) use inline_namespace::InlineNamespaces;
pub use name::{essential_name, flavor};
pub(crate) use nearest::nearest_members;
pub use pattern::Pattern;
pub use spelling::c_spelling;
pub(crate) use spelling::{is_spelled, spelling_key, written_spelling};
pub use walk::reachable;
pub use written::bare_name;
