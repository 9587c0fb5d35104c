//! Parsing, encoding and indexing the running kernel's BTF (a graph of our own where there is none).

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn input() -> Bytes {
    match std::fs::read("/sys/kernel/btf/vmlinux") {
        Ok(raw) => raw.into(),
        Err(_) => {
            use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
            let mut builder = GraphBuilder::new();
            let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
            for number in 0..20_000 {
                let member = builder.intern(format!("member_{number}")).unwrap();
                let members = [NewMember::new(member, int)];
                builder
                    .composite(Kind::Struct, format!("record_{number}"), 4, &members)
                    .unwrap();
            }
            btfkit::encode::encode(&builder.freeze().unwrap())
                .unwrap()
                .into()
        }
    }
}

fn parse(c: &mut Criterion) {
    let raw = input();
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(raw.len() as u64));
    group.bench_function("kernel", |b| {
        b.iter(|| btfkit::parse::parse(black_box(raw.clone())).unwrap())
    });
    group.bench_function("kernel and find one type", |b| {
        b.iter(|| {
            let graph = btfkit::parse::parse(black_box(raw.clone())).unwrap();
            graph
                .find(btfkit::graph::Kind::Struct, "task_struct")
                .map(|ty| ty.id())
        })
    });
    let graph = btfkit::parse::parse(raw.clone()).unwrap();
    group.bench_function("encode", |b| {
        b.iter(|| btfkit::encode::encode(black_box(&graph)).unwrap())
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
