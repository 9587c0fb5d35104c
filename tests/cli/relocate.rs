//! `btfkit relocate`.

use std::path::Path;

use crate::command::*;
use crate::support::read;
use btfkit::elf::BpfObject;

/// The immediate of an instruction of the first code section.
fn immediate(object: &Path, insn: usize) -> u32 {
    let object = BpfObject::parse(std::fs::read(object).unwrap()).unwrap();
    let code = object.code_sections().next().unwrap().code;
    u32::from_le_bytes(code[insn * 8 + 4..][..4].try_into().unwrap())
}

#[test]
fn the_tutorial_for_both_programs_and_all_compilers() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    for compiler in ["gcc-dwarf4", "gcc-dwarf5", "clang-dwarf4", "clang-dwarf5"] {
        for (program, offset) in [("prog_a", 4), ("prog_b", 8)] {
            let target = format!("app=tutorial/{program}.{compiler}");
            let report = done(&[
                "relocate", PROBE, "--target", &target, "--target", KERNEL, "-o", &out,
            ]);
            let report = stdout(&report);
            assert!(report.contains("struct data.c in app: 4"), "{report}");
            assert!(
                report.contains("struct pt_regs.di in kernel: 112 (as it was)"),
                "{report}"
            );
            assert_eq!(immediate(out.as_ref(), 16), offset);
            let object = BpfObject::parse(std::fs::read(&out).unwrap()).unwrap();
            assert!(object.ext().unwrap().relos.as_ref().unwrap().is_empty());
        }
    }
}

#[test]
fn options_and_files_in_any_order() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.path("one.o"), scratch.path("two.o"));
    let program = "app=tutorial/prog_b.gcc-dwarf5";
    done(&[
        "relocate", PROBE, "--target", program, "--target", KERNEL, "-o", &one,
    ]);
    done(&["relocate", "-o", &two, "--target", program, KERNEL, PROBE]);
    assert!(std::fs::read(one).unwrap() == std::fs::read(two).unwrap());
    refused(
        &["relocate", "--target", program, "-o", "x.o"],
        2,
        &["which object?"],
    );
    refused(&["relocate", PROBE, "-o", "x.o"], 2, &["--target"]);
}

#[test]
fn the_report_as_json() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let target = "app=tutorial/prog_b.clang-dwarf5";
    let done = done(&[
        "relocate", PROBE, "-t", target, "-t", KERNEL, "-o", &out, "--report", "json", "--quiet",
    ]);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["schema"], 1);
    let relocation = &report["relocations"][2];
    let expected = serde_json::json!({
        "section": "uprobe/add_test", "insn": 16, "function": "probe_add_test", "function_insn": 16,
        "source": { "file": "./tutorial/probe.bpf.c", "line": 32, "column": 2,
            "text": "bpf_probe_read_user(&c, sizeof(c), &d->c);" },
        "kind": "byte_off", "local": "struct data.c", "target": "app", "found": "struct data.c", "found_at": 64,
        "outcome": "set", "dead": false, "old": 4, "new": 8, "rejected": []
    });
    assert_eq!(*relocation, expected);
}

#[test]
fn the_object_to_standard_output_and_the_report_to_standard_error() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let program = "app=tutorial/prog_b.gcc-dwarf4";
    let common = ["relocate", PROBE, "-t", program, "-t", KERNEL, "-o"];
    done(&[&common[..], &[&out]].concat());
    let piped = done(&[&common[..], &["-"]].concat());
    assert!(piped.stdout == std::fs::read(&out).unwrap());
    assert!(stderr(&piped).contains("4 -> 8"));
    let quiet = done(&[&common[..], &["-", "--quiet"]].concat());
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn strict_refuses_poison_and_ambiguity() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    // Nobody has `struct pt_regs`: that relocation is poisoned.
    let only_app = [
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "-o",
        &out,
    ];
    let report = stdout(&done(&only_app));
    assert!(report.contains("struct pt_regs.di: poisoned"), "{report}");
    assert_eq!(immediate(out.as_ref(), 0), 195_896_080);
    std::fs::remove_file(&out).unwrap();
    refused(
        &[&only_app[..], &["--strict"]].concat(),
        1,
        &[PROBE, "struct pt_regs.di", "poisoned"],
    );
    // Two targets have `struct data`, and nothing says which is meant.
    let doubt = [
        "relocate",
        PROBE,
        "-t",
        "b=tutorial/prog_b.gcc-dwarf5",
        "-t",
        KERNEL,
        "-t",
        "a=tutorial/prog_a.gcc-dwarf5",
        "-o",
        &out,
        "--strict",
    ];
    refused(&doubt, 1, &[PROBE, "struct data is taken from b", "___b"]);
    assert!(scratch.names().is_empty(), "{:?}", scratch.names());
}

#[test]
fn partial_leaves_the_kernels_part() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let report = stdout(&done(&[
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "--partial",
        "-o",
        &out,
    ]));
    assert!(
        report.contains("struct pt_regs.di: left to the loader"),
        "{report}"
    );
    let object = BpfObject::parse(std::fs::read(&out).unwrap()).unwrap();
    let relos = object.ext().unwrap().relos.as_ref().unwrap();
    assert_eq!(relos.len(), 1);
    // Then the rest: the same as all at once.
    let (rest, all) = (scratch.path("rest.o"), scratch.path("all.o"));
    done(&["relocate", &out, "-t", KERNEL, "-o", &rest]);
    done(&[
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "-t",
        KERNEL,
        "-o",
        &all,
    ]);
    assert!(std::fs::read(rest).unwrap() == std::fs::read(all).unwrap());
}

#[test]
fn targets_with_debug_information_in_other_files() {
    let scratch = Scratch::new();
    // What is not in it is in no section; strip and objcopy are not everywhere.
    let (out, expected) = (scratch.path("out.o"), scratch.path("expected.o"));
    let program = scratch.write("app", &read("packaging/stripped.gcc"));
    let target = format!("app={program}");
    let relocate = [
        "relocate", PROBE, "--target", &target, "--target", KERNEL, "-o", &out,
    ];
    refused(&relocate, 1, &[&program, "program.debug", "--debug-root"]);
    refused(&["check", PROBE, "--target", &target], 1, &["1 of 1"]);
    assert_eq!(scratch.names(), ["app"]);
    scratch.write("program.debug", &read("packaging/program.debug"));
    done(&relocate);
    done(&[
        "relocate",
        PROBE,
        "--target",
        "app=packaging/plain.gcc",
        "--target",
        KERNEL,
        "-o",
        &expected,
    ]);
    assert!(std::fs::read(out).unwrap() == std::fs::read(expected).unwrap());
    refused(
        &["relocate", PROBE, "--target", "app=missing", "-o", "x.o"],
        1,
        &["missing: No such"],
    );
}
