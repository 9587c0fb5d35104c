//! Raw BTF: what is read is written as it came, and every view of it answers.
#![no_main]

mod common;

use btfkit::encode::{self, encode, encode_with};
use btfkit::graph::{Kind, Btf};
use btfkit::query::reachable;
use btfkit::parse::parse_with;
use btfkit::render;
use btfkit::{Endian, TypeId};
use common::{graphs::look, halves, parsing, round_trip};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(graph) = parse_with(data.to_vec(), &parsing()) {
        whole(&graph);
        return;
    }
    // A base, and what is split from it.
    let Some((base, split)) = halves(data) else {
        return;
    };
    let Ok(base) = parse_with(base.to_vec(), &parsing()) else {
        return;
    };
    let mut options = parsing();
    options.base = Some(base);
    if let Ok(graph) = parse_with(split.to_vec(), &options) {
        whole(&graph);
    }
});

fn whole(graph: &Btf) {
    look(graph);
    for kind in (0..20).map(Kind::from_number) {
        let _ = graph.find(kind, "a");
    }
    if let Some(ty) = graph.types().last() {
        for other in graph.named(ty.name().as_bytes()) {
            assert_eq!(other.name(), ty.name());
        }
    }
    let all = reachable(graph, graph.types().map(|ty| ty.id()), |_| true);
    assert_eq!(all.len(), graph.len());
    assert!(!all.contains(&TypeId::VOID));
    let _ = render::raw(graph.types(), &mut Vec::new());
    let mut json = Vec::new();
    if render::json(graph.types(), &mut json).is_ok() {
        assert!(std::str::from_utf8(&json).is_ok());
    }
    round_trip(graph);
    // The other byte order and back.
    let other = match graph.endian() {
        Endian::Little => Endian::Big,
        _ => Endian::Little,
    };
    let Ok(swapped) = encode_with(graph, &encode::EncodeOptions::new().endian(other)) else {
        return;
    };
    let mut options = parsing();
    options.base = graph.base().cloned();
    let Ok(again) = parse_with(swapped, &options) else {
        // A base of the first byte order has no words of the second.
        assert!(graph.base().is_some());
        return;
    };
    let back = encode_with(&again, &encode::EncodeOptions::new().endian(graph.endian()));
    assert_eq!(back.ok(), encode(graph).ok());
}
