//! Questions about a [graph](crate::graph): types by name, essential name, C spelling or alias; the field at a
//! path; sizes and alignments; what a type reaches.
//!
//! Most of them are methods of [`Btf`](crate::Btf) and [`Type`](crate::graph::Type), written here so that
//! [`graph`](crate::graph) holds data alone.

mod alias;
mod field;
mod name;
mod nearest;
mod spelling;
mod walk;

pub(crate) use alias::one_name;
pub use field::Field;
pub(crate) use field::bit_extent;
pub use name::{essential_name, flavor};
pub(crate) use nearest::nearest_members;
pub use spelling::c_spelling;
pub(crate) use spelling::spelling_key;
pub use walk::reachable;
