//! Debug information in other files than the program.

#[path = "../support/mod.rs"]
mod support;

mod find;
