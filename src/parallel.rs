//! Work on all cores: rayon with the feature `parallel`, one thread without it. The results are the same.

use std::num::NonZeroUsize;
use std::ops::Range;

use crate::error::Result;

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// Calls `work` with each chunk of the table and the chunk's number.
pub(crate) fn for_each_chunk<T: Send>(
    table: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    #[cfg(feature = "parallel")]
    let chunks = table.par_chunks_mut(size);
    #[cfg(not(feature = "parallel"))]
    let chunks = table.chunks_mut(size);
    chunks
        .enumerate()
        .for_each(|(number, chunk)| work(number, chunk));
}

/// Returns the items that `work` makes of each number, in the order of the numbers.
pub(crate) fn flat_map<T: Send, I: Iterator<Item = T>>(
    numbers: Range<u32>,
    work: impl Fn(u32) -> I + Sync,
) -> Vec<T> {
    #[cfg(feature = "parallel")]
    return numbers.into_par_iter().flat_map_iter(&work).collect();
    #[cfg(not(feature = "parallel"))]
    return numbers.flat_map(work).collect();
}

/// Returns what `work` makes of each item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    #[cfg(feature = "parallel")]
    return items.par_iter().map(&work).collect();
    #[cfg(not(feature = "parallel"))]
    return items.iter().map(work).collect();
}

/// Returns the number of threads to use where `wanted` are asked for, or as many as there are cores.
#[cfg_attr(
    not(feature = "dwarf"),
    expect(dead_code, reason = "the DWARF converter's")
)]
pub(crate) fn threads(wanted: Option<NonZeroUsize>) -> usize {
    #[cfg(feature = "parallel")]
    return wanted.map_or_else(rayon::current_num_threads, usize::from);
    #[cfg(not(feature = "parallel"))]
    return wanted.map_or(1, |_| 1);
}

/// Calls `work` on that many threads at once: those of the global pool, or new ones if `own`.
///
/// # Errors
/// `Io` where the operating system gives no threads.
#[cfg_attr(
    not(feature = "dwarf"),
    expect(dead_code, reason = "the DWARF converter's")
)]
pub(crate) fn on_threads(threads: usize, own: bool, work: impl Fn() + Sync) -> Result<()> {
    #[cfg(feature = "parallel")]
    if threads != 1 {
        let run = || {
            rayon::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|_| work());
                }
            });
        };
        if own {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let failed = |error: rayon::ThreadPoolBuildError| {
                let message = error.to_string();
                crate::error::Error::new(crate::error::ErrorKind::Io, message).because(error)
            };
            pool.map_err(failed)?.install(run);
        } else {
            run();
        }
        return Ok(());
    }
    let _ = (threads, own);
    work();
    Ok(())
}
