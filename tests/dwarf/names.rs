//! The same program of C++, the same names: `testdata/cxx/names.h`.

use btfkit::Limits;
use btfkit::debuginfo::{Search, find_debug_sections};
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::graph::Btf;
use btfkit::pipeline::load_path;

use crate::support::packagings::{differences, options};
use crate::support::spelled::spelled;
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
        let bytes = std::fs::read(&path).unwrap();
        let search = Search::new().without_roots();
        let found = find_debug_sections(bytes, Some(&path), &search, &Limits::default()).unwrap();
        let degraded = convert(&found.sections, &ConvertOptions::new())
            .unwrap()
            .degraded;
        assert!(degraded.is_empty(), "{name}: {degraded:?}");
    }
}

fn types(name: &str) -> Btf {
    let path = testdata("cxx").join(format!("names.{name}"));
    let mut options = options();
    options.conversion = ConvertOptions::new().variables(true);
    let loaded = load_path(&path, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(loaded.missing.is_empty(), "{name}: {:?}", loaded.missing);
    loaded.graph
}

/// Checks that a packaging gives the types of the plain program.
fn check(packaging: &str, compiler: &str) {
    let plain = spelled(&types(&format!("plain.{compiler}")));
    for name in [
        "STRUCT ns::Foo",
        "STRUCT ns::Foo::In",
        "STRUCT ns::Foo::In::Deeper",
        "STRUCT ns::deep::Bar",
        "STRUCT ns::One",
        "UNION ns::Foo::U",
        "TYPEDEF Al<int>::type",
        "VAR foo",
    ] {
        assert!(plain.contains_key(name), "{compiler}: {name}");
    }
    let name = format!("{packaging}.{compiler}");
    let wrong = differences(&plain, &spelled(&types(&name)));
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

#[test]
fn types_in_type_units_have_their_whole_names() {
    let mut wrong = Vec::new();
    for compiler in ["gcc", "clang"] {
        for packaging in ["types4", "types5"] {
            if std::panic::catch_unwind(|| check(packaging, compiler)).is_err() {
                wrong.push((packaging, compiler));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn what_dwz_took_out_of_units_has_their_language() {
    for packaging in ["partial", "dwz"] {
        check(packaging, "gcc");
        // Asked for alone, too.
        let path = testdata("cxx").join(format!("names.{packaging}.gcc"));
        let mut options = options();
        options.conversion = ConvertOptions::new().root("ns::Foo::In");
        let some = load_path(&path, &options).unwrap().graph;
        assert!(spelled(&some).contains_key("STRUCT ns::Foo::In"));
    }
}
