//! Types as people read them.

#[path = "../support/mod.rs"]
mod support;

mod layout;
