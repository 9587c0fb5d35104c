//! Types of one name from several units of a program: the function that is probed tells which is meant.

use std::process::Command;

use crate::support::{read, testdata, tool};
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
        let sections = debug_sections(&read(build).into(), &Limits::default()).unwrap();
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

/// Builds the two units of `probed` into one program, or skips.
fn built(compiler: &[&str], flags: &[&str], name: &str) -> Option<Vec<u8>> {
    let compiler = tool(compiler)?;
    let path = std::env::temp_dir().join(format!("btfkit-{}-{name}", std::process::id()));
    let done = Command::new(compiler)
        .args(["-g", "-O1"])
        .args(flags)
        .args([testdata("probed/first.c"), testdata("probed/second.c")])
        .arg("-o")
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    Some(bytes)
}

/// With link-time optimisation gcc puts the code into units of their own; types in type units belong to the units that
/// refer to them. The offsets are those that the sources assert.
#[test]
fn the_function_of_a_program_whose_units_refer_to_each_other() {
    let gcc: &[&str] = &["gcc"];
    let clang: &[&str] = &["clang-19", "clang"];
    let builds: [(&[&str], &[&str], &str); 6] = [
        (gcc, &["-flto"], "gcc-lto"),
        (gcc, &["-flto", "-fdebug-types-section"], "gcc-lto-types"),
        (gcc, &["-gdwarf-4", "-fdebug-types-section"], "gcc-types4"),
        (gcc, &["-gdwarf-5", "-fdebug-types-section"], "gcc-types5"),
        (clang, &["-fdebug-types-section"], "clang-types"),
        (
            clang,
            &["-gdwarf-4", "-fdebug-types-section"],
            "clang-types4",
        ),
    ];
    for (compiler, flags, build) in builds {
        let Some(program) = built(compiler, flags, build) else {
            return;
        };
        let place = |function: Option<&str>| {
            let mut target = TargetFile::user("app", program.clone());
            target.function = function.map(str::to_owned);
            let options = pipeline::RelocateOptions::new().partial(true);
            let done = relocate(read("tutorial/probe.bpf.o"), &[target], &options)?;
            let mut records = done.report.records.into_iter();
            let record = records.find(|record| record.local == "struct data.c");
            Ok::<_, btfkit::Error>(record.unwrap().found_at.unwrap().bytes().0)
        };
        let error = place(None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{build}");
        let error = error.to_string();
        for (function, offset) in [("first_add", 4), ("second_add", 24)] {
            assert_eq!(place(Some(function)).unwrap(), offset, "{build}");
            // The function is a cure that the message names.
            assert!(
                error.contains(&format!("--function {function}")),
                "{build}: {error}"
            );
        }
        assert_eq!(place(Some("main")).unwrap(), 24, "{build}");
    }
}

/// A function without code of its own can't be probed, and isn't unknown.
#[test]
fn a_function_that_the_linker_dropped() {
    let flags = [
        "-ffunction-sections",
        "-Wl,--gc-sections",
        "-Dmain=unused_main",
        "-Wl,-e,second_add",
    ];
    let flags = [&flags[..], &["-nostartfiles"]].concat();
    let Some(program) = built(&["gcc"], &flags, "dropped") else {
        return;
    };
    let sections = debug_sections(&program.into(), &Limits::default()).unwrap();
    let error = |function: &str| {
        let mut options = ConvertOptions::default();
        options.function = Some(function.to_owned());
        convert(&sections, &options).map(drop)
    };
    error("second_add").unwrap();
    let dropped = error("unused_main").unwrap_err();
    assert_eq!(dropped.kind(), ErrorKind::NotFound);
    assert!(dropped.to_string().contains("no code"), "{dropped}");
    let unknown = error("unused_mai").unwrap_err();
    assert!(
        unknown.to_string().contains("no function called"),
        "{unknown}"
    );
}
