//! Differences inside types without a name, wherever they occur, and the bounds of looking for them.

use crate::build::int;
use btfkit::graph::{
    Btf, FuncLinkage, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, VarLinkage,
};
use btfkit::merge::{Change, FieldChange, Input, MergeOptions, compare, diff, merge};
use btfkit::{Bits, Error, ErrorKind, Limits, TypeId};

/// A type without a name, or a structure called so, of members one after the other, four bytes each.
fn composite(builder: &mut GraphBuilder, name: &str, members: &[(&str, TypeId)]) -> TypeId {
    let list: Vec<_> = (0..)
        .zip(members)
        .map(|(place, (name, ty))| NewMember::new(name, *ty).at(Bits(place * 32)))
        .collect();
    builder.composite(Kind::Struct, name, 16, &list).unwrap()
}

/// `struct s { int a; T m; }`, T being made of a structure or enumeration without a name.
fn holder(
    inner: impl Fn(&mut GraphBuilder) -> TypeId,
    around: impl Fn(&mut GraphBuilder, TypeId) -> TypeId,
) -> Btf {
    let mut builder = GraphBuilder::new();
    let a = int(&mut builder);
    let inner = inner(&mut builder);
    let member = around(&mut builder, inner);
    composite(&mut builder, "s", &[("a", a), ("m", member)]);
    builder.freeze().unwrap()
}

fn xy(first: &str, second: &str) -> impl Fn(&mut GraphBuilder) -> TypeId {
    move |builder| {
        let ty = int(builder);
        composite(builder, "", &[(first, ty), (second, ty)])
    }
}

fn wide(size: u32) -> impl Fn(&mut GraphBuilder) -> TypeId {
    move |builder| {
        let word = if size == 8 { "long" } else { "int" };
        let ty = builder.int(word, size, IntEncoding::SIGNED).unwrap();
        composite(builder, "", &[("q", ty)])
    }
}

fn values(a: u64, b: u64) -> impl Fn(&mut GraphBuilder) -> TypeId {
    move |builder| {
        let list = [("A1", a), ("B1", b)].map(|(name, v)| (builder.intern(name).unwrap(), v));
        builder
            .enumeration("", 4, Signedness::Unsigned, &list)
            .unwrap()
    }
}

fn array(builder: &mut GraphBuilder, element: TypeId) -> TypeId {
    let index = int(builder);
    builder.array(element, index, 2).unwrap()
}

fn pointer(builder: &mut GraphBuilder, to: TypeId) -> TypeId {
    let constant = builder.qualifier(Kind::Const, to).unwrap();
    builder.ptr(constant).unwrap()
}

/// `int (*)(T *arg)`.
fn callback(builder: &mut GraphBuilder, to: TypeId) -> TypeId {
    let (result, name) = (int(builder), builder.intern("arg").unwrap());
    let to = builder.ptr(to).unwrap();
    let proto = builder.func_proto(result, &[(name, to)]).unwrap();
    builder.ptr(proto).unwrap()
}

/// The one change, which `merge` finds, too. Words for integers may come and go.
fn change(before: Btf, after: Btf) -> Change {
    let found = diff(&before, &after, &Limits::default()).unwrap();
    let [change] = &found.changed[..] else {
        panic!("{:?}", found.changed);
    };
    let inputs = [Input::new("one", before), Input::new("two", after)];
    let merged = merge(inputs, &MergeOptions::default()).unwrap();
    let collisions = merged.collisions(&Limits::default()).unwrap();
    let [collision] = &collisions[..] else {
        panic!("{collisions:?}");
    };
    assert_eq!(collision.change.fields, change.fields);
    assert_eq!(collision.change.values, change.values);
    change.clone()
}

/// Names and offsets of the fields that changed, each of which is there before and after.
fn changed(change: &Change) -> Vec<(&str, Bits, Bits)> {
    assert!(change.whole.is_none() && change.values.is_empty());
    let fields = change.fields.iter().map(|field| match field {
        FieldChange::Changed { before, after } => (&after.name[..], before.offset, after.offset),
        other => panic!("{other:?}"),
    });
    fields.collect()
}

#[test]
fn elements_of_arrays() {
    let found = change(holder(xy("x", "y"), array), holder(xy("y", "x"), array));
    // From the start of the structure, as of the first element.
    assert_eq!(
        changed(&found),
        [("m[].y", Bits(64), Bits(32)), ("m[].x", Bits(32), Bits(64))]
    );
}

#[test]
fn what_pointers_point_to() {
    let found = change(holder(wide(4), pointer), holder(wide(8), pointer));
    assert_eq!(changed(&found), [("m->q", Bits(0), Bits(0))]);
    assert!(found.fields[0].is_resized() && found.fields[0].is_retyped());
    // Where it is renamed there, it isn't mistaken for what is at the same place of the structure.
    let found = change(holder(xy("x", "y"), pointer), holder(xy("z", "y"), pointer));
    let [FieldChange::Renamed { before, after }] = &found.fields[..] else {
        panic!("{:?}", found.fields);
    };
    assert_eq!((&before.name[..], &after.name[..]), ("m->x", "m->z"));
}

#[test]
fn parameters_of_callbacks() {
    let found = change(holder(wide(4), callback), holder(wide(8), callback));
    assert_eq!(changed(&found), [("m(arg)->q", Bits(0), Bits(0))]);
}

#[test]
fn enumerations() {
    for (around, path) in [
        (
            (|_, ty| ty) as fn(&mut GraphBuilder, TypeId) -> TypeId,
            "m.",
        ),
        (array, "m[]."),
        (pointer, "m->"),
    ] {
        let found = change(holder(values(0, 1), around), holder(values(1, 0), around));
        assert!(found.fields.is_empty());
        let list: Vec<_> = found
            .values
            .iter()
            .map(|v| (&v.name[..], v.before, v.after))
            .collect();
        let (a, b) = (format!("{path}A1"), format!("{path}B1"));
        assert_eq!(
            list,
            [(&a[..], Some(0), Some(1)), (&b[..], Some(1), Some(0))]
        );
    }
}

/// Variables, functions and typedefs name types without a name, too.
#[test]
fn declarations() {
    let build = |size| {
        let mut builder = GraphBuilder::new();
        let inner = wide(size)(&mut builder);
        let around = callback(&mut builder, inner);
        builder.var("variable", inner, VarLinkage::Global).unwrap();
        builder.typedef("callback_t", around).unwrap();
        let pointer = builder.ty_of_callback(around);
        builder
            .func("function", pointer, FuncLinkage::Global)
            .unwrap();
        builder.freeze().unwrap()
    };
    let found = diff(&build(4), &build(8), &Limits::default()).unwrap();
    let list: Vec<_> = found
        .changed
        .iter()
        .map(|change| (&change.name[..], changed(change)[0].0))
        .collect();
    assert_eq!(
        list,
        [
            ("callback_t", "(arg)->q"),
            ("function", "(arg)->q"),
            ("variable", "q")
        ]
    );
}

trait Callback {
    fn ty_of_callback(&self, pointer: TypeId) -> TypeId;
}

impl Callback for GraphBuilder {
    /// The function type that [`callback`] made just before its pointer.
    fn ty_of_callback(&self, pointer: TypeId) -> TypeId {
        TypeId::new(pointer.get() - 1)
    }
}

/// A type without a name that holds a pointer to itself: nothing C can say, but BTF can.
#[test]
fn a_cycle_without_names() {
    let build = |offset| {
        let mut builder = GraphBuilder::new();
        let inner = TypeId::new(builder.next_id().get() + 1);
        let pointer = builder.ptr(inner).unwrap();
        let next = [NewMember::new("next", pointer).at(Bits(offset))];
        builder.composite(Kind::Struct, "", 16, &next).unwrap();
        composite(&mut builder, "s", &[("m", pointer)]);
        builder.freeze().unwrap()
    };
    let found = change(build(0), build(64));
    assert_eq!(changed(&found), [("m->next", Bits(0), Bits(64))]);
}

/// Structures that hold the one before twice at the same place, and have no name: with each, twice the fields.
fn doubling(levels: u32, size: u32, indirect: bool) -> Btf {
    let mut builder = GraphBuilder::new();
    let mut inner = builder.composite(Kind::Struct, "", 0, &[]).unwrap();
    let name = builder.intern(if indirect { "p" } else { "" }).unwrap();
    for _ in 0..levels {
        if indirect {
            inner = builder.ptr(inner).unwrap();
        }
        let twice = [NewMember::new(name, inner); 2];
        inner = builder.composite(Kind::Struct, "", 0, &twice).unwrap();
    }
    let once = [NewMember::new(name, inner)];
    builder.composite(Kind::Struct, "top", size, &once).unwrap();
    builder.freeze().unwrap()
}

fn is_limit<T>(result: Result<T, Error>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::Limit)
}

#[test]
fn types_without_names_that_double() {
    for indirect in [false, true] {
        let (one, two) = (doubling(20, 0, indirect), doubling(20, 8, indirect));
        assert!(is_limit(diff(&one, &two, &Limits::default())));
        let inputs = [Input::new("one", one), Input::new("two", two)];
        let merged = merge(inputs, &MergeOptions::default()).unwrap();
        assert!(is_limit(merged.collisions(&Limits::default())));
        let few = (doubling(5, 0, indirect), doubling(5, 8, indirect));
        assert_eq!(
            diff(&few.0, &few.1, &Limits::default())
                .unwrap()
                .changed
                .len(),
            1
        );
    }
}

/// Each type alone stays below the bound of one; all together don't.
#[test]
fn many_types_that_double() {
    let build = |size| {
        let mut builder = GraphBuilder::resume(&doubling(13, size, false));
        let inner = TypeId::new(builder.next_id().get() - 2);
        for number in 0..2000 {
            let once = [NewMember::new("", inner)];
            let name = format!("top{number}");
            builder.composite(Kind::Struct, name, size, &once).unwrap();
        }
        builder.freeze().unwrap()
    };
    assert!(is_limit(diff(&build(0), &build(8), &Limits::default())));
}

/// That it is long is all that is known of a long chain; it may well have an end.
#[test]
fn a_long_chain_of_qualifiers() {
    let build = |size| {
        let mut builder = GraphBuilder::new();
        let mut ty = wide(size)(&mut builder);
        for _ in 0..20_000 {
            ty = builder.qualifier(Kind::Const, ty).unwrap();
        }
        composite(&mut builder, "s", &[("m", ty)]);
        builder.freeze().unwrap()
    };
    let error = diff(&build(4), &build(8), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(!error.to_string().contains("no end"), "{error}");
}

/// What is far back in a long list of parameters is seen.
#[test]
fn many_parameters() {
    let build = |last: &str| {
        let mut builder = GraphBuilder::new();
        let ty = int(&mut builder);
        let mut names: Vec<String> = (0..40).map(|number| format!("p{number}")).collect();
        names.push(last.to_owned());
        let list: Vec<_> = names
            .iter()
            .map(|n| (builder.intern(n).unwrap(), ty))
            .collect();
        let proto = builder.func_proto(ty, &list).unwrap();
        builder.func("f", proto, FuncLinkage::Global).unwrap();
        builder.freeze().unwrap()
    };
    let found = diff(&build("one"), &build("other"), &Limits::default()).unwrap();
    assert_eq!(found.changed.len(), 1);
}

/// A type is no other than itself, whatever it would take to look through it.
#[test]
fn the_same_type() {
    let graph = doubling(40, 8, false);
    let top = graph.find(Kind::Struct, "top").unwrap();
    assert_eq!(compare(top, top, &Limits::default()).unwrap(), None);
}
