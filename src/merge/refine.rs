//! Refining a partition until it is stable: types of one class refer, slot by slot, to types of one class.

use crate::graph::{Word, edges};
use crate::merge::forwards::{Forwards, Tag};
use crate::merge::mixer::Mixer;
use crate::merge::nodes::{Nodes, at, count, set};
use crate::merge::partition::Partition;

/// Calls `take` with the slot and the type of each reference of a record, in order.
fn for_each_reference(record: &[Word], mut take: impl FnMut(u32, u32)) {
    let mut slot = 0;
    edges::each_word(record, |word, is_type| {
        if is_type {
            take(slot, word);
            slot += 1;
        }
    });
}

/// The maximal number of passes over all nodes before sums are used.
const PASSES: usize = 24;

/// The refinement of one partition.
///
/// Each node has a *sum* of one term for each of its references, made of the slot and of the class of the type referred
/// to. Nodes with equal sums belong together. When a type changes its class, the sums of its referrers change by the
/// difference of two terms, and only the referrers have to be checked again.
pub(super) struct Refiner<'a> {
    nodes: &'a Nodes<'a>,
    forwards: &'a Forwards,
    mixer: Mixer,
    pub partition: Partition,
    sums: Vec<u64>,
    referrers: Option<Referrers>,
    /// The nodes whose class has changed, with the previous class.
    moved: Vec<(u32, u32)>,
    /// The nodes whose class has changed in the last pass.
    changed: Vec<u32>,
    /// Whether the tag's forward declarations no longer follow a complete type, by [`Tag::number`].
    released: Vec<bool>,
}

impl<'a> Refiner<'a> {
    pub fn new(
        nodes: &'a Nodes<'a>,
        forwards: &'a Forwards,
        mixer: Mixer,
        partition: Partition,
    ) -> Self {
        Self {
            nodes,
            forwards,
            mixer,
            partition,
            sums: Vec::new(),
            referrers: None,
            moved: Vec::new(),
            changed: Vec::new(),
            released: vec![false; forwards.len()],
        }
    }

    /// Refines the partition until it is stable.
    ///
    /// After the rounds of hashing, few nodes are in the wrong block, if any. They are found and split off pass by pass,
    /// as long as that is fast. The rest, in graphs built to be hard, is split by sums, whose cost is bounded. Nodes
    /// that sums miss, because two different sums are equal by chance, are found by further passes.
    pub fn run(mut self) -> Partition {
        for pass in 0..PASSES {
            let unlike = if pass == 0 {
                self.unlike_their_first()
            } else {
                self.unlike_since()
            };
            if unlike.is_empty() {
                return self.partition;
            }
            if unlike.len() > self.nodes.len() / 32 {
                break;
            }
            self.split_by_words(&unlike);
        }
        self.referrers = Some(Referrers::new(self.nodes, &self.partition));
        self.add_up();
        self.mark_unlike();
        loop {
            self.settle();
            let unlike = self.unlike_their_first();
            if unlike.is_empty() {
                return self.partition;
            }
            self.split_by_words(&unlike);
        }
    }

    /// Computes the sums of all nodes.
    fn add_up(&mut self) {
        let (partition, mixer) = (&self.partition, self.mixer);
        self.sums = vec![0; self.nodes.len()];
        self.nodes.fill(&mut self.sums, |node, record| {
            let mut sum = 0u64;
            if !partition.is_alone(node) {
                for_each_reference(record, |slot, to| {
                    sum = sum.wrapping_add(mixer.edge(slot, partition.class(to)));
                });
            }
            sum
        });
    }

    /// Marks the nodes whose sum differs from that of the first node of their block.
    fn mark_unlike(&mut self) {
        let mut unlike = Vec::new();
        for block in 0..self.partition.blocks() {
            let members = self.partition.members(block);
            let sum = |node: &u32| at(&self.sums, *node);
            if let Some(first) = members.first().map(sum) {
                unlike.extend(members.iter().filter(|node| sum(node) != first));
            }
        }
        unlike.iter().for_each(|&node| self.partition.mark(node));
    }

    /// Splits blocks until no node is dirty.
    fn settle(&mut self) {
        while let Some((block, dirty)) = self.partition.next_dirty() {
            let sums = &self.sums;
            let nodes = self.partition.members_mut(block);
            let Some((moving, staying)) = nodes.split_at_mut_checked(dirty) else {
                continue;
            };
            // The clean nodes all have one sum; dirty nodes with the same sum move next to them.
            let stays = staying.first().map(|&node| at(sums, node));
            moving.sort_unstable_by_key(|&node| {
                let sum = at(sums, node);
                (Some(sum) == stays, sum, node)
            });
            let mut lens: Vec<u32> = moving
                .chunk_by(|a, b| at(sums, *a) == at(sums, *b))
                .map(|run| count(run.len()))
                .collect();
            match lens.last_mut() {
                Some(last) if moving.last().map(|&node| at(sums, node)) == stays => {
                    *last += count(staying.len());
                }
                _ if !staying.is_empty() => lens.push(count(staying.len())),
                _ => {}
            }
            self.split(block, dirty, &lens);
        }
    }

    /// Splits a block, and updates the nodes that depend on the moved ones.
    fn split(&mut self, block: u32, sorted: usize, lens: &[u32]) {
        let moved = &mut self.moved;
        self.partition.split(block, sorted, lens, |node, before| {
            moved.push((node, before))
        });
        let mut last = None;
        for index in 0..self.moved.len() {
            let node = self.moved.get(index).map_or(0, |(node, _)| *node);
            let tag = self.forwards.tag_of(self.nodes.record(node));
            if let Some(tag) = tag.filter(|tag| last != Some(tag.number())) {
                last = Some(tag.number());
                self.recheck(&tag);
            }
        }
        self.update_referrers();
    }

    /// Lets the forward declarations of a tag follow its complete type again, or puts them into classes of their own if
    /// the tag's complete types are now in several classes.
    fn recheck(&mut self, tag: &Tag) {
        let Some(first) = self
            .forwards
            .first(tag)
            .filter(|_| !at(&self.released, tag.number()))
        else {
            return;
        };
        let partition = &mut self.partition;
        let mut followers: Vec<u32> = self
            .forwards
            .fitting(tag, self.nodes, first)
            .filter(|&node| partition.is_follower(node))
            .collect();
        let agreed = self.forwards.agreed(tag, partition.classes());
        for &node in &followers {
            self.moved.push((node, partition.class(node)));
            if let Some(complete) = agreed {
                partition.follow(node, partition.class(complete));
            }
        }
        if agreed.is_none() {
            set(&mut self.released, tag.number(), true);
            followers.sort_unstable_by_key(|&node| self.nodes.record(node));
            for alike in followers.chunk_by(|a, b| self.nodes.record(*a) == self.nodes.record(*b)) {
                partition.add(alike);
            }
        }
    }

    /// Updates the sums of the referrers of moved nodes.
    fn update_referrers(&mut self) {
        let Some(referrers) = &self.referrers else {
            // Sums are not used yet.
            self.changed
                .extend(self.moved.drain(..).map(|(node, _)| node));
            return;
        };
        for (node, before) in self.moved.drain(..) {
            let after = self.partition.class(node);
            if after == before {
                continue;
            }
            for &(referrer, slot) in referrers.of(node) {
                if self.partition.is_alone(referrer) {
                    continue;
                }
                if let Some(sum) = self.sums.get_mut(referrer as usize) {
                    *sum = sum
                        .wrapping_add(self.mixer.edge(slot, after))
                        .wrapping_sub(self.mixer.edge(slot, before));
                }
                self.partition.mark(referrer);
            }
        }
    }

    /// Returns the nodes that differ from the first node of their block, compared word by word.
    fn unlike_their_first(&self) -> Vec<u32> {
        self.nodes
            .find_all(|node, _| self.is_unlike_its_first(node))
    }

    /// Returns the nodes that differ from the first node of their block, after a pass that split every block of such
    /// nodes. Only a node that refers to a type whose class has changed since can differ.
    fn unlike_since(&mut self) -> Vec<u32> {
        let mut has_changed = vec![false; self.nodes.len()];
        for node in self.changed.drain(..) {
            set(&mut has_changed, node, true);
        }
        let partition = &self.partition;
        let referrers = self.nodes.find_all(|node, record| {
            let mut refers = false;
            if !partition.is_alone(node) && !partition.is_follower(node) {
                for_each_reference(record, |_, to| refers |= at(&has_changed, to));
            }
            refers
        });
        let mut blocks: Vec<u32> = referrers
            .iter()
            .map(|&node| partition.class(node))
            .collect();
        blocks.sort_unstable();
        blocks.dedup();
        let members = blocks.iter().map(|&block| partition.members(block).len());
        if members.sum::<usize>() > self.nodes.len() / 8 {
            return self.unlike_their_first();
        }
        let members = blocks.iter().flat_map(|&block| partition.members(block));
        members
            .copied()
            .filter(|&node| self.is_unlike_its_first(node))
            .collect()
    }

    /// Returns whether a node differs from the first node of its block.
    fn is_unlike_its_first(&self, node: u32) -> bool {
        let (first, record) = (self.partition.first_of(node), self.nodes.record(node));
        first != node
            && !edges::same(self.nodes.record(first), record, |id| {
                self.partition.class(id)
            })
    }

    /// Splits the blocks of the given nodes by the words of their records, with type ids replaced by their classes.
    #[cold]
    fn split_by_words(&mut self, unlike: &[u32]) {
        let classes = unlike.iter().map(|&node| self.partition.class(node));
        let mut blocks: Vec<u32> = classes.collect();
        blocks.sort_unstable();
        blocks.dedup();
        for block in blocks {
            self.split_block_by_words(block);
        }
    }

    fn split_block_by_words(&mut self, block: u32) {
        let words = |node: u32| {
            let mut words = Vec::new();
            edges::each_word(self.nodes.record(node), |word, is_type| {
                words.push(if is_type {
                    self.partition.class(word)
                } else {
                    word
                });
            });
            words
        };
        let mut keyed: Vec<_> = self
            .partition
            .members(block)
            .iter()
            .map(|&node| (words(node), node))
            .collect();
        keyed.sort_unstable();
        let lens: Vec<u32> = keyed
            .chunk_by(|a, b| a.0 == b.0)
            .map(|run| count(run.len()))
            .collect();
        for (member, (_, node)) in self.partition.members_mut(block).iter_mut().zip(&keyed) {
            *member = *node;
        }
        self.split(block, keyed.len(), &lens);
    }
}

/// The nodes that refer to each node, and in which slot, as far as they can still be distinguished.
struct Referrers {
    /// The end of each node's referrers in `list`; they start at the end of the previous node's.
    ends: Vec<u32>,
    /// The referring node and the slot.
    list: Vec<(u32, u32)>,
}

impl Referrers {
    fn new(nodes: &Nodes<'_>, partition: &Partition) -> Self {
        let matters = |to: u32| to != 0 && (!partition.is_alone(to) || partition.is_follower(to));
        let each = |take: &mut dyn FnMut(u32, u32, u32)| {
            for (node, record) in nodes.iter() {
                if !partition.is_alone(node) {
                    for_each_reference(record, |slot, to| {
                        if matters(to) {
                            take(node, slot, to);
                        }
                    });
                }
            }
        };
        let mut ends = vec![0u32; nodes.len() + 1];
        each(&mut |_, _, to| {
            if let Some(end) = ends.get_mut(to as usize + 1) {
                *end += 1;
            }
        });
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total;
        }
        let mut list = vec![(0, 0); total as usize];
        each(&mut |node, slot, to| {
            if let Some(end) = ends.get_mut(to as usize) {
                set(&mut list, *end, (node, slot));
                *end += 1;
            }
        });
        Self { ends, list }
    }

    /// Returns the referrers of a node.
    fn of(&self, node: u32) -> &[(u32, u32)] {
        let start = node
            .checked_sub(1)
            .map_or(0, |before| at(&self.ends, before));
        let end = at(&self.ends, node);
        self.list
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}
