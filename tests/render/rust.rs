//! Rust bindings: rustc accepts them, with every size and offset checked.

use std::process::{Command, Output};

use btfkit::graph::Btf;
use btfkit::render::rust::{Bindings, RustOptions, bindings};

use crate::compile::types;
use crate::support::tools::running_kernel;
use crate::support::{output, scratch, testdata, tool};

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

/// A program in Rust reads the bitfields of a variable that gcc initialises.
#[test]
fn bitfields_have_the_values_that_gcc_stores() {
    const SOURCE: &str = "enum mode { OFF, ON = 3 };\n\
        union word { unsigned int low : 5; unsigned long all; };\n\
        struct bits { char tag; unsigned int a : 3; int b : 7; _Bool c : 1; enum mode d : 4;\n\
        unsigned long e : 40; long f : 63; unsigned short g : 9; unsigned char h : 8; union word w; };\n\
        struct __attribute__((packed)) tight { unsigned char x : 3; unsigned long y : 64; signed char z : 5; };\n\
        struct bits bits = { 7, 5, -33, 1, ON, 0xabcdef1234, -123456789012345, 0x155, 0xc3, { .all = 0xfe } };\n\
        struct tight tight = { 6, 0xfedcba9876543210, -9 };\n";
    const MAIN: &str = "#![deny(warnings)]\nmod types;\n\
        unsafe extern \"C\" { static bits: types::bits; static tight: types::tight; }\n\
        fn main() { let (b, t) = unsafe { (bits, tight) };\n\
        assert!(b.d() == types::mode::ON);\n\
        println!(\"{} {} {} {} {:#x} {} {:#x} {:#x} {:#x}\", b.tag, b.a(), b.b(), b.c(), b.e(), b.f(), b.g(), b.h(),\n\
        unsafe { b.w.low() });\n\
        println!(\"{} {:#x} {}\", t.x(), t.y(), t.z()); }\n";
    let (Some(gcc), Some(rustc)) = (tool(&["gcc"]), tool(&["rustc"])) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = scratch(&folder, "bits.c", SOURCE.as_bytes());
    let object = folder.path().join("bits.o");
    output(
        Command::new(gcc)
            .args(["-g", "-c"])
            .arg(&source)
            .arg("-o")
            .arg(&object),
    );
    let graph = types(&object);
    scratch(&folder, "types.rs", checked(&graph).text.as_bytes());
    let main = scratch(&folder, "main.rs", MAIN.as_bytes());
    let program = folder.path().join("main");
    let mut build = Command::new(rustc);
    build
        .args(["--edition", "2024", "-o"])
        .arg(&program)
        .arg(&main);
    build
        .arg("-C")
        .arg(format!("link-arg={}", object.display()));
    output(&mut build);
    assert_eq!(
        output(&mut Command::new(program)),
        "7 5 -33 true 0xabcdef1234 -123456789012345 0x155 0xc3 0x1e\n\
         6 0xfedcba9876543210 -9\n"
    );
}

/// The text is bounded, and names are checked as those of headers are.
#[test]
fn bounds_and_names() {
    let graph = types(&testdata("types/kinds.gcc-dwarf5"));
    let mut limits = btfkit::Limits::default();
    limits.text_bytes = 1000;
    let error = bindings(&graph, &RustOptions::new().limits(limits)).unwrap_err();
    assert_eq!(error.kind(), btfkit::ErrorKind::Limit);
    let error = bindings(&graph, &RustOptions::new().name("no_such_type")).unwrap_err();
    assert_eq!(error.kind(), btfkit::ErrorKind::NotFound);
}
