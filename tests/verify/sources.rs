//! BTF to make mutants of: of every kind, of programs in C, C++, Rust and Go, and the running kernel's.

use btfkit::Btf;

use crate::mutate::Pieces;
use crate::support::{testdata, tools};

/// Programs with DWARF, by language.
#[cfg(feature = "dwarf")]
pub const PROGRAMS: [&str; 4] = [
    "layouts/server2.gcc-dwarf5",
    "cxx/classes.clang-dwarf5",
    "rust/shapes.o",
    "go/shapes",
];

/// Returns a program's types with functions and variables, as raw BTF.
#[cfg(feature = "dwarf")]
pub fn program(name: &str) -> Vec<u8> {
    use btfkit::{Limits, dwarf, elf};
    let bytes = std::fs::read(testdata(name)).unwrap();
    let sections = elf::debug_sections(bytes, &Limits::default()).unwrap();
    let options = dwarf::ConvertOptions::new().functions(true).variables(true);
    let conversion = dwarf::convert(&sections, &options).unwrap();
    conversion.graph.encode().unwrap()
}

/// Returns a BPF object's own types as raw BTF.
pub fn object(name: &str) -> Vec<u8> {
    Btf::open(testdata(name)).unwrap().encode().unwrap()
}

/// Returns all sources that this machine has.
pub fn sources() -> Vec<Pieces> {
    let mut sources = vec![
        Pieces::of(&crate::support::read("dump/every_kind.btf")),
        Pieces::of(&object("layouts/probe.bpf.o")),
        Pieces::of(&crate::cases::managed()),
    ];
    #[cfg(feature = "dwarf")]
    sources.extend(PROGRAMS.map(|name| Pieces::of(&program(name))));
    if let Some(kernel) = tools::kernel_btf() {
        sources.push(Pieces::of(&kernel));
    }
    sources
}
