//! The second storey: collecting the types of one unit.
//!
//! One [`pass`] over the unit's DIEs turns them into [`nodes`]: flat arrays in the order of the DIEs. [`entries`] knows
//! what each kind of DIE means; [`member`] knows where members and bitfields are (`DW_AT_data_member_location`,
//! `DW_AT_data_bit_offset`, `DW_AT_bit_offset`); [`variants`] those of Rust's enumerations.

pub(super) mod code;
pub(super) mod complete;
mod deferred;
mod entries;
mod functions;
pub(super) mod member;
mod namespaces;
pub(super) mod nodes;
pub(super) mod pass;
pub(super) mod scratch;
mod tags;
mod template;
mod template_names;
pub(super) mod types;
mod variants;
