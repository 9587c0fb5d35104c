//! All units together: the table of distinct types, which definition each name means where, and the graph.

mod array;
pub(super) mod bind;
mod check;
mod closure;
pub(super) mod data;
pub(super) mod emit;
pub(super) mod merge;
pub(super) mod record;
mod size;
pub(super) mod table;
