//! Deduplicating one graph.

use crate::error::Result;
use crate::graph::{Btf, GraphBuilder, Remap, StringMap};
use crate::merge::canonical::canonical;
use crate::merge::compact::compact;
use crate::merge::options::MergeOptions;

/// A deduplicated graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Deduped {
    /// The graph, split from the same base as the original one, if any.
    pub graph: Btf,
    /// Maps each type of the original graph to its id in the result. Ids of the base don't change.
    pub types: Remap,
    /// Maps each string of the original graph to its offset in the result.
    pub strings: StringMap,
}

/// Deduplicates a graph: of types that are equal, including everything that they refer to, the first stays.
///
/// The base of a split graph is unchanged, and types that equal one of the base are replaced by it. The records are not
/// copied if this is the graph's only handle. [`MergeOptions::base`], [`MergeOptions::dedup`] and
/// [`MergeOptions::keep_first`] are ignored.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding};
/// use btfkit::merge::{MergeOptions, dedup};
///
/// let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// let same = builder.int("int", 4, IntEncoding::SIGNED)?;
/// let pointer = builder.ptr(int)?;
/// let same_pointer = builder.ptr(same)?;
/// let done = dedup(builder.freeze()?, &MergeOptions::default())?;
/// assert_eq!(done.graph.len(), 2);
/// assert_eq!(done.types.get(same_pointer), done.types.get(pointer));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Unsupported`, with the type, if a type of an unknown kind would have to be renumbered; `Limit` beyond
/// [`Limits`](crate::Limits).
pub fn dedup(graph: Btf, options: &MergeOptions) -> Result<Deduped> {
    let straight = graph.has_straight_names() && graph.has_unique_strings();
    deduplicate(graph, straight, 0, options)
}

/// Deduplicates a graph. `straight` tells whether equal names have equal offsets. Ids below `keep` don't change.
pub(super) fn deduplicate(
    graph: Btf,
    straight: bool,
    keep: u32,
    options: &MergeOptions,
) -> Result<Deduped> {
    let first_own = graph.first_id().get();
    let (graph, canonical, strings) = if straight {
        let canonical = canonical(&graph, options.rules(), first_own)?;
        (graph, canonical, StringMap::identity())
    } else {
        // A copy of all levels in one graph, with the same ids and one offset for each name.
        let mut copy = GraphBuilder::like(&graph, options.limits.clone());
        let appended = copy.append(&graph)?;
        let copy = copy.freeze()?;
        let canonical = canonical(&copy, options.rules(), first_own)?;
        // The strings of a base can't change: then the copy serves only for comparing.
        if graph.base().is_none() {
            (copy, canonical, appended.strings)
        } else {
            (graph, canonical, StringMap::identity())
        }
    };
    let (graph, types) = compact(graph, &canonical, keep, &options.limits)?;
    Ok(Deduped {
        graph,
        types,
        strings,
    })
}
