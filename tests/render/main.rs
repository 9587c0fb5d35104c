//! Types as people read them, as headers in C, and bytes of a type as a value.

#[path = "../support/mod.rs"]
mod support;

mod compile;
mod corpora;
mod hostile;
mod kernel;
mod layout;
mod layouts;
mod options;
mod printed;
mod random;
mod random_values;
mod relocates;
mod rust;
mod value;
