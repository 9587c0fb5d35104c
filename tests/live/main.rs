//! The proof: rewritten objects in the running kernel, reading real programs.
//!
//! Needs root and a kernel with BPF and uprobes. Without them each test prints one line and passes, unless
//! `BTFKIT_REQUIRE_TOOLS=1` makes it fail.

#[path = "../support/mod.rs"]
mod support;

mod functions;
mod helpers;
mod loaders;
mod machine;
mod uprobes;
