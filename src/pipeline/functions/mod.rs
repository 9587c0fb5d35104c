//! Functions of a program, for whoever probes them: file offsets for uprobes, aliases, inlined copies, parameters.
//!
//! [`functions`](find::functions) takes names and returns what symbols and DWARF tell about each.

#[cfg(feature = "dwarf")]
mod convention;
#[cfg(feature = "dwarf")]
mod debug;
mod find;
mod function;
mod json;
#[cfg(feature = "dwarf")]
mod located;
mod names;
mod options;
#[cfg_attr(
    not(feature = "dwarf"),
    expect(dead_code, reason = "only debug information tells parameters")
)]
mod parameter;
mod parameter_text;
#[cfg_attr(
    not(feature = "dwarf"),
    expect(dead_code, reason = "only debug information tells parameters")
)]
mod register;
mod symbols;
mod text;

pub use find::{FoundFunctions, NameNotFound, functions, functions_path};
pub use function::{Function, FunctionKind, InlinedCopy, SourcePlace};
pub use json::write_functions_json;
pub use options::FunctionOptions;
pub use parameter::{Location, LocationSource, Parameter, Piece, Slot};
pub use register::{Machine, Register};
