//! Types as text: bpftool's raw listing and its JSON, [C headers](c), [Rust bindings](rust), layouts of structures; names
//! of types; values of bytes. [`helpers`] has the macros by which a probe reads a program's memory.
//!
//! The files beside the folders hold what several languages need: names (`names`), sizes and alignments (`extent`),
//! the fields of a structure in the order of their offsets (`fields`), the types that are declared (`roots`), and the order
//! of declarations (`order`).

pub mod c;
mod extent;
mod fields;
mod fields_json;
pub mod helpers;
mod json;
mod layout;
mod listing;
mod names;
mod order;
mod raw;
mod roots;
pub mod rust;
mod type_names;
mod value;

pub use fields_json::fields_json;
pub use json::json;
pub use layout::{
    Gap, GapKind, LayoutField, LayoutOptions, Row, StructLayout, Totals, layout, layout_json,
};
pub use raw::raw;
pub use type_names::{kind_word, names, names_json};
pub use value::{LongDouble, ValueFormat, ValueOptions, Written, value};

pub(crate) use json::json_string;
