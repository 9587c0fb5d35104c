//! CO-RE relocation.

#[path = "../support/mod.rs"]
mod support;

mod doubts;
mod objects;
mod rules;
mod targets;
