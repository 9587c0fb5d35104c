//! Types as people read them, and bytes of a type as a value.

#[path = "../support/mod.rs"]
mod support;

mod layout;
mod printed;
mod random;
mod value;
