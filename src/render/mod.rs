//! Types as text: bpftool's raw listing and its JSON, and layouts of structures; names of types; values of bytes.

mod fields;
mod json;
mod layout;
mod listing;
mod names;
mod raw;
mod value;

pub use fields::fields_json;
pub use json::json;
pub use layout::{
    Gap, GapKind, LayoutField, LayoutOptions, Row, StructLayout, Totals, layout, layout_json,
};
pub use names::{kind_word, names, names_json};
pub use raw::raw;
pub use value::{LongDouble, ValueFormat, ValueOptions, Written, value};

pub(crate) use json::json_string;
