//! Several types of one name in a target.

use crate::support::cases::Outcome::{Code, Refused};
use crate::support::cases::{DATA, LATER, against, app, kernel, load, mov, object, poison, run};
use crate::support::notation::written;
use crate::support::program::{Insn, POISONED};
use btfkit::ErrorKind;
use btfkit::relocate::Mismatch;
use btfkit::relocate::RelocationKind::*;

#[test]
fn candidates_that_fit_must_agree() {
    let two = |a: &str, b: &str| {
        format!(
            "int = signed int 4; long = signed long 8; p = ptr int; a = struct {a}; b = struct {b}"
        )
    };
    let at = |kind, old, target: &str| run(DATA, ("data", kind, "0:1", mov(old)), target);
    // In different places, or of different sizes.
    let apart = two("data 8 c:int@32", "data___v2 8 c:int@0");
    assert_eq!(
        at(FieldByteOffset, 4, &apart),
        Refused(ErrorKind::Ambiguous)
    );
    // Both are there, so existence is no doubt, but libbpf compares the bits first.
    assert_eq!(at(FieldExists, 1, &apart), Refused(ErrorKind::Ambiguous));
    let sizes = two("data 8 c:int@0", "data 16 c:long@0");
    assert_eq!(at(FieldByteSize, 4, &sizes), Refused(ErrorKind::Ambiguous));
    // The width of a load is not compared: the first one's is taken.
    let unsigned = "u = unsigned u32 4; v = unsigned u64 8; a = struct data 8 c:u@32; b = struct data 16 c:v@32";
    let local = "u = unsigned u32 4; data = struct data 8 x:u@0 c:u@32";
    assert_eq!(
        run(
            local,
            ("data", FieldByteOffset, "0:1", load(4, 4)),
            unsigned
        ),
        Code(load(4, 4))
    );
    // Only those that fit count.
    assert_eq!(
        at(
            FieldByteOffset,
            4,
            &two("data 8 x:int@32", "data 8 c:int@0")
        ),
        Code(mov(0))
    );
    assert_eq!(
        at(FieldByteOffset, 4, &two("data 8 c:p@32", "data 8 c:int@0")),
        Code(mov(0))
    );
    assert_eq!(
        at(
            FieldByteOffset,
            4,
            &two("data 8 c:int@64", "data 16 x:int@0 c:int@64")
        ),
        Code(mov(8))
    );
    let whole = |kind, old| run(DATA, ("data", kind, "0", mov(old)), &sizes);
    assert_eq!(whole(TypeSize, 12), Refused(ErrorKind::Ambiguous));
    assert_eq!(whole(TypeExists, 1), Code(mov(1)));
    let ids = against(
        DATA,
        &[("data", TypeIdTarget, "0", mov(2))],
        &[kernel(&sizes)],
    );
    assert_eq!(ids, Refused(ErrorKind::Ambiguous));
}

#[test]
fn two_layouts_are_never_mixed() {
    // `a` is in both, at different places; `c` only in the second: so the second is meant. libbpf finds out
    // only if it sees `c` first.
    let target = "int = signed int 4; one = struct data 8 a:int@0; two = struct data___v2 16 a:int@64 c:int@32";
    let a = || ("data", FieldByteOffset, "0:0", mov(0));
    let c = || ("data", FieldByteOffset, "0:1", mov(4));
    let pair = |one, other| against(DATA, &[one, other], &[app(target)]);
    assert_eq!(pair(c(), a()), Code([mov(4), mov(8)].concat()));
    assert_eq!(pair(a(), c()), Code([mov(8), mov(4)].concat()));
    // Each in another one: no layout has both. The second finds no candidate left.
    let apart =
        "int = signed int 4; one = struct data 8 a:int@0; two = struct data___v2 16 c:int@32";
    let outcome = against(DATA, &[a(), c()], &[app(apart)]);
    assert_eq!(outcome, Code(vec![Insn::mov(0), POISONED]));
    let local = written(DATA);
    let done = object(&local, &[c(), a()])
        .relocate(&[app(target)])
        .unwrap();
    let pruned = &done.resolution.fixups[1].rejected;
    assert!(pruned.iter().any(|(_, why)| *why == Mismatch::Pruned) || pruned.is_empty());
    assert_eq!(done.resolution.fixups[1].matched.len(), 1);
}

#[test]
fn a_forward_declaration_hides_nothing() {
    let target = "w = fwd data struct; int = signed int 4; data = struct data 8 x:int@0 c:int@32";
    assert_eq!(
        run(DATA, ("data", FieldByteOffset, "0:1", mov(4)), target),
        Code(mov(4))
    );
    assert_eq!(
        run(
            DATA,
            ("data", FieldByteOffset, "0:1", mov(4)),
            "w = fwd data struct"
        ),
        poison()
    );
    assert_eq!(
        run(
            DATA,
            ("data", TypeExists, "0", mov(1)),
            "w = fwd data struct"
        ),
        Code(mov(0))
    );
    // Nor in another target.
    let outcome = against(
        DATA,
        &[("data", FieldByteOffset, "0:1", mov(4))],
        &[app("w = fwd data struct"), kernel(LATER)],
    );
    assert_eq!(outcome, Code(mov(8)));
}
