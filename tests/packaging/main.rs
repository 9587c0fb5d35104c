//! One program in every packaging there is gives the same types: `testdata/packaging`.

#[path = "../support/mod.rs"]
mod support;

mod finding;
mod machines;
mod names;
mod same;
mod spelled;
mod threads;
