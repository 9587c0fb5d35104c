//! The records of a graph and of its bases by id, for the merger's inner loops.

use crate::graph::{Btf, Word};
use crate::parallel;

/// The number of nodes that one task processes.
const CHUNK: u32 = 1 << 14;

/// The records of a graph and of its bases. A *node* is a type's id as a plain number; node 0 is `void`, whose record is
/// empty.
pub(super) struct Nodes<'g> {
    /// The levels of split BTF, the lowest base first.
    levels: Vec<Level<'g>>,
    len: usize,
}

struct Level<'g> {
    first: u32,
    words: &'g [Word],
    offsets: &'g [u32],
}

impl<'g> Nodes<'g> {
    pub fn new(graph: &'g Btf) -> Self {
        let mut levels = Vec::new();
        let mut level = Some(graph);
        while let Some(graph) = level {
            levels.push(Level {
                first: graph.first_id().get(),
                words: graph.words(),
                offsets: graph.offsets(),
            });
            level = graph.base();
        }
        levels.reverse();
        Self {
            levels,
            len: graph.len() + 1,
        }
    }

    /// Returns the number of nodes, `void` included.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns the record of a node.
    #[inline]
    pub fn record(&self, node: u32) -> &'g [Word] {
        for level in self.levels.iter().rev() {
            if let Some(index) = node.checked_sub(level.first) {
                return level.record(index as usize).unwrap_or_default();
            }
        }
        &[]
    }

    /// Fills a table that has one entry for each node, on all cores. The entry of `void` is unchanged.
    pub fn fill<T: Send>(&self, table: &mut [T], entry: impl Fn(u32, &'g [Word]) -> T + Sync) {
        parallel::for_each_chunk(table, CHUNK as usize, |number, chunk| {
            let start = count(number) * CHUNK;
            for (node, slot) in (start..).zip(chunk) {
                if node != 0 {
                    *slot = entry(node, self.record(node));
                }
            }
        });
    }

    /// Returns the nodes from 1 on for which `test` returns `true`, in order. The search runs on all cores.
    pub fn find_all(&self, test: impl Fn(u32, &'g [Word]) -> bool + Sync) -> Vec<u32> {
        let chunks = 0..count(self.len).div_ceil(CHUNK);
        parallel::flat_map(chunks, |number| {
            let end = ((number + 1) * CHUNK).min(count(self.len));
            let nodes = (number * CHUNK).max(1)..end;
            nodes.filter(|&node| test(node, self.record(node)))
        })
    }

    /// Returns every node from 1 on with its record, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &'g [Word])> + '_ {
        self.levels.iter().flat_map(|level| {
            let pairs = level.offsets.iter().zip(level.offsets.iter().skip(1));
            (level.first..).zip(pairs).map(|(node, (&start, &end))| {
                let record = level.words.get(start as usize..end as usize);
                (node, record.unwrap_or_default())
            })
        })
    }
}

impl<'g> Level<'g> {
    #[inline]
    fn record(&self, index: usize) -> Option<&'g [Word]> {
        let start = *self.offsets.get(index)? as usize;
        let end = *self.offsets.get(index + 1)? as usize;
        self.words.get(start..end)
    }
}

/// Returns the entry of a node in a table that has one entry for each node. Nodes come from proved records, so they are
/// always in range; out of range, the default is returned instead of a panic.
#[inline]
pub(super) fn at<T: Copy + Default>(table: &[T], node: u32) -> T {
    table.get(node as usize).copied().unwrap_or_default()
}

/// Sets the entry of a node in such a table.
#[inline]
pub(super) fn set<T>(table: &mut [T], node: u32, value: T) {
    if let Some(entry) = table.get_mut(node as usize) {
        *entry = value;
    }
}

/// Converts a length to a node. Graphs have fewer than 2³¹ types, which their limit ensures.
#[inline]
pub(super) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
