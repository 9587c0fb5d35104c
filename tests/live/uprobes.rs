//! Rewritten objects read real programs.

use std::path::{Path, PathBuf};

use crate::machine::*;
use crate::support::jobs::{BUILDS, app, relocated, servers};
use crate::support::{read, testdata};
use aya::EbpfLoader;
use btfkit::elf::BpfObject;
use btfkit::pipeline::TargetFile;

#[test]
fn the_tutorial_on_both_layouts() {
    let Some(kernel) = kernel() else {
        return;
    };
    let kernel = TargetFile::kernel(kernel);
    let object = |program: &Path| {
        relocated(
            "tutorial/probe.bpf.o",
            &[app(program), kernel.clone()],
            false,
        )
        .object
    };
    let read = |object: &[u8], program: &Path| {
        let seen = run(
            load_without_btf(object),
            "probe_add_test",
            program,
            "add_test",
        );
        assert_eq!(seen.slots[2], 1, "one call");
        (
            seen.slots[..2]
                .iter()
                .map(|slot| slot.cast_signed())
                .collect::<Vec<_>>(),
            seen.printed,
        )
    };
    for (program, a, c) in [("prog_a", 17, -4242), ("prog_b", 23, -515_151)] {
        for build in BUILDS {
            let path = testdata(&format!("tutorial/{program}.{build}"));
            let (slots, printed) = read(&object(&path), &path);
            assert_eq!(slots, [a, c], "{program}.{build}");
            assert_eq!(slots, [printed["a"], printed["c"]], "{program}.{build}");
        }
    }
    // The probe for one layout reads another field of the other: what the relocation is for.
    let [first, second] =
        ["a", "b"].map(|name| testdata(&format!("tutorial/prog_{name}.gcc-dwarf5")));
    assert_eq!(read(&object(&first), &second).0, [23, 77_777]);
}

#[test]
fn every_layout_of_the_server() {
    let Some(kernel) = kernel() else {
        return;
    };
    every_server("layouts/probe.bpf.o", "layouts/slots.txt", &kernel);
}

#[test]
fn every_layout_with_instructions_of_cpu_v4() {
    let Some(kernel) = kernel() else {
        return;
    };
    every_server("layouts/probe_v4.bpf.o", "layouts/slots_v4.txt", &kernel);
}

/// One object for a build of the program, and aya does the kernel's part when it loads it. Layouts 1 and 3 have
/// no `struct tls_info`; whether the kernel has one is left to the loader, and aya takes "the size of a type that
/// isn't there" for an error (libbpf says 0, see below).
#[test]
fn aya_finishes_what_partial_mode_leaves() {
    let Some(kernel) = kernel() else {
        return;
    };
    let object = BpfObject::parse(read("layouts/probe.bpf.o")).unwrap();
    let has_tls = |program: &PathBuf| {
        ["server2", "server4"]
            .iter()
            .any(|name| program.to_string_lossy().contains(name))
    };
    for program in servers().into_iter().filter(has_tls) {
        let partial = relocated("layouts/probe.bpf.o", &[app(&program)], true).object;
        let bpf = EbpfLoader::new().load(&partial).unwrap();
        let seen = run(bpf, "probe_handle", &program, "handle");
        compare(
            &seen,
            "layouts/slots.txt",
            &facts(&kernel, &object, &program, seen.pid),
            &program,
        );
    }
}
