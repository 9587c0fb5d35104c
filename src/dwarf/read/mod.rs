//! Reading debugging information entries: headers, abbreviations compiled into plans, attributes.

pub(super) mod abbrev;
pub(super) mod attrs;
pub(super) mod cursor;
pub(super) mod entry;
pub(super) mod fast;
pub(super) mod form;
pub(super) mod header;

pub(super) use abbrev::{Abbrevs, Plan};
pub(super) use attrs::{Attrs, Slot};
pub(super) use cursor::{Cursor, index};
pub(super) use entry::Entry;
pub(super) use fast::{Fast, FastEntry};
pub(super) use form::read as read_value;
pub(super) use form::{Class, Form};
pub(super) use header::{Header, headers};
