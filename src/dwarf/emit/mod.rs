//! The fourth storey: from distinct types to the graph.
//!
//! [`bind`] finds out which definition each name means, [`graph`] numbers the types and writes them, [`record`] makes
//! the BTF record of each, [`base_type`] those of base types, [`datasec`] sorts variables into sections.

pub(super) mod base_type;
pub(super) mod bind;
pub(super) mod datasec;
pub(super) mod graph;
mod record;
