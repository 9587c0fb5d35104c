//! Enumerations that are only declared, or of sizes that BTF has no enumeration of.

use crate::support::entries::*;
use btfkit::dwarf::{ConvertOptions, Reason, convert};
use btfkit::graph::{Btf, Kind};

#[rustfmt::skip]
const ABBREVS: &[u8] = &[
    1, DW_TAG_COMPILE_UNIT, 1, 0, 0,
    2, DW_TAG_STRUCTURE_TYPE, 1, DW_AT_NAME, DW_FORM_STRING, DW_AT_BYTE_SIZE, DW_FORM_DATA1, 0, 0,
    3, DW_TAG_MEMBER, 0, DW_AT_NAME, DW_FORM_STRING, DW_AT_TYPE, DW_FORM_REF4,
    DW_AT_DATA_MEMBER_LOCATION, DW_FORM_DATA1, 0, 0,
    4, DW_TAG_ENUMERATION_TYPE, 0, DW_AT_NAME, DW_FORM_STRING, DW_AT_BYTE_SIZE, DW_FORM_DATA1,
    DW_AT_DECLARATION, DW_FORM_FLAG_PRESENT, 0, 0,
    5, DW_TAG_ENUMERATION_TYPE, 1, DW_AT_NAME, DW_FORM_STRING, DW_AT_BYTE_SIZE, DW_FORM_DATA1, 0, 0,
    6, DW_TAG_ENUMERATOR, 0, DW_AT_NAME, DW_FORM_STRING, DW_AT_CONST_VALUE, DW_FORM_DATA1, 0, 0,
    0,
];

fn converted(units: &[Vec<u8>]) -> (Btf, Vec<Reason>) {
    let sections = sections(units.concat(), ABBREVS.to_vec());
    let done = convert(&sections, &ConvertOptions::default()).unwrap();
    let reasons = done.degraded.iter().map(|degraded| degraded.reason);
    (done.graph, reasons.collect())
}

/// In C++ a declaration may say the size: `enum class small : char;`.
#[test]
fn a_declaration_may_say_the_size() {
    let declared = |size: u8| {
        let mut entries = [&b"\x04small\0"[..], &[size]].concat();
        entries.extend(b"\x02holder\0\x08\x03field\0\x0c\0\0\0\x04\0");
        unit(0, &entries)
    };
    // The unit that says nothing comes first.
    for units in [vec![declared(1)], vec![declared(0), declared(1)]] {
        let (graph, _) = converted(&units);
        let small = graph.find(Kind::Enum, "small").unwrap();
        assert_eq!(small.size().unwrap().0, 1);
        assert_eq!(graph.field("holder", "field").unwrap().size.0, 1);
    }
    let (graph, _) = converted(&[declared(0)]);
    assert_eq!(
        graph.find(Kind::Enum, "small").unwrap().size().unwrap().0,
        4
    );
}

#[test]
fn an_enumeration_of_16_bytes_is_an_integer() {
    let enumeration = |size: u8| {
        let mut entries = [&b"\x05big\0"[..], &[size]].concat();
        entries.extend(b"\x06ONE\0\x01\0");
        unit(0, &entries)
    };
    let (graph, reasons) = converted(&[enumeration(16)]);
    assert_eq!(graph.find(Kind::Int, "big").unwrap().size().unwrap().0, 16);
    assert_eq!(reasons, [Reason::EnumSize]);
    let (graph, reasons) = converted(&[enumeration(32)]);
    let big = graph.find(Kind::Struct, "big").unwrap();
    assert_eq!((big.size().unwrap().0, big.members().len()), (32, 0));
    assert_eq!(reasons, [Reason::EnumSize]);
    let (graph, reasons) = converted(&[enumeration(8)]);
    assert!(graph.find(Kind::Enum64, "big").is_some());
    assert_eq!(reasons, []);
}
