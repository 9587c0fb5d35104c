//! Types as text: bpftool's raw listing and its JSON.

mod json;
mod listing;
mod raw;

pub use json::json;
pub use raw::raw;

pub(crate) use json::json_string;
