//! Layouts that BTF can't represent as they are, and debug information that contradicts itself: offsets and sizes are DWARF's,
//! and what is wrong is listed. The offsets and sizes expected here are those that gdb prints for the same DIEs.

use btfkit::dwarf::{Conversion, ConvertOptions, Reason, Sections, convert};
use btfkit::graph::{Btf, Kind};
use btfkit::{ErrorKind, dwarf};

use crate::support::dies::*;
use crate::support::entries;

fn converted(sections: &Sections) -> Conversion {
    convert(sections, &ConvertOptions::default()).unwrap()
}

fn reasons(conversion: &Conversion) -> Vec<Reason> {
    let degraded = conversion.degraded.iter();
    degraded.map(|degraded| degraded.reason).collect()
}

/// Byte offset and size of a field of `struct s`.
fn field(graph: &Btf, path: &str) -> (u64, u64) {
    let field = graph.field("s", path).unwrap();
    (field.offset.0 / 8, field.size.0)
}

#[test]
fn a_vector_of_three_has_room_for_four() {
    let vector = array("v", "float", 3).number(BYTE_SIZE, 16);
    let types = [
        base("float", 4, 4),
        vector,
        array("many", "v", 3),
        structure("s", 80, &[("many", "many", 16), ("tail", "float", 64)]),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "many[1]"), (32, 16));
    assert_eq!(field(&done.graph, "many"), (16, 48));
    assert_eq!(field(&done.graph, "tail"), (64, 4));
    assert_eq!(reasons(&done), []);
}

#[test]
fn elements_of_bits_become_bytes() {
    let bits = array("bits", "bool", 16).number(BIT_STRIDE, 1);
    let types = [
        base("bool", 1, 2),
        bits,
        structure("s", 4, &[("bits", "bits", 0), ("last", "bool", 2)]),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "bits"), (0, 2));
    assert_eq!(reasons(&done), [Reason::PackedArray]);
}

#[test]
fn elements_of_another_size_than_their_type() {
    let narrow = array("narrow", "int", 4).number(BYTE_STRIDE, 1);
    let padded = array("padded", "int", 2).number(BYTE_STRIDE, 8);
    let types = [
        base("int", 4, 5),
        narrow,
        padded,
        structure("s", 20, &[("narrow", "narrow", 0), ("padded", "padded", 4)]),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "narrow[2]"), (2, 1));
    assert_eq!(field(&done.graph, "padded[1]"), (12, 8));
    assert_eq!(field(&done.graph, "padded"), (4, 16));
}

#[test]
fn rows_with_padding_become_bytes() {
    let rows = Die::new(ARRAY_TYPE).mark("rows").to("int").children([
        Die::new(SUBRANGE_TYPE)
            .number(COUNT, 2)
            .number(BYTE_STRIDE, 16),
        Die::new(SUBRANGE_TYPE).number(COUNT, 3),
    ]);
    let types = [
        base("int", 4, 5),
        rows,
        structure("s", 36, &[("rows", "rows", 0), ("z", "int", 32)]),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "rows"), (0, 32));
    assert_eq!(reasons(&done), [Reason::PackedArray]);
}

#[test]
fn a_subrange_has_its_own_size() {
    let percent = Die::new(SUBRANGE_TYPE)
        .mark("percent")
        .to("int")
        .number(BYTE_SIZE, 1)
        .number(UPPER_BOUND, 100);
    let biased = Die::new(SUBRANGE_TYPE)
        .mark("biased")
        .to("int")
        .number(BYTE_SIZE, 2)
        .number(BIAS, 1000);
    let types = [
        base("int", 4, 5),
        percent,
        biased,
        structure("s", 4, &[("a", "percent", 0), ("b", "biased", 2)]),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "a"), (0, 1));
    assert_eq!(field(&done.graph, "b"), (2, 2));
    assert_eq!(reasons(&done), [Reason::Bias]);
}

/// A DIE with one number is read at fixed offsets; the number counts for what its attribute says.
#[test]
fn a_size_alone_is_neither_a_count_nor_a_place() {
    let index = || Die::new(SUBRANGE_TYPE).number(BYTE_SIZE, 8);
    let open = Die::new(ARRAY_TYPE)
        .mark("open")
        .to("int")
        .children([index()]);
    let sized = Die::new(ARRAY_TYPE)
        .mark("sized")
        .to("int")
        .number(BYTE_SIZE, 12)
        .children([index()]);
    let union = Die::new(UNION_TYPE)
        .mark("union")
        .name("u")
        .number(BYTE_SIZE, 4)
        .children([Die::new(MEMBER).name("a").to("int").number(BYTE_SIZE, 4)]);
    let types = [
        base("int", 4, 5),
        open,
        sized,
        union,
        structure(
            "s",
            20,
            &[
                ("u", "union", 0),
                ("sized", "sized", 4),
                ("z", "int", 16),
                ("open", "open", 20),
            ],
        ),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "u.a"), (0, 4));
    assert_eq!(field(&done.graph, "sized"), (4, 12));
    assert_eq!(field(&done.graph, "open"), (20, 0));
    assert_eq!(reasons(&done), []);
}

#[test]
fn types_of_unknown_tags_keep_their_size() {
    let types = [
        base("int", 4, 5),
        Die::new(SET_TYPE).mark("set").number(BYTE_SIZE, 6),
        Die::new(0x4333).mark("vendor").number(BYTE_SIZE, 12),
        Die::new(STRING_TYPE).mark("text").number(BYTE_SIZE, 7),
        structure(
            "s",
            32,
            &[
                ("set", "set", 0),
                ("vendor", "vendor", 8),
                ("text", "text", 20),
                ("z", "int", 28),
            ],
        ),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "set"), (0, 6));
    assert_eq!(field(&done.graph, "vendor"), (8, 12));
    assert_eq!(field(&done.graph, "text[6]"), (26, 1));
    let unknown = reasons(&done);
    assert!(
        unknown.iter().all(|reason| *reason == Reason::UnknownType),
        "{unknown:?}"
    );
    assert!(!unknown.is_empty());
}

/// An allocatable array of Fortran: its elements are not in the structure, so no offset leads to one.
#[test]
fn elements_behind_a_descriptor_are_elsewhere() {
    let elsewhere = array("data", "int", 4).with(DATA_LOCATION, Value::Expression(&[0x97, 0x06]));
    let types = [
        base("int", 4, 5),
        elsewhere,
        structure("s", 64, &[("data", "data", 0)]),
    ];
    let done = converted(&program(types));
    assert!(done.graph.field("s", "data[1]").is_err());
    assert_eq!(reasons(&done), [Reason::Elsewhere]);
}

#[test]
fn a_bitfield_in_the_other_byte_order_is_left_out() {
    let swapped = Die::new(BASE_TYPE)
        .mark("swapped")
        .name("unsigned int")
        .number(BYTE_SIZE, 4)
        .number(ENCODING, 7)
        .number(ENDIANITY, 1);
    let bits = Die::new(MEMBER)
        .name("f")
        .to("swapped")
        .number(BIT_SIZE, 3)
        .number(DATA_BIT_OFFSET, 0);
    let types = [
        swapped,
        structure("s", 8, &[("whole", "swapped", 4)]).children([bits]),
    ];
    let done = converted(&program(types));
    assert_eq!(field(&done.graph, "whole"), (4, 4));
    assert!(done.graph.field("s", "f").is_err());
    let mut reasons = reasons(&done);
    reasons.sort();
    assert_eq!(reasons, [Reason::ByteOrder, Reason::SwappedBitfield]);
}

#[test]
fn a_structure_without_a_size_ends_with_its_last_member() {
    let types = [
        base("int", 4, 5),
        Die::new(STRUCTURE_TYPE).name("s").children([
            Die::new(MEMBER).name("a").to("int").number(LOCATION, 0),
            Die::new(MEMBER).name("b").to("int").number(LOCATION, 4),
        ]),
    ];
    let done = converted(&program(types));
    assert_eq!(
        done.graph
            .find(Kind::Struct, "s")
            .unwrap()
            .size()
            .unwrap()
            .0,
        8
    );
    assert_eq!(reasons(&done), [Reason::UnknownSize]);
}

#[test]
fn members_that_contradict_each_other_are_listed() {
    let outside = structure("s", 6, &[("a", "int", 0), ("b", "int", 4)]);
    let overlapping = structure("s", 8, &[("a", "int", 0), ("b", "int", 2)]);
    let function = structure("s", 8, &[("a", "function", 0)]);
    let declared = structure("s", 8, &[("a", "declared", 0)]);
    for (wrong, expected) in [
        (outside, Reason::MemberTooLong),
        (overlapping, Reason::Overlap),
        (function, Reason::FunctionMember),
        (declared, Reason::DeclaredMember),
    ] {
        let types = [
            base("int", 4, 5),
            Die::new(SUBROUTINE_TYPE).mark("function"),
            Die::new(STRUCTURE_TYPE)
                .mark("declared")
                .name("declared")
                .with(DECLARATION, Value::Flag),
            wrong,
        ];
        let done = converted(&program(types));
        assert_eq!(reasons(&done), [expected]);
        assert!(expected.is_contradiction());
    }
}

/// What is right is not listed: a union, an empty base class, a member in the padding of the one before.
#[test]
fn members_that_share_their_place_rightly_are_not_listed() {
    let types = [
        base("int", 4, 5),
        base("char", 1, 6),
        structure("empty", 1, &[]).mark("empty"),
        structure("padded", 8, &[("a", "int", 0), ("b", "char", 4)]).mark("padded"),
        structure(
            "s",
            8,
            &[
                ("first", "padded", 0),
                ("second", "char", 5),
                ("none", "empty", 0),
            ],
        ),
    ];
    assert_eq!(reasons(&converted(&program(types))), []);
}

#[test]
fn a_unit_that_cannot_be_read_costs_its_types_alone() {
    let good = |name| [base("int", 4, 5), structure(name, 8, &[("a", "int", 4)])];
    let (mut info, mut abbrev) = unit_of(0x0c, good("first"), 0);
    let at = u32::try_from(abbrev.len()).unwrap();
    let (second, more) = unit_of(0x0c, good("second"), at);
    let bad_version = [8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 8, 1];
    let bad_code = [8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 0x63];
    info.extend(bad_version);
    info.extend(bad_code);
    info.extend(second);
    abbrev.extend(more);
    let done = converted(&entries::sections(info, abbrev));
    for name in ["first", "second"] {
        assert_eq!(done.graph.field(name, "a").unwrap().offset.0, 32);
    }
    assert_eq!(reasons(&done), [Reason::UnreadableUnit; 2]);
}

/// The alternate file serves other programs, too: its units are not the program's.
#[test]
fn an_alternate_unit_that_cannot_be_read_costs_its_types_alone() {
    let good = [base("int", 4, 5), structure("own", 8, &[("a", "int", 4)])];
    let (info, abbrev) = unit_of(0x0c, good, 0);
    let mut program = entries::sections(info, abbrev.clone());
    let bad_code = vec![8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 0x63];
    program.alt = Some(Box::new(entries::sections(bad_code, abbrev)));
    let done = converted(&program);
    assert_eq!(done.graph.field("own", "a").unwrap().offset.0, 32);
    assert_eq!(reasons(&done), [Reason::UnreadableUnit]);
}

#[test]
fn a_name_that_cannot_be_read_is_an_error_and_no_name() {
    let nameless = Die::new(MEMBER)
        .with(NAME, Value::NameBeyond)
        .to("int")
        .number(LOCATION, 4);
    let types = [
        base("int", 4, 5),
        structure("s", 8, &[]).children([nameless]),
    ];
    let error = dwarf::convert(&program(types), &ConvertOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("0x10"), "{error}");
}

#[test]
fn a_root_that_is_only_declared_is_said_so() {
    let types = [
        Die::new(STRUCTURE_TYPE)
            .mark("hidden")
            .name("hidden")
            .with(DECLARATION, Value::Flag),
        Die::new(POINTER_TYPE).mark("pointer").to("hidden"),
        structure("s", 8, &[("p", "pointer", 0)]),
    ];
    let options = ConvertOptions::default().root("hidden");
    let error = convert(&program(types), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let message = error.to_string();
    assert!(
        message.contains("only declares hidden, in unit unit.c"),
        "{message}"
    );
}
