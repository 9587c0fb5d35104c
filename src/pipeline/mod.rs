//! Whole jobs: bytes of files in, bytes of files and a report out.
//!
//! [`relocate`](relocate()) is the main one. Every job takes in types as [`load`](load()) does, which detects the format of
//! a file by its contents; [`load_path`] also finds the debug information of a stripped program. The jobs that relocate
//! take [targets](TargetFile): user programs, and the kernel with its modules.

mod check;
mod completion;
#[cfg(feature = "dwarf")]
mod conversion;
mod declared;
mod explain;
mod functions;
mod json;
mod link_objects;
mod load;
mod loaded_target;
mod losses;
mod minimise;
mod open;
mod options;
mod relocate;
mod target;
mod targets;
mod verify;
mod warnings;

pub use check::{Counts, Verdict, check};
pub use explain::{Poison, explain};
pub use functions::{
    FoundFunctions, Function, FunctionKind, FunctionOptions, InlinedCopy, Location, LocationSource,
    Machine, NameNotFound, Parameter, Piece, Register, Slot, SourcePlace, functions,
    functions_path, write_functions_json,
};
pub use json::{write_json, write_verdicts};
pub use link_objects::{LinkInput, LinkedCode, LinkedObject, LinkedPart, link_objects};
pub use load::{Definition, Loaded, Source, load, load_path};
pub use minimise::minimise;
pub use options::{LoadOptions, RelocateOptions};
pub use relocate::{RelocatedObject, check_strict, relocate};
pub use target::{LabelledPath, TargetFile, Types};
pub use targets::Targets;
pub use verify::{verify, verify_path, write_findings};
