//! Relocations about whole types and enumerators: whether they exist, match, and which value they have.

use crate::support::cases::Outcome::{Code, Refused};
use crate::support::cases::{DATA, LATER, mov, run, wide};
use crate::support::program::{Insn, POISONED};
use btfkit::ErrorKind;
use btfkit::relocate::RelocationKind::*;

#[test]
fn what_a_type_is_that_exists() {
    let exists = |local: &str, target: &str| run(local, ("x", TypeExists, "0", mov(1)), target);
    let base = "i = signed int 4; u8 = unsigned u8 1; f = float float 4; s = struct s 4; s2 = struct s2 9; w = fwd v struct;
        p = ptr i; ps = ptr s; pp = ptr p; a = array i 3; as = array s 3; e = enum e 4 A=1; c = const i;
        call = proto void i; call2 = proto i i; call3 = proto void s; more = proto void i i; pc = ptr call;";
    for (local, target, found) in [
        // Names, sizes and members don't count behind a typedef, kinds do.
        ("i", "u8", true),
        ("i", "c", true),
        ("s", "s2", true),
        ("s", "w", false),
        ("i", "s", false),
        ("i", "e", false),
        ("e", "i", false),
        // Behind pointers, arrays and prototypes likewise.
        ("p", "ps", false),
        ("ps", "ps", true),
        ("p", "pp", false),
        ("a", "as", false),
        ("a", "a", true),
        ("pc", "pc", true),
        ("call", "call2", false),
        ("call", "call3", false),
        ("call", "more", false),
        ("call", "call", true),
        // libbpf says no to floating-point numbers.
        ("f", "f", false),
    ] {
        let of = |ty: &str| format!("{base} x = typedef x {ty}");
        assert_eq!(
            exists(&of(local), &of(target)),
            Code(mov(found.into())),
            "{local} in {target}"
        );
    }
    // An integer that is a bitfield of old is none to compare: nothing else asks for one.
    assert_eq!(
        run(DATA, ("data", TypeSize, "0", mov(12)), LATER),
        Code(mov(16))
    );
}

#[test]
fn what_a_type_is_that_matches() {
    let base = "i = signed int 4; u = unsigned u32 4; i8 = signed long 8; f = float float 4; p = ptr i; pu = ptr u;
        e = enum e 4 A=1 B=2; e2 = enum e 4 B=7 A=9 C=0; e3 = enum e 4 A=1; e8 = enum e 8 A=1 B=2;
        s = struct s 8 a:i@0; s2 = struct s___v2 16 z:i8@0 a:i@64; s3 = struct s 8 a:u@0; s4 = struct s 8 b:i@0;
        n = union s 8 a:i@0; t = struct t 8 a:i@0; ps = ptr s; ps3 = ptr s3; pt = ptr t; w = fwd s struct; wu = fwd s union;
        pw = ptr w; pwu = ptr wu; a3 = array i 3; a4 = array i 4; q = const i; k = typedef alias i;
        in = struct - 4 a:i@0; in2 = struct - 4 a:u@0; an = struct r 8 :in@0; an2 = struct r 8 :in2@0; fl = struct r 8 a:i@0;
        call = proto void i; call1 = proto void i i; call2 = proto void u; call3 = proto i i;";
    let matches = |local: &str, target: &str| {
        let of = |ty: &str| format!("{base} x = struct x 64 m:{ty}@0");
        let outcome = run(&of(local), ("x", TypeMatches, "0", mov(1)), &of(target));
        assert!(
            [Code(mov(0)), Code(mov(1))].contains(&outcome),
            "{outcome:?}"
        );
        outcome == Code(mov(1))
    };
    for (local, target, expected) in [
        ("i", "q", true),
        ("i", "k", true),
        ("i", "u", false),
        ("i", "i8", false),
        ("f", "f", false),
        ("p", "pu", false),
        ("e", "e2", true),
        ("e2", "e", false),
        ("e", "e3", false),
        ("e", "e8", false),
        ("s", "s2", true),
        ("s2", "s", false),
        ("s", "s3", false),
        ("s", "s4", false),
        ("s", "n", false),
        ("s", "t", false),
        // Behind a pointer only name and kind, and a forward declaration stands for its kind.
        ("ps", "ps3", true),
        ("ps", "pt", false),
        ("ps", "pw", true),
        ("pw", "ps", true),
        ("ps", "pwu", false),
        ("pw", "pwu", false),
        ("a3", "a3", true),
        ("a3", "a4", false),
        // Unnamed members are compared as a whole, not flattened.
        ("an", "an", true),
        ("an", "an2", false),
        ("an", "fl", false),
        ("call", "call", true),
        ("call", "call1", false),
        ("call", "call2", false),
        ("call", "call3", false),
    ] {
        assert_eq!(matches(local, target), expected, "{local} in {target}");
    }
}

#[test]
fn enumerators() {
    let local = "state = enum state 4 IDLE=0 READY___v1=1 GONE=2";
    let target = "state = senum state 8 READY=-3 IDLE___x=7";
    let ask = |kind, access, insn| run(local, ("state", kind, access, insn), target);
    assert_eq!(
        ask(EnumvalValue, "1", wide(1)),
        Code(wide((-3i64).cast_unsigned()))
    );
    assert_eq!(ask(EnumvalValue, "1", mov(1)), Code(mov(-3)));
    assert_eq!(ask(EnumvalValue, "0", mov(0)), Code(mov(7)));
    assert_eq!(ask(EnumvalExists, "1", mov(1)), Code(mov(1)));
    assert_eq!(ask(EnumvalExists, "2", mov(1)), Code(mov(0)));
    assert_eq!(ask(EnumvalValue, "2", wide(2)), Code(vec![POISONED; 2]));
    // More than 32 bits into an immediate of 32: cut, as libbpf does it.
    let large = "state = enum state 8 READY=12884901893";
    assert_eq!(
        run(local, ("state", EnumvalValue, "1", mov(1)), large),
        Code(mov(5))
    );
    assert_eq!(
        run(local, ("state", EnumvalValue, "1", wide(1)), large),
        Code(wide(0x3_0000_0005))
    );
}

#[test]
fn an_unsigned_enumerator_of_2_31_and_more_keeps_its_value() {
    let of = |value: u32| format!("mask = enum mask 4 HIGH={value}");
    let ask = |old: Vec<Insn>| {
        run(
            &of(0xf000_0000),
            ("mask", EnumvalValue, "0", old),
            &of(0x8000_0001),
        )
    };
    // clang's way, zero-extended, which libbpf refuses; and libbpf's reading.
    assert_eq!(ask(wide(0xf000_0000)), Code(wide(0x8000_0001)));
    assert_eq!(
        ask(wide(0xffff_ffff_f000_0000)),
        Code(wide(0xffff_ffff_8000_0001))
    );
    assert_eq!(
        ask(mov(0xf000_0000u32.cast_signed())),
        Code(mov(0x8000_0001u32.cast_signed()))
    );
    assert_eq!(ask(wide(0xf000_0001)), Refused(ErrorKind::Instruction));
    // A signed one is a negative number.
    let of = |value: i32| format!("mask = senum mask 4 HIGH={value}");
    let outcome = run(
        &of(-5),
        ("mask", EnumvalValue, "0", wide((-5i64).cast_unsigned())),
        &of(-6),
    );
    assert_eq!(outcome, Code(wide((-6i64).cast_unsigned())));
    assert_eq!(
        run(
            &of(-5),
            ("mask", EnumvalValue, "0", wide(0xffff_fffb)),
            &of(-6)
        ),
        Refused(ErrorKind::Instruction)
    );
}
