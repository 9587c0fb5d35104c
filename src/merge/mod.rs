//! Merging graphs.

mod minimise;

pub use minimise::{Minimiser, Need};
