//! `btfkit convert`.

use std::path::PathBuf;
use std::process::Command;

use crate::command::*;
use crate::support::{output, read, testdata, tool};
use btfkit::graph::Kind;
use btfkit::parse;

#[test]
fn all_types_or_those_of_root() {
    let scratch = Scratch::new();
    let (all, some, split) = (
        scratch.path("all"),
        scratch.path("some"),
        scratch.path("split"),
    );
    let program = "layouts/server1.gcc-dwarf5";
    let notes = stderr(&done(&["convert", program, "-o", &all]));
    assert!(
        notes.contains("session.refs: _Atomic was dropped"),
        "{notes}"
    );
    assert_eq!(
        stderr(&done(&[
            "convert", program, "-o", &all, "--quiet", "--jobs", "1"
        ])),
        ""
    );
    done(&["convert", "--root", "window", program, "-o", &some]);
    let parsed = |path: &str| parse::parse(std::fs::read(path).unwrap()).unwrap();
    let (all_graph, some_graph) = (parsed(&all), parsed(&some));
    assert!(some_graph.len() < all_graph.len() / 4);
    for graph in [&all_graph, &some_graph] {
        let window = graph.find(Kind::Struct, "window").unwrap();
        assert_eq!((window.size().unwrap().0, window.members().len()), (8, 2));
    }
    assert!(some_graph.find(Kind::Struct, "session").is_none());
    // Over what it equals, nothing of its own is left; over a part of it, the rest.
    done(&["convert", program, "--base", &all, "-o", &split]);
    assert_eq!(stdout(&done(&["dump", &split, "--base", &all])), "");
    done(&["convert", program, "--base", &some, "-o", &split]);
    let text = stdout(&done(&["dump", &split, "--base", &some]));
    assert_eq!(
        text.lines().filter(|line| line.starts_with('[')).count(),
        all_graph.len() - some_graph.len()
    );
    assert!(!text.contains("STRUCT 'window'"), "{text}");
    assert!(text.contains("STRUCT 'session'"), "{text}");
}

#[test]
fn programs_without_types_have_three_messages() {
    let Some(objcopy) = tool(&["llvm-objcopy-19", "llvm-objcopy"]) else {
        return;
    };
    let scratch = Scratch::new();
    let program = testdata("tutorial/prog_a.gcc-dwarf5");
    let made = |flag: &str, name: &str| {
        let path = scratch.path(name);
        output(
            Command::new(&objcopy)
                .arg(flag)
                .args([&program, &PathBuf::from(&path)]),
        );
        path
    };
    let plain = made("--strip-debug", "plain");
    refused(
        &["convert", &plain, "-o", "-"],
        1,
        &["plain: ", "no debug information", "-g"],
    );
    let stripped = made("--strip-all", "stripped");
    refused(
        &["convert", &stripped, "-o", "-"],
        1,
        &["stripped: ", "the file is stripped"],
    );
    let mut bytes = std::fs::read(&program).unwrap();
    bytes.truncate(3000);
    let cut = scratch.write("cut", &bytes);
    refused(
        &["convert", &cut, "-o", "-"],
        1,
        &["cut: byte 0x", "damaged"],
    );
}

#[test]
fn debug_information_in_other_files() {
    let scratch = Scratch::new();
    let program = scratch.write("program", &read("packaging/stripped.gcc"));
    let out = scratch.path("out.btf");
    let id =
        "the file is stripped of debug information, and its debug file program.debug (build ID ";
    let next = "--debug-root";
    refused(
        &["convert", &program, "-o", &out],
        1,
        &[id, "not at /usr/lib/debug/.build-id/", next],
    );
    refused(&["offset", &program, "entry"], 1, &[id, next]);

    // The program's folder under a root.
    let root = scratch.path("root");
    let folder = format!("{root}{}", scratch.0.path().display());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        format!("{folder}/program.debug"),
        read("packaging/program.debug"),
    )
    .unwrap();
    let with = ["--debug-root", "/nowhere", "--debug-root", &root];
    done(&[&["convert", &program, "-o", &out][..], &with].concat());
    let plain = scratch.path("plain.btf");
    done(&["convert", "packaging/plain.gcc", "-o", &plain]);
    assert!(std::fs::read(out).unwrap() == std::fs::read(plain).unwrap());
    let offset = done(&[&["offset", &program, "entry", "owner.parent"][..], &with].concat());
    assert_eq!(stdout(&offset), "owner.parent  offset 48  size 8\n");
    let dump = done(&[&["dump", &program, "--type", "hidden"][..], &with].concat());
    assert!(
        stdout(&dump).contains("STRUCT 'hidden' size=16 vlen=2"),
        "{}",
        stdout(&dump)
    );
}

#[test]
fn missing_split_units_are_reported() {
    let scratch = Scratch::new();
    let program = scratch.write("split", &read("packaging/split5.gcc"));
    let out = scratch.path("out.btf");
    refused(
        &["convert", &program, "-o", &out],
        1,
        &["3 other files", "dwp -e PROGRAM"],
    );
    for unit in ["one", "two"] {
        let name = format!("split5.gcc-{unit}.dwo");
        scratch.write(&name, &read(&format!("packaging/{name}")));
    }
    let said = stderr(&done(&["convert", &program, "-o", &out]));
    assert!(said.contains("split5.gcc-three.dwo"), "{said}");
    assert!(said.contains("was not found"), "{said}");
    let target = format!("app={program}");
    let probe = scratch.path("probe.o");
    let relocate = [
        "relocate", PROBE, "--target", &target, "--target", KERNEL, "-o", &probe,
    ];
    let said = stderr(&done(&relocate));
    assert!(said.contains("app: a split unit"), "{said}");
    let quiet = stderr(&done(&[&relocate[..], &["--quiet"]].concat()));
    assert_eq!(quiet, "");
}
