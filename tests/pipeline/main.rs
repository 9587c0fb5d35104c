//! Whole jobs: bytes of files in, bytes and a report out.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod crash;
mod explain;
mod functions;
mod inputs;
mod min;
mod truth;
