//! Classes held by value that a unit only declares, and that other units define several times.

use btfkit::dwarf::{Conversion, ConvertOptions, Reason, Sections, convert};
use btfkit::graph::Kind;

use crate::support::dies::*;

/// A unit that derives from `Base` and only declares it, as compilers do with classes that have virtual functions.
fn derived() -> Vec<Die> {
    let declared = Die::new(STRUCTURE_TYPE)
        .mark("Base")
        .name("Base")
        .with(DECLARATION, Value::Flag);
    let base_class = Die::new(INHERITANCE).to("Base").number(LOCATION, 0);
    let member = |name, ty, at| Die::new(MEMBER).name(name).to(ty).number(LOCATION, at);
    let structure = Die::new(STRUCTURE_TYPE)
        .name("Derived")
        .number(BYTE_SIZE, 72)
        .children([
            base_class,
            member("d", "int", 12),
            member("b", "Base", 16),
            member("list", "array", 32),
            member("next", "pointer", 64),
        ]);
    vec![
        base("int", 4, 5),
        declared,
        array("array", "Base", 2),
        Die::new(POINTER_TYPE).mark("pointer").to("Base"),
        structure,
    ]
}

/// A unit that defines `Base`, and says in `x` what type its member has.
fn defined(x: &'static str, at: u32) -> Vec<Die> {
    vec![
        base("int", 4, 5),
        base("long", 8, 5),
        Die::new(TYPEDEF).mark("I").name("I").to("int"),
        structure("Base", 16, &[("x", x, at)]),
    ]
}

fn converted(sections: &Sections, roots: &[&str]) -> Conversion {
    let roots = roots.iter().copied();
    let options = roots.fold(ConvertOptions::new(), ConvertOptions::root);
    convert(sections, &options).unwrap()
}

fn declared_members(done: &Conversion) -> usize {
    let reasons = done.degraded.iter().map(|degraded| degraded.reason);
    reasons
        .filter(|reason| *reason == Reason::DeclaredMember)
        .count()
}

#[test]
fn definitions_of_one_layout_are_one() {
    let sections = cxx_units([derived(), defined("int", 8), defined("I", 8)]);
    for roots in [&[][..], &["Derived"]] {
        let done = converted(&sections, roots);
        assert_eq!(declared_members(&done), 0, "{roots:?}");
        let at = |path: &str| done.graph.field("Derived", path).unwrap().offset.bytes().0;
        assert_eq!(at("x"), 8);
        assert_eq!(at("b.x"), 24);
        assert_eq!(at("list[1].x"), 56);
    }
}

#[test]
fn definitions_of_other_layouts_leave_it_declared_and_that_is_said() {
    for (x, at) in [("int", 4), ("long", 8)] {
        let sections = cxx_units([derived(), defined("int", 8), defined(x, at)]);
        for roots in [&[][..], &["Derived"]] {
            let done = converted(&sections, roots);
            assert!(declared_members(&done) > 0, "{x} {roots:?}");
            assert!(done.graph.find(Kind::Fwd, "Base").is_some());
            let at = |path: &str| {
                done.graph
                    .field("Derived", path)
                    .map(|field| field.offset.bytes().0)
            };
            assert_eq!(at("d").unwrap(), 12);
            for path in ["x", "b.x", "list[1].x", "b", "list"] {
                let error = at(path).unwrap_err().to_string();
                assert!(
                    error.contains("Base") && error.contains("only declared"),
                    "{path}: {error}"
                );
            }
        }
    }
}
