//! Finding the debug information of a program: in the program's file, its debug file, the supplementary file that `dwz`
//! shares between programs, and split units.
//!
//! A [`Search`] is the configuration: which folders, and how files are read or fetched. [`find_debug_sections`] derives
//! from the program which files are [wanted](WantedFile), and tries candidates until one has the right build ID, CRC or
//! DWO ID. The files that it doesn't find are [`Missing`].

mod build_id;
mod debug_sections;
mod dwo;
mod file_finder;
mod links;
mod search;
mod wanted;

pub use build_id::BuildId;
pub(crate) use debug_sections::find_debug_sections_of;
pub use debug_sections::{DebugSections, find_debug_sections};
pub use search::Search;
pub use wanted::{DebugFileKind, Missing, WantedFile};
