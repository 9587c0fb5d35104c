//! The whole job: the bytes of an object and of the kernel's BTF in, the bytes of a relocated object out.
//! What it takes beyond parsing the kernel's BTF grows with the relocations, linearly.

/// What `peers/` relocates, too.
#[path = "peers/src/speed.rs"]
#[allow(dead_code, reason = "the peers' clock is not needed")]
mod speed;

#[path = "peers/src/elf.rs"]
mod elf;

mod case {
    use btfkit::Endian;
    use btfkit::graph::{Ext, TypeGraph};

    pub fn empty_ext(_: &TypeGraph, endian: Endian) -> Ext {
        Ext::new(endian)
    }
}

mod ours {
    use btfkit::Endian;

    /// The objects here are little-endian from the start.
    pub fn to_host(_: &mut [u8], endian: Endian) {
        assert_eq!(endian, Endian::Little);
    }
}

use std::hint::black_box;

use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::pipeline::{Options, Target, relocate};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// The running kernel's BTF, or as much of our own where there is none.
fn kernel() -> Bytes {
    if let Ok(raw) = std::fs::read("/sys/kernel/btf/vmlinux") {
        return raw.into();
    }
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    for number in 0..10_000 {
        let members: Vec<_> = (0..10u64)
            .map(|field| {
                let name = builder.intern(format!("field_{field}")).unwrap();
                NewMember::new(name, int, field * 7 % 10 * 32)
            })
            .collect();
        let name = format!("record_{number}");
        builder.composite(Kind::Struct, name, 40, &members).unwrap();
    }
    let graph = builder.freeze().unwrap();
    btfkit::encode::encode(&graph).unwrap().into()
}

fn kernel_fields(c: &mut Criterion) {
    let raw = kernel();
    let graph = btfkit::parse::parse(raw.clone()).unwrap();
    let target = [Target::kernel(raw)];
    let mut group = c.benchmark_group("relocate");
    group.sample_size(20);
    for (structures, relocations) in [
        (10, 10),
        (50, 101),
        (100, 1000),
        (1000, 1000),
        (1000, 5002),
        (1000, 10_000),
    ] {
        let object = Bytes::from(speed::object(&graph, structures, relocations));
        let done = relocate(object.clone(), &target, &Options::default()).unwrap();
        assert_eq!(done.report.records.len(), relocations);
        assert!(done.report.is_clean());
        group.throughput(Throughput::Elements(relocations as u64));
        let id = BenchmarkId::new(format!("{structures} structures"), relocations);
        group.bench_function(id, |b| {
            b.iter(|| relocate(black_box(object.clone()), &target, &Options::default()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, kernel_fields);
criterion_main!(benches);
