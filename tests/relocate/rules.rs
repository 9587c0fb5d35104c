//! The rules of CO-RE, one small case each: libbpf's, what it refuses, and the named differences.

use crate::support::cases::Outcome::{Code, Refused};
use crate::support::cases::{DATA, LATER, NOTHING, against, load, mov, poison, run, wide};
use crate::support::notation::{graph, graph_of, over};
use crate::support::program::{Insn, POISONED, Source, op};
use btfkit::relocate::RelocationKind::*;
use btfkit::relocate::{ResolveOptions, Target};
use btfkit::{Endian, ErrorKind};

#[test]
fn an_offset_follows_its_field_in_every_instruction() {
    let c = |insn: Vec<Insn>| run(DATA, ("data", FieldByteOffset, "0:1", insn), LATER);
    assert_eq!(c(mov(4)), Code(mov(8)));
    assert_eq!(c(wide(4)), Code(wide(8)));
    assert_eq!(c(load(4, 4)), Code(load(4, 8)));
    for code in [
        op::ADD64_IMM,
        op::MOV32_IMM,
        0x17, /* sub */
        0xa4, /* xor32 */
    ] {
        assert_eq!(
            c(vec![Insn::new(code, 3, 0, 4)]),
            Code(vec![Insn::new(code, 3, 0, 8)])
        );
    }
    for code in [op::ST_MEM, op::STX_MEM, op::LDX_MEMSX] {
        let store = |off| {
            vec![Insn {
                code,
                dst: 1,
                src: 2,
                off,
                imm: 9,
            }]
        };
        assert_eq!(c(store(4)), Code(store(8)));
    }
}

#[test]
fn an_instruction_that_cannot_be_patched_is_refused() {
    let c = |insns: Vec<Insn>| run(DATA, ("data", FieldByteOffset, "0:1", insns), LATER);
    let refused = Refused(ErrorKind::Instruction);
    // Another old value than the object's types say.
    assert_eq!(c(mov(5)), refused);
    assert_eq!(c(load(4, 0)), refused);
    assert_eq!(c(wide(4 << 32)), refused);
    assert_eq!(c(wide(1 << 32 | 4)), refused);
    // A register operand, a call, a jump, a load of a map, a load without its second half.
    assert_eq!(
        c(vec![Insn {
            src: 2,
            ..Insn::new(op::MOV64_REG, 1, 0, 4)
        }]),
        refused
    );
    assert_eq!(c(vec![Insn::new(op::CALL, 0, 0, 4)]), refused);
    assert_eq!(c(vec![Insn::new(0x15, 1, 4, 4)]), refused);
    let [low, high] = Insn::wide(4);
    assert_eq!(c(vec![Insn { src: 1, ..low }, high]), refused);
    assert_eq!(c(vec![Insn { off: 1, ..low }, high]), refused);
    assert_eq!(c(vec![low, Insn { dst: 1, ..high }]), refused);
    assert_eq!(c(vec![low, Insn { code: 1, ..high }]), refused);
    assert_eq!(c(vec![low]), refused);
}

#[test]
fn an_offset_too_large_for_a_load() {
    let far = |byte: u32| {
        format!(
            "int = signed int 4; data = struct data 99999 c:int@{}",
            byte * 8
        )
    };
    let c = |byte, insns| run(DATA, ("data", FieldByteOffset, "0:1", insns), &far(byte));
    assert_eq!(c(32767, load(4, 4)), Code(load(4, 32767)));
    assert_eq!(c(32768, load(4, 4)), Refused(ErrorKind::Overflow));
    assert_eq!(c(32768, mov(4)), Code(mov(32768)));
}

/// A field that may be in a base class or member that the program only declares: whether it exists is not known.
#[test]
fn a_field_that_may_be_in_a_declared_type_is_not_answered_with_zero() {
    let local =
        "int = signed int 4; b = struct b 4 x:int@0; d = struct d 16 x:int@0 known:int@32 b:b@64";
    let target = "int = signed int 4; base = fwd base struct; \
                  d = struct d 32 :base@0 known:int@128 b:base@160";
    let ask = |access: &str, kind| run(local, ("d", kind, access, mov(1)), target);
    assert_eq!(ask("0:1", FieldExists), Code(mov(1)));
    assert_eq!(ask("0:0", FieldExists), poison());
    assert_eq!(ask("0:2", FieldExists), Code(mov(1)));
    assert_eq!(ask("0:2:0", FieldExists), poison());
    // A definition of the same name that has the field is enough.
    let two = format!("{target}; e = struct d 8 x:int@0");
    assert_eq!(
        run(local, ("d", FieldExists, "0:0", mov(1)), &two),
        Code(mov(1))
    );
}

#[test]
fn without_a_match_some_kinds_are_zero_and_the_others_poison() {
    let local =
        "int = signed int 4; data = struct data 8 a:int@0 c:int@32; state = enum state 4 A=5";
    for (kind, root, access, value, zero) in [
        (FieldByteOffset, "data", "0:1", 4, false),
        (FieldByteSize, "data", "0:1", 4, false),
        (FieldExists, "data", "0:1", 1, true),
        (FieldSigned, "data", "0:1", 1, false),
        (FieldLshiftU64, "data", "0:1", 32, false),
        (FieldRshiftU64, "data", "0:1", 32, false),
        (TypeIdTarget, "data", "0", 2, true),
        (TypeExists, "data", "0", 1, true),
        (TypeSize, "data", "0", 8, true),
        (EnumvalExists, "state", "0", 1, true),
        (EnumvalValue, "state", "0", 5, false),
        (TypeMatches, "data", "0", 1, true),
    ] {
        let expected = if zero { Code(mov(0)) } else { poison() };
        assert_eq!(
            run(local, (root, kind, access, mov(value)), NOTHING),
            expected,
            "{kind}"
        );
        let expected = if zero {
            Code(wide(0))
        } else {
            Code(vec![POISONED; 2])
        };
        let value = u64::try_from(value).unwrap();
        assert_eq!(
            run(local, (root, kind, access, wide(value)), NOTHING),
            expected,
            "{kind}"
        );
    }
    // The object's own id needs no candidate.
    assert_eq!(
        run(local, ("data", TypeIdLocal, "0", mov(2)), NOTHING),
        Code(mov(2))
    );
}

#[test]
fn ids_are_not_checked_and_everything_else_is() {
    let kernel = [Target::kernel(graph(LATER))];
    let ask = |kind, value| against(DATA, &[("data", kind, "0", mov(value))], &kernel);
    assert_eq!(ask(TypeIdLocal, 77), Code(mov(2)));
    assert_eq!(ask(TypeIdTarget, 77), Code(mov(3)));
    assert_eq!(ask(TypeSize, 12), Code(mov(16)));
    for (kind, value) in [(TypeSize, 13), (TypeExists, 0), (TypeMatches, 0)] {
        assert_eq!(ask(kind, value), Refused(ErrorKind::Instruction), "{kind}");
    }
    for (kind, value) in [
        (FieldByteSize, 5),
        (FieldExists, 0),
        (FieldSigned, 0),
        (FieldRshiftU64, 31),
    ] {
        let outcome = against(DATA, &[("data", kind, "0:1", mov(value))], &kernel);
        assert_eq!(outcome, Refused(ErrorKind::Instruction), "{kind}");
    }
}

#[test]
fn storage_of_bitfields() {
    // Bits 4..9 of the second byte on, in a storage unit of 1 byte that doesn't hold them: widened to 2.
    let local = "u = unsigned u8 1; s = struct s 8 f:u@0/3";
    let target = "u = unsigned u8 1; s = struct s 8 f:u@12/6";
    let ask = |kind, value| run(local, ("s", kind, "0:0", mov(value)), target);
    assert_eq!(ask(FieldByteOffset, 99), Code(mov(0)));
    assert_eq!(ask(FieldByteSize, 99), Code(mov(4)));
    assert_eq!(ask(FieldLshiftU64, 99), Code(mov(64 - 18)));
    assert_eq!(ask(FieldRshiftU64, 61), Code(mov(58)));
    // Sign and width of a bitfield are checked, the compiler's choices are not.
    assert_eq!(ask(FieldRshiftU64, 60), Refused(ErrorKind::Instruction));
    assert_eq!(ask(FieldSigned, 1), Refused(ErrorKind::Instruction));
    // The target's byte order decides, not this machine's.
    let local = over(graph_builder(Endian::Big), local);
    let mut source = Source::new(local.builder.clone(), Endian::Big);
    source.ask(FieldLshiftU64.number(), local.id("s"), "0:0", &mov(0));
    let object = source.finish();
    let done = object.rewritten(
        &[Target::user("app", graph_of(Endian::Big, target))],
        &ResolveOptions::default(),
    );
    assert_eq!(done.unwrap().insns(), mov(32 + 12));
}

fn graph_builder(endian: Endian) -> btfkit::graph::GraphBuilder {
    let mut builder = btfkit::graph::GraphBuilder::new();
    builder.set_endian(endian);
    builder
}

#[test]
fn a_bitfield_that_no_load_can_take() {
    let local = "u = unsigned u64 8; s = struct s 16 f:u@0/20";
    let ask = |target: &str| run(local, ("s", FieldByteOffset, "0:0", mov(0)), target);
    assert_eq!(
        ask("u = unsigned u64 8; s = struct s 16 f:u@40/20"),
        Code(mov(0))
    );
    assert_eq!(
        ask("u = unsigned u64 8; s = struct s 16 f:u@50/20"),
        Refused(ErrorKind::Overflow)
    );
    // A pointer has no size of its own to load a bitfield by.
    let local = "p = ptr void; s = struct s 16 f:p@0/20";
    assert_eq!(
        run(local, ("s", FieldByteSize, "0:0", mov(0)), local),
        Refused(ErrorKind::Malformed)
    );
}

#[test]
fn an_element_has_an_offset_and_a_size_and_no_more() {
    let local = "int = signed int 4; a = array int 4; s = struct s 16 f:a@0";
    let target = "short = signed short 2; a = array short 6; s = struct s 20 f:a@64";
    let ask = |kind, value| run(local, ("s", kind, "0:0:2", mov(value)), target);
    assert_eq!(ask(FieldByteOffset, 8), Code(mov(12)));
    assert_eq!(ask(FieldByteSize, 4), Code(mov(2)));
    assert_eq!(ask(FieldExists, 1), Code(mov(1)));
    for kind in [FieldSigned, FieldLshiftU64, FieldRshiftU64] {
        assert_eq!(ask(kind, 0), Refused(ErrorKind::Malformed), "{kind}");
    }
    // The array itself: all of its bytes.
    assert_eq!(
        run(local, ("s", FieldByteSize, "0:0", mov(16)), target),
        Code(mov(12))
    );
}

#[test]
fn accessors_that_lead_nowhere_are_refused() {
    let local = "int = signed int 4; a = array int 4; s = struct s 20 f:a@0 z:int@128; state = enum state 4 A=5";
    let deep = ["0"; 65].join(":");
    for access in [
        "",
        ":",
        "0:",
        ":0",
        "0::1",
        "-1",
        "0:-1",
        "0:2",
        "0:0:4",
        "0:1:0",
        "0x1",
        "0:99999999999",
        &deep,
    ] {
        let outcome = run(local, ("s", FieldByteOffset, access, mov(0)), local);
        assert_eq!(outcome, Refused(ErrorKind::Malformed), "{access:?}");
    }
    for access in ["", "1", "0:0"] {
        let outcome = run(local, ("s", TypeExists, access, mov(1)), local);
        assert_eq!(outcome, Refused(ErrorKind::Malformed), "{access:?}");
    }
    for access in ["1", "0:0", ""] {
        let outcome = run(local, ("state", EnumvalValue, access, mov(5)), local);
        assert_eq!(outcome, Refused(ErrorKind::Malformed), "{access:?}");
    }
    assert_eq!(
        run(local, ("s", EnumvalValue, "0", mov(5)), local),
        Refused(ErrorKind::Malformed)
    );
    // A type without a name can't be looked for.
    let local = "int = signed int 4; s = struct - 4 f:int@0";
    assert_eq!(
        run(local, ("s", FieldByteOffset, "0:0", mov(0)), local),
        Refused(ErrorKind::Unsupported)
    );
    assert_eq!(
        run(local, ("s", TypeSize, "0", mov(4)), local),
        Refused(ErrorKind::Unsupported)
    );
}

#[test]
fn the_first_step_counts_whole_objects() {
    let ask = ("data", FieldByteOffset, "3:1", mov(3 * 12 + 4));
    assert_eq!(run(DATA, ask, LATER), Code(mov(3 * 16 + 8)));
}

#[test]
fn a_candidate_has_the_kind_and_the_essential_name() {
    let one = |local: &str, target: &str| run(local, ("x", TypeExists, "0", mov(1)), target);
    let kinds = [
        "x = struct x 4",
        "x = union x 4",
        "x = fwd x struct",
        "x = enum x 4 A=1",
        "y = struct x 4; x = typedef x y",
        "x = signed x 4",
    ];
    for local in kinds {
        for target in kinds {
            // A typedef's target is found beside its own name.
            let same =
                local == target || local.starts_with("x = struct") && target.starts_with("y");
            assert_eq!(
                one(local, target),
                Code(mov(i32::from(same))),
                "{local} in {target}"
            );
        }
    }
    assert_eq!(one("x = enum x 4 A=1", "x = enum x 8 A=1"), Code(mov(1)));
    assert_eq!(one("x = senum x 8 A=1", "x = enum x 4 A=1"), Code(mov(1)));
    for (local, target, same) in [
        ("x___v1", "x", true),
        ("x", "x___v2", true),
        ("x___v1", "x___v2", true),
        ("x___y____z", "x", true),
        ("a___b___c", "a___b", false),
        ("a___b___c", "a___b___d", true),
        ("a___b___c", "a", false),
        ("a____b", "a", false),
        ("a___", "a", false),
        ("___a", "a", false),
        ("x", "xx", false),
        ("x", "X", false),
    ] {
        let of = |name: &str| format!("x = struct {name} 4");
        assert_eq!(
            one(&of(local), &of(target)),
            Code(mov(same.into())),
            "{local} in {target}"
        );
    }
}

#[test]
fn members_are_found_by_name_and_through_unnamed_ones() {
    let at = |target: &str| run(DATA, ("data", FieldByteOffset, "0:1", mov(4)), target);
    let int = "int = signed int 4;";
    let found = format!(
        "{int} in = struct - 8 b:int@0 c:int@32; u = union - 8 :in@0; data = struct data 16 a:int@0 :u@64"
    );
    assert_eq!(at(&found), Code(mov(12)));
    // Through a named one it is another field.
    let hidden =
        format!("{int} in = struct - 8 b:int@0 c:int@32; data = struct data 16 a:int@0 x:in@64");
    assert_eq!(at(&hidden), poison());
    // A flavor of a member is another name.
    assert_eq!(
        at(&format!("{int} data = struct data 16 c___x:int@64")),
        poison()
    );
    // The first of that name decides, also if its type doesn't fit.
    let two =
        format!("{int} p = ptr void; in = struct - 4 c:int@0; data = struct data 16 c:p@0 :in@64");
    assert_eq!(at(&two), poison());
    // But a structure's own member hides that of a base class of C++, which is an unnamed member before it. (A named
    // difference: libbpf takes the base's.)
    let two =
        format!("{int} p = ptr void; in = struct - 8 c:p@0; data = struct data 16 :in@0 c:int@64");
    assert_eq!(at(&two), Code(mov(8)));
    let deep = format!(
        "{int} in = struct - 4 c:int@0; mid = struct - 8 :in@0 c:int@32; data = struct data 16 :mid@64"
    );
    assert_eq!(at(&deep), Code(mov(12)));
    // The object's own unnamed members leave no trace either.
    let local = "int = signed int 4; in = struct - 8 b:int@0 c:int@32; data = struct data 16 a:int@0 :in@64";
    assert_eq!(
        run(local, ("data", FieldByteOffset, "0:1:1", mov(12)), LATER),
        Code(mov(8))
    );
    // A structure in a union's place, and the reverse.
    let union = "int = signed int 4; in = union in 4 c:int@0; data = struct data 16 in:in@64";
    let structure =
        "int = signed int 4; in = struct in 8 b:int@0 c:int@32; data = struct data 16 in:in@64";
    assert_eq!(
        run(union, ("data", FieldByteOffset, "0:0:0", mov(8)), structure),
        Code(mov(12))
    );
    assert_eq!(
        run(
            structure,
            ("data", FieldByteOffset, "0:0:1", mov(12)),
            union
        ),
        Code(mov(8))
    );
}

#[test]
fn types_of_fields_that_may_stand_for_each_other() {
    let types = "
        i32 = signed int 4; u8 = unsigned u8 1; p = ptr i32; q = ptr void; f = float float 4; d = float double 8
        e = enum state 4 A=1; e2 = enum state___x 8 A=1; other = enum other 4 A=1; none = enum - 4 A=1
        w = fwd file struct; w2 = fwd file union; w3 = fwd else struct; s = struct s 4; u = union u 4
        a = array i32 3; a2 = array u8 9; ap = array p 3; t = typedef t i32; c = const t; tag = type_tag user c
        call = proto void";
    for (local, target, fits) in [
        ("i32", "u8", true),
        ("i32", "tag", true),
        ("c", "u8", true),
        ("i32", "p", false),
        ("i32", "e", false),
        ("i32", "f", false),
        ("i32", "s", false),
        ("i32", "a", false),
        ("p", "q", true),
        ("f", "d", true),
        ("e", "e2", true),
        ("e", "other", false),
        ("e", "none", true),
        ("none", "other", true),
        ("w", "w2", true),
        ("w", "w3", false),
        ("w", "s", false),
        ("s", "u", true),
        ("a", "a2", true),
        ("a", "ap", false),
        ("call", "call", false),
    ] {
        let of = |ty: &str| format!("{types}; data = struct data 64 c:{ty}@32");
        let found = i32::from(fits);
        let outcome = run(
            &of(local),
            ("data", FieldExists, "0:0", mov(1)),
            &of(target),
        );
        assert_eq!(outcome, Code(mov(found)), "{local} in {target}");
    }
}

#[test]
fn arrays_and_their_bounds() {
    let local = "int = signed int 4; a = array int 8; s = struct s 32 f:a@0 ";
    let at = |access, old, target| run(local, ("s", FieldByteOffset, access, mov(old)), target);
    let target = "int = signed int 4; a = array int 5; s = struct s 28 x:int@0 f:a@64";
    assert_eq!(at("0:0:4", 16, target), Code(mov(8 + 16)));
    assert_eq!(at("0:0:5", 20, target), poison());
    assert_eq!(
        at("0:0:5", 20, "int = signed int 4; s = struct s 4 f:int@0"),
        poison()
    );
    // Without a bound: the last member has no count. In the middle it is an array of no elements.
    let last = "int = signed int 4; a = array int 0; s = struct s 8 x:int@0 f:a@64";
    assert_eq!(at("0:0:7", 28, last), Code(mov(8 + 28)));
    let middle = "int = signed int 4; a = array int 0; s = struct s 12 f:a@0 x:int@0";
    assert_eq!(at("0:0:0", 0, middle), poison());
    // On the object's own side likewise.
    assert_eq!(
        run(last, ("s", FieldByteOffset, "0:1:7", mov(36)), local),
        Code(mov(28))
    );
    assert_eq!(
        run(middle, ("s", FieldByteOffset, "0:0:0", mov(0)), local),
        Refused(ErrorKind::Malformed)
    );
}

#[test]
fn flattened_dimensions_still_match() {
    let nested =
        "int = signed int 4; r = array int 3; m = array r 2; s = struct s 32 x:int@0 m:m@32";
    let flat = "int = signed int 4; m = array int 6; s = struct s 40 m:m@64";
    let at = |access, kind, old, target: &str| run(nested, ("s", kind, access, mov(old)), target);
    assert_eq!(
        at("0:1:1:2", FieldByteOffset, 4 + 20, flat),
        Code(mov(8 + 20))
    );
    assert_eq!(
        at("0:1:1", FieldByteOffset, 4 + 12, flat),
        Code(mov(8 + 12))
    );
    assert_eq!(at("0:1:1", FieldByteSize, 12, flat), Code(mov(12)));
    assert_eq!(at("0:1", FieldByteOffset, 4, flat), Code(mov(8)));
    // Only if they have as many elements.
    let other = "int = signed int 4; m = array int 7; s = struct s 40 m:m@64";
    assert_eq!(at("0:1:1:2", FieldByteOffset, 24, other), poison());
    assert_eq!(at("0:1:0", FieldByteOffset, 4, other), poison());
}
