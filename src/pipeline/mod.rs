//! Whole jobs: bytes of files in, bytes of files and a report out.
//!
//! [`relocate`] is the main one. [`load`] is how every job takes in types: it tells by a file's contents
//! what it is.

mod collisions;
mod json;
mod load;
mod program;
mod relocate;

pub use collisions::{Collision, Layout, collisions};
pub use json::write_json;
pub use load::{LoadOptions, Loaded, Source, load};
pub use relocate::{Options, Relocated, Target, Types, check_strict, relocate};
