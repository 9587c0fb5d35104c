//! Uprobes at the file offsets of functions.

use std::path::Path;
use std::process::Command;

use crate::machine::*;
use crate::support::jobs::{BUILDS, app, relocated};
use crate::support::{output, testdata, tool};
use aya::programs::uprobe::UProbeAttachLocation;
use btfkit::pipeline::{FunctionOptions, TargetFile, functions_path};

/// Probes `add_test` where the library says that it is. The probe reads its parameter, and counts the calls.
fn probe(program: &Path, kernel: &TargetFile) {
    let found = functions_path(program, &["add_test"], &FunctionOptions::new()).unwrap();
    let offset = found.functions[0].file_offset().unwrap();
    let object = relocated(
        "tutorial/probe.bpf.o",
        &[app(program), kernel.clone()],
        false,
    );
    let bpf = load_without_btf(&object.object);
    let location = UProbeAttachLocation::AbsoluteOffset(offset);
    let seen = run_at(bpf, "probe_add_test", program, location);
    let name = program.display();
    assert_eq!(seen.slots[2], 1, "{name}: calls");
    let read: Vec<i64> = seen.slots[..2]
        .iter()
        .map(|slot| slot.cast_signed())
        .collect();
    assert_eq!(read, [seen.printed["a"], seen.printed["c"]], "{name}");
}

#[test]
fn a_probe_at_the_offset_sees_the_call() {
    let Some(kernel) = kernel() else {
        return;
    };
    let kernel = TargetFile::kernel(kernel);
    for program in ["prog_a", "prog_b"] {
        for build in BUILDS {
            probe(&testdata(&format!("tutorial/{program}.{build}")), &kernel);
        }
    }
    // Addresses and offsets differ in other ways in programs that are linked otherwise.
    let Some(gcc) = tool(&["gcc"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let ways: [&[&str]; 3] = [
        &["-no-pie"],
        &["-no-pie", "-Wl,-z,noseparate-code,-Ttext-segment=0x700000"],
        &["-pie", "-fPIE", "-Wl,-z,max-page-size=0x200000"],
    ];
    for (number, way) in ways.iter().enumerate() {
        let path = folder.path().join(format!("program{number}"));
        let mut command = Command::new(&gcc);
        command.args(["-g", "-O1"]).args(*way).arg("-o").arg(&path);
        output(command.arg(testdata("tutorial/prog_b.c")));
        probe(&path, &kernel);
    }
}
