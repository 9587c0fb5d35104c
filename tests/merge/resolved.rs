//! What the policies leave: several inputs, a base, types that hold others by value.

use btfkit::Bits;
use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember, Type};
use btfkit::merge::{Input, MergeOptions, Policy, merge};
use btfkit::{Limits, TypeId};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A graph with `struct s` of this many members of type `int`, and what `more` adds, given `int` and `s`.
fn program(members: usize, more: impl FnOnce(&mut GraphBuilder, TypeId, TypeId)) -> Btf {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let names: Vec<_> = NAMES
        .iter()
        .take(members)
        .map(|name| (*name, int))
        .collect();
    let s = structure(&mut builder, "s", 4, &names);
    more(&mut builder, int, s);
    builder.freeze().unwrap()
}

/// A structure of members of this many bytes each.
fn structure(
    builder: &mut GraphBuilder,
    name: &str,
    each: u32,
    members: &[(&str, TypeId)],
) -> TypeId {
    let list: Vec<_> = (0u64..)
        .zip(members)
        .map(|(place, (name, ty))| {
            let name = builder.intern(name).unwrap();
            NewMember::new(name, *ty).at(Bits(place * u64::from(each) * 8))
        })
        .collect();
    let size = each * u32::try_from(members.len()).unwrap();
    builder.composite(Kind::Struct, name, size, &list).unwrap()
}

fn nothing(_: &mut GraphBuilder, _: TypeId, _: TypeId) {}

fn preferring(input: usize) -> MergeOptions {
    let mut options = MergeOptions::default();
    options.collisions = Policy::Prefer(input);
    options.keep_first = false;
    options
}

fn inputs<const N: usize>(graphs: [Btf; N]) -> [Input; N] {
    let mut number = 0;
    graphs.map(|graph| {
        number += 1;
        Input::new(format!("p{number}"), graph)
    })
}

/// The structures of a name.
fn all<'g>(graph: &'g Btf, name: &'g str) -> impl Iterator<Item = Type<'g>> {
    let structures = graph.types().filter(|ty| ty.kind() == Kind::Struct);
    structures.filter(move |ty| ty.name().as_bytes() == name.as_bytes())
}

/// Their sizes, ascending.
fn sizes(graph: &Btf, name: &str) -> Vec<u64> {
    let mut sizes: Vec<u64> = all(graph, name).map(|ty| ty.size().unwrap().0).collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn the_preferred_type_stays_alone_among_three() {
    for (preferred, size) in [(0, 4), (1, 8), (2, 12)] {
        let graphs = [1, 2, 3].map(|members| {
            program(members, |builder, _, s| {
                builder.ptr(s).unwrap();
            })
        });
        let merged = merge(inputs(graphs), &preferring(preferred)).unwrap();
        assert_eq!(sizes(&merged.graph, "s"), [size]);
        // All three pointers are one now.
        assert_eq!(merged.graph.len(), 3);
        assert_eq!(merged.types[0], merged.types[2]);
        assert!(merged.collisions(&Limits::default()).unwrap().is_empty());
    }
    // Of the first two, neither of which is preferred where the third has no such type, both stay.
    let graphs = [program(1, nothing), program(2, nothing)];
    let [one, two] = inputs(graphs);
    let none = Input::new("p3", GraphBuilder::new().freeze().unwrap());
    let merged = merge([one, two, none], &preferring(2)).unwrap();
    assert_eq!(sizes(&merged.graph, "s"), [4, 8]);
}

/// A structure's size and its members' offsets rest on what it holds, so that it keeps that; what is behind a
/// pointer is the preferred one.
#[test]
fn what_is_held_by_value_stays() {
    let first = program(1, |builder, int, s| {
        let constant = builder.qualifier(Kind::Const, s).unwrap();
        let alias = builder.typedef("s_t", constant).unwrap();
        let array = builder.array(alias, int, 2).unwrap();
        let inner = structure(builder, "", 8, &[("array", array)]);
        let pointer = builder.ptr(s).unwrap();
        structure(builder, "holder", 8, &[("", inner), ("p", pointer)]);
    });
    let merged = merge(inputs([first, program(3, nothing)]), &preferring(1)).unwrap();
    assert_eq!(sizes(&merged.graph, "s"), [4, 12]);
    let graph = &merged.graph;
    let holder = graph.find(Kind::Struct, "holder").unwrap();
    let [inner, pointer] =
        [0, 1].map(|place| graph.ty(holder.members().nth(place).unwrap().type_id));
    let array = graph.ty(inner.members().next().unwrap().type_id);
    assert_eq!((array.size().unwrap().0, inner.size().unwrap().0), (8, 8));
    let behind = graph.ty(pointer.referent_id().unwrap());
    assert_eq!(
        (behind.name().as_bytes(), behind.size().unwrap().0),
        (&b"s"[..], 12)
    );
    let left = merged.collisions(&Limits::default()).unwrap();
    assert_eq!(left.len(), 1);
}

/// One record of `const struct s` serves a member and a pointer; the pointer's is another one afterwards.
#[test]
fn a_qualifier_that_is_held_and_pointed_to() {
    let first = program(1, |builder, _, s| {
        let volatile = builder.qualifier(Kind::Volatile, s).unwrap();
        let constant = builder.qualifier(Kind::Const, volatile).unwrap();
        let pointer = builder.ptr(constant).unwrap();
        structure(builder, "holder", 8, &[("s", constant), ("p", pointer)]);
    });
    let merged = merge(inputs([first, program(2, nothing)]), &preferring(1)).unwrap();
    let graph = &merged.graph;
    let holder = graph.find(Kind::Struct, "holder").unwrap();
    let [held, pointer] =
        [0, 1].map(|place| graph.ty(holder.members().nth(place).unwrap().type_id));
    let behind = graph.ty(pointer.referent_id().unwrap());
    assert_eq!((held.kind(), behind.kind()), (Kind::Const, Kind::Const));
    let size = |ty: Type<'_>| ty.strip_qualifiers().unwrap().size().unwrap().0;
    assert_eq!((size(held), size(behind)), (4, 8));
}

/// A type that goes holds nothing; one whose id stays holds what it held.
#[test]
fn what_is_replaced_holds_nothing() {
    let build = |members| {
        program(members, |builder, int, s| {
            let each = 4 * u32::try_from(members).unwrap();
            let array = builder.array(s, int, 1).unwrap();
            structure(builder, "outer", each, &[("s", array)]);
        })
    };
    let merged = merge(inputs([build(1), build(2)]), &preferring(1)).unwrap();
    assert_eq!(sizes(&merged.graph, "s"), [8]);
    assert_eq!(sizes(&merged.graph, "outer"), [8]);
    let mut options = preferring(1);
    options.keep_first = true;
    let merged = merge(inputs([build(1), build(2)]), &options).unwrap();
    for outer in all(&merged.graph, "outer") {
        let member = merged.graph.ty(outer.members().next().unwrap().type_id);
        assert_eq!(member.size().unwrap(), outer.size().unwrap());
    }
    assert_eq!(sizes(&merged.graph, "outer"), [4, 8]);
}

/// A tag of a member is of no use on a type that has no such member.
#[test]
fn tags_of_members() {
    let first = program(3, |builder, _, s| {
        builder.decl_tag("of the third", s, Some(2), false).unwrap();
        builder.decl_tag("of all", s, None, false).unwrap();
    });
    let merged = merge(inputs([first, program(1, nothing)]), &preferring(1)).unwrap();
    let graph = &merged.graph;
    let tags = graph.types().filter(|ty| ty.kind() == Kind::DeclTag);
    let sizes: Vec<_> = tags
        .map(|tag| {
            let of = graph.ty(tag.referent_id().unwrap()).size().unwrap().0;
            (tag.name().to_string(), of)
        })
        .collect();
    assert_eq!(
        sizes,
        [("of the third".to_owned(), 12), ("of all".to_owned(), 4)]
    );
}

#[test]
fn a_flavor_that_is_taken() {
    let own = program(1, |builder, _, _| {
        structure(builder, "s___v_1", 4, &[]);
    });
    let labelled = |label: &str, graph| Input::new(label, graph);
    let mut options = MergeOptions::default();
    options.collisions = Policy::Rename;
    // Two labels that are the same as a flavor, which an input has, too.
    let inputs = [
        labelled("first", own),
        labelled("v.1", program(2, nothing)),
        labelled("v-1", program(3, nothing)),
    ];
    let merged = merge(inputs, &options).unwrap();
    let structures = merged.graph.types().filter(|ty| ty.kind() == Kind::Struct);
    let names: Vec<_> = structures.map(|ty| ty.name().to_string()).collect();
    assert_eq!(names, ["s", "s___v_1", "s___v_1_2", "s___v_1_3"]);
}

#[test]
fn the_base_is_nobodys() {
    let base = program(1, nothing);
    let mut split = GraphBuilder::split(&base);
    split.ptr(TypeId::new(2)).unwrap();
    let graphs = [split.freeze().unwrap(), program(1, nothing)];
    let merged = merge(inputs(graphs), &MergeOptions::split(&base)).unwrap();
    let origins = merged.origins();
    let of = |id: u32| origins.of(TypeId::new(id)).collect::<Vec<_>>();
    assert_eq!([of(1), of(2), of(3)], [vec![], vec![], vec![0]]);
    assert!(!origins.has(TypeId::new(1), 0) && !origins.has(TypeId::new(2), 1));
}

/// The base counts as an input of its own, for inputs of their own and for those that are split from it.
#[test]
fn collisions_with_the_base() {
    let base = program(1, |builder, _, s| {
        builder.ptr(s).unwrap();
    });
    let mut split = GraphBuilder::split(&base);
    structure(&mut split, "s", 16, &[("a", TypeId::new(1))]);
    let split = split.freeze().unwrap();
    let point = |builder: &mut GraphBuilder, _, s| {
        builder.ptr(s).unwrap();
    };
    let all = || inputs([program(1, point), program(2, point), split.clone()]);
    let merged = merge(all(), &MergeOptions::split(&base)).unwrap();
    let listed: Vec<_> = merged
        .collisions(&Limits::default())
        .unwrap()
        .iter()
        .map(|c| (c.first, c.first_input, c.other_input))
        .collect();
    let s = TypeId::new(2);
    assert_eq!(listed, [(s, None, 1), (s, None, 2)]);

    let mut options = MergeOptions::split(&base);
    options.collisions = Policy::Fail;
    let error = merge(all(), &options).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("STRUCT \"s\" of the base and of p2 differ"),
        "{text}"
    );

    options.collisions = Policy::Rename;
    let merged = merge(all(), &options).unwrap();
    for name in ["s", "s___p2", "s___p3"] {
        assert_eq!(sizes(&merged.graph, name).len(), 1, "{name}");
    }
    // Whoever prefers the first input prefers the base's type, which is the same.
    options.collisions = Policy::Prefer(0);
    let merged = merge(all(), &options).unwrap();
    assert_eq!(
        (merged.graph.own_len(), sizes(&merged.graph, "s")),
        (0, vec![4])
    );
    assert_eq!(merged.types[1].get(s), Some(s));
    // The base can't change, but what is not its own goes to the preferred type.
    options.collisions = Policy::Prefer(1);
    let merged = merge(all(), &options).unwrap();
    assert_eq!(sizes(&merged.graph, "s"), [4, 8]);
    assert_eq!(merged.collisions(&Limits::default()).unwrap().len(), 1);
}
