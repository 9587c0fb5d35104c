//! The commands, one a file.

pub mod convert;
pub mod dump;
pub mod merge;
pub mod relocate;
