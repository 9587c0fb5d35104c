//! The debug information of a program, wherever it is: in the program's file, its debug file, the file that dwz
//! shares between programs, and split units.

mod dwo;
mod find;
mod finder;
mod link;
mod request;
mod search;

pub(crate) use find::find_debug_sections_of;
pub use find::{Found, find_debug_sections};
pub use link::BuildId;
pub use request::{DebugFile, Missing, Request};
pub use search::Search;
