//! The first storey: reading debugging information entries (DIEs).
//!
//! Headers of units, abbreviations compiled into plans, and the attributes of one DIE after the other. Nothing here
//! knows what becomes of a DIE.
//!
//! # Why not gimli
//!
//! `gimli` describes DWARF (its constants are used everywhere here), and it reads what is small: the index of a package
//! ([`package`]) and the line table that [`Origin`](crate::dwarf::Origin) needs. Its reader of DIEs is general: it
//! decodes every attribute of every DIE into a value. A kernel has 14 million DIEs, and nearly all of their
//! attributes (files, lines, columns) are of no use for types. This reader decides once for each abbreviation which
//! attributes to read ([`abbrev`]), skips the others in as few moves as possible, and reads DIEs of the usual shape
//! at fixed offsets ([`fast`]).
//!
//! # Where an attribute is read
//!
//! Each attribute that the converter reads has a [`Slot`]; [`entry`] lists the slots that each tag has. To find where
//! `DW_AT_data_bit_offset` is read, follow `Slot::DataBitOffset`: [`member`](crate::dwarf::collect::member).

pub(super) mod abbrev;
pub(super) mod attrs;
pub(super) mod cursor;
pub(super) mod entry;
pub(super) mod fast;
pub(super) mod form;
pub(super) mod header;
pub(super) mod language;
pub(super) mod name;
pub(super) mod package;
pub(super) mod skeleton;
pub(super) mod slot;
pub(super) mod step;

pub(super) use abbrev::{Abbrevs, Plan};
pub(super) use attrs::Attrs;
pub(super) use cursor::{Cursor, index};
pub(super) use entry::Entry;
pub(super) use fast::{Fast, FastEntry};
pub(super) use form::Class;
pub(super) use header::{Header, headers};
pub(super) use slot::Slot;
