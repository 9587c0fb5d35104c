//! CO-RE relocation: a small case for each rule, and real objects against real programs.

#[path = "../support/mod.rs"]
mod support;

mod byte_order;
mod candidates;
mod loads;
mod objects;
mod records;
mod rules;
mod scale;
mod targets;
mod types;
