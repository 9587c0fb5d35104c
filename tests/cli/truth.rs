//! Warnings and their cures, functions, nearest names, labels and devices.

use std::process::Command;

use crate::command::{Scratch, done, refused, stderr, stdout};
use crate::support::{compiled, testdata, tool};

const PROBE: &str = "tutorial/probe.bpf.o";

/// What is wrong is on standard error, and the report stays on standard output.
#[test]
fn warnings_and_their_cures() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let app = "app=tutorial/prog_b.gcc-dwarf5";
    let warned = done(&["relocate", PROBE, "-t", app, "-o", &out]);
    let text = stderr(&warned);
    for word in ["warning: ", "/sys/kernel/btf/vmlinux", "--partial"] {
        assert!(text.contains(word), "{text}");
    }
    refused(
        &["check", PROBE, "-t", app],
        1,
        &["warning: ", "pt_regs", "can't run"],
    );
    done(&["check", PROBE, "-t", app, "--partial"]);
    refused(
        &["check", "truth/plain.bpf.o", "-t", app],
        1,
        &["preserve_access_index"],
    );
    let foreign = [
        "relocate",
        "truth/foreign.bpf.o",
        "-t",
        app,
        "-t",
        "kernel=truth/foreign.bpf.o",
        "-o",
        &out,
    ];
    assert!(stderr(&done(&foreign)).contains("warning: struct file is taken from kernel"));
    refused(
        &[&foreign[..], &["--strict"]].concat(),
        1,
        &["struct file", "___kernel"],
    );
}

/// The types of a split unit whose file is missing are missing.
#[test]
fn a_missing_dwo_file_is_refused_by_strict() {
    let scratch = Scratch::new();
    scratch.write(
        "one.c",
        b"struct one { int a; } g; int main(void) { return g.a; }",
    );
    scratch.write("two.c", b"struct two { int b; } h;");
    let folder = std::path::PathBuf::from(scratch.path(""));
    let flags = ["-g", "-gsplit-dwarf", "-o", "p", "one.c", "two.c"];
    if compiled(&["gcc"], &folder, &flags).is_none() {
        return;
    }
    let (program, out) = (scratch.path("p"), scratch.path("out.btf"));
    done(&["convert", "--strict", &program, "-o", &out]);
    std::fs::remove_file(scratch.path("p-two.dwo")).unwrap();
    let text = stderr(&done(&["convert", &program, "-o", &out]));
    assert!(text.contains("p-two.dwo"), "{text}");
    refused(
        &["convert", "--strict", &program, "-o", &out],
        1,
        &["p-two.dwo", "types are missing", "--strict"],
    );
}

/// The size of an unconstrained record of Ada is an expression.
#[test]
fn a_size_that_is_no_constant_is_said_by_offset() {
    const SOURCE: &[u8] = b"procedure T is
  type Kind is (Small, Large);
  type V (K : Kind := Small) is record
    L : Integer;
    case K is when Small => S : Integer; when Large => D : String (1 .. 22); end case;
  end record;
  type Holder is record A : Integer; B : V; end record;
  procedure Touch (X : in out Holder) with No_Inline;
  procedure Touch (X : in out Holder) is begin X.A := X.A + 1; end;
  H : Holder;
begin
  H.A := 1; Touch (H);
end;
";
    if tool(&["gnat"]).is_none() {
        return;
    }
    let scratch = Scratch::new();
    scratch.write("t.adb", SOURCE);
    let folder = std::path::PathBuf::from(scratch.path(""));
    if compiled(&["gcc"], &folder, &["-c", "-g", "t.adb"]).is_none() {
        return;
    }
    let object = scratch.path("t.o");
    let text = stderr(&done(&["offset", &object, "t__holder", "a", "b"]));
    assert!(
        text.contains("b: it can't be trusted: the size is no constant"),
        "{text}"
    );
    assert!(!text.contains("a: it can't"), "{text}");
    let text = stderr(&done(&["offset", &object, "t__v"]));
    assert!(text.contains("t__v: the size can't be trusted"), "{text}");
}

#[test]
fn the_function_in_every_command_that_has_types_of_one_name() {
    let scratch = Scratch::new();
    let program = "app=probed/program.gcc";
    let out = scratch.path("out");
    refused(
        &["offset", "probed/program.gcc", "data", "c"],
        1,
        &["several types", "--function"],
    );
    for (function, offset) in [("first_add", "offset 4"), ("second_add", "offset 24")] {
        let told = done(&[
            "offset",
            "probed/program.gcc",
            "data",
            "c",
            "--function",
            function,
        ]);
        assert!(stdout(&told).contains(offset), "{}", stdout(&told));
        done(&[
            "check",
            PROBE,
            "-t",
            program,
            "--partial",
            "--function",
            function,
        ]);
        done(&[
            "min",
            PROBE,
            "-t",
            program,
            "--function",
            function,
            "-o",
            &out,
        ]);
        let told = done(&["offset", &out, "data", "c"]);
        assert!(stdout(&told).contains(offset), "{}", stdout(&told));
        refused(
            &["offset", &out, "data", "c", "--function", function],
            1,
            &["--function"],
        );
    }
}

#[test]
fn names_that_are_not_there() {
    let program = "tutorial/prog_b.gcc-dwarf5";
    let scratch = Scratch::new();
    let out = scratch.path("out");
    refused(&["offset", program, "dat", "a"], 1, &["the nearest: data"]);
    refused(&["offset", program, "data", "cc"], 1, &["the nearest: c"]);
    refused(
        &["convert", program, "--root", "dta", "-o", &out],
        1,
        &["the nearest: data"],
    );
}

#[test]
fn labels_and_devices() {
    let scratch = Scratch::new();
    let out = scratch.path("out");
    let (a, b) = (
        "a=tutorial/prog_a.gcc-dwarf5",
        "a=tutorial/prog_b.gcc-dwarf5",
    );
    refused(&["merge", a, b, "-o", &out], 2, &["both called \"a\""]);
    refused(&["offset", "/dev/zero", "data"], 1, &["device"]);
    // A further file of the same program.
    let told = done(&[
        "relocate",
        PROBE,
        "-t",
        a,
        "-t",
        "a=tutorial/probe.bpf.o",
        "-o",
        &out,
    ]);
    assert!(
        stdout(&told).contains("struct pt_regs.di in a: 112"),
        "{}",
        stdout(&told)
    );
}

/// A section of BTF that can't be used gives way to DWARF, in every command.
#[test]
fn damaged_btf_beside_dwarf() {
    let Some(objcopy) = tool(&["objcopy", "llvm-objcopy-19"]) else {
        return;
    };
    let scratch = Scratch::new();
    let junk = scratch.write("junk", b"no types");
    let (both, out) = (scratch.path("both"), scratch.path("out"));
    let done_copy = Command::new(objcopy)
        .arg(format!("--add-section=.BTF={junk}"))
        .args([
            &testdata("tutorial/prog_b.gcc-dwarf5").display().to_string(),
            &both,
        ])
        .status()
        .unwrap();
    assert!(done_copy.success());
    let target = format!("app={both}");
    for arguments in [
        vec!["offset", &both, "data", "c"],
        vec!["dump", &both],
        vec!["check", PROBE, "-t", &target, "--partial"],
        vec!["relocate", PROBE, "-t", &target, "-o", &out],
        vec!["merge", &both, "-o", &out],
        vec!["dedup", &both, "-o", &out],
    ] {
        let told = done(&arguments);
        assert!(
            stderr(&told).contains("its DWARF is taken"),
            "{arguments:?}: {}",
            stderr(&told)
        );
    }
    let quiet = done(&["offset", &both, "data", "c", "--dwarf"]);
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn split_btf_without_its_base() {
    let scratch = Scratch::new();
    let (base, split) = (scratch.path("base.btf"), scratch.path("split.btf"));
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", &base]);
    done(&["split", "probed/program.gcc", "--base", &base, "-o", &split]);
    refused(&["offset", &split, "data", "c"], 1, &["--base"]);
    let target = format!("app={split}");
    let out = scratch.path("out.o");
    refused(
        &["relocate", PROBE, "-t", &target, "-o", &out],
        1,
        &["--base"],
    );
}
