//! The commands, one per file.

pub mod check;
mod collisions;
pub mod convert;
pub mod dedup;
pub mod diff;
pub mod distill;
pub mod dump;
pub mod explain;
pub mod function;
pub mod header;
pub mod layout;
pub mod list;
pub mod merge;
pub mod min;
pub mod offset;
pub mod rebase;
pub mod relocate;
pub mod sanitize;
pub mod show;
pub mod split;
pub mod verify;

use std::path::PathBuf;

use btfkit::{Error, Place};

use crate::failure::Failure;

/// Names the file that an error is about, where the error has the index of one of several.
pub fn name_numbered(error: Error, files: &[PathBuf]) -> Failure {
    let file = match error.places().first() {
        Some(Place::Input(index)) => files.get(*index),
        _ => None,
    };
    match file {
        Some(file) => Failure::at(file, error),
        None => Failure::from(error),
    }
}
