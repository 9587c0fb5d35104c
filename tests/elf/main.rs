//! BPF objects in and out.

#[path = "../support/mod.rs"]
mod support;

mod functions;
mod objects;
