//! Cases by hand: each a situation that tools got wrong, or that compilers produce.

use btfkit::Bits;
use btfkit::graph::{
    Btf, FuncLinkage, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, VarLinkage,
};
use btfkit::merge::{Deduped, Input, MergeOptions, dedup, merge};
use btfkit::{ErrorKind, TypeId};

use crate::build::{deduped, kinds};
use crate::check::every_type_is_there;

/// A builder with words of its own for what the cases need.
#[derive(Default)]
struct Unit(GraphBuilder);

impl Unit {
    fn over(base: &Btf) -> Self {
        Self(GraphBuilder::split(base))
    }

    fn int(&mut self) -> TypeId {
        self.0.int("int", 4, IntEncoding::SIGNED).unwrap()
    }

    fn ptr(&mut self, to: TypeId) -> TypeId {
        self.0.ptr(to).unwrap()
    }

    fn fwd(&mut self, name: &str) -> TypeId {
        self.0.fwd(name, FwdKind::Struct).unwrap()
    }

    /// A structure of members 8 bytes apart.
    fn composite(&mut self, kind: Kind, name: &str, members: &[(&str, TypeId)]) -> TypeId {
        let mut list = Vec::new();
        for (place, (name, ty)) in (0..).zip(members) {
            let offset = if kind == Kind::Union { 0 } else { place * 64 };
            list.push(NewMember::new(name, *ty).at(Bits(offset)));
        }
        let size = 8 * u32::try_from(members.len()).unwrap();
        self.0.composite(kind, name, size, &list).unwrap()
    }

    fn structure(&mut self, name: &str, members: &[(&str, TypeId)]) -> TypeId {
        self.composite(Kind::Struct, name, members)
    }

    /// `struct NAME { struct NAME *next; }`
    fn list(&mut self, name: &str) -> TypeId {
        let pointer = TypeId::new(self.0.next_id().get() + 1);
        let id = self.structure(name, &[("next", pointer)]);
        self.ptr(id);
        id
    }

    fn enumeration(&mut self, name: &str, size: u32, values: &[(&str, u64)]) -> TypeId {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (self.0.intern(name).unwrap(), *value))
            .collect();
        self.0
            .enumeration(name, size, Signedness::Unsigned, &values)
            .unwrap()
    }

    fn done(self) -> Btf {
        self.0.freeze().unwrap()
    }

    /// Deduplicates what was built and checks that nothing is lost.
    fn dedup(self) -> Deduped {
        deduped(self.0)
    }
}

#[test]
fn nothing_stays_nothing() {
    assert_eq!(Unit::default().dedup().graph.len(), 0);
}

#[test]
fn two_units_with_one_cycle() {
    let mut unit = Unit::default();
    let (one, other) = (unit.list("s"), unit.list("s"));
    let done = unit.dedup();
    assert_eq!(done.graph.len(), 2);
    assert_eq!(done.types.get(other), done.types.get(one));
}

/// A cycle and the same cycle, once unrolled: no finite look can tell them apart.
#[test]
fn an_unrolled_cycle() {
    let mut unit = Unit::default();
    unit.list("s");
    let first = unit.0.next_id().get();
    unit.structure("s", &[("next", TypeId::new(first + 1))]);
    unit.ptr(TypeId::new(first + 2));
    unit.structure("s", &[("next", TypeId::new(first + 3))]);
    unit.ptr(TypeId::new(first));
    assert_eq!(unit.dedup().graph.len(), 2);
}

/// Differences further away than hashes see, in a graph in which few types have any: what refers to a type that
/// was split off is found, step by step, and a declaration that has two meanings then is let go.
#[test]
fn differences_far_away() {
    for depth in [7, 8, 9, 12, 20] {
        let mut unit = Unit::default();
        for filler in 0..40 * depth {
            let name = format!("filler{filler}");
            unit.0.int(&name, 4, IntEncoding::SIGNED).unwrap();
        }
        for end in ["a", "b"] {
            let mut id = unit.0.int(end, 4, IntEncoding::SIGNED).unwrap();
            for _ in 0..depth {
                id = unit.ptr(id);
            }
            let complete = unit.structure("x", &[("far", id)]);
            let pointer = unit.ptr(complete);
            unit.0.typedef("t", pointer).unwrap();
        }
        let forward = unit.fwd("x");
        let pointer = unit.ptr(forward);
        unit.0.typedef("t", pointer).unwrap();
        let graph = unit.done();
        let done = dedup(graph.clone(), &MergeOptions::default()).unwrap();
        assert_eq!(done.graph.len(), graph.len(), "{depth}");
        every_type_is_there(&graph, &done.graph, &done.types);
    }
}

/// Cycles through typedefs and anonymous types, as in Go, and through references alone, which no language
/// has and which libbpf's deduplication refuses.
#[test]
fn cycles_of_other_kinds() {
    let mut unit = Unit::default();
    for _ in 0..2 {
        let first = unit.0.next_id().get();
        unit.0.typedef("t", TypeId::new(first + 1)).unwrap();
        unit.structure("", &[("next", TypeId::new(first + 2))]);
        unit.ptr(TypeId::new(first));
    }
    for _ in 0..2 {
        let first = unit.0.next_id().get();
        unit.ptr(TypeId::new(first + 1));
        unit.0.qualifier(Kind::Const, TypeId::new(first)).unwrap();
    }
    assert_eq!(kinds(&unit.dedup().graph), "TYPEDEF STRUCT PTR PTR CONST");
}

/// libbpf compares arrays that a compiler emitted twice without their element types.
#[test]
fn arrays_of_different_elements_stay_different() {
    let mut unit = Unit::default();
    let int = unit.int();
    let unsigned = unit
        .0
        .int("unsigned int", 4, IntEncoding::UNSIGNED)
        .unwrap();
    let a = unit.0.array(int, int, 4).unwrap();
    let b = unit.0.array(int, int, 4).unwrap();
    unit.structure("s", &[("x", a), ("y", b)]);
    let c = unit.0.array(unsigned, int, 4).unwrap();
    unit.structure("s", &[("x", a), ("y", c)]);
    let done = unit.dedup();
    assert_eq!(kinds(&done.graph), "INT INT ARRAY STRUCT ARRAY STRUCT");
}

#[test]
fn integers_of_one_name() {
    let mut unit = Unit::default();
    for encoding in [
        IntEncoding::SIGNED,
        IntEncoding::UNSIGNED,
        IntEncoding::SIGNED,
    ] {
        unit.0.int("char", 1, encoding).unwrap();
    }
    unit.0.int("char", 2, IntEncoding::SIGNED).unwrap();
    assert_eq!(unit.dedup().graph.len(), 3);
}

/// Each unit knows what the other only declares, in a cycle.
#[test]
fn units_that_complete_each_other() {
    let mut unit = Unit::default();
    for complete in ["a", "b"] {
        let declared = if complete == "a" { "b" } else { "a" };
        let forward = unit.fwd(declared);
        let to_forward = unit.ptr(forward);
        let id = unit.structure(complete, &[("other", to_forward)]);
        let to_complete = unit.ptr(id);
        let mut members = [(complete, to_complete), (declared, to_forward)];
        members.sort_unstable_by_key(|(name, _)| *name);
        unit.structure("both", &members);
    }
    let done = unit.dedup();
    assert_eq!(kinds(&done.graph), "PTR STRUCT PTR STRUCT STRUCT");
}

/// Where two complete types differ, or a structure and a union share the name, a declaration stays one.
#[test]
fn ambiguous_declarations_stay() {
    let mut unit = Unit::default();
    let int = unit.int();
    for name in ["one", "two", "mixed"] {
        unit.fwd(name);
    }
    unit.structure("one", &[("x", int)]);
    unit.structure("two", &[("x", int)]);
    unit.structure("two", &[("y", int)]);
    unit.structure("mixed", &[("x", int)]);
    unit.composite(Kind::Union, "mixed", &[("x", int)]);
    unit.0.fwd("one", FwdKind::Union).unwrap();
    assert_eq!(
        kinds(&unit.dedup().graph),
        "INT FWD FWD STRUCT STRUCT STRUCT STRUCT UNION FWD"
    );
}

/// Two structures that only differ in how much they know become one, and a declaration that was ambiguous
/// because of them no longer is: the fixed point.
#[test]
fn completing_one_name_completes_another() {
    let mut unit = Unit::default();
    let int = unit.int();
    let forward = unit.fwd("inner");
    let to_forward = unit.ptr(forward);
    unit.structure("outer", &[("p", to_forward)]);
    let inner = unit.structure("inner", &[("x", int)]);
    let to_inner = unit.ptr(inner);
    unit.structure("outer", &[("p", to_inner)]);
    let outer = unit.fwd("outer");
    unit.ptr(outer);
    assert_eq!(kinds(&unit.dedup().graph), "INT PTR STRUCT STRUCT PTR");
}

#[test]
fn enumerations_and_their_declarations() {
    let mut unit = Unit::default();
    unit.enumeration("e", 4, &[]);
    unit.enumeration("wide", 8, &[("B", 1)]);
    unit.enumeration("e", 4, &[("A", 1)]);
    unit.enumeration("wide", 4, &[]);
    unit.enumeration("e", 4, &[("A", 1)]);
    unit.enumeration("two", 4, &[]);
    unit.enumeration("two", 4, &[("A", 1)]);
    unit.enumeration("two", 4, &[("A", 2)]);
    unit.enumeration("", 4, &[]);
    let done = unit.dedup();
    let names: Vec<_> = done.graph.types().map(|ty| ty.name().to_string()).collect();
    assert_eq!(names, ["wide", "e", "two", "two", "two", ""]);
}

#[test]
fn tags_functions_and_flexible_arrays() {
    let mut unit = Unit::default();
    for _ in 0..2 {
        let int = unit.int();
        let flexible = unit.0.array(int, int, 0).unwrap();
        let tagged = unit.0.type_tag("user", int, false).unwrap();
        let attribute = unit.0.type_tag("user", int, true).unwrap();
        let id = unit.structure("s", &[("a", tagged), ("b", attribute), ("c", flexible)]);
        unit.0.decl_tag("tag", id, None, false).unwrap();
        unit.0.decl_tag("tag", id, Some(1), false).unwrap();
        let name = unit.0.intern("arg").unwrap();
        let proto = unit.0.func_proto(int, &[(name, tagged)]).unwrap();
        let func = unit.0.func("f", proto, FuncLinkage::Global).unwrap();
        unit.0.func("f", proto, FuncLinkage::Static).unwrap();
        unit.0.decl_tag("tag", func, Some(0), false).unwrap();
        unit.0.float("float", 4).unwrap();
    }
    assert_eq!(
        kinds(&unit.dedup().graph),
        "INT ARRAY TYPE_TAG TYPE_TAG STRUCT DECL_TAG DECL_TAG FUNC_PROTO FUNC FUNC DECL_TAG FLOAT"
    );
}

#[test]
fn variables_only_on_request() {
    let mut unit = Unit::default();
    for _ in 0..2 {
        let int = unit.int();
        let var = unit.0.var("v", int, VarLinkage::Global).unwrap();
        unit.0.datasec(".data", 4, &[(var, 0, 4)]).unwrap();
    }
    let graph = unit.done();
    let count = |sections: bool| {
        let mut options = MergeOptions::default();
        options.sections = sections;
        dedup(graph.clone(), &options).unwrap().graph.len()
    };
    assert_eq!((count(false), count(true)), (5, 3));
}

/// Equal names at different offsets, one in the middle of another string: as one.
#[test]
fn names_that_stand_twice() {
    // "\0int\0mint\0int\0"; integers named at 1, 6 and 10.
    let mut raw = Vec::new();
    let strings = b"\0int\0mint\0int\0";
    let mut types = Vec::new();
    for name in [1u32, 6, 10] {
        for word in [name, 1 << 24, 4, 1 << 24 | 32] {
            types.extend_from_slice(&word.to_ne_bytes());
        }
    }
    raw.extend_from_slice(&0xeb9f_u16.to_ne_bytes());
    raw.extend_from_slice(&[1, 0]);
    let (types_len, strings_len) = (types.len() as u32, strings.len() as u32);
    for word in [24, 0, types_len, types_len, strings_len] {
        raw.extend_from_slice(&word.to_ne_bytes());
    }
    raw.extend_from_slice(&types);
    raw.extend_from_slice(strings);
    let graph = btfkit::parse::parse(raw).unwrap();
    let done = dedup(graph.clone(), &MergeOptions::default()).unwrap();
    assert_eq!(done.graph.len(), 1);
    every_type_is_there(&graph, &done.graph, &done.types);
    for name in [1, 6, 10] {
        let new = done.strings.get(btfkit::StrId::new(name)).unwrap();
        assert_eq!(done.graph.string(new), "int", "{name}");
    }
    let mut other = Unit::default();
    other.int();
    let inputs = [Input::new("a", other.done()), Input::new("b", graph)];
    assert_eq!(
        merge(inputs, &MergeOptions::default()).unwrap().graph.len(),
        1
    );
}

/// What a base declares and cannot complete stays apart from what a split completes, so that the split's
/// own structure, which knows more, is not lost.
#[test]
fn a_base_keeps_its_declarations() {
    let mut base = Unit::default();
    let forward = base.fwd("inner");
    let to_forward = base.ptr(forward);
    let outer = base.structure("outer", &[("p", to_forward)]);
    let base = base.done();

    let mut knows_less = Unit::over(&base);
    let forward = knows_less.fwd("inner");
    let to_forward = knows_less.ptr(forward);
    let same = knows_less.structure("outer", &[("p", to_forward)]);
    let done = knows_less.dedup();
    assert_eq!(done.graph.own_len(), 0);
    assert_eq!(done.types.get(same), Some(outer));

    let mut knows_more = Unit::over(&base);
    let int = knows_more.int();
    let inner = knows_more.structure("inner", &[("x", int)]);
    let to_inner = knows_more.ptr(inner);
    knows_more.structure("outer", &[("p", to_inner)]);
    assert_eq!(knows_more.dedup().graph.own_len(), 4);
}

#[test]
fn a_split_uses_its_base() {
    let mut base = Unit::default();
    let int = base.int();
    let known = base.structure("known", &[("x", int)]);
    base.list("list");
    let base = base.done();
    let mut own = Unit::over(&base);
    let again = own.int();
    let copy = own.structure("known", &[("x", again)]);
    own.list("list");
    let forward = own.fwd("known");
    let new = own.structure("new", &[("a", copy), ("b", forward)]);
    let done = own.dedup();
    assert_eq!(kinds(&done.graph), "STRUCT");
    let new = done.graph.ty(done.types.get(new).unwrap());
    assert!(new.members().all(|member| member.type_id == known));

    // Two levels: a split over the split.
    let mut top = Unit::over(&done.graph);
    let again = top.int();
    let copy = top.structure("known", &[("x", again)]);
    top.structure("new", &[("a", copy), ("b", copy)]);
    assert_eq!(top.dedup().graph.own_len(), 0);
}

/// The first input's ids stay, even where it has a type twice or another input completes its declaration;
/// what refers to them is sent to the type that counts.
#[test]
fn the_first_input_keeps_its_ids() {
    let mut first = Unit::default();
    let int = first.int();
    let twice = first.int();
    let forward = first.fwd("s");
    let pointer = first.ptr(forward);
    let first = first.done();
    let mut second = Unit::default();
    let id = second.int();
    let complete = second.structure("s", &[("x", id)]);
    let second = second.done();
    let inputs = || {
        [
            Input::new("a", first.clone()),
            Input::new("b", second.clone()),
        ]
    };
    let kept = merge(inputs(), &MergeOptions::default()).unwrap();
    assert_eq!(kinds(&kept.graph), "INT INT FWD PTR STRUCT");
    for id in [int, twice, forward, pointer] {
        assert_eq!(kept.types[0].get(id), Some(id));
    }
    assert_eq!(kept.types[1].get(id), Some(int));
    let complete = kept.types[1].get(complete).unwrap();
    assert_eq!(kept.graph.ty(pointer).referent_id(), Some(complete));
    let origins = kept.origins();
    assert_eq!(origins.of(int).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(origins.of(complete).collect::<Vec<_>>(), [1]);
    assert!(origins.has(forward, 0) && !origins.has(forward, 1));

    let mut options = MergeOptions::default();
    options.keep_first = false;
    let compact = merge(inputs(), &options).unwrap();
    assert_eq!(kinds(&compact.graph), "INT PTR STRUCT");
}

#[test]
fn limits_hold() {
    let mut unit = Unit::default();
    unit.list("s");
    let graph = unit.done();
    let mut options = MergeOptions::default();
    options.limits.types = 3;
    let inputs = ["a", "b"].map(|label| Input::new(label, graph.clone()));
    let error = merge(inputs, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().starts_with("b: "), "{error}");
    let error = merge([], &MergeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}
