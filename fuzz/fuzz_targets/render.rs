//! Writing types as text: the header is an error or C, the bindings an error or Rust, within their bounds; the listings
//! never fail.
#![no_main]

mod common;

use btfkit::graph::Btf;
use btfkit::parse::parse_with;
use btfkit::render::{self, c, rust};
use common::graphs::graph;
use common::{limits, parsing};
use libfuzzer_sys::fuzz_target;

/// Bytes of text that a small graph may become.
const TEXT: u32 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    let graph = if how & 1 == 0 {
        parse_with(data.to_vec(), &parsing()).ok()
    } else {
        graph(data, &[], None, &limits())
    };
    if let Some(graph) = graph {
        write(&graph, how);
    }
});

fn write(graph: &Btf, how: u8) {
    let mut limits = limits();
    limits.text_bytes = TEXT;
    let options = c::HeaderOptions::new()
        .asserts(how & 2 != 0)
        .core(how & 4 != 0)
        .limits(limits.clone());
    if let Ok(header) = c::header(graph, &options) {
        assert!(header.text.len() <= TEXT as usize);
        assert!(header.text.is_ascii());
        // Comments and braces are balanced, whatever the names are.
        let count = |text: &str| header.text.matches(text).count();
        assert_eq!(count("/*"), count("*/"));
        // A name in a comment may have a brace.
        let parts = header.text.split("*/");
        let code = parts.map(|part| part.split("/*").next().unwrap_or_default());
        let code: String = code.collect();
        assert_eq!(code.matches('{').count(), code.matches('}').count());
        // Output is a function of the input.
        assert_eq!(c::header(graph, &options).expect("again"), header);
        for note in &header.notes {
            assert!(!note.to_string().is_empty());
        }
    }
    let options = rust::RustOptions::new()
        .asserts(how & 2 != 0)
        .limits(limits);
    if let Ok(bindings) = rust::bindings(graph, &options) {
        assert!(bindings.text.len() <= TEXT as usize);
        assert!(bindings.text.is_ascii());
        assert_eq!(rust::bindings(graph, &options).expect("again"), bindings);
        for note in &bindings.notes {
            assert!(!note.to_string().is_empty());
        }
    }
    render::raw(graph.own_types(), &mut std::io::sink()).expect("a sink takes everything");
    render::json(graph.own_types(), &mut std::io::sink()).expect("a sink takes everything");
}
