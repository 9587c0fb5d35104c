//! Rewritten objects in the running kernel.

#[path = "../support/mod.rs"]
mod support;

mod all;
