//! A partition of nodes into classes, which is only ever refined.

use crate::merge::nodes::{at, count, set};

/// The bit that is set in the class number of a node that is alone in its class, together with the node's own number.
/// Without it, a class number is that of a block.
const ALONE: u32 = 1 << 31;

/// The position of a node that is in no block.
const NOWHERE: u32 = u32::MAX;

/// Nodes in classes. Classes of more than one node are *blocks*: runs in one array of nodes, as in Hopcroft's
/// minimisation of automata. The first `dirty` nodes of a block are those that may have to leave it.
#[derive(Debug, Default)]
pub(super) struct Partition {
    class: Vec<u32>,
    order: Vec<u32>,
    position: Vec<u32>,
    blocks: Vec<Block>,
    /// The number of dirty nodes of each block. The list ends at the last block that has been dirty.
    dirty: Vec<u32>,
    /// The blocks with dirty nodes.
    work: Vec<u32>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Block {
    start: u32,
    len: u32,
}

impl Partition {
    /// Creates a partition in which nodes with equal hashes are in one class. Nodes for which `skip` returns `true` are in
    /// no block.
    pub fn new(hashes: Vec<u32>, skip: impl Fn(u32) -> bool) -> Self {
        let order = by_hash(&hashes, skip);
        // Whether a class starts at an index of `order`. The hashes are dropped, since memory use peaks here.
        let starts: Vec<bool> = (0..order.len())
            .map(|index| {
                let hash = |index: usize| order.get(index).map(|&node| at(&hashes, node));
                index == 0 || hash(index) != hash(index - 1)
            })
            .collect();
        let nodes = hashes.len();
        drop(hashes);
        let blocks = starts.windows(2).filter(|pair| pair == &[true, false]);
        let blocks = blocks.count();
        let mut partition = Self {
            // Room for the blocks that will be split off, without doubling the capacity.
            blocks: Vec::with_capacity(blocks + blocks / 16 + 16),
            class: (0..count(nodes)).map(|node| node | ALONE).collect(),
            position: vec![NOWHERE; nodes],
            ..Self::default()
        };
        for (position, node) in (0..).zip(&order) {
            set(&mut partition.position, *node, position);
        }
        // In the order of nodes, so that neighbouring nodes are in neighbouring blocks. The first node of a class is
        // its lowest.
        for node in 1..count(nodes) {
            let start = at(&partition.position, node);
            if at(&starts, start) {
                let rest = order.get(start as usize..).unwrap_or_default();
                let more = starts.get(start as usize + 1..).unwrap_or_default();
                let len = 1 + more.iter().take_while(|starts| !**starts).count();
                partition.add_block(start, rest.get(..len).unwrap_or_default());
            }
        }
        partition.order = order;
        partition
    }

    /// Makes a class of the nodes that are in `order` from `start` on.
    fn add_block(&mut self, start: u32, nodes: &[u32]) {
        if let [node] = nodes {
            set(&mut self.class, *node, node | ALONE);
            return;
        }
        let block = count(self.blocks.len());
        self.blocks.push(Block {
            start,
            len: count(nodes.len()),
        });
        for node in nodes {
            set(&mut self.class, *node, block);
        }
    }

    /// Makes a class of nodes that were in none.
    pub fn add(&mut self, nodes: &[u32]) {
        let start = count(self.order.len());
        for (position, node) in (start..).zip(nodes) {
            set(&mut self.position, *node, position);
        }
        self.order.extend_from_slice(nodes);
        self.add_block(start, nodes);
    }

    /// Sets the class of a node that is in no block.
    pub fn follow(&mut self, node: u32, class: u32) {
        set(&mut self.class, node, class);
    }

    /// Returns whether a node is in no block and follows another node's class.
    pub fn is_follower(&self, node: u32) -> bool {
        node != 0 && at(&self.position, node) == NOWHERE
    }

    /// Returns the class number of a node.
    #[inline]
    pub fn class(&self, node: u32) -> u32 {
        at(&self.class, node)
    }

    /// Returns the class numbers of all nodes.
    pub fn classes(&self) -> &[u32] {
        &self.class
    }

    /// Takes the table of class numbers. Blocks and followers stay valid.
    pub fn take_classes(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.class)
    }

    /// Returns whether a node is alone in its class, or follows one that is.
    #[inline]
    pub fn is_alone(&self, node: u32) -> bool {
        self.class(node) & ALONE != 0
    }

    /// Returns the number of blocks.
    pub fn blocks(&self) -> u32 {
        count(self.blocks.len())
    }

    fn block(&self, block: u32) -> Block {
        at(&self.blocks, block)
    }

    /// Returns the nodes of a block.
    pub fn members(&self, block: u32) -> &[u32] {
        let Block { start, len } = self.block(block);
        self.order
            .get(start as usize..(start + len) as usize)
            .unwrap_or_default()
    }

    /// Returns the first node of a node's block, or the node itself if it is in none.
    #[inline]
    pub fn first_of(&self, node: u32) -> u32 {
        let class = self.class(node);
        if class & ALONE != 0 || self.is_follower(node) {
            return node;
        }
        at(&self.order, self.block(class).start)
    }

    /// Returns the nodes of a block, for the caller to sort. None of them may be dirty.
    pub fn members_mut(&mut self, block: u32) -> &mut [u32] {
        let Block { start, len } = self.block(block);
        self.order
            .get_mut(start as usize..(start + len) as usize)
            .unwrap_or_default()
    }

    /// Marks a node as dirty: it may have to leave its block.
    pub fn mark(&mut self, node: u32) {
        let number = self.class(node);
        let Some(block) = self.blocks.get(number as usize) else {
            return;
        };
        if self.dirty.len() <= number as usize {
            self.dirty.resize(self.blocks.len(), 0);
        }
        let dirty = at(&self.dirty, number);
        let (from, to) = (at(&self.position, node), block.start + dirty);
        if from < to {
            return;
        }
        if dirty == 0 {
            self.work.push(number);
        }
        set(&mut self.dirty, number, dirty + 1);
        let other = at(&self.order, to);
        set(&mut self.order, to, node);
        set(&mut self.order, from, other);
        set(&mut self.position, node, to);
        set(&mut self.position, other, from);
    }

    /// Returns a block with dirty nodes, and how many of its first nodes are dirty. They are no longer marked.
    pub fn next_dirty(&mut self) -> Option<(u32, usize)> {
        let number = self.work.pop()?;
        let dirty = self.dirty.get_mut(number as usize)?;
        Some((number, std::mem::take(dirty) as usize))
    }

    /// Splits a block into segments of the given lengths: runs of its nodes, the first `sorted` of which the caller has
    /// sorted. The longest segment keeps the number of the block, so that a node moves at most `log n` times. Calls
    /// `moved` with each node whose class changes and its previous class.
    pub fn split(
        &mut self,
        number: u32,
        sorted: usize,
        lens: &[u32],
        mut moved: impl FnMut(u32, u32),
    ) {
        let start = self.block(number).start;
        for (position, node) in (start..).zip(self.order.iter().skip(start as usize).take(sorted)) {
            set(&mut self.position, *node, position);
        }
        let longest = (0..lens.len()).max_by_key(|&index| lens.get(index));
        let mut from = start;
        for (index, &len) in lens.iter().enumerate() {
            if Some(index) == longest && len > 1 {
                let start = from;
                set(&mut self.blocks, number, Block { start, len });
            } else {
                let nodes = self.order.get(from as usize..(from + len) as usize);
                let nodes = nodes.unwrap_or_default().to_vec();
                nodes.iter().for_each(|&node| moved(node, number));
                self.add_block(from, &nodes);
            }
            from += len;
        }
        if lens.iter().all(|&len| len == 1) {
            // All nodes are alone now; the number is no longer used.
            set(&mut self.blocks, number, Block::default());
        }
    }
}

/// Returns the nodes for which `skip` returns `false`, without `void`, sorted by hash and then by number.
fn by_hash(hashes: &[u32], skip: impl Fn(u32) -> bool) -> Vec<u32> {
    // A counting sort by the first bits of the hash leaves a few nodes in each bucket, which are then sorted.
    let bits = hashes.len().max(4).ilog2() - 1;
    let bucket = |hash: u32| (hash >> (32 - bits)) as usize;
    let mut ends = vec![0u32; (1 << bits) + 1];
    let nodes = || {
        (0u32..)
            .zip(hashes)
            .skip(1)
            .filter(|(node, _)| !skip(*node))
    };
    for (_, &hash) in nodes() {
        if let Some(end) = ends.get_mut(bucket(hash) + 1) {
            *end += 1;
        }
    }
    let mut total = 0;
    for end in &mut ends {
        total += *end;
        *end = total;
    }
    let mut order = vec![0u32; total as usize];
    for (node, &hash) in nodes() {
        if let Some(next) = ends.get_mut(bucket(hash)) {
            set(&mut order, *next, node);
            *next += 1;
        }
    }
    let mut start = 0;
    for &end in ends.iter().take(1 << bits) {
        if let Some(nodes) = order.get_mut(start..end as usize)
            && nodes.len() > 1
        {
            nodes.sort_unstable_by_key(|&node| (at(hashes, node), node));
        }
        start = end as usize;
    }
    order
}
