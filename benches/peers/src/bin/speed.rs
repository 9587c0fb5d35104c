//! How long libbpf, aya-obj and btfkit take for the same work, in turns, and that they agree.
//!
//! `speed [ROUNDS] [BTF]`: the target is the running kernel's BTF, or a file's.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use btfkit::pipeline::TargetFile;
use btfkit_peers::speed::Time;
use btfkit_peers::{aya, libbpf, ours, speed};

/// Relocations and structures.
const SIZES: [(usize, usize); 5] = [
    (100, 100),
    (101, 20),
    (1_000, 1_000),
    (5_002, 1_000),
    (10_000, 1_000),
];

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds: usize = args
        .next()
        .map_or(11, |text| text.parse().expect("a number of rounds"));
    let path = args
        .next()
        .map_or_else(|| PathBuf::from("/sys/kernel/btf/vmlinux"), PathBuf::from);
    let raw = std::fs::read(&path).expect("the target's BTF");
    let kernel = btfkit::parse::parse(raw.clone()).expect("the target's BTF");
    println!(
        "target: {} types, {} bytes; medians of {rounds} rounds, each peer in turn",
        kernel.len(),
        raw.len()
    );
    println!(
        "{:<34} {:>10} {:>10} {:>10} {:>9} {:>9}",
        "", "libbpf", "aya-obj", "btfkit", "vs libbpf", "vs aya"
    );
    libbpf::silence();

    let bytes = bytes::Bytes::from(raw.clone());
    let times = speed::medians(
        rounds * 3,
        &mut [
            &mut || {
                black_box(libbpf::parse(&raw).expect("libbpf parses it"));
            },
            &mut || {
                black_box(aya::parse(&raw).expect("aya-obj parses it"));
            },
            &mut || {
                black_box(btfkit::parse::parse(bytes.clone()).expect("btfkit parses it"));
            },
        ],
    );
    row("parse", &times);

    for (relocations, structures) in SIZES {
        let object = speed::object(&kernel, structures, relocations);
        let name = format!("{relocations} relocations, {structures} structs");
        check(&name, &object, &path, &raw);
        let (target, object) = (bytes.clone(), bytes::Bytes::from(object));
        let times = speed::medians(
            rounds,
            &mut [
                &mut || {
                    black_box(libbpf::relocate(&object, Some(&path)).expect("libbpf relocates it"));
                },
                &mut || {
                    black_box(aya::relocate(&object, &raw).expect("aya-obj relocates it"));
                },
                &mut || {
                    let target = TargetFile::kernel(target.clone());
                    let relocated = ours::relocate(object.clone(), target);
                    black_box(relocated.expect("btfkit relocates it"));
                },
            ],
        );
        row(&name, &times);
    }

    // What the times of btfkit leave out, as it is given bytes: libbpf reads the file in its own.
    let times = speed::medians(
        rounds,
        &mut [&mut || {
            black_box(std::fs::read(&path).expect("the target's BTF"));
        }],
    );
    println!("reading the target's file: {}", milliseconds(times[0].wall));
}

fn row(name: &str, times: &[Time]) {
    for (what, of) in [
        ("", (|time| time.wall) as fn(&Time) -> Duration),
        ("  busy", |time| time.busy),
    ] {
        let times: Vec<Duration> = times.iter().map(of).collect();
        let ratio = |peer: Duration| peer.as_secs_f64() / times[2].as_secs_f64();
        println!(
            "{:<34} {:>10} {:>10} {:>10} {:>8.1}x {:>8.1}x",
            if what.is_empty() { name } else { what },
            milliseconds(times[0]),
            milliseconds(times[1]),
            milliseconds(times[2]),
            ratio(times[0]),
            ratio(times[1])
        );
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// All three must come to the same code.
fn check(name: &str, object: &[u8], path: &std::path::Path, raw: &[u8]) {
    let libbpf = libbpf::relocate(object, Some(path)).expect("libbpf relocates it");
    let aya = aya::relocate(object, raw).expect("aya-obj relocates it");
    let ours = ours::relocate(object.to_vec(), TargetFile::kernel(raw.to_vec()));
    let ours = ours.expect("btfkit relocates it").object;
    let ours = btfkit::elf::BpfObject::parse(ours).expect("btfkit's object");
    let code = ours.code_section(btfkit::graph::Name::new(b"socket"));
    let code = code.expect("the section").code;
    assert_eq!(libbpf[0].code, code[..], "{name}: libbpf's code is another");
    assert_eq!(aya[0].1, code[..], "{name}: aya-obj's code is another");
}
