//! The canonical type of each type of a graph: the first type of its equivalence class.

use crate::error::{Error, Result};
use crate::graph::{Btf, Kind, edges};
use crate::id::TypeId;
use crate::merge::forwards::Forwards;
use crate::merge::mixer::{Mixer, is_unique, kind};
use crate::merge::nodes::{Nodes, at, set};
use crate::merge::partition::Partition;
use crate::merge::refine::Refiner;

/// The rounds of hashing before the partition is refined. After six rounds, a few hundred types of two merged kernels are
/// in the wrong class. One more round would cost as much as splitting off a few thousand types.
const ROUNDS: usize = 6;

/// The kinds of types that are merged only on request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether equal variables and data sections are merged.
    pub sections: bool,
    /// Whether forward declarations are merged with the only complete type that they can stand for.
    pub forwards: bool,
}

/// Returns the canonical node of each node: the first complete one of its class. Nodes below `first_own` belong to a base.
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
    // These tables and the partition are the largest allocations: not all at once.
    drop(other);
    let partition = initial(&nodes, &forwards, hashes, rules.sections);
    let partition = Refiner::new(&nodes, &forwards, mixer, partition).run();
    Ok(firsts(&nodes, &forwards, partition, first_own))
}

/// Returns the forward declarations that stand for a complete type according to the hashes, each with that type.
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

/// Returns the classes of equal hashes. Forward declarations follow their complete type; records that are never merged
/// are in no class.
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

/// Returns the canonical node of each node of a final partition.
fn firsts(
    nodes: &Nodes<'_>,
    forwards: &Forwards,
    mut partition: Partition,
    first_own: u32,
) -> Vec<u32> {
    let mut open = Open::new(nodes, forwards, first_own);
    open.find_structures(&partition);
    // Reuses the memory of the class numbers.
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
        // A reference to a declaration of the base is less than one to the complete type.
        if let Some(first) = open.first_own_of(members) {
            for &node in members.iter().filter(|node| **node >= first) {
                set(&mut canonical, node, first);
            }
        }
    }
    for tag in forwards.tags() {
        let Some(complete) = forwards.first(&tag) else {
            continue;
        };
        for forward in forwards.fitting(&tag, nodes, complete) {
            // A type of the base stays as it is.
            if partition.is_follower(forward) && forward >= open.first_own {
                let first = at(&canonical, complete);
                set(&mut canonical, forward, first);
            }
        }
    }
    canonical
}

/// The types that lead, through references without a layout of their own, to a type that the base only declares and the
/// graph completes.
struct Open<'n> {
    nodes: &'n Nodes<'n>,
    first_own: u32,
    /// By node. Empty if there are no such types.
    leads: Vec<Leads>,
}

impl<'n> Open<'n> {
    fn new(nodes: &'n Nodes<'n>, forwards: &Forwards, first_own: u32) -> Self {
        let mut leads = Vec::new();
        for tag in forwards.tags().filter(|tag| forwards.is_open_in_base(tag)) {
            leads.resize(nodes.len(), Leads::Unknown);
            for complete in forwards.complete_nodes(&tag) {
                set(&mut leads, complete, Leads::Yes);
            }
        }
        Self {
            nodes,
            first_own,
            leads,
        }
    }

    /// Finds the classes of structures that the base has and that refer to such a type themselves: the base's say less. From
    /// then on, references that lead to one of them lead there as well; but a structure that refers to one of them says the
    /// same as the base's.
    fn find_structures(&mut self, partition: &Partition) {
        if self.leads.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for block in 0..partition.blocks() {
            let members = partition.members(block);
            if let Some(first) = self.own_beside_base(members)
                && !is_reference(kind(self.nodes.record(first)))
                && edges::type_edges(self.nodes.record(first)).any(|to| self.leads_there(to.get()))
            {
                found.extend(members.iter().filter(|node| **node >= self.first_own));
            }
        }
        for leads in &mut self.leads {
            *leads = match leads {
                Leads::Yes => Leads::Yes,
                Leads::Unknown | Leads::Open | Leads::No => Leads::Unknown,
            };
        }
        for node in found {
            set(&mut self.leads, node, Leads::Yes);
        }
    }

    /// Returns the first member of a class that isn't the base's, if the class leads there and the base has one of it.
    fn first_own_of(&mut self, members: &[u32]) -> Option<u32> {
        if self.leads.is_empty() {
            return None;
        }
        let first = self.own_beside_base(members)?;
        self.leads_there(first).then_some(first)
    }

    /// Returns the first member of a class that isn't the base's, if the base has one as well.
    fn own_beside_base(&self, members: &[u32]) -> Option<u32> {
        if !members.iter().any(|node| *node < self.first_own) {
            return None;
        }
        let own = members.iter().copied();
        own.filter(|node| *node >= self.first_own).min()
    }

    fn leads_there(&mut self, start: u32) -> bool {
        let mut stack = vec![start];
        while let Some(&node) = stack.last() {
            let record = self.nodes.record(node);
            match at(&self.leads, node) {
                Leads::No | Leads::Yes => _ = stack.pop(),
                Leads::Unknown if !is_reference(kind(record)) => {
                    set(&mut self.leads, node, Leads::No);
                }
                Leads::Unknown => {
                    set(&mut self.leads, node, Leads::Open);
                    // A cycle of references leads nowhere, so what is open is not followed again.
                    let unknown = |to: &u32| at(&self.leads, *to) == Leads::Unknown;
                    stack.extend(edges::type_edges(record).map(TypeId::get).filter(unknown));
                }
                Leads::Open => {
                    let mut edges = edges::type_edges(record);
                    let leads = edges.any(|to| at(&self.leads, to.get()) == Leads::Yes);
                    let leads = if leads { Leads::Yes } else { Leads::No };
                    set(&mut self.leads, node, leads);
                }
            }
        }
        at(&self.leads, start) == Leads::Yes
    }
}

/// Whether a type leads to one that the base only declares.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Leads {
    #[default]
    Unknown,
    /// Its references are being followed.
    Open,
    No,
    Yes,
}

/// Returns whether a type of this kind is nothing but a reference to others.
const fn is_reference(kind: Kind) -> bool {
    match kind {
        Kind::Ptr
        | Kind::Array
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::DeclTag
        | Kind::TypeTag => true,
        Kind::Void
        | Kind::Int
        | Kind::Struct
        | Kind::Union
        | Kind::Enum
        | Kind::Fwd
        | Kind::Datasec
        | Kind::Float
        | Kind::Enum64
        | Kind::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, VarLinkage};

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

    /// The result is the same however many hashes collide and however few rounds there are.
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
