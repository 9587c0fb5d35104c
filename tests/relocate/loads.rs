//! Loads and stores whose field has another width in the target.

use crate::support::cases::Outcome::{Code, Refused};
use crate::support::cases::{against, app, load, mov, object, poison, run};
use crate::support::notation::{graph_of_32_bits, written};
use crate::support::program::POISONED;
use btfkit::ErrorKind;
use btfkit::bpf::POISON;
use btfkit::relocate::RelocationKind::*;
use btfkit::relocate::{Applied, Target};

#[test]
fn which_loads_may_take_another_width() {
    let types = "i4 = signed int 4; i8 = signed long 8; u1 = unsigned u8 1; u2 = unsigned u16 2; u4 = unsigned u32 4;
        u8 = unsigned u64 8; u3 = unsigned u24 3; ch = char char 1; b1 = bool _Bool 1; b4 = bool _Bool 4; f4 = float float 4;
        f8 = float double 8; e4 = enum e 4 A=1; e8 = enum e 8 A=1; s4 = struct s 4; s8 = struct s 8; t = typedef t u4; p = ptr u4;
        a1 = array u1 4; a4 = array u4 2;";
    // Old and new width; 0 for poison.
    for (local, target, old, new) in [
        ("u4", "u8", 4, 8),
        ("u4", "u2", 4, 2),
        ("u8", "u1", 8, 1),
        ("t", "u8", 4, 8),
        ("ch", "u4", 1, 4),
        ("u4", "ch", 4, 1),
        ("b1", "b4", 1, 4),
        ("i4", "i8", 4, 0),
        ("i4", "u8", 4, 0),
        ("u4", "i8", 4, 0),
        ("e4", "e8", 4, 0),
        ("f4", "f8", 4, 0),
        ("s4", "s8", 4, 0),
        // Of an array as a whole the element's size counts, and it is no integer.
        ("a4", "a4", 4, 4),
        ("a1", "a4", 1, 0),
        // The same width is nobody's business.
        ("i4", "u4", 4, 4),
        ("f4", "f4", 4, 4),
        ("e4", "e4", 4, 4),
    ] {
        let of = |ty: &str, bit: u32| format!("{types} x = struct x 64 m:{ty}@{bit}");
        let outcome = run(
            &of(local, 0),
            ("x", FieldByteOffset, "0:0", load(old, 0)),
            &of(target, 128),
        );
        let expected = if new == 0 {
            poison()
        } else {
            Code(load(new, 16))
        };
        assert_eq!(outcome, expected, "{local} in {target}");
    }
    let of = |ty: &str| format!("{types} x = struct x 64 m:{ty}@0");
    // Immediates have no width.
    assert_eq!(
        run(&of("i4"), ("x", FieldByteOffset, "0:0", mov(0)), &of("i8")),
        Code(mov(0))
    );
    // The instruction must have the object's own width, and the new one must be one that there is.
    let outcome = run(
        &of("u4"),
        ("x", FieldByteOffset, "0:0", load(8, 0)),
        &of("u8"),
    );
    assert_eq!(outcome, Refused(ErrorKind::Instruction));
    let outcome = run(
        &of("u4"),
        ("x", FieldByteOffset, "0:0", load(4, 0)),
        &of("u3"),
    );
    assert_eq!(outcome, Refused(ErrorKind::Instruction));
    // Pointers may, too: here, of a machine with 32 bits.
    let small = Target::user("app", graph_of_32_bits(&of("p")));
    assert_eq!(
        against(
            &of("p"),
            &[("x", FieldByteOffset, "0:0", load(8, 0))],
            &[small]
        ),
        Code(load(4, 0))
    );
}

#[test]
fn a_load_poisoned_for_its_width_says_so() {
    let local = written("i = signed int 4; x = struct x 4 m:i@0");
    let object = object(&local, &[("x", FieldByteOffset, "0:0", load(4, 0))]);
    let done = object
        .relocate(&[app("i = signed long 8; x = struct x 8 m:i@0")])
        .unwrap();
    assert_eq!(done.applied, [Applied::PoisonedForWidth]);
    assert_eq!(POISONED.imm, POISON);
}
