//! The inline namespaces of merged graphs.

use btfkit::graph::{Btf, GraphBuilder, Kind};
use btfkit::merge::{Input, MergeOptions, dedup, merge};

/// A structure of one byte, and the namespaces of its program.
fn program(name: &str, namespaces: &[&str]) -> Btf {
    let mut builder = GraphBuilder::new();
    builder.composite(Kind::Struct, name, 1, &[]).unwrap();
    builder.set_inline_namespaces(namespaces);
    builder.freeze().unwrap()
}

fn namespaces(graph: &Btf) -> Vec<String> {
    let names = graph.inline_namespaces();
    names.map(|name| name.to_string()).collect()
}

#[test]
fn those_of_every_input_are_in_the_result() {
    let first = || program("a::v1::A", &["a::v1", "both::v2"]);
    let second = || program("b::v3::B", &["b::v3", "both::v2"]);
    for options in [
        MergeOptions::default(),
        MergeOptions::default().dedup(false),
    ] {
        let inputs = [Input::new("first", first()), Input::new("second", second())];
        let merged = merge(inputs, &options).unwrap().graph;
        assert_eq!(namespaces(&merged), ["a::v1", "b::v3", "both::v2"]);
        for name in ["a::A", "b::B"] {
            assert_eq!(merged.size_of_named(name).unwrap().0, 1, "{name}");
        }
        let again = dedup(merged, &MergeOptions::default()).unwrap().graph;
        assert_eq!(namespaces(&again), ["a::v1", "b::v3", "both::v2"]);
    }
}

#[test]
fn those_of_a_base_stay_there() {
    let base = program("a::v1::A", &["a::v1"]);
    let over = MergeOptions::split(&base);
    let input = Input::new("program", program("b::v3::B", &["b::v3"]));
    let merged = merge([input], &over).unwrap().graph;
    assert_eq!(namespaces(&merged), ["b::v3"]);
    for name in ["a::A", "b::B"] {
        assert_eq!(merged.size_of_named(name).unwrap().0, 1, "{name}");
    }
}
