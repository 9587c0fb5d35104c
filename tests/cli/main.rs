//! The command `btfkit`.

#[path = "../support/mod.rs"]
mod support;

mod all;
