//! min, check and explain: jobs that relocate and write no object.

use std::path::Path;
use std::process::Command;

use btfkit::Bits;
use btfkit::Limits;
use btfkit::encode::encode;
use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::pipeline::{Counts, RelocateOptions, TargetFile, check, explain, minimise, relocate};
use btfkit::relocate::{Outcome, Role};
use bytes::Bytes;

const KERNEL: &str = "/sys/kernel/btf/vmlinux";
const SERVERS: [&str; 4] = [
    "layouts/server1.gcc-dwarf4",
    "layouts/server2.clang-dwarf5",
    "layouts/server3.gcc-dwarf5",
    "layouts/server4.clang-dwarf4",
];

fn testdata(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    std::fs::read(path).unwrap().into()
}

fn kernel() -> Option<Bytes> {
    let kernel = std::fs::read(KERNEL).ok();
    if kernel.is_none() {
        println!("skipped: this machine has no {KERNEL}");
    }
    kernel.map(Bytes::from)
}

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
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("min.btf");
    let object = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(object);
    let done = Command::new("bpftool")
        .args(["gen", "min_core_btf"])
        .args([target, &out, &object])
        .output();
    match done {
        Ok(done) if done.status.success() => Some(std::fs::metadata(out).unwrap().len()),
        _ => {
            println!(
                "skipped: bpftool is not here, or doesn't take {}",
                object.display()
            );
            None
        }
    }
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
                std::slice::from_ref(&bytes),
                &target,
                &RelocateOptions::default(),
            )
            .unwrap();
            assert_same(&bytes, &target, &small);
            // A graph that is smallest already gets no smaller.
            let again = TargetFile::user("app", small.clone());
            let smaller = minimise(&[bytes], &again, &RelocateOptions::default()).unwrap();
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
            std::slice::from_ref(&bytes),
            &target,
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
        std::slice::from_ref(&object),
        &target,
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
    let small = minimise(&objects, &target, &RelocateOptions::default()).unwrap();
    for object in &objects {
        assert_same(object, &target, &small);
    }
}

#[test]
fn programs_and_targets() {
    let Some(kernel) = kernel() else { return };
    let programs = [
        testdata("layouts/probe.bpf.o"),
        testdata("tutorial/probe.bpf.o"),
    ];
    let targets = [
        TargetFile::user("v1", testdata(SERVERS[0])),
        TargetFile::user("v2", testdata(SERVERS[1])),
        TargetFile::kernel(kernel),
    ];
    let verdicts = check(&programs, &targets, &RelocateOptions::default()).unwrap();
    let told: Vec<_> = verdicts
        .iter()
        .map(|verdict| (verdict.program, verdict.target.as_str(), verdict.is_good()))
        .collect();
    // The servers have no `struct data`, and nothing asks whether they have.
    let expected = [
        (0, "v1+kernel", true),
        (0, "v2+kernel", true),
        (1, "v1+kernel", false),
        (1, "v2+kernel", false),
    ];
    assert_eq!(told, expected);
    let sums = Counts::of(verdicts[0].outcome.as_ref().unwrap());
    assert_eq!((sums.poisoned, sums.left), (0, 0));
    assert!(sums.unreachable > 0 && sums.set > 200);
}

#[test]
fn a_target_that_cant_be_read_is_a_verdict() {
    let programs = [testdata("tutorial/probe.bpf.o")];
    let targets = [TargetFile::user("odd", b"no types at all".to_vec())];
    let verdicts = check(&programs, &targets, &RelocateOptions::default()).unwrap();
    assert!(!verdicts[0].is_good());
    assert!(verdicts[0].outcome.is_err());
}

#[test]
fn without_a_kernel_its_part_is_poisoned_or_left_to_the_loader() {
    let programs = [testdata("tutorial/probe.bpf.o")];
    let targets = [TargetFile::user(
        "app",
        testdata("tutorial/prog_b.gcc-dwarf5"),
    )];
    let mut options = RelocateOptions::default();
    let verdicts = check(&programs, &targets, &options).unwrap();
    assert!(!verdicts[0].is_good());
    let [warning] = &verdicts[0].warnings[..] else {
        panic!("{:?}", verdicts[0].warnings);
    };
    for word in ["pt_regs", "--target /sys/kernel/btf/vmlinux", "--partial"] {
        assert!(warning.contains(word), "{warning}");
    }
    options.partial = true;
    let verdicts = check(&programs, &targets, &options).unwrap();
    assert!(verdicts[0].is_good() && verdicts[0].warnings.is_empty());
    let sums = Counts::of(verdicts[0].outcome.as_ref().unwrap());
    assert_eq!((sums.set, sums.left), (2, 1));
}

#[test]
fn from_a_poisoned_instruction_to_its_field() {
    let object = testdata("layouts/probe.bpf.o");
    let mut app = TargetFile::user("app", testdata(SERVERS[1]));
    app.role = Role::User;
    let relocated = relocate(object.clone(), &[app], &RelocateOptions::default()).unwrap();
    let poisons = explain(relocated.object, Some(object), &Limits::default()).unwrap();
    let mut expected: Vec<_> = relocated
        .report
        .records
        .iter()
        .filter(|record| record.outcome.is_poison())
        .map(|record| {
            let (function, insn) = record.function.clone().unwrap();
            (
                function,
                insn,
                format!("{} of {}", record.kind, record.local),
            )
        })
        .collect();
    let mut told: Vec<_> = poisons
        .iter()
        .map(|poison| {
            assert!(poison.source.is_some());
            (
                poison.function.clone(),
                poison.insn,
                poison.relocation.clone().unwrap(),
            )
        })
        .collect();
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
    assert!(
        relocated
            .report
            .records
            .iter()
            .any(|record| record.outcome == Outcome::NoMatch)
    );
}
