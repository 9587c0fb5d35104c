//! Templates whose names lack their arguments (`-gsimple-template-names`): `testdata/cxx/templates.cc`.

use btfkit::dwarf::{ConvertOptions, Reason, convert};
use btfkit::graph::Kind;

use crate::support::dies::{
    BYTE_SIZE, Die, FORMAL_PARAMETER, POINTER_TYPE, STRUCTURE_TYPE, SUBROUTINE_TYPE, TEMPLATE_TYPE,
    base, cxx_program,
};
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

/// Pointers to functions of two parameters, each a pointer of the level below, and `tail`.
fn nested(levels: u32, tail: impl IntoIterator<Item = Die>) -> Vec<Die> {
    let mark = |kind: &str, level: u32| &*format!("{kind}{level}").leak();
    let mut dies = vec![base("int", 4, 5).mark(mark("pointer", 0))];
    for level in 1..=levels {
        let inner = mark("pointer", level - 1);
        let parameter = || Die::new(FORMAL_PARAMETER).to(inner);
        let function = Die::new(SUBROUTINE_TYPE).mark(mark("function", level));
        dies.push(function.children([parameter(), parameter()]));
        let pointer = Die::new(POINTER_TYPE).mark(mark("pointer", level));
        dies.push(pointer.to(mark("function", level)));
    }
    dies.extend(tail);
    dies
}

/// A template of one argument.
fn template(name: &'static str, argument: &'static str) -> Die {
    let argument = Die::new(TEMPLATE_TYPE).to(argument);
    let structure = Die::new(STRUCTURE_TYPE).name(name).number(BYTE_SIZE, 1);
    structure.children([argument])
}

/// Returns the names of the structures, and how many of them lack their arguments.
fn structures(dies: Vec<Die>) -> (Vec<String>, usize) {
    let converted = convert(&cxx_program(dies), &ConvertOptions::new()).unwrap();
    let structures = converted.graph.types();
    let structures = structures.filter(|ty| ty.kind() == Kind::Struct);
    let names = structures.map(|ty| ty.name().to_string()).collect();
    let mut degraded = converted.degraded;
    degraded.retain(|degraded| degraded.reason == Reason::TemplateName);
    (names, degraded.len())
}

#[test]
fn names_that_would_be_too_long_are_left_without_arguments() {
    let short = structures(nested(2, [template("X", "pointer2")]));
    let two = "void (*)(void (*)(int, int), void (*)(int, int))";
    assert_eq!(short, (vec![format!("X<{two}>")], 0));
    // Each level is twice as long as the one below, and 12 bytes more.
    let (names, without) = structures(nested(12, [template("X", "pointer12")]));
    assert_eq!(names.iter().map(String::len).collect::<Vec<_>>(), [61_431]);
    assert_eq!(without, 0);
    for (levels, argument) in [(13, "pointer13"), (40, "pointer40")] {
        let long = structures(nested(levels, [template("X", argument)]));
        assert_eq!(long, (vec!["X".to_owned()], 1));
    }
}

#[test]
fn a_unit_with_many_names_that_would_be_too_long_has_all_later_ones_without_arguments() {
    let last = |count: u32| {
        let long = (0..count).map(|number| template(format!("X{number}").leak(), "pointer13"));
        let (names, _) = structures(nested(13, long.chain([template("Y", "pointer0")])));
        names.last().cloned()
    };
    assert_eq!(last(255).as_deref(), Some("Y<int>"));
    assert_eq!(last(256).as_deref(), Some("Y"));
}
