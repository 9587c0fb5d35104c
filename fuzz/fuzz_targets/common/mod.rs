//! What several targets share.
#![allow(dead_code, reason = "each target uses a part")]

pub mod graphs;

use btfkit::Limits;
use btfkit::graph::Btf;
use btfkit::parse::{self, parse_with};

/// Bounds that keep a run small.
pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.type_bytes = 1 << 20;
    limits.string_bytes = 1 << 20;
    limits.types = 1 << 14;
    limits.ext_records = 1 << 14;
    limits.depth = 64;
    limits.section_bytes = 4 << 20;
    limits
}

/// The defaults of the parser, within the bounds.
pub fn parsing() -> parse::ParseOptions {
    let mut options = parse::ParseOptions::default();
    options.limits = limits();
    options
}

/// Two inputs in one: the first four bytes are the length of the first.
pub fn halves(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = data.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize % (rest.len() + 1);
    Some(rest.split_at(len))
}

/// What the encoder writes of a graph is read back as the same graph.
pub fn round_trip(graph: &Btf) {
    let Ok(bytes) = btfkit::encode::encode(graph) else {
        return;
    };
    let mut options = parsing();
    options.base = graph.base().cloned();
    let again = parse_with(bytes.clone(), &options).expect("what was encoded is read");
    assert_eq!(again.len(), graph.len());
    assert_eq!(btfkit::encode::encode(&again).expect("again"), bytes);
}
