//! The attributes of one DIE.

use crate::dwarf::read::abbrev::{Abbrevs, Plan};
use crate::dwarf::read::cursor::Cursor;
use crate::dwarf::read::form::{self, Class};
use crate::dwarf::read::slot::{SLOTS, Slot};
use crate::dwarf::read::step::Step;
use crate::error::Result;

/// The attributes of one DIE, by slot.
#[derive(Debug)]
pub(crate) struct Attrs {
    classes: [Class; SLOTS],
    values: [u64; SLOTS],
}

impl Attrs {
    /// Returns the attributes of a DIE that has none.
    pub const fn new() -> Self {
        Self {
            classes: [Class::Absent; SLOTS],
            values: [0; SLOTS],
        }
    }

    /// Reads the attributes of one DIE. The cursor is moved from the end of the abbreviation code to the end of the
    /// DIE.
    #[inline]
    pub fn read(&mut self, cursor: &mut Cursor<'_>, abbrevs: &Abbrevs, plan: &Plan) -> Result<()> {
        self.classes = [Class::Absent; SLOTS];
        for step in abbrevs.steps(plan) {
            match *step {
                Step::Over(bytes) => cursor.skip(bytes.into())?,
                Step::Read(slot, form) => {
                    let (class, value) = form::read(cursor, form, 1, abbrevs.encoding())?;
                    self.set(slot, class, value);
                }
                Step::Keep(slot, value) => self.set(slot, Class::Signed, value),
                Step::Skip(form) => form::skip(cursor, form, abbrevs.encoding())?,
            }
        }
        Ok(())
    }

    #[inline]
    fn set(&mut self, slot: Slot, class: Class, value: u64) {
        if let (Some(a), Some(b)) = (
            self.classes.get_mut(slot as usize),
            self.values.get_mut(slot as usize),
        ) {
            *a = class;
            *b = value;
        }
    }

    /// Returns the class and the value of an attribute.
    #[inline]
    pub fn get(&self, slot: Slot) -> (Class, u64) {
        match (
            self.classes.get(slot as usize),
            self.values.get(slot as usize),
        ) {
            (Some(class), Some(value)) => (*class, *value),
            _ => (Class::Absent, 0),
        }
    }

    /// Returns whether the DIE has the attribute.
    #[inline]
    pub fn has(&self, slot: Slot) -> bool {
        self.get(slot).0 != Class::Absent
    }

    /// Returns whether the DIE has a flag that is set.
    #[inline]
    pub fn flag(&self, slot: Slot) -> bool {
        let (class, value) = self.get(slot);
        class != Class::Absent && value != 0
    }

    /// Returns the value of an attribute, if it is a number.
    #[inline]
    pub fn number(&self, slot: Slot) -> Option<u64> {
        match self.get(slot) {
            (Class::Unsigned | Class::Signed, value) => Some(value),
            _ => None,
        }
    }
}

/// Skips the attributes of one DIE.
#[inline]
pub(crate) fn skip(cursor: &mut Cursor<'_>, abbrevs: &Abbrevs, plan: &Plan) -> Result<()> {
    for step in abbrevs.steps(plan) {
        match *step {
            Step::Over(bytes) => cursor.skip(bytes.into())?,
            Step::Read(_, form) | Step::Skip(form) => {
                form::skip(cursor, form, abbrevs.encoding())?;
            }
            Step::Keep(..) => {}
        }
    }
    Ok(())
}
