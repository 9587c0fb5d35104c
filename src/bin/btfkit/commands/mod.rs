//! The commands, one per file.

pub mod check;
mod collisions;
pub mod convert;
pub mod dedup;
pub mod diff;
pub mod distill;
pub mod dump;
pub mod explain;
pub mod merge;
pub mod min;
pub mod offset;
pub mod rebase;
pub mod relocate;
pub mod split;

use std::path::PathBuf;

use btfkit::{Error, Place};

use crate::failure::Failure;

/// Replaces the number by which an error names one of several files (`object 0`) by the file.
pub fn name_numbered(error: Error, word: &str, files: &[PathBuf]) -> Failure {
    let number = match error.places().first() {
        Some(Place::File(name)) => name
            .strip_prefix(word)
            .and_then(|number| number.trim().parse::<usize>().ok()),
        _ => None,
    };
    match number.and_then(|number| files.get(number)) {
        Some(file) => Failure::at(file, error),
        None => Failure::from(error),
    }
}
