//! BTF as it is stored and shown: parsing, encoding and listing.

#[path = "../support/mod.rs"]
mod support;

mod listing;
mod round_trip;
