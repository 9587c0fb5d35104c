//! What DWARF tells about functions: their code, inlined copies, parameters, and where these are at entry.
//!
//! Two passes. The first reads the subprograms of every unit ([`scan`]): those whose names or addresses are asked for,
//! and which subprogram refers to which (`DW_AT_specification`, `DW_AT_abstract_origin`). The second reads the units
//! that have something of the functions found ([`details`]). Few DIEs are decoded, so this uses `gimli`.

mod details;
mod facts;
mod family;
mod location;
mod scan;
mod scopes;
mod type_facts;
mod units;
mod views;

pub(crate) use details::find_functions;
pub(crate) use facts::{
    CopyFacts, Facts, FunctionFacts, LanguageFacts, Leaf, LeafKind, Line, LocationFacts,
    PieceFacts, Standing, TypeFacts,
};
