//! The whole job: the bytes of an object and of the kernel's BTF in, the bytes of a relocated object out.
//! The time beyond the kernel's parsing grows with the relocations, linearly.

#[path = "support/object.rs"]
mod object;

#[path = "support/kernel_object.rs"]
mod kernel_object;

use std::hint::black_box;

use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kernel_object::{kernel, kernel_object};

fn kernel_fields(c: &mut Criterion) {
    let raw = kernel();
    let target = [TargetFile::kernel(raw.clone())];
    let graph = btfkit::parse::parse(raw).unwrap();
    let mut group = c.benchmark_group("relocate");
    group.sample_size(20);
    // Structures, and relocations of them.
    for (structures, relocations) in [
        (10, 10),
        (20, 101),
        (100, 100),
        (1000, 1000),
        (1000, 5002),
        (1000, 10_000),
    ] {
        let object = Bytes::from(kernel_object(&graph, structures, relocations));
        let done = relocate(object.clone(), &target, &RelocateOptions::default()).unwrap();
        assert_eq!(done.report.records.len(), relocations);
        assert!(done.report.is_clean());
        group.throughput(Throughput::Elements(relocations as u64));
        let id = BenchmarkId::new(format!("{structures} structures"), relocations);
        group.bench_function(id, |b| {
            b.iter(|| {
                relocate(
                    black_box(object.clone()),
                    black_box(&target),
                    &RelocateOptions::default(),
                )
                .unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, kernel_fields);
criterion_main!(benches);
