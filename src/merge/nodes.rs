//! The records of a graph and of its bases by id, as the merger's inner loops want them.

use crate::graph::{Btf, Word};
use crate::parallel;

/// Nodes in one piece of work for a core.
const CHUNK: u32 = 1 << 14;

/// Every record that an id of the graph can mean. A *node* is a type's id as a plain number; node 0 is
/// `void`, whose record is empty.
pub(super) struct Nodes<'g> {
    /// From the lowest base up.
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

    /// How many nodes there are, `void` included.
    pub const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn record(&self, node: u32) -> &'g [Word] {
        for level in self.levels.iter().rev() {
            if let Some(index) = node.checked_sub(level.first) {
                return level.record(index as usize).unwrap_or_default();
            }
        }
        &[]
    }

    /// Fills a table of one entry a node, on all cores. The entry of `void` stays.
    pub fn fill<T: Send>(&self, table: &mut [T], entry: impl Fn(u32, &'g [Word]) -> T + Sync) {
        parallel::for_each_chunk(table, CHUNK as usize, |number, chunk| {
            let start = count(number) * CHUNK;
            for (node, place) in (start..).zip(chunk) {
                if node != 0 {
                    *place = entry(node, self.record(node));
                }
            }
        });
    }

    /// The nodes from 1 on for which `test` says so, in order, looked for on all cores.
    pub fn find_all(&self, test: impl Fn(u32, &'g [Word]) -> bool + Sync) -> Vec<u32> {
        let chunks = 0..count(self.len).div_ceil(CHUNK);
        parallel::flat_map(chunks, |number| {
            let end = ((number + 1) * CHUNK).min(count(self.len));
            let nodes = (number * CHUNK).max(1)..end;
            nodes.filter(|&node| test(node, self.record(node)))
        })
    }

    /// Every node from 1 on with its record, in order.
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

/// An entry of a table with one entry a node. Nodes come from records that were proved, so that they are
/// always inside; a table asked for another answers with the default instead of a panic.
#[inline]
pub(super) fn at<T: Copy + Default>(table: &[T], node: u32) -> T {
    table.get(node as usize).copied().unwrap_or_default()
}

/// Sets an entry of such a table.
#[inline]
pub(super) fn set<T>(table: &mut [T], node: u32, value: T) {
    if let Some(entry) = table.get_mut(node as usize) {
        *entry = value;
    }
}

/// A length as a node: graphs have fewer than 2³¹ types, which their limit ensures.
#[inline]
pub(super) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
