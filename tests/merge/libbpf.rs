//! The situations that libbpf's own tests of `btf__dedup` are about and that have no case elsewhere here, one
//! by one; the graphs are ours. (Kernel, tools/testing/selftests/bpf/prog_tests: btf.c, btf_dedup_split.c.)

use btfkit::graph::{FuncLinkage, FwdKind, GraphBuilder, Kind, NewMember, Signedness};
use btfkit::{Bits, StrId, TypeId};

use crate::build::{deduped, int, kinds};

/// A structure of members 8 bytes apart.
fn structure(builder: &mut GraphBuilder, name: &str, members: &[(&str, TypeId)]) -> TypeId {
    let members: Vec<_> = (0..)
        .zip(members)
        .map(|(place, (name, ty))| NewMember::new(name, *ty).at(Bits(place * 64)))
        .collect();
    let size = 8 * u32::try_from(members.len()).unwrap();
    builder
        .composite(Kind::Struct, name, size, &members)
        .unwrap()
}

/// A function type that returns itself by its name, as in Go.
#[test]
fn recursive_typedefs() {
    let mut builder = GraphBuilder::new();
    for _ in 0..2 {
        let next = TypeId::new(builder.next_id().get() + 1);
        let foo = builder.typedef("Foo", next).unwrap();
        builder.func_proto::<StrId>(foo, &[]).unwrap();
    }
    assert_eq!(kinds(&deduped(builder).graph), "TYPEDEF FUNC_PROTO");
}

#[test]
fn typedefs_of_one_and_of_different_types() {
    let mut builder = GraphBuilder::new();
    for _ in 0..2 {
        let int = int(&mut builder);
        builder.typedef("foo", int).unwrap();
        builder.typedef("foo", TypeId::VOID).unwrap();
    }
    assert_eq!(kinds(&deduped(builder).graph), "INT TYPEDEF TYPEDEF");
}

/// A pointer to nothing is no pointer to something, however alike the rest.
#[test]
fn void_is_a_type_of_its_own() {
    let mut builder = GraphBuilder::new();
    let int = int(&mut builder);
    for to in [TypeId::VOID, int, TypeId::VOID] {
        let pointer = builder.ptr(to).unwrap();
        structure(&mut builder, "s", &[("x", pointer)]);
    }
    assert_eq!(kinds(&deduped(builder).graph), "INT PTR STRUCT PTR STRUCT");
}

#[test]
fn floats_of_each_size() {
    let mut builder = GraphBuilder::new();
    for size in [2, 4, 8, 12, 16, 2, 4, 8, 12, 16] {
        builder.float("float", size).unwrap();
    }
    assert_eq!(deduped(builder).graph.len(), 5);
}

/// Structures and unions stand where they are declared, each for its kind; nothing else of the name does.
#[test]
fn declarations_of_each_kind() {
    let mut builder = GraphBuilder::new();
    let int = int(&mut builder);
    let x = [NewMember::new("x", int)];
    for (kind, name) in [(Kind::Struct, "s"), (Kind::Union, "u")] {
        builder.composite(kind, name, 4, &x).unwrap();
        for of in [FwdKind::Struct, FwdKind::Union] {
            let forward = builder.fwd(name, of).unwrap();
            let pointer = builder.ptr(forward).unwrap();
            builder.typedef("t", pointer).unwrap();
        }
    }
    // Of each name the declaration of the other kind stays, with what refers to it.
    assert_eq!(
        kinds(&deduped(builder).graph),
        "INT STRUCT PTR TYPEDEF FWD PTR TYPEDEF UNION FWD PTR TYPEDEF PTR TYPEDEF"
    );
}

/// An enumeration without enumerators declares one of either width; of two widths none is the other.
#[test]
fn enumerations_of_both_widths() {
    let mut builder = GraphBuilder::new();
    let a = builder.intern("A").unwrap();
    builder
        .enum32::<StrId>("to_wide", 4, Signedness::Unsigned, &[])
        .unwrap();
    builder
        .enum64("to_wide", 8, Signedness::Unsigned, &[(a, 1)])
        .unwrap();
    builder
        .enum64::<StrId>("to_narrow", 8, Signedness::Unsigned, &[])
        .unwrap();
    builder
        .enum32("to_narrow", 4, Signedness::Unsigned, &[(a, 1)])
        .unwrap();
    for _ in 0..2 {
        builder
            .enum32("both", 4, Signedness::Unsigned, &[(a, 1)])
            .unwrap();
        builder
            .enum64("both", 4, Signedness::Unsigned, &[(a, 1)])
            .unwrap();
        builder
            .enum32("sizes", 4, Signedness::Unsigned, &[(a, 1)])
            .unwrap();
        builder
            .enum32("sizes", 1, Signedness::Unsigned, &[(a, 1)])
            .unwrap();
        builder
            .enum32("signs", 4, Signedness::Unsigned, &[(a, 1)])
            .unwrap();
        builder
            .enum32("signs", 4, Signedness::Signed, &[(a, 1)])
            .unwrap();
    }
    assert_eq!(
        kinds(&deduped(builder).graph),
        "ENUM64 ENUM ENUM ENUM64 ENUM ENUM ENUM ENUM"
    );
}

/// Chains of tags: their names and their order count, and what they stand on.
#[test]
fn type_tags() {
    let mut builder = GraphBuilder::new();
    let int = int(&mut builder);
    for tags in [&["a", "b"][..], &["a", "b"], &["b", "a"], &["a"], &[]] {
        let tagged = tags
            .iter()
            .fold(int, |to, tag| builder.type_tag(tag, to, false).unwrap());
        let pointer = builder.ptr(tagged).unwrap();
        structure(&mut builder, "s", &[("x", pointer)]);
    }
    // a, a b, b, b a; four pointers and four structures.
    let done = deduped(builder);
    let count = |kind| done.graph.types().filter(|ty| ty.kind() == kind).count();
    assert_eq!(
        [Kind::TypeTag, Kind::Ptr, Kind::Struct].map(count),
        [4, 4, 4]
    );
}

/// Tags of declarations: what they tag and which member or parameter of it.
#[test]
fn decl_tags() {
    let mut builder = GraphBuilder::new();
    let name = builder.intern("arg").unwrap();
    for _ in 0..2 {
        let int = int(&mut builder);
        let typedef = builder.typedef("t", int).unwrap();
        let composite = structure(&mut builder, "s", &[("x", int), ("y", int)]);
        let proto = builder.func_proto(int, &[(name, int)]).unwrap();
        let func = builder.func("f", proto, FuncLinkage::Static).unwrap();
        for (target, place) in [
            (typedef, None),
            (composite, None),
            (composite, Some(0)),
            (composite, Some(1)),
            (func, None),
            (func, Some(0)),
        ] {
            builder.decl_tag("one", target, place, false).unwrap();
            builder.decl_tag("two", target, place, false).unwrap();
        }
    }
    let graph = deduped(builder).graph;
    let tags = graph.types().filter(|ty| ty.kind() == Kind::DeclTag);
    assert_eq!((tags.count(), graph.len()), (12, 17));
}

/// Names of parameters are part of a function's type.
#[test]
fn parameters_of_functions() {
    let mut builder = GraphBuilder::new();
    let int = int(&mut builder);
    for name in ["a", "b", "a", ""] {
        let name = builder.intern(name).unwrap();
        let proto = builder.func_proto(int, &[(name, int)]).unwrap();
        builder.func("f", proto, FuncLinkage::Global).unwrap();
    }
    assert_eq!(
        kinds(&deduped(builder).graph),
        "INT FUNC_PROTO FUNC FUNC_PROTO FUNC FUNC_PROTO FUNC"
    );
}

/// A compiler unit that has one structure twice, alone and over what it was deduplicated to.
#[test]
fn a_structure_twice_in_one_unit() {
    let unit = |builder: &mut GraphBuilder| {
        let first = builder.next_id().get();
        let inner = [first + 2, first + 3].map(TypeId::new);
        let int = int(builder);
        structure(builder, "s", &[("a", inner[0]), ("b", inner[1])]);
        for _ in inner {
            structure(builder, "", &[("f1", int), ("f2", int)]);
        }
    };
    let mut base = GraphBuilder::new();
    unit(&mut base);
    let base = deduped(base).graph;
    assert_eq!(kinds(&base), "INT STRUCT STRUCT");
    let outer = base.find(Kind::Struct, "s").unwrap();
    assert!(
        outer
            .members()
            .all(|member| member.type_id == TypeId::new(3))
    );
    let mut split = GraphBuilder::split(&base);
    unit(&mut split);
    assert_eq!(deduped(split).graph.own_len(), 0);
}

/// What the base only declares, a split completes for itself: with all that depends on it.
#[test]
fn a_split_that_knows_more_than_its_base() {
    let mut base = GraphBuilder::new();
    int(&mut base);
    base.ptr(TypeId::new(5)).unwrap();
    let declared = base.fwd("s2", FwdKind::Struct).unwrap();
    let to_declared = base.ptr(declared).unwrap();
    structure(
        &mut base,
        "s1",
        &[("f1", TypeId::new(2)), ("f2", to_declared)],
    );
    let base = base.freeze().unwrap();
    let mut split = GraphBuilder::split(&base);
    let int = int(&mut split);
    let id = |id: u32| TypeId::new(id);
    let to_s1 = split.ptr(id(10)).unwrap();
    split.fwd("s2", FwdKind::Struct).unwrap();
    let to_s2 = split.ptr(id(11)).unwrap();
    let s1 = structure(&mut split, "s1", &[("f1", to_s1), ("f2", to_s2)]);
    structure(
        &mut split,
        "s2",
        &[("f1", to_s1), ("f2", to_s2), ("f3", int), ("f4", s1)],
    );
    let to_forward = split.ptr(id(8)).unwrap();
    let s3 = structure(&mut split, "s3", &[("f1", to_forward)]);
    let done = deduped(split);
    // As many types as libbpf leaves.
    assert_eq!(kinds(&done.graph), "PTR PTR STRUCT STRUCT STRUCT");
    // The base's declaration stays what it is there; the split's own stands for the type that the split completes. (libbpf
    // takes the base's for both.)
    let s3 = done.graph.ty(done.types.get(s3).unwrap());
    let pointed = s3.members().next().unwrap().ty().referent().unwrap();
    assert!(pointed.kind() == Kind::Struct && pointed.name() == "s2");
}

/// What the base completes, a split that only declares it uses.
#[test]
fn a_split_that_knows_less_than_its_base() {
    let mut base = GraphBuilder::new();
    let number = int(&mut base);
    let [to_s1, to_s2] = [4, 5].map(|id| base.ptr(TypeId::new(id)).unwrap());
    structure(&mut base, "s1", &[("f1", to_s1), ("f2", to_s2)]);
    structure(&mut base, "s2", &[("f1", number)]);
    let base = base.freeze().unwrap();
    let mut split = GraphBuilder::split(&base);
    let to_s1 = split.ptr(TypeId::new(9)).unwrap();
    let forward = split.fwd("s2", FwdKind::Struct).unwrap();
    let to_s2 = split.ptr(forward).unwrap();
    let s1 = structure(&mut split, "s1", &[("f1", to_s1), ("f2", to_s2)]);
    assert_eq!(s1, TypeId::new(9));
    let done = deduped(split);
    assert_eq!(done.graph.own_len(), 0);
    assert_eq!(done.types.get(s1), Some(TypeId::new(4)));
}
