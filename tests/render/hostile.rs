//! Types that no compiler wrote.

use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::render::c::{HeaderOptions, header};
use btfkit::{Bits, ErrorKind, Limits, Place, StrId};

use crate::compile::compiles;
use crate::support::notation::graph;

#[test]
fn types_that_contain_themselves_are_an_error_with_the_place() {
    for (types, place) in [
        ("a = struct a 4 a:a@0", 1),
        (
            "a = struct a 4 b:b@0; b = array c 2; c = struct c 2 a:a@0",
            1,
        ),
        ("t = typedef t t", 1),
        ("int = signed int 4; c = const c; s = struct s 4 c:c@0", 2),
    ] {
        let error = header(&graph(types), &HeaderOptions::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{types}: {error}");
        assert!(
            matches!(error.places(), [Place::Type(id)] if id.get() >= place),
            "{types}: {error}"
        );
    }
}

/// Forty structures without a name, each with two of the next one: 2^40 lines.
#[test]
fn a_text_that_grows_exponentially_is_an_error() {
    let mut builder = GraphBuilder::new();
    let mut inner = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    for depth in 0..40u32 {
        let name = if depth == 39 { "top" } else { "" };
        let [a, b] = ["a", "b"].map(|name| builder.intern(name).unwrap());
        let members = [
            NewMember::new(a, inner),
            NewMember::new(b, inner).at(Bits(0)),
        ];
        inner = builder.composite(Kind::Union, name, 4, &members).unwrap();
    }
    let graph = builder.freeze().unwrap();
    let options = HeaderOptions::new().limits(Limits::new().text_bytes(1 << 20));
    let error = header(&graph, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

/// Bases of bases, two each.
#[test]
fn fields_of_bases_that_grow_exponentially_are_an_error() {
    let mut builder = GraphBuilder::new();
    let mut inner = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    for depth in 0..60 {
        let name = if depth == 0 { "x" } else { "" };
        let name = builder.intern(name).unwrap();
        let members = [NewMember::new(name, inner); 2];
        inner = builder
            .composite(Kind::Struct, format!("s{depth}"), 4, &members)
            .unwrap();
    }
    let error = header(&builder.freeze().unwrap(), &HeaderOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn names_of_any_bytes() {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let long = "x".repeat(1 << 20);
    let names: [&[u8]; 8] = [
        b"*/ int evil; /*",
        b"\"quotes\\\"\n#error",
        b"\xff\xfe",
        b"a.b",
        b"a/b",
        b"__pad0",
        b"linux",
        long.as_bytes(),
    ];
    for name in names {
        let id = builder.intern(name).unwrap();
        let gap = NewMember::new(id, int).at(Bits(64));
        builder.composite(Kind::Struct, name, 16, &[gap]).unwrap();
        builder
            .enumeration(name, 4, btfkit::graph::Signedness::Signed, &[(id, 1)])
            .unwrap();
        builder.typedef(name, int).unwrap();
    }
    compiles("names of any bytes", &builder.freeze().unwrap());
}

/// What a member can't be: of no size, inside a byte, behind the end.
#[test]
fn members_that_c_cannot_write_are_left_out() {
    let types = "int = signed int 4; w = fwd w struct; f = float f 8; proto = proto int; odd = unsigned odd 3;
        s = struct s 16 a:int@3 b:w@32 c:proto@32 d:int@112 e:f@64/3 g:int@32";
    let graph = graph(types);
    let header = compiles(types, &graph);
    assert_eq!(header.notes.len(), 5, "{:#?}", header.notes);
    assert!(header.text.contains("int g;"));
    assert!(StrId::EMPTY.get() == 0);
}
