//! From a graph to its classes: which types are one type.

use crate::error::{Error, Result};
use crate::graph::Btf;
use crate::merge::forwards::Forwards;
use crate::merge::hash::{Mixer, is_unique};
use crate::merge::nodes::{Nodes, at, set};
use crate::merge::partition::Partition;
use crate::merge::refine::Refiner;

/// Rounds of hashing before the partition is refined. Six leave some hundreds of types to split in the merge
/// of two kernels, where a round costs as much as splitting a few thousand.
const ROUNDS: usize = 6;

/// What is merged beside the kinds that always are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Variables and data sections that are the same.
    pub sections: bool,
    /// Forward declarations with the one type they can stand for.
    pub forwards: bool,
}

/// For each node its class's canonical node: the first complete one.
/// Nodes below `first_own` are a base's, which says nothing new.
pub(super) fn canonical(graph: &Btf, rules: Rules, first_own: u32) -> Result<Vec<u32>> {
    canonical_with(graph, rules, first_own, Mixer::new(), ROUNDS)
}

fn canonical_with(
    graph: &Btf,
    rules: Rules,
    first_own: u32,
    mixer: Mixer,
    rounds: usize,
) -> Result<Vec<u32>> {
    let nodes = Nodes::new(graph);
    if nodes.len() >= 1 << 31 {
        return Err(Error::limit(
            "there are more types than the merger can number",
        ));
    }
    let forwards = if rules.forwards {
        Forwards::new(&nodes, first_own)
    } else {
        Forwards::default()
    };
    let mut hashes = vec![0u32; nodes.len()];
    let mut other = vec![0u32; nodes.len()];
    for _ in 0..rounds {
        mixer.round(&nodes, &hashes, &mut other, rules.sections);
        std::mem::swap(&mut hashes, &mut other);
        for (forward, complete) in following(&forwards, &nodes, &hashes) {
            let hash = at(&hashes, complete);
            set(&mut hashes, forward, hash);
        }
    }
    // These tables and the partition are the largest things alive: not all at once.
    drop(other);
    let partition = initial(&nodes, &forwards, hashes, rules.sections);
    let partition = Refiner::new(&nodes, &forwards, mixer, partition).run();
    Ok(firsts(&nodes, &forwards, partition))
}

/// The forward declarations that stand for a complete type, as far as hashes tell, each with the type.
fn following(forwards: &Forwards, nodes: &Nodes<'_>, hashes: &[u32]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for tag in forwards.tags() {
        if let Some(complete) = forwards.agreed(&tag, hashes) {
            let fitting = forwards.fitting(&tag, nodes, complete);
            pairs.extend(fitting.map(|forward| (forward, complete)));
        }
    }
    pairs
}

/// The classes of equal hashes. Forward declarations follow their complete type; what is never merged stays
/// outside.
fn initial(nodes: &Nodes<'_>, forwards: &Forwards, hashes: Vec<u32>, sections: bool) -> Partition {
    let pairs = following(forwards, nodes, &hashes);
    let mut outside = vec![false; nodes.len()];
    for (forward, _) in &pairs {
        set(&mut outside, *forward, true);
    }
    for (node, record) in nodes.iter() {
        if is_unique(record, sections) {
            set(&mut outside, node, true);
        }
    }
    let mut partition = Partition::new(hashes, |node| at(&outside, node));
    for (forward, complete) in pairs {
        let class = partition.class(complete);
        partition.follow(forward, class);
    }
    partition
}

fn firsts(nodes: &Nodes<'_>, forwards: &Forwards, mut partition: Partition) -> Vec<u32> {
    // In the memory of what isn't needed any more.
    let mut canonical = partition.take_classes();
    for (node, entry) in (0..).zip(&mut canonical) {
        *entry = node;
    }
    for block in 0..partition.blocks() {
        let members = partition.members(block);
        if let Some(&first) = members.iter().min() {
            for &node in members {
                set(&mut canonical, node, first);
            }
        }
    }
    for tag in forwards.tags() {
        let Some(complete) = forwards.first(&tag) else {
            continue;
        };
        for forward in forwards.fitting(&tag, nodes, complete) {
            if partition.is_follower(forward) {
                let first = at(&canonical, complete);
                set(&mut canonical, forward, first);
            }
        }
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, VarLinkage};
    use crate::id::TypeId;

    /// A graph of structures, pointers, declarations and integers, from a seed.
    fn graph(seed: u64, types: u32) -> Btf {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u32::try_from((state >> 20) % below).unwrap()
        };
        let mut builder = GraphBuilder::new();
        let (x, y) = (builder.intern("x").unwrap(), builder.intern("y").unwrap());
        for _ in 0..types {
            let mut to = || TypeId::new(next(u64::from(types) + 1));
            let members = [
                NewMember::new(x, to()),
                NewMember::new(y, to()).at(crate::Bits(64)),
            ];
            let name = ["a", "b", ""][next(3) as usize];
            match next(7) {
                0 => builder.int("int", 4, IntEncoding::SIGNED),
                1 => builder.ptr(members[0].type_id),
                2 => builder.fwd("a", FwdKind::Struct),
                3 => builder.var("v", members[0].type_id, VarLinkage::Global),
                _ => builder.composite(Kind::Struct, name, 16, &members),
            }
            .unwrap();
        }
        builder.freeze().unwrap()
    }

    /// However many hashes collide, and however few rounds there are, the answer is the same.
    #[test]
    fn hashes_decide_nothing() {
        let rules = Rules {
            sections: false,
            forwards: true,
        };
        for seed in 0..400 {
            let graph = graph(seed, 30);
            let exact = canonical(&graph, rules, 1).unwrap();
            for (bits, rounds) in [(0, 1), (1, 2), (2, 6), (4, 0), (8, 3)] {
                let mixer = Mixer::weak(bits);
                let weak = canonical_with(&graph, rules, 1, mixer, rounds).unwrap();
                assert_eq!(weak, exact, "seed {seed}, {bits} bits, {rounds} rounds");
            }
        }
    }
}
