//! Differences between graphs, collisions between inputs, and the policies.

use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember, Signedness};
use btfkit::merge::{FieldChange, Input, MergeOptions, Policy, diff, merge};
use btfkit::{Bits, ErrorKind, Limits, TypeId};

use crate::check::every_type_is_there;

/// `struct file` with these members of type `int`, bits from the start; a list of files; an enumeration.
fn program(members: &[(&str, u64)], state: u64) -> Btf {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let list: Vec<_> = members
        .iter()
        .map(|(name, offset)| NewMember::new(name, int).at(Bits(*offset)))
        .collect();
    let size = 4 * u32::try_from(members.len()).unwrap();
    let file = builder
        .composite(Kind::Struct, "file", size, &list)
        .unwrap();
    let pointer = builder.ptr(file).unwrap();
    let next = [NewMember::new("file", pointer)];
    builder.composite(Kind::Struct, "list", 8, &next).unwrap();
    let busy = builder.intern("BUSY").unwrap();
    builder
        .enumeration("state", 4, Signedness::Unsigned, &[(busy, state)])
        .unwrap();
    builder.freeze().unwrap()
}

fn inputs() -> [Input; 2] {
    [
        Input::new("kernel", program(&[("a", 0), ("c", 32)], 1)),
        Input::new("my-app", program(&[("a", 0), ("b", 32), ("c", 64)], 2)),
    ]
}

fn options(policy: Policy) -> MergeOptions {
    let mut options = MergeOptions::default();
    options.collisions = policy;
    options
}

fn names(graph: &Btf) -> Vec<String> {
    let named = graph.types().filter(|ty| !ty.name().is_empty());
    named
        .map(|ty| format!("{} {}", ty.kind(), ty.name()))
        .collect()
}

#[test]
fn what_moved_grew_and_came() {
    let [one, two] = inputs();
    let diff = diff(&one.graph, &two.graph, &Limits::default()).unwrap();
    assert!(diff.added.is_empty() && diff.removed.is_empty());
    let changed: Vec<_> = diff.changed.iter().map(|change| &change.name[..]).collect();
    assert_eq!(changed, ["file", "state"]);
    let file = &diff.changed[0];
    assert_eq!(
        file.whole,
        Some(("struct of 8 bytes".into(), "struct of 12 bytes".into()))
    );
    // `b` stands where `c` stood and has its type, but `c` is still there.
    let [
        FieldChange::Added(b),
        FieldChange::Changed { before, after },
    ] = &file.fields[..]
    else {
        panic!("{:?}", file.fields);
    };
    assert_eq!((&b.name[..], b.offset, &b.ty[..]), ("b", Bits(32), "int"));
    assert_eq!((before.offset, after.offset), (Bits(32), Bits(64)));
    assert!(file.fields[1].is_moved() && !file.fields[1].is_resized());
    let state = &diff.changed[1].values[0];
    assert_eq!((state.before, state.after), (Some(1), Some(2)));
}

#[test]
fn what_was_renamed_retyped_and_went() {
    let build = |first: &str, ty: &str, second: bool| {
        let mut builder = GraphBuilder::new();
        let int = builder.int(ty, 4, IntEncoding::SIGNED).unwrap();
        let inner = [NewMember::new("deep", int)];
        let anonymous = builder.composite(Kind::Union, "", 4, &inner).unwrap();
        let mut members = vec![
            NewMember::new(first, int),
            NewMember::new("", anonymous).at(Bits(32)),
            NewMember::new("u", anonymous).at(Bits(64)),
        ];
        if second {
            members.push(NewMember::new("bit", int).at(Bits(96)).bitfield(Bits(1)));
        }
        builder.composite(Kind::Struct, "s", 16, &members).unwrap();
        builder.freeze().unwrap()
    };
    let changes = |a, b| {
        let mut diff = diff(&a, &b, &Limits::default()).unwrap();
        diff.changed
            .pop()
            .map(|change| change.fields)
            .unwrap_or_default()
    };
    let one = build("old", "int", true);
    assert_eq!(changes(one.clone(), one.clone()), []);
    let fields = changes(one.clone(), build("new", "int", false));
    let [
        FieldChange::Renamed { before, after },
        FieldChange::Removed(bit),
    ] = &fields[..]
    else {
        panic!("{fields:?}");
    };
    assert_eq!((&before.name[..], &after.name[..]), ("old", "new"));
    assert_eq!(
        (&bit.name[..], bit.size, bit.bitfield),
        ("bit", Bits(1), true)
    );
    let fields = changes(one, build("old", "long", true));
    let retyped: Vec<_> = fields
        .iter()
        .filter(|change| change.is_retyped())
        .map(|change| &change.after().unwrap().name[..])
        .collect();
    assert_eq!(retyped, ["old", "deep", "u.deep", "bit"]);
}

#[test]
fn collisions_are_listed_with_their_inputs() {
    let merged = merge(inputs(), &MergeOptions::default()).unwrap();
    let collisions = merged.collisions(&Limits::default()).unwrap();
    let list: Vec<_> = collisions
        .iter()
        .map(|c| (&c.change.name[..], c.first_input, c.other_input))
        .collect();
    // `struct list` differs only in what it refers to.
    assert_eq!(list, [("file", Some(0), 1), ("state", Some(0), 1)]);
    let alike = merge(
        [inputs()[0].clone(), inputs()[0].clone()],
        &MergeOptions::default(),
    )
    .unwrap();
    assert!(alike.collisions(&Limits::default()).unwrap().is_empty());
}

#[test]
fn rename() {
    let merged = merge(inputs(), &options(Policy::Rename)).unwrap();
    assert_eq!(
        names(&merged.graph),
        [
            "INT int",
            "STRUCT file",
            "STRUCT list",
            "ENUM state",
            "STRUCT file___my_app",
            "STRUCT list",
            "ENUM state___my_app"
        ]
    );
    // `struct list` differs in the flavor of what it points to, which is no difference.
    assert!(merged.collisions(&Limits::default()).unwrap().is_empty());
}

/// What one input says in two ways is its own business; what another says in a third is not.
#[test]
fn an_input_with_a_name_twice() {
    let build = |sizes: &[u32]| {
        let mut builder = GraphBuilder::new();
        for size in sizes {
            builder.composite(Kind::Struct, "s", *size, &[]).unwrap();
        }
        builder.freeze().unwrap()
    };
    let collisions = |one: &[u32], other: &[u32]| {
        let inputs = [
            Input::new("one", build(one)),
            Input::new("other", build(other)),
        ];
        let merged = merge(inputs, &MergeOptions::default()).unwrap();
        merged.collisions(&Limits::default()).unwrap().len()
    };
    assert_eq!(collisions(&[4, 8], &[]), 0);
    assert_eq!(collisions(&[4, 8], &[8]), 0);
    assert_eq!(collisions(&[4, 8], &[16]), 1);
}

/// Seen first and resolved then, it is the same as at once.
#[test]
fn policies_after_a_look() {
    for policy in [
        Policy::Keep,
        Policy::Rename,
        Policy::Prefer(0),
        Policy::Prefer(1),
    ] {
        let at_once = merge(inputs(), &options(policy)).unwrap();
        let merged = merge(inputs(), &MergeOptions::default()).unwrap();
        assert_eq!(merged.collisions(&Limits::default()).unwrap().len(), 2);
        let resolved = merged.resolve(policy, &MergeOptions::default()).unwrap();
        assert_eq!(names(&resolved.graph), names(&at_once.graph), "{policy:?}");
        assert_eq!(resolved.types, at_once.types);
    }
    let merged = merge(inputs(), &MergeOptions::default()).unwrap();
    let error = merged.resolve(Policy::Fail, &MergeOptions::default());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Ambiguous);
}

/// Typedefs of structures without a name have no other name to be found by; those that have other words for
/// the same are no collision.
#[test]
fn typedefs() {
    let build = |offset: u64, word: &str, bits: u32| {
        let mut builder = GraphBuilder::new();
        let int = builder.int(word, bits, IntEncoding::SIGNED).unwrap();
        let x = [NewMember::new("x", int).at(Bits(offset))];
        let inner = builder.composite(Kind::Struct, "", 16, &x).unwrap();
        builder.typedef("anonymous_t", inner).unwrap();
        builder.typedef("word_t", int).unwrap();
        builder.freeze().unwrap()
    };
    let names = |one: Btf, other: Btf| {
        let inputs = [Input::new("one", one), Input::new("other", other)];
        let merged = merge(inputs, &MergeOptions::default()).unwrap();
        let collisions = merged.collisions(&Limits::default()).unwrap();
        let each = collisions.into_iter();
        each.map(|collision| collision.change.name)
            .collect::<Vec<_>>()
    };
    let one = || build(0, "int", 4);
    assert_eq!(names(one(), one()), [""; 0]);
    assert_eq!(names(one(), build(64, "int", 4)), ["anonymous_t"]);
    assert_eq!(names(one(), build(0, "long", 8)), ["anonymous_t", "word_t"]);
    // Another word for an integer is another type for a field, as CO-RE may not see it but a reader does.
    assert_eq!(names(one(), build(0, "s32", 4)), ["anonymous_t"]);
    let changed = diff(&one(), &build(64, "int", 4), &Limits::default())
        .unwrap()
        .changed;
    let [change] = &changed[..] else {
        panic!("{changed:?}")
    };
    assert!(change.fields[0].is_moved());
}

/// Typedefs collide where what is behind all typedefs and qualifiers is something else to CO-RE.
#[test]
fn typedefs_of_something_else() {
    #[derive(Clone, Copy)]
    enum To {
        Struct(&'static str),
        Pointer(&'static str),
        Int(&'static str, IntEncoding),
        Constant,
        Again,
        Function(&'static str),
    }
    let build = |to: To| {
        let mut builder = GraphBuilder::new();
        let signed = IntEncoding::SIGNED;
        let ty = match to {
            To::Struct(name) => builder.composite(Kind::Struct, name, 4, &[]).unwrap(),
            To::Pointer(name) => {
                let to = builder.composite(Kind::Struct, name, 4, &[]).unwrap();
                builder.ptr(to).unwrap()
            }
            To::Int(name, encoding) => builder.int(name, 4, encoding).unwrap(),
            To::Function(name) => {
                let int = builder.int("int", 4, signed).unwrap();
                let name = builder.intern(name).unwrap();
                builder.func_proto(int, &[(name, int)]).unwrap()
            }
            To::Constant | To::Again => {
                let int = builder.int("int", 4, signed).unwrap();
                match to {
                    To::Again => builder.typedef("s32", int).unwrap(),
                    _ => builder.qualifier(Kind::Const, int).unwrap(),
                }
            }
        };
        builder.typedef("t", ty).unwrap();
        builder.freeze().unwrap()
    };
    let collide = |one: To, other: To| {
        let inputs = [
            Input::new("one", build(one)),
            Input::new("other", build(other)),
        ];
        let merged = merge(inputs, &MergeOptions::default()).unwrap();
        merged.collisions(&Limits::default()).unwrap().len()
    };
    let (signed, unsigned) = (IntEncoding::SIGNED, IntEncoding::UNSIGNED);
    let int = To::Int("int", signed);
    assert_eq!(collide(To::Struct("A"), To::Struct("B")), 1);
    assert_eq!(collide(To::Struct("A"), To::Struct("A___flavor")), 0);
    assert_eq!(collide(To::Pointer("A"), To::Pointer("B")), 1);
    assert_eq!(collide(int, To::Int("unsigned", unsigned)), 1);
    assert_eq!(collide(int, To::Pointer("A")), 1);
    assert_eq!(collide(int, To::Function("a")), 1);
    assert_eq!(collide(To::Function("a"), To::Function("b")), 0);
    for same in [To::Int("word", signed), To::Constant, To::Again] {
        assert_eq!(collide(int, same), 0);
    }
}

#[test]
fn prefer() {
    let kernel = merge(inputs(), &options(Policy::Prefer(0))).unwrap();
    assert_eq!(
        names(&kernel.graph),
        ["INT int", "STRUCT file", "STRUCT list", "ENUM state"]
    );
    every_type_is_there(&inputs()[0].graph, &kernel.graph, &kernel.types[0]);

    let app = merge(inputs(), &options(Policy::Prefer(1))).unwrap();
    every_type_is_there(&inputs()[1].graph, &app.graph, &app.types[1]);
    // The first input's ids stay, even of what nothing refers to any more, and its list is now one of the
    // other's files.
    for ty in inputs()[0].graph.types() {
        let kept = app.graph.ty(ty.id());
        assert_eq!((kept.kind(), kept.name()), (ty.kind(), ty.name()));
    }
    let list = app.graph.find(Kind::Struct, "list").unwrap();
    let file = app
        .graph
        .ty(list.members().next().unwrap().type_id)
        .referent_id();
    let other = app.types[1].get(TypeId::new(2));
    assert_eq!(file, other);
    assert_eq!(app.graph.ty(other.unwrap()).members().len(), 3);
}

#[test]
fn fail() {
    let error = merge(inputs(), &options(Policy::Fail)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(
        error
            .to_string()
            .contains("STRUCT \"file\" of kernel and of my-app differ"),
        "{error}"
    );
    let same = [inputs()[0].clone(), inputs()[0].clone()];
    assert!(merge(same, &options(Policy::Fail)).is_ok());
}
