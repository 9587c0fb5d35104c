//! The fourth storey: from distinct types to the graph.
//!
//! [`bind`] finds out which definition each name means, [`graph`] numbers the types and writes them, [`record`] makes
//! the BTF record of each, [`array`] and [`base_type`] those of arrays and base types. [`closure`] finds the types that
//! the roots reach, [`check`] reports members that contradict each other, [`datasec`] groups variables by section.

mod array;
pub(super) mod base_type;
pub(super) mod bind;
mod check;
mod closure;
pub(super) mod datasec;
pub(super) mod graph;
pub(super) mod held;
mod record;
mod size;
