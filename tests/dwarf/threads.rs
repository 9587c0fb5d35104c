//! The same bytes, whatever the number of threads.

use std::num::NonZeroUsize;

use btfkit::dwarf::{ConvertOptions, Sections, convert};
use btfkit::encode::encode;
use btfkit::{Endian, PointerWidth};

/// Abbreviations of DWARF 4: a unit, an `int`, a structure, a member, a pointer. Strings stand in place.
const ABBREVIATIONS: &[u8] = &[
    1, 0x11, 1, 0x03, 0x08, 0x13, 0x0b, 0, 0, // unit: name, language
    2, 0x24, 0, 0x03, 0x08, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0, // base type: name, size, encoding
    3, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0, // structure: name, size
    4, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b, 0, 0, // member: name, type (ref4), place
    5, 0x0f, 0, 0x49, 0x13, 0, 0, // pointer: type (ref4)
    0,
];

/// A unit with structures that are in every unit, in some units, and in this one alone; of some names the units
/// have several layouts.
fn unit(number: u32) -> Vec<u8> {
    let mut unit = vec![4, 0, 0, 0, 0, 0, 8];
    let text = |unit: &mut Vec<u8>, text: String| {
        unit.extend(text.as_bytes());
        unit.push(0);
    };
    // Places count from the unit's length.
    let at = |unit: &Vec<u8>| u32::try_from(unit.len() + 4).unwrap();
    unit.push(1);
    text(&mut unit, format!("unit{number}.c"));
    unit.push(0x0c);
    let int = at(&unit);
    unit.push(2);
    text(&mut unit, "int".into());
    unit.extend([4, 5]);
    let mut last = int;
    for step in 0..40u32 {
        let (name, fields) = match step % 4 {
            0 => (format!("everywhere{step}"), 3),
            1 => (format!("somewhere{}", (number + step) % 97), 2),
            2 => (format!("layouts{step}"), 1 + (number * 7 + step) % 3),
            _ => (format!("only{number}_{step}"), 1),
        };
        let pointer = at(&unit);
        unit.push(5);
        unit.extend(last.to_le_bytes());
        last = at(&unit);
        unit.push(3);
        text(&mut unit, name);
        unit.push(16);
        for field in 0..fields {
            unit.push(4);
            text(&mut unit, format!("field{field}"));
            // The unit's own go to the next structure, so that names reach far.
            let ty = if step % 4 == 3 && field == 0 {
                pointer
            } else {
                int
            };
            unit.extend(ty.to_le_bytes());
            unit.push(u8::try_from(field * 4).unwrap());
        }
        unit.push(0);
    }
    unit.push(0);
    let len = u32::try_from(unit.len()).unwrap();
    [&len.to_le_bytes()[..], &unit].concat()
}

/// Many units, enough for eight threads.
fn program() -> Sections {
    let mut sections = Sections::new(Endian::Little, PointerWidth::Eight);
    sections.abbrev = ABBREVIATIONS.into();
    let info: Vec<u8> = (0..1_500).flat_map(unit).collect();
    // A thread gets 256 KiB at least.
    assert!(info.len() > 8 << 18);
    sections.info = info.into();
    sections
}

/// Converts with one thread and with several, which must give the same bytes; returns the number of types.
fn the_same_at_any_number_of_threads(options: &ConvertOptions) -> usize {
    let sections = program();
    let one = |threads: usize| {
        let options = options.clone().threads(NonZeroUsize::new(threads).unwrap());
        let done = convert(&sections, &options).unwrap();
        (
            encode(&done.graph).unwrap(),
            done.degraded,
            done.graph.len(),
        )
    };
    let expected = one(1);
    for threads in [2, 8] {
        assert!(one(threads) == expected, "{threads} threads");
    }
    expected.2
}

#[test]
fn all_types_are_the_same_at_any_number_of_threads() {
    let types = the_same_at_any_number_of_threads(&ConvertOptions::new());
    assert!(types > 15_000, "{types} types");
}

#[test]
fn roots_are_the_same_at_any_number_of_threads() {
    let options = ConvertOptions::new()
        .root("everywhere36")
        .root("layouts38")
        .root("only700_39");
    let types = the_same_at_any_number_of_threads(&options);
    assert!((5..1_000).contains(&types), "{types} types");
}
