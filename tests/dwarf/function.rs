//! Types of one name from several units of a program: the function that is probed tells which is meant.

use std::process::Command;

use crate::support::{compiled, output, read, testdata, tool};
use btfkit::ErrorKind;
use btfkit::Limits;
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::elf::debug_sections;
use btfkit::graph::Kind;
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

/// Builds the two units of `probed` into one program, or skips.
fn built(compiler: &[&str], flags: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let sources =
        ["probed/first.c", "probed/second.c"].map(|name| testdata(name).display().to_string());
    let mut arguments = vec!["-g", "-O1", "-o", "program"];
    arguments.extend(flags);
    arguments.extend(sources.iter().map(String::as_str));
    compiled(compiler, folder.path(), &arguments)?;
    Some(std::fs::read(folder.path().join("program")).unwrap())
}

/// With link-time optimisation gcc puts the code into units of their own; types in type units belong to the units that
/// refer to them. The offsets are those that the sources assert.
#[test]
fn the_function_of_a_program_whose_units_refer_to_each_other() {
    let gcc: &[&str] = &["gcc"];
    let clang: &[&str] = &["clang-19", "clang"];
    let builds: [(&[&str], &[&str], &str); 8] = [
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
        // In a relocatable file every section starts at 0.
        (gcc, &["-r", "-ffunction-sections"], "gcc-relocatable"),
        (
            gcc,
            &["-r", "-gdwarf-4", "-ffunction-sections"],
            "gcc-relocatable4",
        ),
    ];
    for (compiler, flags, build) in builds {
        let Some(program) = built(compiler, flags) else {
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
    let Some(program) = built(&["gcc"], &flags) else {
        return;
    };
    let sections = debug_sections(program, &Limits::default()).unwrap();
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
    // Nor does the conversion have it as a function.
    let options = ConvertOptions::default().functions(true);
    let graph = convert(&sections, &options).unwrap().graph;
    assert!(graph.find(Kind::Func, "second_add").is_some());
    assert!(graph.find(Kind::Func, "unused_main").is_none());
}

/// Every name that a uprobe takes for code of the first unit: aliases, weak names, copies and parts that the optimiser
/// made, as `nm` lists them. The second unit has functions of the same names in its debug information alone.
#[test]
fn every_symbol_of_a_function_is_its_name() {
    const FIRST: &str = "struct data { int a; int c; };
        __attribute__((noinline)) static int sroa(struct data *d, int k) { return d->c * k + d->a; }
        __attribute__((noinline)) int real(struct data *d) { return sroa(d, 3); }
        int other_name(struct data *d) __attribute__((alias(\"real\")));
        int weak_name(struct data *d) __attribute__((weak, alias(\"real\")));
        int main(int n, char **v) { struct data d = { n, n }; return real(&d) + sroa(&d, 3); }";
    const SECOND: &str = "struct data { int a; char room[20]; int c; };
        static int sroa(struct data *d) { return d->c; }
        int real_two(struct data *d) { return sroa(d) + 1; }";
    let Some(nm) = tool(&["nm", "llvm-nm-19"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("first.c"), FIRST).unwrap();
    std::fs::write(folder.path().join("second.c"), SECOND).unwrap();
    for flags in [&["-O2"][..], &["-O2", "-flto"]] {
        let arguments = [&["-g", "-o", "program"], flags, &["first.c", "second.c"]].concat();
        if compiled(&["gcc"], folder.path(), &arguments).is_none() {
            return;
        }
        let program = folder.path().join("program");
        let symbols = output(Command::new(&nm).arg(&program));
        let names = symbols
            .lines()
            .filter_map(|line| line.split(' ').next_back());
        let is_first = |name: &&str| {
            ["sroa", "real", "other_name", "weak_name"].contains(&name.split('.').next().unwrap())
        };
        let names: Vec<&str> = names.filter(is_first).collect();
        assert!(
            names.len() >= 2 && names.iter().any(|name| name.contains('.')),
            "{symbols}"
        );
        for name in names {
            let target = TargetFile::from_path(&program).function(name);
            let options = pipeline::RelocateOptions::new().partial(true);
            let done = relocate(read("tutorial/probe.bpf.o"), &[target], &options).unwrap();
            let mut records = done.report.records.iter();
            let record = records
                .find(|record| record.local == "struct data.c")
                .unwrap();
            assert_eq!(record.found_at.unwrap().bytes().0, 4, "{flags:?}: {name}");
        }
    }
}

/// The mangled name of a member function, in programs in which another class has one of the same name.
#[test]
fn mangled_names() {
    const SOURCE: &str = "namespace one { struct data { int a; int c; int run(); };
        __attribute__((noinline)) int data::run() { return a + c; } }
        namespace two { struct data { int a; char room[20]; int c; int run(); };
        __attribute__((noinline)) int data::run() { return a + c; } }
        int main() { one::data a{1, 2}; two::data b{1, {}, 2}; return a.run() + b.run(); }";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.cc"), SOURCE).unwrap();
    for compiler in [&["g++"][..], &["clang++-19", "clang++"]] {
        if compiled(
            compiler,
            folder.path(),
            &["-g", "-O1", "-o", "program", "one.cc"],
        )
        .is_none()
        {
            return;
        }
        let bytes = std::fs::read(folder.path().join("program")).unwrap();
        let sections = debug_sections(bytes, &Limits::default()).unwrap();
        for (name, known) in [
            ("_ZN3one4data3runEv", true),
            ("one::data::run", true),
            ("_ZN5three4data3runEv", false),
        ] {
            let mut options = ConvertOptions::default();
            options.function = Some(name.to_owned());
            assert_eq!(
                convert(&sections, &options).is_ok(),
                known,
                "{compiler:?}: {name}"
            );
        }
    }
}

/// Types that are local to two functions of one unit are both that unit's: no function chooses one, so none is named.
#[test]
fn types_of_one_unit_have_no_function_that_chooses() {
    const SOURCE: &str =
        "int one(int n) { struct data { int a; int c; } d = { n, 1 }; return d.a + d.c; }
        int two(int n) { struct data { int a, b; int c; } d = { n, n, 1 }; return d.a + d.c; }
        int main(int n, char **v) { return one(n) + two(n); }";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.c"), SOURCE).unwrap();
    if compiled(&["gcc"], folder.path(), &["-g", "-o", "program", "one.c"]).is_none() {
        return;
    }
    let path = folder.path().join("program");
    let loaded = pipeline::load_path(path, &pipeline::LoadOptions::new()).unwrap();
    let definitions = loaded.definitions("data");
    let lines = definitions.iter();
    let mut lines: Vec<_> = lines
        .map(|definition| definition.place.rsplit(':').next())
        .collect();
    lines.sort();
    assert_eq!(lines, [Some("1"), Some("2")]);
    assert!(
        definitions
            .iter()
            .all(|definition| definition.function.is_none())
    );
}
