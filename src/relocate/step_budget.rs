//! A bound on the work that hostile types can ask for.
//!
//! Anonymous members and structures held by value may form a graph in which the number of *paths* grows
//! exponentially with the number of types. Real programs spend a few hundred steps a relocation.

use std::cell::Cell;

use crate::error::{Error, Result};

/// Steps that are left. Shared by all relocations of one object.
#[derive(Debug)]
pub(super) struct StepBudget(Cell<u64>);

impl StepBudget {
    /// Enough for this many relocations, and some.
    pub fn for_relocations(count: usize) -> Self {
        Self(Cell::new(
            (1 << 26) + (count as u64).saturating_mul(1 << 14),
        ))
    }

    /// Takes steps.
    ///
    /// # Errors
    /// `Limit` where none are left.
    pub fn spend(&self, steps: usize) -> Result<()> {
        match self.0.get().checked_sub(steps as u64) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Error::limit(
                "matching the types takes more steps than any real program's",
            )),
        }
    }
}
