//! The debug information of a program, wherever it is: in the program's file, its debug file, the file that dwz
//! shares between programs, and split units.

mod build_id;
mod debug_sections;
mod dwo;
mod file_finder;
mod search;
mod wanted;

pub use build_id::BuildId;
pub use debug_sections::{Found, find_debug_sections};
pub use search::Search;
pub use wanted::{DebugFile, Missing, Request};
