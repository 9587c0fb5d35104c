//! The commands, one a file.

pub mod dump;
pub mod relocate;
