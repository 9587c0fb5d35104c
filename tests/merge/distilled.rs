//! Distilled bases, and putting split graphs over other bases.

use btfkit::Bits;
use btfkit::graph::{Btf, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness};
use btfkit::merge::{Input, MergeOptions, dedup, distill, merge, rebase};
use btfkit::{ErrorKind, TypeId};

use crate::check::Checker;
use crate::real::{kernel, object};

/// A base with a type more in front, and a structure of another size where `grown`.
fn base(grown: bool) -> Btf {
    let mut builder = GraphBuilder::new();
    if grown {
        builder.float("double", 8).unwrap();
    }
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let x = [NewMember::new("x", int)];
    let size = if grown { 16 } else { 8 };
    builder.composite(Kind::Struct, "held", 8, &x).unwrap();
    builder
        .composite(Kind::Struct, "pointed", size, &x)
        .unwrap();
    // The kind flag of a structure with bitfields is no forward declaration's.
    let bit = [NewMember::new(x[0].name, int).bitfield(Bits(1))];
    builder
        .composite(Kind::Struct, "declared", 4, &bit)
        .unwrap();
    builder
        .composite(Kind::Union, "declared_union", 4, &x)
        .unwrap();
    let value = builder.intern("A").unwrap();
    builder
        .enumeration("wide", 8, Signedness::Unsigned, &[(value, 1)])
        .unwrap();
    builder.freeze().unwrap()
}

/// Types over [`base`]; `forwards` adds declarations, which the base completes only when rebased.
fn own(base: &Btf) -> Btf {
    let id = |kind, name| base.find(kind, name).unwrap().id();
    let mut builder = GraphBuilder::split(base);
    let pointer = builder.ptr(id(Kind::Struct, "pointed")).unwrap();
    let array = builder
        .array(id(Kind::Struct, "held"), id(Kind::Int, "int"), 2)
        .unwrap();
    let names = ["p", "a", "e"].map(|name| builder.intern(name).unwrap());
    let members = [
        NewMember::new(names[0], pointer),
        NewMember::new(names[1], array).at(Bits(64)),
        NewMember::new(names[2], id(Kind::Enum64, "wide")).at(Bits(192)),
    ];
    builder
        .composite(Kind::Struct, "own", 32, &members)
        .unwrap();
    builder.freeze().unwrap()
}

#[test]
fn there_and_back() {
    let old = base(false);
    let graph = own(&old);
    let distilled = distill(&graph).unwrap();
    let kinds: Vec<_> = distilled
        .base
        .types()
        .map(|ty| format!("{} {} {}", ty.kind(), ty.name(), ty.record_words().len()))
        .collect();
    assert_eq!(
        kinds,
        [
            "INT int 4",
            "STRUCT held 3",
            "STRUCT pointed 3",
            "ENUM wide 3"
        ]
    );
    assert!(distilled.graph.base().unwrap().is_same(&distilled.base));
    for new in [base(false), base(true)] {
        let back = rebase(&distilled.graph, &new).unwrap();
        let own = |graph: &Btf| graph.find(Kind::Struct, "own").unwrap().id();
        let pointed = back
            .graph
            .ty(own(&back.graph))
            .members()
            .next()
            .unwrap()
            .type_id;
        let pointed = back.graph.ty(pointed).referent_id();
        assert_eq!(pointed, new.find(Kind::Struct, "pointed").map(|ty| ty.id()));
        let mut checker = Checker::new(&distilled.graph, &back.graph);
        for ty in distilled.graph.own_types() {
            if ty.kind() != Kind::Struct {
                continue;
            }
            // Shells differ from what they stand for; the rest is as before.
            let new = back.types.get(ty.id()).unwrap();
            assert_eq!(
                crate::check::shallow(ty).0,
                crate::check::shallow(back.graph.ty(new)).0
            );
        }
        checker.require(TypeId::VOID, TypeId::VOID);
    }
}

/// libbpf looks at the wrong type's kind flag here and refuses both.
#[test]
fn declarations_that_the_new_base_completes() {
    let mut old = GraphBuilder::new();
    let one = old.fwd("declared", FwdKind::Struct).unwrap();
    let two = old.fwd("declared_union", FwdKind::Union).unwrap();
    let mut graph = GraphBuilder::split(&old.freeze().unwrap());
    graph.ptr(one).unwrap();
    graph.ptr(two).unwrap();
    let distilled = distill(&graph.freeze().unwrap()).unwrap();
    let back = rebase(&distilled.graph, &base(false)).unwrap().graph;
    let to: Vec<_> = back
        .own_types()
        .map(|ty| back.ty(ty.referent_id().unwrap()).kind())
        .collect();
    assert_eq!(to, [Kind::Struct, Kind::Union]);
}

/// A structure that is only pointed to may be a declaration in the new base, and one held by value may not.
#[test]
fn structures_that_the_new_base_only_declares() {
    let rebased = |kind, held: bool, declared| {
        let mut old = GraphBuilder::new();
        let id = old.composite(kind, "known", 8, &[]).unwrap();
        let old = old.freeze().unwrap();
        let mut graph = GraphBuilder::split(&old);
        let to = if held { id } else { graph.ptr(id).unwrap() };
        let x = [NewMember::new("x", to)];
        graph.composite(Kind::Struct, "own", 8, &x).unwrap();
        let distilled = distill(&graph.freeze().unwrap()).unwrap();
        let mut new = GraphBuilder::new();
        new.float("double", 8).unwrap();
        new.fwd("known", declared).unwrap();
        rebase(&distilled.graph, &new.freeze().unwrap())
    };
    for (kind, same, other) in [
        (Kind::Struct, FwdKind::Struct, FwdKind::Union),
        (Kind::Union, FwdKind::Union, FwdKind::Struct),
    ] {
        let graph = rebased(kind, false, same).unwrap().graph;
        let pointer = graph.own_types().find(|ty| ty.kind() == Kind::Ptr).unwrap();
        assert_eq!(pointer.referent_id(), Some(TypeId::new(2)));
        for error in [rebased(kind, false, other), rebased(kind, true, same)] {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
        }
    }
}

/// Enumerations of either width are found by name and size, integers by their encoding, too.
#[test]
fn scalars_by_name_size_and_encoding() {
    let base = |size: u32, encoding, float: u32| {
        let mut base = GraphBuilder::new();
        base.fwd("padding", FwdKind::Struct).unwrap();
        base.int("int", 4, encoding).unwrap();
        base.float("real", float).unwrap();
        let a = base.intern("A").unwrap();
        base.enumeration("e", size, Signedness::Unsigned, &[(a, 1)])
            .unwrap();
        base.freeze().unwrap()
    };
    let old = base(8, IntEncoding::SIGNED, 8);
    let named = ["int", "real", "e"];
    let mut graph = GraphBuilder::split(&old);
    for name in named {
        let id = old.named(name.as_bytes()).next().unwrap().id();
        graph.typedef("own", id).unwrap();
    }
    let distilled = distill(&graph.freeze().unwrap()).unwrap();
    let same = base(8, IntEncoding::SIGNED, 8);
    let back = rebase(&distilled.graph, &same).unwrap().graph;
    let found = back
        .own_types()
        .map(|ty| back.ty(ty.referent_id().unwrap()).name().to_string());
    assert_eq!(found.collect::<Vec<_>>(), named);
    for other in [
        base(4, IntEncoding::SIGNED, 8),
        base(8, IntEncoding::UNSIGNED, 8),
        base(8, IntEncoding::SIGNED, 4),
    ] {
        let error = rebase(&distilled.graph, &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let old = base(false);
    let distilled = distill(&own(&old)).unwrap();
    let error = |base: GraphBuilder| rebase(&distilled.graph, &base.freeze().unwrap()).unwrap_err();

    assert_eq!(error(GraphBuilder::new()).kind(), ErrorKind::NotFound);

    // Held by value, of another size.
    let mut other = GraphBuilder::resume(&base(false));
    let mut grown = GraphBuilder::new();
    grown.int("int", 4, IntEncoding::SIGNED).unwrap();
    grown.composite(Kind::Struct, "held", 12, &[]).unwrap();
    let refused = error(grown);
    assert!(refused.to_string().contains("STRUCT \"held\""), "{refused}");

    // Two of the name and the size.
    other.composite(Kind::Struct, "held", 8, &[]).unwrap();
    assert_eq!(error(other).kind(), ErrorKind::Ambiguous);

    assert_eq!(distill(&old).unwrap_err().kind(), ErrorKind::Usage);
}

/// A real object's types over the kernel's, distilled and put back: nothing new is left.
#[test]
fn an_object_over_the_kernel() {
    let Some(kernel) = kernel() else { return };
    let merged = merge(
        [Input::new("object", object())],
        &MergeOptions::split(&kernel),
    )
    .unwrap();
    let distilled = distill(&merged.graph).unwrap();
    assert!(distilled.base.len() < 100);
    let back = rebase(&distilled.graph, &kernel).unwrap();
    let again = dedup(back.graph.clone(), &MergeOptions::default()).unwrap();
    assert_eq!(again.graph.own_len(), merged.graph.own_len());
    let mut checker = Checker::new(&merged.graph, &again.graph);
    let map = distilled.types.then(&back.types).then(&again.types);
    for ty in merged.graph.own_types() {
        checker.require(ty.id(), map.get(ty.id()).unwrap());
    }
}
