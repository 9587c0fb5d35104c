//! `.BTF.ext` against a BTF: what is read is written so that it is read as the same.
#![no_main]

mod common;

use btfkit::encode::encode_ext;
use btfkit::graph::{Remap, StringMap};
use btfkit::parse::{parse_ext, parse_with};
use common::{halves, limits, parsing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((btf, ext)) = halves(data) else {
        return;
    };
    let Ok(graph) = parse_with(btf.to_vec(), &parsing()) else {
        return;
    };
    let Ok(ext) = parse_ext(ext.to_vec(), &graph, &limits()) else {
        return;
    };
    let bytes = encode_ext(&ext).expect("what was read can be written");
    let again = parse_ext(bytes.clone(), &graph, &limits()).expect("what was written is read");
    assert_eq!(again, ext);
    assert_eq!(encode_ext(&again).expect("again"), bytes);
    let same = ext.remap(&Remap::identity(graph.len()), &StringMap::identity());
    assert_eq!(same.ok(), Some(ext));
});
