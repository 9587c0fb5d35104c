//! One unit: the pass over its entries, and the keys of what it found.

pub(super) mod collect;
mod entries;
pub(super) mod exact;
pub(super) mod intern;
pub(super) mod keys;
pub(super) mod member;
pub(super) mod memory;
pub(super) mod nodes;
pub(super) mod program;
pub(super) mod tags;
