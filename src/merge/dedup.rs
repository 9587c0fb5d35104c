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
    /// The graph, split from the same base as before, if any.
    pub graph: Btf,
    /// Where each type of the graph before went; the base's ids stay.
    pub types: Remap,
    /// Where each string of the graph before went.
    pub strings: StringMap,
}

/// Deduplicates a graph: of types that are the same in all they refer to, cycles included, the first stays.
///
/// A split graph's base is left as it is, and what equals a type of it becomes that type. The records are
/// not copied where this is the graph's only handle. [`MergeOptions::base`], [`MergeOptions::dedup`] and
/// [`MergeOptions::keep_first`] have no meaning here.
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
/// `Unsupported`, with the type, where a type of a kind this version doesn't know would have to be
/// renumbered; `Limit` beyond [`Limits`](crate::Limits).
pub fn dedup(graph: Btf, options: &MergeOptions) -> Result<Deduped> {
    let straight = graph.has_straight_names() && graph.has_unique_strings();
    deduplicate(graph, straight, 0, options)
}

/// Deduplicates a graph; `straight` says whether equal names have equal offsets. Ids below `keep` stay.
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
        // A copy of all levels in one, which has the same ids, with one offset a name.
        let mut copy = GraphBuilder::like(&graph, options.limits.clone());
        let appended = copy.append(&graph)?;
        let copy = copy.freeze()?;
        let canonical = canonical(&copy, options.rules(), first_own)?;
        // A base's strings can't be touched: there the copy only serves for comparing.
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
