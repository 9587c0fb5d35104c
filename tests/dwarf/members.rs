//! Members as compilers of other languages than C describe them. The offsets and sizes expected here are those that the
//! programs print themselves, or that gdb prints for the same DIEs.

use btfkit::dwarf::{Conversion, ConvertOptions, Reason, Sections, convert};
use btfkit::graph::{Btf, Kind};

use crate::support::dies::*;

const RUST: u32 = 0x1c;
const ZIG: u32 = 0x27;
const FORTRAN: u32 = 0x08;
const D: u32 = 0x13;
const CXX: u32 = 0x04;
const PASCAL: u32 = 0x09;

fn converted(sections: &Sections) -> Conversion {
    convert(sections, &ConvertOptions::default()).unwrap()
}

fn reasons(conversion: &Conversion) -> Vec<Reason> {
    let degraded = conversion.degraded.iter();
    degraded.map(|degraded| degraded.reason).collect()
}

/// Offset and size of a field of `struct s` in bits.
fn bits(graph: &Btf, path: &str) -> (u64, u64) {
    let field = graph.field("s", path).unwrap();
    let size = field.bitfield.map_or(field.size.0 * 8, |bits| bits.0);
    (field.offset.0, size)
}

fn size(graph: &Btf, name: &str) -> u64 {
    graph.find(Kind::Struct, name).unwrap().size().unwrap().0
}

/// rustc describes a function item, which has no size, as a pointer with the alignment of 1.
#[test]
fn a_function_item_of_rust_has_no_size() {
    let member = |name, ty, at, alignment| {
        Die::new(MEMBER)
            .name(name)
            .to(ty)
            .number(ALIGNMENT, alignment)
            .number(LOCATION, at)
    };
    let holder = |name, size| Die::new(STRUCTURE_TYPE).name(name).number(BYTE_SIZE, size);
    let types = [
        base("u64", 8, 7),
        base("u32", 4, 7),
        Die::new(SUBROUTINE_TYPE).mark("function"),
        Die::new(POINTER_TYPE).mark("item").to("function"),
        holder("W", 0)
            .mark("W")
            .children([member("f", "item", 0, 1)]),
        holder("P", 8).children([member("f", "item", 0, 8)]),
        holder("s", 16).children([
            member("a", "u64", 0, 8),
            member("w", "W", 12, 1),
            member("direct", "item", 12, 1),
            member("z", "u32", 8, 4),
        ]),
    ];
    let done = converted(&program_in(RUST, types));
    assert_eq!(reasons(&done), []);
    assert_eq!(size(&done.graph, "W"), 0);
    assert_eq!(size(&done.graph, "P"), 8);
    assert_eq!(done.graph.field("W", "f").unwrap().size.0, 0);
    assert_eq!(bits(&done.graph, "z"), (64, 32));
    assert_eq!(bits(&done.graph, "direct"), (96, 0));
}

/// A size of 0 is a size, but members with sizes of their own contradict it.
#[test]
fn a_structure_of_no_bytes_with_members_that_have_some() {
    let types = [base("int", 4, 5), structure("s", 0, &[("a", "int", 0)])];
    let done = converted(&program(types));
    assert_eq!(size(&done.graph, "s"), 4);
    assert_eq!(reasons(&done), [Reason::UnknownSize]);
}

/// `packed struct(u32) { a: u3, b: bool, c: i7, d: u5, e: u16, in: enum(u2) }` and more by Zig's own back end, which
/// specifies no width of members and no size of structures.
#[test]
fn offsets_in_bits_without_widths() {
    let number = |name, bytes, bits, encoding| base(name, bytes, encoding).number(BIT_SIZE, bits);
    let member = |name, ty, at| {
        Die::new(MEMBER)
            .name(name)
            .to(ty)
            .number(DATA_BIT_OFFSET, at)
    };
    let types = [
        number("u3", 1, 3, 7),
        number("bool", 1, 1, 2),
        number("i7", 1, 7, 5),
        number("u16", 2, 16, 7),
        number("u64", 8, 64, 7),
        number("u68", 16, 68, 7),
        Die::new(ENUMERATION_TYPE).mark("enum").name("E").to("u3"),
        Die::new(STRUCTURE_TYPE)
            .mark("inner")
            .name("inner")
            .to("u3")
            .children([member("x", "u3", 0)]),
        Die::new(STRUCTURE_TYPE).name("s").to("u68").children([
            member("a", "u3", 0),
            member("b", "bool", 3),
            member("c", "i7", 4),
            member("e", "u16", 16),
            member("f", "enum", 32),
            member("g", "u16", 35),
            member("inner", "inner", 56),
        ]),
        Die::new(STRUCTURE_TYPE)
            .name("within")
            .to("u16")
            .children([member("low", "u3", 0), member("inner", "inner", 3)]),
    ];
    let done = converted(&program_in(ZIG, types));
    assert_eq!(size(&done.graph, "s"), 16);
    assert_eq!(bits(&done.graph, "a"), (0, 3));
    assert_eq!(bits(&done.graph, "b"), (3, 1));
    assert_eq!(bits(&done.graph, "c"), (4, 7));
    assert_eq!(bits(&done.graph, "e"), (16, 16));
    assert_eq!(bits(&done.graph, "f"), (32, 3));
    assert_eq!(bits(&done.graph, "g"), (35, 16));
    assert_eq!(bits(&done.graph, "inner.x"), (56, 3));
    assert!(done.graph.field("within", "inner").is_err());
    assert_eq!(reasons(&done), [Reason::WithinByte]);
    let enumeration = done.graph.find(Kind::Enum, "E").unwrap();
    assert_eq!(enumeration.size().unwrap().0, 1);
}

/// A member far behind the end of its structure is left out, which is no excuse.
#[test]
fn a_member_beyond_all_offsets_is_a_contradiction() {
    const FAR: &[u8] = &[0x23, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20];
    let far = Die::new(MEMBER)
        .name("far")
        .to("int")
        .with(LOCATION, Value::Expression(FAR));
    let types = [
        base("int", 4, 5),
        structure("s", 32, &[("a", "int", 0)]).children([far]),
    ];
    let done = converted(&program(types));
    let mut reasons = reasons(&done);
    reasons.sort();
    assert_eq!(reasons, [Reason::MemberTooLong, Reason::MemberBeyond]);
}

/// clang's `-gsimple-template-names=mangled`.
#[test]
fn mangled_names_of_templates_are_those_of_the_language() {
    let types = [
        base("int", 4, 5),
        structure("_STN|Bo|<false>", 4, &[("a", "int", 0)]),
        structure("_STN|operator||<int>", 4, &[("a", "int", 0)]),
        structure("_STN|", 4, &[("a", "int", 0)]),
    ];
    let done = converted(&program_in(CXX, types));
    for name in ["Bo<false>", "operator|<int>", "_STN|"] {
        assert_eq!(size(&done.graph, name), 4, "{name}");
    }
}

/// gdb prints 0, 2 and 4 as the offsets in bytes.
#[test]
fn offsets_in_bits_of_whole_bytes_are_no_bitfields() {
    let member = |name, ty, at| {
        Die::new(MEMBER)
            .name(name)
            .to(ty)
            .number(DATA_BIT_OFFSET, at)
    };
    let types = [
        base("int", 4, 5),
        base("u16", 2, 7),
        base("u8", 1, 8),
        Die::new(STRUCTURE_TYPE)
            .name("s")
            .number(BYTE_SIZE, 8)
            .children([
                member("a", "u8", 0),
                member("b", "u16", 16),
                member("c", "int", 32),
            ]),
    ];
    let done = converted(&program(types));
    assert_eq!(reasons(&done), []);
    for (name, offset) in [("a", 0), ("b", 16), ("c", 32)] {
        let field = done.graph.field("s", name).unwrap();
        assert_eq!((field.offset.0, field.bitfield), (offset, None), "{name}");
    }
}

/// `m(2, 3)` in Fortran: `loc(m(2,1)) - loc(m)` is 8, `loc(m(1,2)) - loc(m)` is 16.
#[test]
fn arrays_by_columns_have_the_dimensions_of_c() {
    let matrix = |mark| {
        Die::new(ARRAY_TYPE).mark(mark).to("double").children([
            Die::new(SUBRANGE_TYPE).number(UPPER_BOUND, 2),
            Die::new(SUBRANGE_TYPE).number(UPPER_BOUND, 3),
        ])
    };
    let types = |order: Option<u32>| {
        let m = match order {
            Some(order) => matrix("m").number(ORDERING, order),
            None => matrix("m"),
        };
        [
            base("double", 8, 4),
            m,
            structure("s", 96, &[("m", "m", 0)]),
        ]
    };
    let by_columns = [
        converted(&program_in(FORTRAN, types(None))),
        converted(&program_in(FORTRAN, types(Some(1)))),
    ];
    for done in by_columns {
        assert_eq!(bits(&done.graph, "m[0][1]"), (64, 64));
        assert_eq!(bits(&done.graph, "m[1][0]"), (128, 64));
        assert_eq!(bits(&done.graph, "m[2]"), (256, 128));
        assert_eq!(bits(&done.graph, "m"), (0, 384));
    }
    let by_rows = converted(&program_in(FORTRAN, types(Some(0))));
    assert_eq!(bits(&by_rows.graph, "m[1][0]"), (192, 64));
    // In C, bounds count from 0.
    let columns_in_c = converted(&program(types(Some(1))));
    assert_eq!(bits(&columns_in_c.graph, "m[1][0]"), (192, 64));
    assert_eq!(bits(&columns_in_c.graph, "m"), (0, 768));
}

/// rustc describes a variable that an async function holds over several awaits once for each.
#[test]
fn a_repeated_member_is_one() {
    let members = [
        ("held", "int", 0),
        ("other", "int", 4),
        ("held", "int", 0),
        ("held", "int", 8),
        ("held", "int", 0),
    ];
    let types = [base("int", 4, 5), structure("s", 12, &members)];
    let done = converted(&program_in(RUST, types));
    assert_eq!(reasons(&done), []);
    let found = done.graph.find(Kind::Struct, "s").unwrap();
    let offsets: Vec<_> = found.members().map(|member| member.offset.0).collect();
    assert_eq!(offsets, [0, 32, 64]);
}

/// A union of D is a structure whose members are all at 0, and the variants of a Pascal record overlap.
#[test]
fn members_of_d_and_pascal_may_overlap() {
    let types = |length| {
        [
            base("long", 8, 5),
            base("int", 4, 5),
            structure("s", length, &[("whole", "long", 0), ("part", "int", 4)]),
        ]
    };
    for language in [D, PASCAL] {
        assert_eq!(reasons(&converted(&program_in(language, types(8)))), []);
        let outside = converted(&program_in(language, types(7)));
        assert!(reasons(&outside).contains(&Reason::MemberTooLong));
    }
    assert_eq!(reasons(&converted(&program(types(8)))), [Reason::Overlap]);
}
