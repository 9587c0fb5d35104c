//! Two arbitrary BTFs are merged and deduplicated: no panic, no hang, and the invariants hold.
#![no_main]

use btfkit::Limits;
use btfkit::graph::TypeGraph;
use btfkit::merge::{Input, Options, Policy, dedup, diff, distill, merge, rebase};
use btfkit::parse::{self, parse_with};
use libfuzzer_sys::fuzz_target;

/// Bounds that let a run stay small.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.type_bytes = 1 << 20;
    limits.string_bytes = 1 << 20;
    limits.types = 1 << 14;
    limits
}

fuzz_target!(|data: &[u8]| {
    // The first two bytes say where the second BTF starts, and how to merge.
    let Some((&[at, how], data)) = data.split_first_chunk::<2>() else {
        return;
    };
    let (one, two) = data.split_at(data.len() * usize::from(at) / 256);
    let mut parsing = parse::Options::default();
    parsing.limits = limits();
    let Ok(one) = parse_with(one.to_vec(), &parsing) else {
        return;
    };
    alone(&one);
    if how & 1 == 1 {
        parsing.base = Some(one.clone());
    }
    let Ok(two) = parse_with(two.to_vec(), &parsing) else {
        return;
    };
    alone(&two);
    together(&one, &two, how);
});

fn alone(graph: &TypeGraph) {
    let mut options = Options::default();
    options.limits = limits();
    let Ok(done) = dedup(graph.clone(), &options) else {
        return;
    };
    let len = done.graph.len();
    assert!(len <= graph.len());
    let again = dedup(done.graph, &options).unwrap();
    assert_eq!(again.graph.len(), len);
    assert!(again.types.iter().all(|(old, new)| old == new));
    if let Ok(distilled) = distill(graph)
        && let Some(base) = graph.base()
    {
        let _ = rebase(&distilled.graph, base);
    }
}

fn together(one: &TypeGraph, two: &TypeGraph, how: u8) {
    let mut options = Options::default();
    options.limits = limits();
    options.keep_first = how & 2 == 0;
    options.forwards = how & 4 == 0;
    options.sections = how & 8 == 0;
    options.collisions = match how >> 4 & 3 {
        0 => Policy::Keep,
        1 => Policy::Prefer(1),
        2 => Policy::Rename,
        _ => Policy::Fail,
    };
    let inputs = || {
        [
            Input::new("one", one.clone()),
            Input::new("two", two.clone()),
        ]
    };
    if let Ok(merged) = merge(inputs(), &options) {
        for (input, map) in [one, two].into_iter().zip(&merged.types) {
            assert_eq!(map.len(), input.len());
            assert!(input.types().all(|ty| map.get(ty.id()).is_some()));
        }
        let _ = merged.collisions(&limits());
    }
    let _ = diff(one, two, &limits());
}
