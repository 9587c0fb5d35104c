//! DWARF made to take time or memory ends in an error, soon.

use crate::support::entries::*;
use btfkit::dwarf::{ConvertOptions, Roots, Sections, convert};
use btfkit::{Endian, Error, ErrorKind, Limits, PointerWidth};

/// Codes of [`ABBREVS`].
const STRUCT: u8 = 2;
const NAMELESS: u8 = 3;
const MEMBER: u8 = 4;
const INT: u8 = 5;

#[rustfmt::skip]
const ABBREVS: &[u8] = &[
    UNIT, DW_TAG_COMPILE_UNIT, 1, 0, 0,
    STRUCT, DW_TAG_STRUCTURE_TYPE, 1, DW_AT_NAME, DW_FORM_STRING, DW_AT_BYTE_SIZE, DW_FORM_DATA1, 0, 0,
    NAMELESS, DW_TAG_STRUCTURE_TYPE, 1, DW_AT_BYTE_SIZE, DW_FORM_DATA1, 0, 0,
    MEMBER, DW_TAG_MEMBER, 0, DW_AT_NAME, DW_FORM_STRING, DW_AT_TYPE, DW_FORM_REF4,
    DW_AT_DATA_MEMBER_LOCATION, DW_FORM_DATA1, 0, 0,
    INT, DW_TAG_BASE_TYPE, 0, DW_AT_NAME, DW_FORM_STRING, DW_AT_BYTE_SIZE, DW_FORM_DATA1, 0, 0,
    0,
];

fn structure(entries: &mut Vec<u8>, name: &str, members: &[(&str, u32, u8)]) -> u32 {
    // From the start of the unit: its header has 11 bytes, its own entry one.
    let place = u32::try_from(entries.len() + 12).unwrap();
    if name.is_empty() {
        entries.push(NAMELESS);
    } else {
        entries.push(STRUCT);
        entries.extend(name.as_bytes());
        entries.push(0);
    }
    entries.push(64);
    for (name, ty, at) in members {
        entries.push(MEMBER);
        entries.extend(name.as_bytes());
        entries.push(0);
        entries.extend(ty.to_le_bytes());
        entries.push(*at);
    }
    entries.push(0);
    place
}

fn int(entries: &mut Vec<u8>) -> u32 {
    let place = u32::try_from(entries.len() + 12).unwrap();
    entries.push(INT);
    entries.extend(b"int\0\x04");
    place
}

fn refused(sections: &Sections, options: &ConvertOptions, what: &str) {
    for roots in [Roots::All, Roots::Named(vec!["outer".to_owned()])] {
        let mut options = options.clone();
        options.roots = roots;
        options.allow_missing_roots = true;
        let error: Error = convert(sections, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn these_entries_can_be_read() {
    let mut entries = Vec::new();
    let int = int(&mut entries);
    let inner = structure(&mut entries, "", &[("a", int, 0), ("b", int, 4)]);
    structure(&mut entries, "outer", &[("x", inner, 0), ("y", inner, 8)]);
    let sections = sections(unit(0, &entries), ABBREVS.to_vec());
    for options in [
        ConvertOptions::default(),
        ConvertOptions::default().root("outer"),
    ] {
        let graph = convert(&sections, &options).unwrap().graph;
        assert_eq!(graph.field("outer", "y.b").unwrap().offset.bytes().0, 12);
    }
}

#[test]
fn a_large_table_of_abbreviations_for_each_of_many_small_units() {
    // Two tables, so that no unit has the one of the unit before.
    let mut table = ABBREVS[..ABBREVS.len() - 1].to_vec();
    for code in 1000u32..12_000 {
        // As a LEB128 number of three bytes.
        table.extend([
            code as u8 | 0x80,
            (code >> 7) as u8 | 0x80,
            (code >> 14) as u8,
        ]);
        table.extend([DW_TAG_MEMBER, 0, DW_AT_NAME, DW_FORM_STRING, 0, 0]);
    }
    table.push(0);
    let second = u32::try_from(table.len()).unwrap();
    table.extend(table.clone());
    let units = (0..4000).flat_map(|number| unit(number % 2 * second, &[]));
    let sections = sections(units.collect(), table);
    refused(&sections, &ConvertOptions::default(), "abbreviations");
}

#[test]
fn more_abbreviations_than_allowed() {
    let mut options = ConvertOptions::default();
    options.limits = Limits::default();
    options.limits.abbreviations = 10;
    let mut entries = Vec::new();
    int(&mut entries);
    let sections = sections(unit(0, &entries), ABBREVS.to_vec());
    refused(&sections, &options, "Limits::abbreviations");
}

#[test]
fn more_entries_than_allowed() {
    let mut options = ConvertOptions::default();
    options.limits.entries = 100;
    let mut entries = Vec::new();
    let int = int(&mut entries);
    let members = vec![("m", int, 0); 200];
    structure(&mut entries, "outer", &members);
    let sections = sections(unit(0, &entries), ABBREVS.to_vec());
    refused(&sections, &options, "Limits::entries");
}

/// In C++ each of the inner types gets the long name of the outer one.
#[test]
fn a_long_name_for_many_types() {
    const DW_LANG_C_PLUS_PLUS: u8 = 4;
    let mut abbrevs = ABBREVS.to_vec();
    abbrevs.splice(
        ..5,
        [
            UNIT,
            DW_TAG_COMPILE_UNIT,
            1,
            DW_AT_LANGUAGE,
            DW_FORM_DATA1,
            0,
            0,
        ],
    );
    let mut entries = vec![DW_LANG_C_PLUS_PLUS, STRUCT];
    entries.extend([b'x'; 10_000]);
    entries.extend([0, 64]);
    for number in 0..5000 {
        structure(&mut entries, &format!("y{number}"), &[]);
    }
    entries.push(0);
    let sections = sections(unit(0, &entries), abbrevs);
    let mut options = ConvertOptions::default();
    assert!(convert(&sections, &options).is_ok());
    options.limits.string_bytes = 1 << 20;
    let error = convert(&sections, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.to_string().contains("qualified names"), "{error}");
}

/// Types of these names, each with the same nameless types, nested so deep that there are twice as many ways with each
/// level.
fn nested(levels: u32, outer: impl IntoIterator<Item = String>) -> Sections {
    let mut entries = Vec::new();
    let int = int(&mut entries);
    // Two types with one name, so that what each reference means has to be found out.
    let one = structure(&mut entries, "twice", &[("a", int, 0)]);
    structure(&mut entries, "twice", &[("b", int, 0)]);
    let mut inner = structure(&mut entries, "", &[("t", one, 0)]);
    for _ in 0..levels {
        inner = structure(&mut entries, "", &[("l", inner, 0), ("r", inner, 0)]);
    }
    for name in outer {
        structure(&mut entries, &name, &[("all", inner, 0)]);
    }
    sections(unit(0, &entries), ABBREVS.to_vec())
}

#[test]
fn nameless_types_nested_so_that_there_are_exponentially_many_ways() {
    let sections = nested(40, ["outer".to_owned()]);
    // All types, so that both definitions are looked at.
    let error = convert(&sections, &ConvertOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

/// Two units, so that no bound on one unit is met first. Each type alone is within the bounds.
#[test]
fn nameless_types_nested_in_many_types() {
    let outer = |count: u32| (0..count).map(|number| format!("outer{number}"));
    let refused = |levels, count| match convert(&nested_apart(levels, outer(count)), &all()) {
        Ok(_) => None,
        Err(error) => Some((error.kind(), error.message().to_owned())),
    };
    let many = refused(14, 40).unwrap();
    assert_eq!(many.0, ErrorKind::Limit);
    let message = "too many paths through unnamed types of outer";
    assert!(many.1.starts_with(message), "{}", many.1);
    assert_eq!(refused(14, 1), None);
    assert_eq!(refused(8, 40), None);
}

fn all() -> ConvertOptions {
    ConvertOptions::default()
}

/// Like [`nested`], but each unit has one of the two types with one name.
fn nested_apart(levels: u32, outer: impl Iterator<Item = String> + Clone) -> Sections {
    let units = ["a", "b"].map(|member| {
        let mut entries = Vec::new();
        let int = int(&mut entries);
        let one = structure(&mut entries, "twice", &[(member, int, 0)]);
        let mut inner = structure(&mut entries, "", &[("t", one, 0)]);
        for _ in 0..levels {
            inner = structure(&mut entries, "", &[("l", inner, 0), ("r", inner, 0)]);
        }
        for name in outer.clone() {
            structure(&mut entries, &name, &[("all", inner, 0)]);
        }
        unit(0, &entries)
    });
    sections(units.concat(), ABBREVS.to_vec())
}

#[test]
fn references_into_the_middle_of_entries() {
    // One structure whose members refer to each of its own bytes.
    let mut entries = Vec::new();
    let int = int(&mut entries);
    let members: Vec<_> = (0..3000).map(|at| ("m", int + at, 0)).collect();
    structure(&mut entries, "outer", &members);
    let sections = sections(unit(0, &entries), ABBREVS.to_vec());
    for options in [
        ConvertOptions::default(),
        ConvertOptions::default().root("outer"),
    ] {
        let graph = convert(&sections, &options).unwrap().graph;
        let outer = graph.types().filter(|ty| ty.name() == "outer");
        assert_eq!(outer.count(), 1);
    }
}

#[test]
fn a_package_of_more_units_than_it_has_bytes() {
    let mut split = Sections::new(Endian::Little, PointerWidth::Eight);
    split.abbrev = ABBREVS.into();
    split.info = unit(0, &[]).into();
    // DWARF 5, section 7.3.5.3: version, padding, no sections, as many units as can be said, no slots.
    let mut index = vec![5, 0, 0, 0, 0, 0, 0, 0];
    index.extend(u32::MAX.to_le_bytes());
    index.extend([0; 4]);
    split.cu_index = index.into();
    let mut sections = Sections::new(Endian::Little, PointerWidth::Eight);
    sections.split.push(split);
    // As many steps as the index asks for would take minutes.
    assert!(
        convert(&sections, &ConvertOptions::new())
            .unwrap()
            .graph
            .is_empty()
    );
}
