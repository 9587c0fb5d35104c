//! DWARF → BTF against gdb: every structure that gdb knows by name is there, and is laid out as gdb says.

use std::path::Path;
use std::process::Command;

use crate::support::facts::{Outcome, compare, read};
use btfkit::Limits;
use btfkit::debuginfo::{Search, find_debug_sections};
use btfkit::dwarf::{ConvertOptions, convert};

/// Types that each of the programs in `GDB_PROGRAMS` must have at least.
const LEAST: usize = 400;

fn against(program: &Path, facts: &str) -> Outcome {
    let bytes =
        std::fs::read(program).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let found = find_debug_sections(bytes, Some(program), &Search::new(), &Limits::default());
    let sections = found.unwrap().sections;
    let conversion = convert(&sections, &ConvertOptions::default()).unwrap();
    compare(&conversion.graph, &read(facts))
}

fn show(program: &str, outcome: &Outcome) -> bool {
    println!(
        "{program}: {} types, {} fields, {} differ",
        outcome.types,
        outcome.fields,
        outcome.wrong.len()
    );
    for wrong in outcome.wrong.iter().take(40) {
        println!("  {wrong}");
    }
    outcome.wrong.is_empty()
}

/// Every program of `testdata/` that gdb was asked about when it was built.
#[test]
fn agrees_with_gdb() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut right = true;
    for (program, least) in [
        ("types/kinds.gcc-dwarf4", 45),
        ("types/kinds.gcc-dwarf5", 45),
        ("types/kinds.clang-dwarf4", 45),
        ("types/kinds.clang-dwarf5", 45),
        ("cxx/classes.gcc-dwarf4", 32),
        ("cxx/classes.gcc-dwarf5", 32),
        ("cxx/classes.clang-dwarf4", 32),
        ("cxx/classes.clang-dwarf5", 32),
        ("rust/shapes.o", 47),
        ("go/shapes", 332),
    ] {
        let facts = std::fs::read_to_string(folder.join(format!("{program}.gdb.txt"))).unwrap();
        let outcome = against(&folder.join(program), &facts);
        right &= show(program, &outcome) && outcome.types >= least;
    }
    assert!(right);
}

/// `GDB_PROGRAMS=/usr/bin/a:/usr/bin/b cargo test --test dwarf gdb -- --ignored --nocapture`
#[test]
#[ignore = "asks the gdb of this machine about the programs in GDB_PROGRAMS"]
fn agrees_with_gdb_on_large_programs() {
    let programs =
        std::env::var("GDB_PROGRAMS").expect("GDB_PROGRAMS names programs, separated by :");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dwarf/gdb/facts.py");
    let mut right = true;
    for program in programs.split(':') {
        let output = Command::new("gdb")
            .args(["-batch", "-nx", "-readnow", "-x"])
            .arg(&script)
            .arg(program)
            .output()
            .expect("gdb runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("that gdb could not say"), "{program}: {text}");
        let outcome = against(Path::new(program), &text);
        right &= show(program, &outcome) && outcome.types >= LEAST;
    }
    assert!(right);
}
