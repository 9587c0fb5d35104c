//! The layout of a structure: its fields with offsets and sizes, and the space between them.
//!
//! | to find | look in |
//! |---|---|
//! | the values that text and JSON are made from | `row` |
//! | how members become rows | `lay_out` |
//! | where holes are | `gaps` |
//! | the text, in pahole's form | `text` |
//! | the JSON | `json` |

mod gaps;
mod json;
mod lay_out;
mod row;
mod text;

pub use json::layout_json;
pub use lay_out::{LayoutOptions, layout};
pub use row::{Gap, GapKind, LayoutField, Row, StructLayout, Totals};
