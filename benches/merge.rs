//! Merging, deduplicating and comparing the running kernel's BTF (a graph of our own where there is none),
//! once and several times over: cost grows with the number of inputs.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::merge::{Input, MergeOptions, dedup, diff, distill, merge};

fn input() -> Btf {
    if let Ok(raw) = std::fs::read("/sys/kernel/btf/vmlinux") {
        return btfkit::parse::parse(raw).unwrap();
    }
    let mut builder = GraphBuilder::new();
    let mut last = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    for number in 0..20_000 {
        let pointer = builder.ptr(last).unwrap();
        let member = builder.intern(format!("member_{number}")).unwrap();
        let members = [NewMember::new(member, pointer)];
        let name = format!("record_{number}");
        last = builder.composite(Kind::Struct, name, 8, &members).unwrap();
    }
    builder.freeze().unwrap()
}

fn merges(c: &mut Criterion) {
    let graph = input();
    let types = graph.len() as u64;
    let mut group = c.benchmark_group("merge");
    group.sample_size(10);
    group.throughput(Throughput::Elements(types));
    group.bench_function("dedup", |b| {
        b.iter_batched(
            || graph.clone(),
            |graph| dedup(graph, &MergeOptions::default()).unwrap(),
            BatchSize::PerIteration,
        );
    });
    for copies in [1, 2, 4, 8] {
        group.throughput(Throughput::Elements(types * copies));
        group.bench_with_input(BenchmarkId::new("copies", copies), &copies, |b, &copies| {
            b.iter(|| {
                let inputs = (0..copies).map(|n| Input::new(n.to_string(), graph.clone()));
                merge(inputs, &MergeOptions::default()).unwrap()
            });
        });
    }
    group.finish();
}

fn others(c: &mut Criterion) {
    let graph = input();
    let mut builder = GraphBuilder::split(&graph);
    for ty in graph
        .types()
        .filter(|ty| ty.kind() == Kind::Struct)
        .take(500)
    {
        builder.ptr(ty.id()).unwrap();
    }
    let split = builder.freeze().unwrap();
    let mut group = c.benchmark_group("merge");
    group.sample_size(10);
    group.bench_function("dedup of a split", |b| {
        b.iter(|| dedup(split.clone(), &MergeOptions::default()).unwrap());
    });
    group.bench_function("distill", |b| b.iter(|| distill(&split).unwrap()));
    group.bench_function("diff with itself", |b| {
        b.iter(|| diff(&graph, &graph, &btfkit::Limits::default()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, merges, others);
criterion_main!(benches);
