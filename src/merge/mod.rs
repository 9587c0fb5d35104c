//! Merging graphs.

mod classes;
mod compact;
mod dedup;
mod forwards;
mod hash;
mod merger;
mod minimise;
mod nodes;
mod options;
mod partition;
mod refine;

pub use dedup::{Deduped, dedup};
pub use merger::{Input, Merged, Merger, Origins, merge};
pub use minimise::{Minimiser, Need};
pub use options::Options;
