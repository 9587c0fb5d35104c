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
mod function;
mod functions;
mod further;
mod header;
mod layout;
mod list;
mod merge;
mod min;
mod offset;
mod relocate;
mod show;
mod split;
mod truth;
mod usage;
mod verify;
