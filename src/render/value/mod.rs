//! Bytes of a type as a value: C initialisers, or JSON.
//!
//! | to find | look in |
//! |---|---|
//! | the entry point, and its options | `write`, `options` |
//! | the walk over types and bytes | `walk` |
//! | numbers out of bytes and bits | `number` |
//! | names of enumerators and flags | `enumerators` |
//! | variants of Rust enumerations | `variant` |
//! | the formats, and what they are told | `sink`, `c`, `json` |
//! | floating-point numbers, and strings | `float`, `text` |

mod c;
mod enumerators;
mod float;
mod json;
mod number;
mod options;
mod sink;
mod text;
mod variant;
mod walk;
mod write;

pub use options::{LongDouble, ValueFormat, ValueOptions};
pub use write::{Written, value};
