//! Bytes as values: an event of a probe, and the kernel's `task_struct` (an array of events where there is none).

use btfkit::Btf;
use btfkit::graph::Kind;
use btfkit::render::{ValueFormat, ValueOptions, value};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn values(c: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/values/values.gcc");
    let program = Btf::open(path).unwrap();
    let event = program.find(Kind::Struct, "event").unwrap();
    let kernel = Btf::kernel().ok();
    let kernel = kernel.as_ref().unwrap_or(&program);
    let task = kernel.find(Kind::Struct, "task_struct");
    let large = task.unwrap_or_else(|| kernel.find(Kind::Struct, "nested").unwrap());
    for (name, ty) in [("event", event), ("task_struct", large)] {
        let size = usize::try_from(ty.size().unwrap().0).unwrap();
        let bytes: Vec<u8> = (0..size).map(|at| (at * 7).to_le_bytes()[0]).collect();
        let mut group = c.benchmark_group("value");
        group.throughput(Throughput::Bytes(size as u64));
        for (format_name, format) in [("C", ValueFormat::C), ("JSON", ValueFormat::Json)] {
            let options = ValueOptions::new().format(format);
            let mut text = String::new();
            group.bench_function(format!("{name} as {format_name}"), |b| {
                b.iter(|| {
                    text.clear();
                    value(ty, black_box(&bytes), &options, &mut text).unwrap()
                })
            });
        }
        group.finish();
    }
}

criterion_group!(benches, values);
criterion_main!(benches);
