//! Types as text in C.

#[path = "../support/mod.rs"]
mod support;

mod compile;
mod corpora;
mod hostile;
mod kernel;
mod layouts;
mod options;
mod random;
mod relocates;
