//! Types of one name from several units of a program: the function that is probed tells which is meant.

use crate::support::read;
use btfkit::ErrorKind;
use btfkit::Limits;
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::elf::debug_sections;
use btfkit::pipeline::{self, TargetFile, relocate};

const BUILDS: [&str; 2] = ["probed/program.gcc", "probed/program.clang"];

#[test]
fn the_function_tells_which_is_meant() {
    for build in BUILDS {
        let place = |function: Option<&str>| {
            let mut target = TargetFile::user("app", read(build));
            target.function = function.map(str::to_owned);
            let object = read("tutorial/probe.bpf.o");
            let relocated = relocate(object, &[target], &pipeline::RelocateOptions::default())?;
            let mut records = relocated.report.records.into_iter();
            let record = records
                .find(|record| record.local == "struct data.c")
                .unwrap();
            Ok::<_, btfkit::Error>(record.found_at.unwrap().bytes().0)
        };
        assert_eq!(
            place(None).unwrap_err().kind(),
            ErrorKind::Ambiguous,
            "{build}"
        );
        assert_eq!(place(Some("first_add")).unwrap(), 4, "{build}");
        assert_eq!(place(Some("second_add")).unwrap(), 24, "{build}");
        let error = place(Some("third_add")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("third_add"), "{error}");
    }
}

/// All of the unit's types are told, and those of other units are not.
#[test]
fn the_types_of_a_functions_unit() {
    for build in BUILDS {
        let sections = debug_sections(read(build), &Limits::default()).unwrap();
        for (function, file) in [
            ("first_add", "probed/first.c"),
            ("second_add", "probed/second.c"),
            ("main", "probed/second.c"),
        ] {
            let mut options = ConvertOptions::default();
            options.function = Some(function.to_owned());
            let conversion = convert(&sections, &options).unwrap();
            let units = |name: &str| -> Vec<(String, bool)> {
                let types = conversion.graph.named(name.as_bytes());
                types
                    .map(|ty| {
                        let origin = conversion.origin(&sections, ty.id()).unwrap();
                        (origin.unit, conversion.preferred.contains(&ty.id()))
                    })
                    .collect()
            };
            // The part refers to the whole, so that there are two of it as well.
            for name in ["data", "part"] {
                let all = units(name);
                assert_eq!(all.len(), 2, "{build}: {name}");
                for (unit, preferred) in all {
                    assert_eq!(
                        unit == file,
                        preferred,
                        "{build}: {function}: {name} of {unit}"
                    );
                }
            }
            assert!(conversion.preferred.is_sorted());
        }
    }
}
