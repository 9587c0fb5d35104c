//! C++, Rust and Go: what their types become, and how a BPF program in C names them.

use crate::support::jobs::{BUILDS, conversion};
use crate::support::read;
use btfkit::Bits;
use btfkit::dwarf::{Conversion, ConvertOptions, Reason};
use btfkit::graph::{Btf, GraphBuilder, Kind, NewMember, View};
use btfkit::pipeline::{self, TargetFile, relocate};

use btfkit::ErrorKind;

fn converted(name: &str) -> Conversion {
    conversion(name, &ConvertOptions::default())
}

fn listed(conversion: &Conversion, reason: Reason) -> Vec<&str> {
    let degraded = conversion.degraded.iter();
    let listed = degraded.filter(|degraded| degraded.reason == reason);
    listed.map(|degraded| degraded.name.as_str()).collect()
}

/// What the probe asks for, as gdb calls it.
const ASKED: &[(&str, &str, &str)] = &[
    ("struct shop__Chain.base_field", "shop::Chain", "base_field"),
    (
        "struct shop__Chain.second_field",
        "shop::Chain",
        "second_field",
    ),
    ("struct shop__Chain.last", "shop::Chain", "last"),
    ("struct shop__Pair_int_.second", "shop::Pair<int>", "second"),
    (
        "struct shop__Ring_shop__Base_4___app.head",
        "shop::Ring<shop::Base, 4>",
        "head",
    ),
    ("struct app_Round.base_field", "shop::Round", "base_field"),
    ("struct app_Round.id", "shop::Round", "id"),
    ("struct app_Round.radius", "shop::Round", "radius"),
    ("struct shop__Bottom.left", "shop::Bottom", "left"),
    ("struct shop__Bottom.right", "shop::Bottom", "right"),
    ("struct shop__Bottom.bottom", "shop::Bottom", "bottom"),
];

#[test]
fn a_bpf_program_names_classes_in_c() {
    for build in BUILDS {
        let program = format!("cxx/classes.{build}");
        let facts = crate::support::facts::read(
            &String::from_utf8(read(&format!("{program}.gdb.txt"))).unwrap(),
        );
        let targets = [TargetFile::user("app", read(&program))];
        let mut options = pipeline::RelocateOptions::default();
        options.aliases = vec![("app_Round".to_owned(), "shop::Round".to_owned())];
        let report = relocate(read("cxx/probe.bpf.o"), &targets, &options)
            .unwrap()
            .report;
        for (local, name, field) in ASKED {
            let record = report.records.iter().find(|record| record.local == *local);
            let record = record.unwrap_or_else(|| panic!("{local} in {report}"));
            let fact = facts.iter().find(|fact| fact.name == *name).unwrap();
            let fact = fact.fields.iter().find(|fact| fact.name == *field).unwrap();
            let found = record
                .found_at
                .unwrap_or_else(|| panic!("{build}: {record}"));
            assert_eq!(found.0, fact.bit, "{build}: {record}");
        }
        // What gdb's table doesn't say: sizes, enumerators, a member of a member, and what can't be reached.
        let text = report.to_string();
        for line in [
            "struct shop__Pair_shop__Pair_unsigned_long__.second.second in app: 0 -> 24",
            "type_size of struct app_Round in app: 12 -> 32",
            "type_size of struct Base in app: 1 -> 5",
            "enum shop__Order__State___app::DONE___app in app: 1 -> 200",
            "field_exists of struct shop__Bottom.top in app: 0",
        ] {
            assert!(text.contains(line), "{build}: {line} in\n{text}");
        }
        assert!(
            report
                .records
                .iter()
                .all(|record| !record.outcome.is_poison())
        );
    }
}

#[test]
fn an_alias_for_nothing_is_refused() {
    let targets = [TargetFile::user("app", read("cxx/classes.gcc-dwarf5"))];
    let mut options = pipeline::RelocateOptions::default();
    options.aliases = vec![("app_Round".to_owned(), "shop::Rounded".to_owned())];
    let error = relocate(read("cxx/probe.bpf.o"), &targets, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("shop::Rounded"), "{error}");
}

fn structs(names: &[&str]) -> Btf {
    let mut builder = GraphBuilder::new();
    let int = builder
        .int("int", 4, btfkit::graph::IntEncoding::SIGNED)
        .unwrap();
    for (number, name) in (0u32..).zip(names) {
        let members = ["a", "c", "d"];
        let members: Vec<NewMember> = (0u32..)
            .zip(members)
            .map(|(at, name)| {
                let name = builder.intern(name).unwrap();
                NewMember::new(name, int).at(Bits::from(32 * (at + number)))
            })
            .collect();
        builder
            .composite(Kind::Struct, name, 16 + 4 * number, &members)
            .unwrap();
    }
    builder.freeze().unwrap()
}

#[test]
fn two_names_with_one_spelling_are_refused() {
    let object = || read("tutorial/probe.bpf.o");
    let options = pipeline::RelocateOptions::default();
    let one = [TargetFile::user("app", structs(&["data<>"]))];
    let place_of_c = |targets: &[TargetFile]| {
        let report = relocate(object(), targets, &options).unwrap().report;
        let record = report
            .records
            .iter()
            .find(|record| record.local == "struct data.c");
        record.unwrap().found_at.map(|bits| bits.0)
    };
    assert_eq!(place_of_c(&one), Some(32));
    let two = [TargetFile::user("app", structs(&["data<>", "data::"]))];
    let error = relocate(object(), &two, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let text = error.to_string();
    assert!(text.contains("data<>") && text.contains("data::"), "{text}");
    // A type that has the name itself is meant, whatever is spelled so.
    let three = [TargetFile::user(
        "app",
        structs(&["data<>", "data::", "data"]),
    )];
    assert_eq!(place_of_c(&three), Some(96));
}

#[test]
fn what_classes_lose_is_listed() {
    for build in BUILDS {
        let conversion = converted(&format!("cxx/classes.{build}"));
        let graph = &conversion.graph;
        assert_eq!(
            listed(&conversion, Reason::VirtualBase),
            ["shop::Left", "shop::Right"],
            "{build}"
        );
        let members = listed(&conversion, Reason::MemberPointer);
        assert_eq!(members, ["shop::References"], "{build}");
        let mut reasons: Vec<Reason> = conversion.degraded.iter().map(|d| d.reason).collect();
        reasons.dedup();
        assert!(
            reasons
                .iter()
                .all(|reason| matches!(reason, Reason::VirtualBase | Reason::MemberPointer)),
            "{build}: {:?}",
            conversion.degraded
        );
        let size = |path| graph.field("shop::References", path).unwrap().size.0;
        assert_eq!(
            (
                size("member"),
                size("function"),
                size("function.adj"),
                size("null")
            ),
            (8, 16, 8, 8)
        );
        // Static members are no part of an object.
        assert!(graph.field("shop::Second", "counted").is_err());
        assert!(graph.field("shop::Second", "limit").is_err());
        // Nested types have the class's name before theirs, and the global one has none.
        for name in [
            "shop::Order::Line",
            "shop::Invoice::Line",
            "shop::Order::Tail",
            "Base",
            "shop::Base",
        ] {
            assert_eq!(graph.named(name.as_bytes()).count(), 1, "{build}: {name}");
        }
        assert!(
            graph
                .named(b"shop::(anonymous namespace)::Hidden")
                .next()
                .is_some()
        );
        assert!(graph.find(Kind::Typedef, "shop::Order::Entry").is_some());
        assert_eq!(graph.size_of_named("shop::Order::State").unwrap().0, 1);
    }
}

/// Types of Go may refer to themselves without a structure in between.
#[test]
fn cycles_of_go_are_kept() {
    let conversion = converted("go/shapes");
    let graph = &conversion.graph;
    assert_eq!(listed(&conversion, Reason::NamelessCycle), [""; 0]);
    // type Func func(Func) Func: a pointer to a closure, whose first word points to the code.
    let func = graph.find(Kind::Typedef, "main.Func").unwrap();
    let View::Typedef(closure) = func.view() else {
        panic!()
    };
    let View::Ptr(code) = graph.ty(closure).view() else {
        panic!()
    };
    let View::Ptr(proto) = graph.ty(code).view() else {
        panic!()
    };
    let View::FuncProto(proto) = graph.ty(proto).view() else {
        panic!()
    };
    assert_eq!(proto.params().next().unwrap().type_id, func.id());
    // type Map map[string]Map
    let map = graph.find(Kind::Typedef, "main.Map").unwrap();
    let View::Typedef(table) = map.view() else {
        panic!()
    };
    let View::Ptr(table) = graph.ty(table).view() else {
        panic!()
    };
    assert_eq!(graph.ty(table).name(), "hash<string,main.Map>");
    // By the C spelling, too.
    assert_eq!(
        graph
            .field("main_Everything", "speaker.tab")
            .unwrap()
            .offset
            .bytes()
            .0,
        80
    );
    assert_eq!(
        graph
            .field("main_Everything", "slice.len")
            .unwrap()
            .offset
            .bytes()
            .0,
        48
    );
    assert_eq!(graph.size_of_named("__main_Inner").unwrap().0, 24);
}

#[test]
fn enumerations_of_rust_have_tag_and_variants() {
    let conversion = converted("rust/shapes.o");
    let graph = &conversion.graph;
    let at = |name: &str, path: &str| {
        let field = graph.field(name, path).unwrap();
        (field.offset.bytes().0, field.size.0)
    };
    assert_eq!(at("shapes::Message", "__tag"), (0, 1));
    assert_eq!(at("shapes::Message", "Move.y"), (8, 8));
    assert_eq!(at("shapes::Message", "Color.__2"), (3, 1));
    assert_eq!(at("shapes__Message", "Write.__0.length"), (16, 8));
    // The tag of a niche is the field itself.
    assert_eq!(at("core::option::Option<&shapes::Plain>", "__tag"), (0, 8));
    assert_eq!(
        at("core::option::Option<&shapes::Plain>", "Some.__0"),
        (0, 8)
    );
    assert_eq!(at("shapes::Nested", "Inner.__0.Some.__0.__tag"), (0, 1));
    assert!(graph.field("shapes::Single", "__tag").is_err());
    assert_eq!(at("shapes::Single", "Only.__0"), (0, 4));
    assert_eq!(at("shapes::Everything", "huge").1, 16);
    assert_eq!(conversion.degraded, []);
}
