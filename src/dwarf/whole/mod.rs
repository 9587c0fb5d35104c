//! All units together: the table of distinct types, which definition each name means where, and the graph.

pub(super) mod bind;
mod closure;
pub(super) mod data;
pub(super) mod emit;
pub(super) mod merge;
pub(super) mod record;
mod array;
mod check;
mod size;
pub(super) mod table;
