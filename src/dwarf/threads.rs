//! Units to threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dwarf::convert::Job;
use crate::dwarf::sources::{Source, Unit};
use crate::error::{Error, Result};
use crate::parallel;

/// Units that a thread takes one after the other, until none is left or units turn out to refer to each
/// other.
pub(super) struct Units<'j, 'a> {
    job: &'j Job<'a>,
    next: &'j AtomicUsize,
}

impl<'j, 'a> Iterator for Units<'j, 'a> {
    /// The unit's number, the section it stands in, and the unit.
    type Item = (usize, &'j Source<'a>, Unit);

    fn next(&mut self) -> Option<Self::Item> {
        if self.job.is_linked() {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (source, unit) = self.job.unit_at(number)?;
        Some((number, source, unit))
    }
}

impl<'a> Job<'a> {
    /// How many threads are worth it: each has a table of its own.
    fn threads(&self) -> usize {
        let wanted = parallel::threads(self.options.threads);
        let bytes: usize = self.sources.iter().map(|source| source.bytes.len()).sum();
        let most = (bytes >> 18).min(self.unit_count());
        wanted.min(most.max(1))
    }

    /// Does some work on all units, on as many threads as are wanted; an error comes with the unit's number.
    ///
    /// # Errors
    /// That of the first unit that has one, whatever the number of threads.
    pub(super) fn on_threads<T: Send>(
        &self,
        work: impl Fn(Units<'_, 'a>) -> Result<T, (usize, Error)> + Sync,
    ) -> Result<Vec<T>> {
        let next = AtomicUsize::new(0);
        let threads = self.threads();
        let results = Mutex::new(Vec::with_capacity(threads));
        let units = || Units {
            job: self,
            next: &next,
        };
        parallel::on_threads(threads, self.options.threads.is_some(), || {
            let result = work(units());
            if let Ok(mut results) = results.lock() {
                results.push(result);
            }
        })?;
        let (mut done, mut errors) = (Vec::new(), Vec::new());
        for result in results.into_inner().unwrap_or_default() {
            match result {
                Ok(found) => done.push(found),
                Err(error) => errors.push(error),
            }
        }
        // Units are taken in order, so the first one that can't be read is always among these.
        match errors.into_iter().min_by_key(|(unit, _)| *unit) {
            Some((_, error)) => Err(error),
            None => Ok(done),
        }
    }
}
