//! Merging graphs that are well-formed from the start, the second of which is the first with changes.
#![no_main]

mod common;

use btfkit::graph::Btf;
use btfkit::merge::{Input, MergeOptions, dedup, diff, distill, merge, rebase};
use common::graphs::{graph, look};
use common::{halves, limits, round_trip};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    let Some((types, changes)) = halves(data) else {
        return;
    };
    let limits = limits();
    let Some(one) = graph(types, &[], None, &limits) else {
        return;
    };
    let base = (how & 1 == 1).then_some(&one);
    let Some(two) = graph(types, changes, base, &limits) else {
        return;
    };
    let mut options = MergeOptions::default();
    options.limits = limits;
    options.keep_first = how & 2 == 0;
    options.forwards = how & 4 == 0;
    options.sections = how & 8 == 0;
    alone(&one, &options);
    alone(&two, &options);
    let inputs = [
        Input::new("one", one.clone()),
        Input::new("two", two.clone()),
    ];
    if let Ok(merged) = merge(inputs, &options) {
        round_trip(&merged.graph);
        if options.keep_first {
            // Ids of the first stay, and so do their records.
            for ty in one.types() {
                assert_eq!(merged.types[0].get(ty.id()), Some(ty.id()));
                let kept = merged.graph.get(ty.id()).expect("it stays");
                assert_eq!((kept.kind(), kept.name()), (ty.kind(), ty.name()));
            }
        }
        let _ = merged.collisions(&options.limits);
        // The sum with itself once more is the sum.
        let len = merged.graph.len();
        let twice = [
            Input::new("sum", merged.graph.clone()),
            Input::new("two", two.clone()),
        ];
        let mut plain = options.clone();
        plain.keep_first = true;
        if let Ok(again) = merge(twice, &plain)
            && base.is_none()
        {
            assert!(again.graph.len() >= len);
        }
    }
    let _ = diff(&one, &two, &options.limits);
    if let Ok(same) = diff(&one, &one, &options.limits) {
        assert!(same.added.is_empty() && same.removed.is_empty() && same.changed.is_empty());
    }
});

/// Deduplicating twice is deduplicating once; a distilled base leads back.
fn alone(graph: &Btf, options: &MergeOptions) {
    let Ok(done) = dedup(graph.clone(), options) else {
        return;
    };
    look(&done.graph);
    round_trip(&done.graph);
    for ty in graph.types() {
        let new = done.types.get(ty.id()).expect("every type has a successor");
        assert!(done.graph.get(new).is_some());
    }
    let len = done.graph.len();
    let again = dedup(done.graph, options).expect("again");
    assert_eq!(again.graph.len(), len);
    let Some(base) = graph.base() else {
        return;
    };
    if let Ok(distilled) = distill(graph) {
        round_trip(&distilled.base);
        round_trip(&distilled.graph);
        if let Ok(back) = rebase(&distilled.graph, base) {
            round_trip(&back.graph);
        }
    }
}
