//! The command `btfkit`: a file for each of its commands.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod command;
mod convert;
mod dedup;
mod diff;
mod distill;
mod dump;
mod explain;
mod files;
mod functions;
mod further;
mod merge;
mod min;
mod offset;
mod relocate;
mod split;
mod truth;
mod usage;
