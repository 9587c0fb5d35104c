//! The steps that an abbreviation is compiled into.

use crate::dwarf::read::form::Form;
use crate::dwarf::read::slot::Slot;

/// A step through the attributes of a DIE.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Skips this many bytes: values of fixed size that nobody reads.
    Over(u32),
    /// Skips a value of variable size.
    Skip(Form),
    /// Reads a value.
    Read(Slot, Form),
    /// Takes a value that is in the abbreviation itself.
    Keep(Slot, u64),
}
