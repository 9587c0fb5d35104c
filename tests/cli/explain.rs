//! `btfkit explain`.

use crate::command::*;

#[test]
fn a_poisoned_instruction_by_its_number() {
    let scratch = Scratch::new();
    let poisoned = scratch.path("poisoned.o");
    let program = "app=layouts/server1.gcc-dwarf5";
    done(&["relocate", PROBE, "-t", program, "-o", &poisoned]);
    let all = stdout(&done(&["explain", &poisoned]));
    // A line for the instruction, and its source below.
    assert_eq!(all.matches("probe_add_test:").count(), 3, "{all}");
    let insn = ["explain", &poisoned, "--insn", "probe_add_test:16"];
    let one = stdout(&done(&[&insn[..], &["--original", PROBE]].concat()));
    assert!(one.contains("struct data.c"), "{one}");
    assert_eq!(one.matches("probe_add_test:").count(), 1, "{one}");
    // Another object is not what it was before, and a file of text is none at all.
    for original in ["layouts/probe.bpf.o", "truth/typo.bpf.o", "README.md"] {
        let explain = ["explain", &poisoned, "--original", original];
        refused(&explain, 1, &[original]);
    }
    refused(
        &["explain", &poisoned, "--insn", "nobody:0"],
        1,
        &["nobody"],
    );
    refused(&["explain", &poisoned, "--insn", "nobody"], 2, &["nobody"]);
}
