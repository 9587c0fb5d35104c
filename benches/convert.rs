//! DWARF → BTF: the test programs, and a file named by `BTFKIT_BENCH_DWARF` (a kernel with debug information).

use std::hint::black_box;
use std::num::NonZeroUsize;

use btfkit::Limits;
use btfkit::dwarf::{ConvertOptions, Sections, convert};
use btfkit::elf::debug_sections;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn sections(path: &str) -> Sections {
    let file = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    debug_sections(file, &Limits::default()).unwrap()
}

fn conversion(c: &mut Criterion) {
    let small = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/testdata/types/kinds.gcc-dwarf5"
    );
    let mut files = vec![("types", sections(small))];
    if let Ok(path) = std::env::var("BTFKIT_BENCH_DWARF") {
        files.push(("file", sections(&path)));
    }
    let mut group = c.benchmark_group("convert");
    group.sample_size(10);
    for (name, sections) in &files {
        group.throughput(Throughput::Bytes(sections.info.len() as u64));
        for threads in [1, 2] {
            let options = ConvertOptions::default().threads(NonZeroUsize::new(threads).unwrap());
            group.bench_function(format!("{name}, {threads} threads"), |b| {
                b.iter(|| convert(black_box(sections), &options).unwrap())
            });
        }
    }
    group.finish();
}

criterion_group!(benches, conversion);
criterion_main!(benches);
