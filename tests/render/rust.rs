//! Rust bindings: rustc accepts them, with every size and offset checked.

use std::process::{Command, Output};

use btfkit::graph::Btf;
use btfkit::render::rust::{Bindings, RustOptions, bindings};

use crate::compile::types;
use crate::support::tools::running_kernel;
use crate::support::{scratch, testdata, tool};

fn checked(graph: &Btf) -> Bindings {
    bindings(graph, &RustOptions::new().asserts(true)).unwrap()
}

/// Compiles bindings as a module of a library without `std`; `None` without rustc.
fn compiled(text: &str) -> Option<Output> {
    let rustc = tool(&["rustc"])?;
    let folder = tempfile::tempdir().unwrap();
    scratch(&folder, "types.rs", text.as_bytes());
    let root = scratch(
        &folder,
        "lib.rs",
        b"#![no_std]\n#![deny(warnings)]\npub mod types;\n",
    );
    let output = Command::new(rustc)
        .args(["--crate-type", "lib", "--edition", "2024"])
        .args(["--emit", "metadata", "-o"])
        .arg(folder.path().join("lib.rmeta"))
        .arg(root)
        .output()
        .unwrap();
    Some(output)
}

/// Fails unless rustc accepts the bindings of a graph.
fn compiles(name: &str, graph: &Btf) -> Bindings {
    let bindings = checked(graph);
    if let Some(output) = compiled(&bindings.text) {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<&str> = said.lines().take(30).collect();
        assert!(output.status.success(), "{name}: {}", said.join("\n"));
    }
    bindings
}

#[test]
fn bindings_of_the_running_kernel_compile() {
    if let Some(kernel) = running_kernel() {
        compiles("the running kernel", &kernel);
    }
}

#[test]
fn bindings_of_programs_compile() {
    for name in [
        "layouts/server1.gcc-dwarf5",
        "layouts/server4.clang-dwarf4",
        "types/kinds.gcc-dwarf5",
        "types/kinds.clang-dwarf4",
        "types/tags.clang-dwarf5",
        "types/kinds.bpf.o",
        "cxx/classes.gcc-dwarf5",
        "cxx/classes.clang-dwarf5",
        "cxx/names.plain.gcc",
        "cxx/templates.plain.o",
        "cxx/probe.bpf.o",
        "rust/shapes.o",
        "go/shapes",
        "packaging/x86_64-all.o",
        "packaging/aarch64-all.o",
        "packaging/s390x-all.o",
        "packaging/i386-all.o",
        "packaging/arm-all.o",
    ] {
        compiles(name, &types(&testdata(name)));
    }
}

/// A wrong offset or size is an error of rustc's.
#[test]
fn wrong_offsets_fail() {
    let text = checked(&types(&testdata("types/kinds.gcc-dwarf5"))).text;
    for check in ["offset_of!(", "size_of::<"] {
        let (before, rest) = text.split_once(check).unwrap();
        let (line, rest) = rest.split_once(");\n").unwrap();
        let (start, number) = line.rsplit_once(' ').unwrap();
        let wrong = number.parse::<u64>().unwrap() + 1;
        let changed = format!("{before}{check}{start} {wrong});\n{rest}");
        let Some(output) = compiled(&changed) else {
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{check}");
        assert!(said.contains("E0080"), "{said}");
    }
}
