//! Types as text: bpftool's raw listing and its JSON, and [C headers](c).
//!
//! The files beside the folders hold what several languages need: names (`names`), sizes and alignments (`extent`),
//! the fields of a structure in the order of their offsets (`fields`), and the order of declarations (`order`).

pub mod c;
mod extent;
mod fields;
mod json;
mod listing;
mod names;
mod order;
mod raw;

pub use json::json;
pub use raw::raw;

pub(crate) use json::json_string;
