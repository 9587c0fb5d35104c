//! Layouts and values: any type of any graph, over any bytes.
#![no_main]

mod common;

use btfkit::graph::{Btf, Type};
use btfkit::parse::parse_with;
use btfkit::render::{
    LayoutOptions, ValueFormat, ValueOptions, layout, layout_json, value,
};
use common::graphs::graph;
use common::{halves, limits, parsing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((types, bytes)) = halves(data) else {
        return;
    };
    // Raw BTF, or the decisions from which types that are well-formed are made.
    if let Ok(graph) = parse_with(types.to_vec(), &parsing()) {
        all(&graph, bytes);
    } else if let Some(graph) = graph(types, &[], None, &limits()) {
        all(&graph, bytes);
    }
});

fn all(graph: &Btf, bytes: &[u8]) {
    // The time is that of the types together.
    for ty in graph.types().take(64) {
        values(ty, bytes);
        let options = LayoutOptions::new().depth(2).rows(2_000);
        if let Ok(layout) = layout(ty, &options) {
            let mut json = Vec::new();
            layout_json(&layout, &mut json).expect("a vector takes everything");
            assert_balanced(&json);
            assert!(layout.to_string().ends_with("};\n"));
            assert!(layout.rows.len() <= 2_000);
        }
    }
}

fn values(ty: Type<'_>, bytes: &[u8]) {
    for format in [ValueFormat::C, ValueFormat::Json] {
        let options = ValueOptions::new().format(format).output(20_000);
        let mut text = String::new();
        let Ok(written) = value(ty, bytes, &options, &mut text) else {
            assert!(text.len() <= 20_000);
            continue;
        };
        assert!(text.len() <= 20_000);
        assert!(written.used.0 <= bytes.len() as u64);
        if format == ValueFormat::Json {
            assert_balanced(text.as_bytes());
        }
        // More bytes than the type has change nothing, where no flexible array takes them.
        if let (Ok(size), Ok(whole)) = (ty.size(), usize::try_from(written.used.0))
            && !written.is_truncated
            && written.used == size
        {
            let mut again = String::new();
            value(ty, &bytes[..whole], &options, &mut again).expect("as before");
            assert_eq!(text, again);
        }
    }
}

/// Brackets are closed in order, strings aside.
fn assert_balanced(json: &[u8]) {
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    for &byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (true, _) => {}
            (false, b'{') => open.push(b'}'),
            (false, b'[') => open.push(b']'),
            (false, b'}' | b']') => assert_eq!(open.pop(), Some(byte)),
            (false, _) => {}
        }
    }
    assert!(open.is_empty() && !in_string);
}
