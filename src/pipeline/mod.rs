//! Whole jobs: bytes of files in, bytes of files and a report out.
//!
//! [`relocate`] is the main one. [`load`] is how every job takes in types: it tells by a file's contents
//! what it is; [`load_path`] also finds the debug information of a program that was stripped.

mod check;
mod conversion;
mod declared;
mod explain;
mod json;
mod link;
mod load;
mod minimise;
mod relocate;
mod warnings;

pub use check::{Counts, Verdict, check};
pub use explain::{Poison, explain};
pub use json::write_json;
pub use link::{LinkedObject, Part, PartCode, Unit, link};
pub use load::{LoadOptions, Loaded, Source, load, load_path};
pub use minimise::minimise;
pub use relocate::{RelocateOptions, RelocatedObject, TargetFile, Types, check_strict, relocate};
