//! parse ∘ encode is the identity on real BTF, in both byte orders.

use btfkit::Endian;
use btfkit::encode::{self, encode, encode_with};
use btfkit::parse::parse;
use object::{Object, ObjectSection};

use crate::support::tools::kernel_btf;
use crate::support::{objects, read};

/// Encodes BTF as it was, and in either byte order; returns the number of its types.
fn round_trip(raw: &[u8]) -> usize {
    let graph = parse(raw.to_vec()).unwrap();
    assert!(encode(&graph).unwrap() == raw);
    for endian in [Endian::Big, Endian::Little] {
        let bytes = encode_with(&graph, &encode::EncodeOptions::new().endian(endian)).unwrap();
        let again = parse(bytes.clone()).unwrap();
        assert_eq!(again.endian(), endian);
        assert!(encode(&again).unwrap() == bytes);
        let back =
            encode_with(&again, &encode::EncodeOptions::new().endian(graph.endian())).unwrap();
        assert!(back == raw);
    }
    graph.len()
}

#[test]
fn every_kind() {
    assert!(round_trip(&read("dump/every_kind.btf")) >= 19);
}

/// BTF as clang writes it, from objects of either byte order.
#[test]
fn objects_of_clang() {
    let mut types = 0;
    for path in objects() {
        let bytes = std::fs::read(&path).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let section = file.section_by_name(".BTF").unwrap();
        types += round_trip(section.data().unwrap());
    }
    assert!(types > 100, "{types}");
}

#[test]
fn the_running_kernel() {
    let Some(raw) = kernel_btf() else { return };
    assert!(round_trip(&raw) > 10_000);
}
