//! [`minimise`]: the smallest graph with which objects relocate as with the whole one.

use std::path::Path;
use std::process::Command;

use crate::inputs::*;
use crate::support::tools::{KERNEL, skipped, tool};
use btfkit::elf::BpfObject;
use btfkit::encode::encode;
use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::pipeline::{RelocateOptions, TargetFile, minimise, relocate};
use btfkit::{Bits, Place};
use bytes::Bytes;

/// The relocated object's bytes are the same for both targets, TYPE_ID_TARGET aside.
fn assert_same(object: &Bytes, full: &TargetFile, small: &Btf) {
    let options = RelocateOptions::default();
    let mut target = TargetFile::user(full.label.clone(), small.clone());
    target.role = full.role;
    let a = relocate(object.clone(), std::slice::from_ref(full), &options).unwrap();
    let b = relocate(object.clone(), &[target], &options).unwrap();
    assert_eq!(a.report.records.len(), b.report.records.len());
    let mut different = Vec::new();
    for (a, b) in a.report.records.iter().zip(&b.report.records) {
        if a.kind == "target_type_id" {
            different.push(a.insn);
        } else {
            assert_eq!(a.outcome, b.outcome, "{a}\n{b}");
        }
    }
    if a.object != b.object {
        assert!(!different.is_empty(), "only ids may differ");
        let differ = a.object.iter().zip(&b.object).filter(|(a, b)| a != b);
        // An immediate has at most four bytes that differ.
        assert!(differ.count() <= 4 * different.len());
    }
}

/// How many bytes bpftool's minimal BTF for the same has.
fn bpftool_size(target: &Path, object: &str) -> Option<u64> {
    let bpftool = tool(&["bpftool"])?;
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("min.btf");
    let object = crate::support::testdata(object);
    let done = Command::new(bpftool)
        .args(["gen", "min_core_btf"])
        .args([target, &out, &object])
        .output()
        .unwrap();
    if !done.status.success() {
        skipped(&format!("bpftool doesn't take {}", object.display()));
        return None;
    }
    Some(std::fs::metadata(out).unwrap().len())
}

#[test]
fn the_smallest_graph_of_a_user_program() {
    for object in [
        "layouts/probe.bpf.o",
        "layouts/probe_v4.bpf.o",
        "tutorial/probe.bpf.o",
    ] {
        for server in SERVERS {
            let bytes = testdata(object);
            let target = TargetFile::user("app", testdata(server));
            let small = minimise(
                [bytes.clone()],
                std::slice::from_ref(&target),
                &RelocateOptions::default(),
            )
            .unwrap();
            assert_same(&bytes, &target, &small);
            // A graph that is smallest already gets no smaller.
            let again = TargetFile::user("app", small.clone());
            let smaller = minimise([bytes], &[again], &RelocateOptions::default()).unwrap();
            assert_eq!(encode(&small).unwrap(), encode(&smaller).unwrap());
        }
    }
}

#[test]
fn the_smallest_graph_of_the_kernel_is_no_larger_than_bpftools() {
    let Some(kernel) = kernel() else { return };
    for object in ["layouts/probe.bpf.o", "tutorial/probe.bpf.o"] {
        let bytes = testdata(object);
        let target = TargetFile::kernel(kernel.clone());
        let small = minimise(
            [bytes.clone()],
            std::slice::from_ref(&target),
            &RelocateOptions::default(),
        )
        .unwrap();
        assert_same(&bytes, &target, &small);
        let size = encode(&small).unwrap().len() as u64;
        if let Some(theirs) = bpftool_size(Path::new(KERNEL), object) {
            assert!(size <= theirs, "{object}: {size} bytes, bpftool's {theirs}");
        }
    }
}

#[test]
fn the_smallest_graph_of_split_types_stands_by_itself() {
    // The program's `struct data`, split from a base that has only its `int`.
    let mut base = GraphBuilder::new();
    let int = base.int("int", 4, IntEncoding::SIGNED).unwrap();
    let base = base.freeze().unwrap();
    let mut split = GraphBuilder::split(&base);
    let members = ["a", "b", "c", "d"].map(|name| split.intern(name).unwrap());
    let members: Vec<_> = (0..)
        .zip(members)
        .map(|(number, name)| NewMember::new(name, int).at(Bits(number * 32)))
        .collect();
    split.composite(Kind::Struct, "data", 16, &members).unwrap();
    let target = TargetFile::user("app", split.freeze().unwrap());
    let object = testdata("tutorial/probe.bpf.o");
    let small = minimise(
        [object.clone()],
        std::slice::from_ref(&target),
        &RelocateOptions::default(),
    )
    .unwrap();
    assert!(small.base().is_none());
    assert_same(&object, &target, &small);
    assert_eq!(small.len(), 2);
}

#[test]
fn several_objects_share_a_smallest_graph() {
    let Some(kernel) = kernel() else { return };
    let objects = [
        testdata("layouts/probe.bpf.o"),
        testdata("tutorial/probe.bpf.o"),
    ];
    let target = TargetFile::kernel(kernel);
    let small = minimise(
        objects.clone(),
        std::slice::from_ref(&target),
        &RelocateOptions::default(),
    )
    .unwrap();
    for object in &objects {
        assert_same(object, &target, &small);
    }
}

/// Programs that are left out, partial and strict mode count as they do when the object is relocated.
#[test]
fn the_options_count_as_in_relocate() {
    let object = testdata("tutorial/probe.bpf.o");
    let app = TargetFile::user("app", testdata("tutorial/prog_b.gcc-dwarf5"));
    let small = |target: &TargetFile, options: &RelocateOptions| {
        minimise([object.clone()], std::slice::from_ref(target), options)
    };
    assert_eq!(small(&app, &RelocateOptions::new()).unwrap().len(), 2);
    // The program's own part is all that partial mode relocates; of a kernel it relocates nothing.
    let partial = RelocateOptions::new().partial(true);
    assert_eq!(small(&app, &partial).unwrap().len(), 2);
    let kernel = TargetFile::kernel(testdata("tutorial/prog_b.gcc-dwarf5"));
    assert_eq!(small(&kernel, &partial).unwrap().len(), 0);
    // `struct pt_regs` is not the program's.
    for refused in [
        RelocateOptions::new().strict(true),
        RelocateOptions::new().skip("no_such_program"),
        RelocateOptions::new().program("no_such_program"),
    ] {
        let error = small(&app, &refused).unwrap_err();
        let alone = relocate(object.clone(), std::slice::from_ref(&app), &refused).unwrap_err();
        assert_eq!(error.kind(), alone.kind());
        assert_eq!(error.message(), alone.message());
        assert_eq!(error.places().first(), Some(&Place::Input(0)));
    }
    let names = BpfObject::parse(object.clone()).unwrap();
    let names: Vec<_> = names
        .program()
        .sections
        .iter()
        .filter(|section| !section.relos.is_empty())
        .flat_map(|section| {
            section
                .functions
                .iter()
                .map(|function| function.name.clone())
        })
        .collect();
    let skipped = names
        .iter()
        .fold(RelocateOptions::new(), |options, name| options.skip(name));
    assert_eq!(small(&app, &skipped).unwrap().len(), 0);
}
