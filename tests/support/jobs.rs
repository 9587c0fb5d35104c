//! Whole jobs on real files.

use std::path::{Path, PathBuf};

use btfkit::dwarf::{Conversion, ConvertOptions, Sections};
use btfkit::graph::Btf;
use btfkit::pipeline::{RelocateOptions, RelocatedObject, TargetFile, relocate};
use btfkit::{Limits, dwarf, elf};

use super::{read, testdata};

/// The debug sections of a program of `testdata/`.
pub fn sections(name: &str) -> Sections {
    let sections = elf::debug_sections(read(name), &Limits::default());
    sections.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The conversion of a program of `testdata/`.
pub fn conversion(name: &str, options: &ConvertOptions) -> Conversion {
    let converted = dwarf::convert(&sections(name), options);
    converted.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The types of a program, from its DWARF.
pub fn converted(program: &Path) -> Btf {
    let bytes =
        std::fs::read(program).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let sections = elf::debug_sections(bytes, &Limits::default());
    let converted =
        sections.and_then(|sections| dwarf::convert(&sections, &dwarf::ConvertOptions::new()));
    converted
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
        .graph
}

/// The program as the target `app`.
pub fn app(program: &Path) -> TargetFile {
    TargetFile::user("app", converted(program))
}

/// Relocates an object of `testdata/`.
pub fn relocated(object: &str, targets: &[TargetFile], partial: bool) -> RelocatedObject {
    let mut options = RelocateOptions::default();
    options.partial = partial;
    relocate(read(object), targets, &options).unwrap_or_else(|error| panic!("{object}: {error}"))
}

/// Both compilers, both versions of DWARF.
pub const BUILDS: [&str; 4] = ["gcc-dwarf4", "gcc-dwarf5", "clang-dwarf4", "clang-dwarf5"];

/// The sixteen builds of the server.
pub fn servers() -> Vec<PathBuf> {
    let names =
        (1..=4).flat_map(|layout| BUILDS.map(|build| format!("layouts/server{layout}.{build}")));
    names.map(|name| testdata(&name)).collect()
}

/// A line of `slots.txt`: the map's slot, its key, and who says what must be in it.
pub struct Slot {
    pub number: u32,
    pub key: String,
    pub origin: String,
}

/// Reads a `slots*.txt`.
pub fn slots(name: &str) -> Vec<Slot> {
    let text = String::from_utf8(read(name)).unwrap();
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [number, key, origin] = words[..] else {
            panic!("{line:?}")
        };
        Slot {
            number: number.parse().unwrap(),
            key: key.into(),
            origin: origin.into(),
        }
    };
    text.lines().map(line).collect()
}
