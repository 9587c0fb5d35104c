//! The same program of C++, the same names: `testdata/cxx/names.h`.

use btfkit::Limits;
use btfkit::dwarf::{Options, convert};
use btfkit::elf::{Search, find_debug_sections};

use crate::support::testdata;

#[test]
fn types_that_stand_elsewhere_lose_nothing() {
    for name in [
        "plain.gcc",
        "plain.clang",
        "types4.gcc",
        "types5.gcc",
        "types4.clang",
        "types5.clang",
        "partial.gcc",
        "dwz.gcc",
    ] {
        let path = testdata("cxx").join(format!("names.{name}"));
        let bytes = std::fs::read(&path).unwrap().into();
        let search = Search::new().without_roots();
        let found = find_debug_sections(&bytes, Some(&path), &search, &Limits::default()).unwrap();
        let degraded = convert(&found.sections, &Options::new()).unwrap().degraded;
        assert!(degraded.is_empty(), "{name}: {degraded:?}");
    }
}
