//! [`check`]: which objects run on which targets.

use crate::inputs::*;
use btfkit::Place;
use btfkit::pipeline::{Counts, RelocateOptions, TargetFile, check};

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
    let verdicts = check(programs.clone(), &targets, &RelocateOptions::default()).unwrap();
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
    let verdicts = check(programs.clone(), &targets, &RelocateOptions::default()).unwrap();
    assert!(!verdicts[0].is_good());
    let error = verdicts[0].outcome.as_ref().unwrap_err();
    assert_eq!(error.places().first(), Some(&Place::File("odd".to_owned())));
}

#[test]
fn without_a_kernel_its_part_is_poisoned_or_left_to_the_loader() {
    let programs = [testdata("tutorial/probe.bpf.o")];
    let targets = [TargetFile::user(
        "app",
        testdata("tutorial/prog_b.gcc-dwarf5"),
    )];
    let verdicts = check(programs.clone(), &targets, &RelocateOptions::default()).unwrap();
    assert!(!verdicts[0].is_good());
    let partial = RelocateOptions::new().partial(true);
    let verdicts = check(programs.clone(), &targets, &partial).unwrap();
    assert!(verdicts[0].is_good() && verdicts[0].warnings.is_empty());
    let sums = Counts::of(verdicts[0].outcome.as_ref().unwrap());
    assert_eq!((sums.set, sums.left), (2, 1));
}
