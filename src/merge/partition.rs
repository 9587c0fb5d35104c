//! A partition of nodes into classes that only ever gets finer.

use crate::merge::nodes::{at, count, set};

/// The class number of a node that is alone is this bit and the node's own number; any other class number
/// is that of a block.
const ALONE: u32 = 1 << 31;

/// Where a node that stands in no block has its position.
const NOWHERE: u32 = u32::MAX;

/// Nodes in classes. Classes of more than one are *blocks*: runs in one array of nodes, as in Hopcroft's
/// minimisation of automata. A block's first `dirty` nodes are those that may have to leave it.
#[derive(Debug, Default)]
pub(super) struct Partition {
    class: Vec<u32>,
    order: Vec<u32>,
    position: Vec<u32>,
    blocks: Vec<Block>,
    /// How many of each block's nodes are dirty; shorter than the blocks where no later one has been dirty.
    dirty: Vec<u32>,
    /// Blocks with dirty nodes.
    work: Vec<u32>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Block {
    start: u32,
    len: u32,
}

impl Partition {
    /// Puts nodes with the same hash in one class. Those that `skip` picks follow others: they get no class
    /// yet, and stand in no block.
    pub fn new(hashes: Vec<u32>, skip: impl Fn(u32) -> bool) -> Self {
        let order = by_hash(&hashes, skip);
        // Where a class starts. The hashes have no other use, and most memory is in use here.
        let starts: Vec<bool> = (0..order.len())
            .map(|place| {
                let hash = |place: usize| order.get(place).map(|&node| at(&hashes, node));
                place == 0 || hash(place) != hash(place - 1)
            })
            .collect();
        let nodes = hashes.len();
        drop(hashes);
        let blocks = starts.windows(2).filter(|pair| pair == &[true, false]);
        let blocks = blocks.count();
        let mut partition = Self {
            // A few more for what is split, and not twice as many.
            blocks: Vec::with_capacity(blocks + blocks / 16 + 16),
            class: (0..count(nodes)).map(|node| node | ALONE).collect(),
            position: vec![NOWHERE; nodes],
            ..Self::default()
        };
        for (position, node) in (0..).zip(&order) {
            set(&mut partition.position, *node, position);
        }
        // In the order of nodes, so that neighbours there are neighbours among the blocks, too. The first
        // node of a class is its lowest.
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

    /// Makes a class of nodes that stand in `order` from `start` on.
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

    /// Makes a class of nodes that stood in none.
    pub fn add(&mut self, nodes: &[u32]) {
        let start = count(self.order.len());
        for (position, node) in (start..).zip(nodes) {
            set(&mut self.position, *node, position);
        }
        self.order.extend_from_slice(nodes);
        self.add_block(start, nodes);
    }

    /// Says that a node that stands in no block has this class.
    pub fn follow(&mut self, node: u32, class: u32) {
        set(&mut self.class, node, class);
    }

    /// Whether the node only follows another one's class.
    pub fn is_follower(&self, node: u32) -> bool {
        node != 0 && at(&self.position, node) == NOWHERE
    }

    /// The number of a node's class.
    #[inline]
    pub fn class(&self, node: u32) -> u32 {
        at(&self.class, node)
    }

    /// Every node's class number.
    pub fn classes(&self) -> &[u32] {
        &self.class
    }

    /// The table of class numbers, whose contents are no longer asked for. Blocks and followers stay.
    pub fn take_classes(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.class)
    }

    /// Whether the node is alone in its class, or follows one that is.
    #[inline]
    pub fn is_alone(&self, node: u32) -> bool {
        self.class(node) & ALONE != 0
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u32 {
        count(self.blocks.len())
    }

    fn block(&self, block: u32) -> Block {
        at(&self.blocks, block)
    }

    /// A block's nodes.
    pub fn members(&self, block: u32) -> &[u32] {
        let Block { start, len } = self.block(block);
        self.order
            .get(start as usize..(start + len) as usize)
            .unwrap_or_default()
    }

    /// The first node of the block that a node is in; the node itself where it is in none.
    #[inline]
    pub fn first_of(&self, node: u32) -> u32 {
        let class = self.class(node);
        if class & ALONE != 0 || self.is_follower(node) {
            return node;
        }
        at(&self.order, self.block(class).start)
    }

    /// A block's nodes, for the caller to sort. None of them may be dirty.
    pub fn members_mut(&mut self, block: u32) -> &mut [u32] {
        let Block { start, len } = self.block(block);
        self.order
            .get_mut(start as usize..(start + len) as usize)
            .unwrap_or_default()
    }

    /// Marks a node that may have to leave its block.
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

    /// A block with dirty nodes and how many of its first ones are dirty. They no longer are.
    pub fn next_dirty(&mut self) -> Option<(u32, usize)> {
        let number = self.work.pop()?;
        let dirty = self.dirty.get_mut(number as usize)?;
        Some((number, std::mem::take(dirty) as usize))
    }

    /// Splits a block into segments of these lengths: runs of its nodes, of which the caller has sorted the
    /// first `sorted` ones. The longest keeps the block's number, so that a node can't move more than
    /// `log n` times. Tells `moved` each node with a new class and its class before.
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
            // All are alone now; the number goes out of use.
            set(&mut self.blocks, number, Block::default());
        }
    }
}

/// The nodes that `skip` doesn't pick, without `void`, sorted by hash and then by number.
fn by_hash(hashes: &[u32], skip: impl Fn(u32) -> bool) -> Vec<u32> {
    // Counting by the hash's first bits leaves a few nodes a bucket, which are sorted one by one.
    let bits = hashes.len().max(4).ilog2() - 1;
    let bucket = |hash: u32| (hash >> (32 - bits)) as usize;
    let mut ends = vec![0u32; (1 << bits) + 1];
    let picked = || {
        (0u32..)
            .zip(hashes)
            .skip(1)
            .filter(|(node, _)| !skip(*node))
    };
    for (_, &hash) in picked() {
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
    for (node, &hash) in picked() {
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
