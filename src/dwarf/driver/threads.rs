//! Distributing units to threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::dwarf::driver::job::Job;
use crate::dwarf::driver::outcome::Outcome;
use crate::dwarf::driver::sources::NumberedUnit;
use crate::error::{Context, Error, Result};
use crate::parallel;

/// The reason why a thread takes no more units.
enum Stop {
    Error(Error),
    NeedsLinked,
}

impl<'a> Job<'a> {
    /// Returns the number of threads that are worth their cost: each has a table of its own.
    fn threads(&self) -> usize {
        let wanted = parallel::threads(self.options.threads);
        let bytes: usize = self.sources.iter().map(|source| source.bytes.len()).sum();
        let most = (bytes >> 18).min(self.unit_count());
        wanted.min(most.max(1))
    }

    /// Calls `work` with each unit, on as many threads as are wanted, and returns what the threads made of the
    /// `start` they had.
    ///
    /// # Errors
    /// The error of the first unit that has one. The result doesn't depend on the number of threads: units are taken
    /// in order, so that all units before the first that stops the work are read.
    pub(super) fn on_threads<T: Send>(
        &self,
        start: impl Fn() -> T + Sync,
        work: impl Fn(&mut T, NumberedUnit<'_, 'a>) -> Result<Outcome<()>> + Sync,
    ) -> Result<Outcome<Vec<T>>> {
        let next = AtomicUsize::new(0);
        let stopped = AtomicBool::new(false);
        let take_units = || {
            let mut state = start();
            while !stopped.load(Ordering::Relaxed) {
                let Some(unit) = self.unit(next.fetch_add(1, Ordering::Relaxed)) else {
                    break;
                };
                let stop = match work(&mut state, unit).within(|| unit.source.place()) {
                    Ok(Outcome::Done(())) => continue,
                    Ok(Outcome::NeedsLinked) => Stop::NeedsLinked,
                    Err(error) => Stop::Error(error),
                };
                stopped.store(true, Ordering::Relaxed);
                return Err((unit.number, stop));
            }
            Ok(state)
        };
        let (mut done, mut stops) = (Vec::new(), Vec::new());
        for result in self.run(take_units)? {
            match result {
                Ok(state) => done.push(state),
                Err(stop) => stops.push(stop),
            }
        }
        match stops.into_iter().min_by_key(|(number, _)| *number) {
            Some((_, Stop::Error(error))) => Err(error),
            Some((_, Stop::NeedsLinked)) => Ok(Outcome::NeedsLinked),
            None => Ok(Outcome::Done(done)),
        }
    }

    /// Runs `work` once on each thread.
    fn run<T: Send>(&self, work: impl Fn() -> T + Sync) -> Result<Vec<T>> {
        let results = Mutex::new(Vec::new());
        parallel::on_threads(self.threads(), self.options.threads.is_some(), || {
            let result = work();
            if let Ok(mut results) = results.lock() {
                results.push(result);
            }
        })?;
        Ok(results.into_inner().unwrap_or_default())
    }
}
