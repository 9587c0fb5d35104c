//! BTF for user programs: parse, convert from DWARF, merge, and apply CO-RE relocations.
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod error;
mod id;
mod limits;
mod target;

pub mod graph;

pub mod encode;
pub mod parse;

pub mod dwarf;
pub mod merge;
pub mod relocate;
pub mod render;

pub mod elf;
pub mod pipeline;

pub use error::{Error, ErrorKind, Place, Result};
pub use id::{Bits, ByteSize, StrId, TypeId};
pub use limits::Limits;
pub use target::{Endian, PointerWidth};

/// The README's example, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
