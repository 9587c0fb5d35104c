//! Functions of a program, for whoever probes them: file offsets for uprobes, aliases, inlined copies, parameters.
//!
//! [`functions`](find::functions) takes names and returns what symbols and DWARF tell about each.

mod find;
mod function;
mod json;
mod names;
mod options;
mod symbols;
mod text;

pub use find::{FoundFunctions, NameNotFound, functions, functions_path};
pub use function::{Function, FunctionKind, InlinedCopy, SourcePlace};
pub use json::write_functions_json;
pub use options::FunctionOptions;
