//! How long libbpf (`btf_dump`) and btfkit take to write a kernel's types as C, in turns.
//!
//! `header [ROUNDS] [BTF]`: the types are the running kernel's, or a file's. Bytes in, text out; libbpf's is formatted by
//! `vsnprintf` into memory.

use std::hint::black_box;

use btfkit::render::c::{Header, HeaderOptions, header};
use btfkit_peers::{libbpf, speed};

fn ours(raw: &bytes::Bytes) -> Header {
    let graph = btfkit::parse::parse(raw.clone()).expect("btfkit parses it");
    header(&graph, &HeaderOptions::new()).expect("btfkit writes it")
}

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds: usize = args
        .next()
        .map_or(11, |text| text.parse().expect("a number of rounds"));
    let path = args
        .next()
        .unwrap_or_else(|| "/sys/kernel/btf/vmlinux".to_owned());
    let raw = bytes::Bytes::from(std::fs::read(path).expect("the types"));
    libbpf::silence();
    let theirs = libbpf::header(&raw).expect("libbpf writes it").len();
    println!(
        "libbpf: {theirs} bytes of C; btfkit: {}",
        ours(&raw).text.len()
    );
    let times = speed::medians(
        rounds,
        &mut [
            &mut || {
                black_box(libbpf::header(&raw).expect("libbpf writes it"));
            },
            &mut || {
                black_box(ours(&raw));
            },
        ],
    );
    for (name, time) in ["libbpf", "btfkit"].iter().zip(&times) {
        println!(
            "{name}: {:.2} ms, busy {:.2} ms",
            ms(time.wall),
            ms(time.busy)
        );
    }
    println!(
        "ratio {:.1}, busy {:.1}",
        ms(times[0].wall) / ms(times[1].wall),
        ms(times[0].busy) / ms(times[1].busy)
    );
}

fn ms(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
