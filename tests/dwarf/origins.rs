//! Where types were declared, against llvm-dwarfdump.

use std::collections::BTreeMap;

use crate::support::testdata;
use btfkit::Limits;
use btfkit::debuginfo::{Search, find_debug_sections};
use btfkit::dwarf::{Conversion, ConvertOptions, Origin, Sections, convert};
use btfkit::graph::{Kind, Type};

fn converted(name: &str) -> (Sections, Conversion) {
    let path = testdata(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let search = Search::new().root(testdata(""));
    let found = find_debug_sections(bytes, Some(&path), &search, &Limits::default());
    let sections = found
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .sections;
    let conversion = convert(&sections, &ConvertOptions::default()).unwrap();
    (sections, conversion)
}

fn tag(ty: Type<'_>) -> Option<&'static str> {
    match ty.kind() {
        Kind::Struct => Some("structure_type"),
        Kind::Union => Some("union_type"),
        Kind::Enum | Kind::Enum64 => Some("enumeration_type"),
        Kind::Typedef => Some("typedef"),
        _ => None,
    }
}

/// The types that have a name and a place, and their origins.
fn origins(
    sections: &Sections,
    conversion: &Conversion,
) -> Vec<(&'static str, String, Option<Origin>)> {
    // What is only declared has no place.
    let defined = |ty: &Type<'_>| {
        ty.as_enum()
            .is_none_or(|values| values.enumerators().len() > 0)
    };
    let types = conversion
        .graph
        .types()
        .filter(|ty| !ty.name().is_empty())
        .filter(defined);
    types
        .filter_map(|ty| {
            let name = ty.name().to_string_lossy().into_owned();
            Some((tag(ty)?, name, conversion.origin(sections, ty.id())))
        })
        .collect()
}

#[test]
fn as_the_debug_information_says() {
    for (program, least) in [
        ("types/kinds.gcc-dwarf5", 80),
        ("types/kinds.clang-dwarf4", 80),
        ("packaging/plain.gcc", 12),
        ("packaging/plain.clang", 12),
        ("packaging/dwarf64.gcc", 12),
    ] {
        let golden = std::fs::read_to_string(testdata(&format!("{program}.origins.txt"))).unwrap();
        let lines: BTreeMap<u64, &str> = golden
            .lines()
            .map(|line| {
                let (die, rest) = line.split_once('\t').unwrap();
                (
                    u64::from_str_radix(die.trim_start_matches("0x"), 16).unwrap(),
                    rest,
                )
            })
            .collect();
        let (sections, conversion) = converted(program);
        let all = origins(&sections, &conversion);
        let mut checked = 0;
        for (tag, name, origin) in all {
            let Some(origin) = origin else {
                panic!(
                    "{program}: {name} has no origin, {:?}",
                    conversion
                        .graph
                        .named(name.as_bytes())
                        .map(|ty| conversion.die(ty.id()))
                        .collect::<Vec<_>>()
                );
            };
            // Compilers make up a few types themselves; these have no line.
            if origin.line.is_none() {
                assert!(!lines.contains_key(&origin.die), "{program}: {name}");
                continue;
            }
            let file = origin.file.clone().unwrap_or_default();
            let line = origin.line.unwrap();
            let mine = format!("{tag}\t{name}\t{}\t{file}\t{line}", origin.unit);
            assert_eq!(
                Some(&&*mine),
                lines.get(&origin.die),
                "{program}: {origin:?}"
            );
            checked += 1;
        }
        assert!(checked >= least, "{program}: {checked}");
    }
}

/// However the debug information is packed: the same unit, file and line.
#[test]
fn the_same_in_every_packaging() {
    let of = |program: &str| -> BTreeMap<(&'static str, String, u64), (String, String)> {
        let (sections, conversion) = converted(program);
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let all = origins(&sections, &conversion).into_iter();
        all.map(|(tag, name, origin)| {
            let origin = origin.unwrap_or_else(|| {
                panic!(
                    "{program}: {name} has no origin, {:?}",
                    conversion
                        .graph
                        .named(name.as_bytes())
                        .map(|ty| conversion.die(ty.id()))
                        .collect::<Vec<_>>()
                )
            });
            let file = last(&origin.file.unwrap_or_default());
            let line = origin.line.unwrap_or_default();
            ((tag, name, line), (last(&origin.unit), file))
        })
        .collect()
    };
    for (plain, others) in [
        (
            "packaging/plain.gcc",
            &[
                "packaging/dwarf4.gcc",
                "packaging/split4.gcc",
                "packaging/split5.gcc",
                "packaging/types4.gcc",
                "packaging/types5.gcc",
                "packaging/dwz.gcc",
                "packaging/lto.gcc",
                "packaging/zlib.gcc",
                "packaging/stripped.gcc",
            ][..],
        ),
        (
            "packaging/plain.clang",
            &["packaging/split4.clang", "packaging/split5.clang"],
        ),
    ] {
        let expected = of(plain);
        assert!(expected.len() >= 12);
        for other in others {
            let got = of(other);
            let names = |all: &BTreeMap<_, _>| all.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&got), names(&expected), "{other}");
            for (key, (unit, file)) in &got {
                let (expected_unit, expected_file) = &expected[key];
                assert_eq!(file, expected_file, "{other}: {key:?}");
                // A type unit is none of a source file; a linker's unit has no name of one.
                if !other.contains("types") && !other.contains("lto") && !other.contains("dwz") {
                    assert_eq!(unit, expected_unit, "{other}: {key:?}");
                }
            }
        }
    }
}
