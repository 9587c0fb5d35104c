//! Headers of programs in C, C++, Rust and Go compile everywhere, with every size and offset checked.

use crate::compile::{compiles, types};
use crate::support::testdata;

#[test]
fn headers_of_programs_compile() {
    for name in [
        "layouts/server1.gcc-dwarf5",
        "layouts/server4.clang-dwarf4",
        "types/kinds.gcc-dwarf5",
        "types/kinds.clang-dwarf4",
        "types/tags.clang-dwarf5",
        "cxx/classes.gcc-dwarf5",
        "cxx/classes.clang-dwarf5",
        "cxx/names.plain.gcc",
        "cxx/templates.plain.o",
        "rust/shapes.o",
        "go/shapes",
        "packaging/x86_64-all.o",
        "packaging/aarch64-all.o",
        "packaging/s390x-all.o",
    ] {
        compiles(name, &types(&testdata(name)));
    }
}

/// Every kind of type, from the BTF that clang writes.
#[test]
fn headers_of_bpf_objects_compile() {
    for name in ["types/kinds.bpf.o", "cxx/probe.bpf.o", "types/tags.bpf.o"] {
        compiles(name, &types(&testdata(name)));
    }
}

/// Machines with pointers of four bytes, some of which align 64-bit numbers to 4 bytes and some to 8.
#[test]
fn headers_of_programs_of_32_bits_compile_with_m32() {
    use std::process::Command;
    let Some(clang) = crate::support::tool(&["clang-19", "clang"]) else {
        return;
    };
    for (name, target) in [
        ("packaging/i386-all.o", "i386-linux-gnu"),
        ("packaging/arm-all.o", "arm-linux-gnueabihf"),
    ] {
        let header = crate::compile::checked(&types(&testdata(name)));
        let folder = tempfile::tempdir().unwrap();
        let file = crate::support::scratch(&folder, "types.c", header.text.as_bytes());
        let output = Command::new(&clang)
            .args(["-target", target, "-Wall", "-Werror", "-fsyntax-only"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<&str> = said.lines().take(8).collect();
        assert!(output.status.success(), "{name}: {}", said.join("\n"));
    }
}
