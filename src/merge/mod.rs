//! Merging graphs.

mod classes;
mod collide;
mod compact;
mod dedup;
mod diff;
mod distill;
mod forwards;
mod hash;
mod merger;
mod minimise;
mod nodes;
mod options;
mod partition;
mod refine;

pub use collide::{Collision, Policy};
pub use dedup::{Deduped, dedup};
pub use diff::{Change, Diff, Field, FieldChange, ValueChange, compare, diff};
pub use distill::{Distilled, Rebased, distill, rebase};
pub use merger::{Input, Merged, Merger, Origins, merge};
pub use minimise::{Minimiser, Need};
pub use options::Options;
