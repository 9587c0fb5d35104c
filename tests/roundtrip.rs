//! parse ∘ encode is the identity on real BTF, in both byte orders.

use btfkit::Endian;
use btfkit::encode::{self, encode, encode_with};
use btfkit::parse::parse;

const KERNEL: &str = "/sys/kernel/btf/vmlinux";

#[test]
fn kernel() {
    let Ok(raw) = std::fs::read(KERNEL) else {
        println!("skipped: this machine has no {KERNEL}");
        return;
    };
    let graph = parse(raw.clone()).unwrap();
    assert!(graph.len() > 10_000);
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
}
