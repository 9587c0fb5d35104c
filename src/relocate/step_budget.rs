//! A bound on the work that hostile types can cause.
//!
//! With anonymous members and structures held by value, the number of *paths* can grow exponentially with the number
//! of types. Real programs spend a few hundred steps for each relocation.

use std::cell::Cell;

use crate::error::{Error, Result};

/// The number of steps that are left, for all relocations of one object together.
#[derive(Debug)]
pub(super) struct StepBudget(Cell<u64>);

impl StepBudget {
    /// Returns a budget for this many relocations.
    pub fn for_relocations(count: usize) -> Self {
        Self(Cell::new(
            (1 << 26) + (count as u64).saturating_mul(1 << 14),
        ))
    }

    /// Spends steps.
    ///
    /// # Errors
    /// `Limit` if fewer are left.
    pub fn spend(&self, steps: usize) -> Result<()> {
        match self.0.get().checked_sub(steps as u64) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Error::limit(
                "comparing types takes more steps than 2^26 and 2^14 for each relocation, and real types take some hundreds: \
                 relocate fewer of the object's programs at a time (`programs`, `--program`)",
            )),
        }
    }
}
