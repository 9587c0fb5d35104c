//! Compiling headers.

use std::path::Path;
use std::process::Command;

use btfkit::graph::Btf;
use btfkit::render::c::{Header, HeaderOptions, header};

use crate::support::{scratch, tool};

/// The compilers that a header is for: command, arguments.
pub const COMPILERS: [(&[&str], &[&str]); 3] = [
    (&["gcc"], &[]),
    (&["clang-19", "clang"], &[]),
    (&["clang-19", "clang"], &["-target", "bpf"]),
];

/// A graph's whole header, with checks.
pub fn checked(graph: &Btf) -> Header {
    header(graph, &HeaderOptions::new().asserts(true)).unwrap()
}

/// What each compiler has to say on a header; empty if all take it.
pub fn complaints(text: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = scratch(&folder, "types.h.c", text.as_bytes());
    let mut said = String::new();
    for (names, target) in COMPILERS {
        let Some(compiler) = tool(names) else {
            continue;
        };
        let output = Command::new(&compiler)
            .args(target)
            .args(["-Wall", "-Werror", "-fsyntax-only"])
            .args(arguments)
            .arg(&file)
            .output()
            .unwrap();
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let first: Vec<&str> = text.lines().take(8).collect();
            said.push_str(&format!("{compiler} {target:?}:\n{}\n", first.join("\n")));
        }
    }
    said
}

/// Fails unless every compiler takes the header of a graph, with its checks.
pub fn compiles(name: &str, graph: &Btf) -> Header {
    let header = checked(graph);
    let said = complaints(&header.text, &["-std=gnu11"]);
    assert!(
        said.is_empty(),
        "{name}: {said}\n{}",
        shortened(&header.text)
    );
    header
}

fn shortened(text: &str) -> &str {
    if text.len() < 4000 { text } else { "" }
}

/// Compiles a BPF program that includes a header; `None` without clang.
pub fn bpf_object(header: &str, source: &str) -> Option<Vec<u8>> {
    let clang = tool(&["clang-19", "clang"])?;
    let folder = tempfile::tempdir().unwrap();
    scratch(&folder, "types.h", header.as_bytes());
    let file = scratch(&folder, "probe.bpf.c", source.as_bytes());
    let object = folder.path().join("probe.bpf.o");
    run(Command::new(clang)
        .args(["-target", "bpf", "-O2", "-g", "-Wall", "-Werror"])
        .args(["-Wno-address-of-packed-member", "-c"])
        .arg(&file)
        .arg("-o")
        .arg(&object));
    Some(std::fs::read(object).unwrap())
}

/// Compiles a header on its own for this machine with debug information of every type; `None` without gcc.
pub fn host_object(header: &str) -> Option<Vec<u8>> {
    let gcc = tool(&["gcc"])?;
    let folder = tempfile::tempdir().unwrap();
    let file = scratch(&folder, "types.c", header.as_bytes());
    let object = folder.path().join("types.o");
    run(Command::new(gcc)
        .args([
            "-std=gnu11",
            "-g",
            "-fno-eliminate-unused-debug-types",
            "-c",
        ])
        .arg(&file)
        .arg("-o")
        .arg(&object));
    Some(std::fs::read(object).unwrap())
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let first: Vec<&str> = said.lines().take(8).collect();
    assert!(output.status.success(), "{}", first.join("\n"));
}

/// Reads the types of a file of `testdata/`.
pub fn types(path: &Path) -> Btf {
    Btf::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
