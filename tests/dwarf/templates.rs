//! Templates whose names lack their arguments (`-gsimple-template-names`): `testdata/cxx/templates.cc`.

use btfkit::dwarf::{ConvertOptions, Reason};
use btfkit::graph::Kind;

use crate::support::jobs::conversion;
use crate::support::packagings::differences;
use crate::support::spelled::spelled;

fn options() -> ConvertOptions {
    ConvertOptions::new().functions(true).variables(true)
}

#[test]
fn names_without_arguments_are_rebuilt_as_clang_spells_them() {
    let plain = spelled(&conversion("cxx/templates.plain.o", &options()).graph);
    for name in [
        "STRUCT ns::Numbers<3, 4000000000UL, true>",
        "STRUCT ns::Of<ns::Of<long long> >",
        "STRUCT ns::Outer<int>::Inner<long>",
        "STRUCT ns::Pack<>",
        "STRUCT (anonymous namespace)::Hidden<float>",
    ] {
        assert!(plain.contains_key(name), "{name}: {:?}", plain.keys());
    }
    for build in ["simple", "types"] {
        let converted = conversion(&format!("cxx/templates.{build}.o"), &options());
        let wrong = differences(&plain, &spelled(&converted.graph));
        assert!(wrong.is_empty(), "{build}:\n{}", wrong.join("\n"));
        let degraded = converted.degraded.iter();
        let incomplete: Vec<_> = degraded
            .filter(|degraded| degraded.reason == Reason::TemplateName)
            .collect();
        assert!(incomplete.is_empty(), "{build}: {incomplete:?}");
    }
}

#[test]
fn names_deeper_than_the_limit_are_left_without_arguments() {
    let mut options = options();
    // The DIEs are nested less deep than the types.
    options.limits.depth = 6;
    let converted = conversion("cxx/templates.simple.o", &options);
    let mut structures = converted
        .graph
        .types()
        .filter(|ty| ty.kind() == Kind::Struct);
    assert!(structures.any(|ty| ty.name() == "ns::Of"));
    let mut degraded = converted.degraded.iter();
    assert!(degraded.any(|degraded| degraded.reason == Reason::TemplateName));
}
