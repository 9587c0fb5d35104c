//! Small graphs, built and deduplicated.

use btfkit::TypeId;
use btfkit::graph::{Btf, GraphBuilder, IntEncoding};
use btfkit::merge::{Deduped, MergeOptions, dedup};

use crate::check::every_type_is_there;

/// Adds `int`.
pub fn int(builder: &mut GraphBuilder) -> TypeId {
    builder.int("int", 4, IntEncoding::SIGNED).unwrap()
}

/// Deduplicates what was built and checks that nothing is lost.
pub fn deduped(builder: GraphBuilder) -> Deduped {
    let graph = builder.freeze().unwrap();
    let done = dedup(graph.clone(), &MergeOptions::default()).unwrap();
    every_type_is_there(&graph, &done.graph, &done.types);
    done
}

/// The kinds of a graph's types, in order.
pub fn kinds(graph: &Btf) -> String {
    let kinds: Vec<_> = graph.own_types().map(|ty| ty.kind().to_string()).collect();
    kinds.join(" ")
}
