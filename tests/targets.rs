//! Whole types, several candidates, several targets: one small case for each rule.

mod support;

use btfkit::bpf::POISON;
use btfkit::relocate::RelocationKind::*;
use btfkit::relocate::{Action, Applied, Mismatch, ResolveOptions, Target};
use btfkit::{Endian, ErrorKind};
use support::cases::Outcome::{Code, Refused};
use support::cases::{DATA, LATER, NOTHING, against, app, load, mov, object, poison, run, wide};
use support::notation::{graph, graph_of_32_bits, over, written};
use support::program::{Insn, POISONED, Source, op};

fn kernel(text: &str) -> Target {
    Target::kernel(graph(text))
}

// ---- whole types --------------------------------------------------------------------------------

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

// ---- widths -------------------------------------------------------------------------------------

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

// ---- several candidates ---------------------------------------------------------------------------

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

// ---- several targets ------------------------------------------------------------------------------

const FILE: &str = "int = signed int 4; file = struct file 8 a:int@0 c:int@32";
const FILE_APP: &str = "int = signed int 4; file = struct file 40 a:int@96 c:int@160";
const FILE_KERNEL: &str =
    "int = signed int 4; p = ptr int; file = struct file 80 a:int@256 c:int@320";

fn file(suffix: &str) -> String {
    FILE.replace("struct file", &format!("struct file{suffix}"))
}

#[test]
fn a_label_picks_its_target_and_else_the_first_that_has_the_type() {
    let targets = [app(FILE_APP), kernel(FILE_KERNEL)];
    let reversed = [kernel(FILE_KERNEL), app(FILE_APP)];
    let at = |suffix: &str, targets: &[Target]| {
        against(
            &file(suffix),
            &[("file", FieldByteOffset, "0:1", mov(4))],
            targets,
        )
    };
    for (suffix, first, second) in [
        ("", 20, 40),
        ("___v7", 20, 40),
        ("___app", 20, 20),
        ("___kernel", 40, 40),
    ] {
        assert_eq!(at(suffix, &targets), Code(mov(first)), "{suffix}");
        assert_eq!(at(suffix, &reversed), Code(mov(second)), "{suffix}");
    }
    // A label that is nobody's is a plain flavor; the kernel's is never.
    assert_eq!(at("___other", &targets[..1]), Code(mov(20)));
    assert_eq!(at("___kernel", &targets[..1]), poison());
    // A labelled target that doesn't have it is not passed over.
    assert_eq!(at("___app", &[app(NOTHING), kernel(FILE_KERNEL)]), poison());
    assert_eq!(at("", &[app(NOTHING), kernel(FILE_KERNEL)]), Code(mov(40)));
    assert_eq!(at("", &[]), poison());
}

#[test]
fn a_type_is_bound_once() {
    // The program's `file` has no `c`: it is not the kernel's that is asked then.
    let targets = [
        app("int = signed int 4; file = struct file 4 a:int@0"),
        kernel(FILE_KERNEL),
    ];
    let asks = [
        ("file", FieldByteOffset, "0:0", mov(0)),
        ("file", FieldByteOffset, "0:1", mov(4)),
    ];
    let local = written(FILE);
    let object = object(&local, &asks);
    let done = object.relocate(&targets).unwrap();
    assert_eq!(
        done.resolution
            .fixups
            .iter()
            .map(|f| f.action)
            .collect::<Vec<_>>(),
        [Action::Set, Action::PoisonNoMatch]
    );
    // That the kernel has one, too, is a doubt; with a label it is none.
    let binding = |object: &support::program::Object| {
        let done = object.relocate(&targets).unwrap();
        let choice = done.resolution.choices[&local.id("file")].clone();
        (choice.target, choice.labelled, choice.others)
    };
    assert_eq!(binding(&object), (Some(0), false, vec![1]));
    let labelled = written(&file("___app"));
    let object = support::cases::object(&labelled, &asks);
    assert_eq!(binding(&object), (Some(0), true, vec![]));
}

#[test]
fn a_program_s_type_id_means_nothing_to_the_kernel() {
    let targets = [app(FILE_APP), kernel(FILE_KERNEL)];
    let id = |suffix: &str, insn| {
        against(
            &file(suffix),
            &[("file", TypeIdTarget, "0", insn)],
            &targets,
        )
    };
    assert_eq!(id("", mov(2)), poison());
    assert_eq!(id("", wide(2)), Code(vec![POISONED; 2]));
    assert_eq!(id("___kernel", mov(2)), Code(mov(3)));
    // Without a match it is 0, whoever was asked.
    let outcome = against(
        FILE,
        &[("file", TypeIdTarget, "0", mov(2))],
        &[app(NOTHING)],
    );
    assert_eq!(outcome, Code(mov(0)));
    let local = written(FILE);
    let object = object(&local, &[("file", TypeIdTarget, "0", mov(2))]);
    let done = object.relocate(&targets).unwrap();
    assert_eq!(done.resolution.fixups[0].action, Action::PoisonUserTypeId);
    assert_eq!(done.applied, [Applied::Poisoned]);
}

#[test]
fn modules_are_asked_where_the_kernel_has_nothing() {
    let module = |text: &str, base: &Target| {
        let builder = btfkit::graph::GraphBuilder::split(&base.graph);
        over(builder, text).builder.freeze().unwrap()
    };
    let with = |base: &str, text: &str| {
        let mut target = kernel(base);
        target.modules = vec![
            module("other = struct unrelated 4", &target),
            module(text, &target),
        ];
        target
    };
    let text = "char = signed char 1; file = struct file 8 c:char@8";
    let at = |target: Target| against(FILE, &[("file", FieldByteOffset, "0:1", mov(4))], &[target]);
    assert_eq!(at(with(NOTHING, text)), Code(mov(1)));
    assert_eq!(at(with(FILE_KERNEL, text)), Code(mov(40)));
    assert_eq!(at(with("file = struct file 4", text)), poison());
}

// ---- records --------------------------------------------------------------------------------------

#[test]
fn records_of_dropped_functions_are_ignored_and_bad_ones_refused() {
    let local = written(DATA);
    let mut base = Source::new(local.builder.clone(), Endian::Little);
    base.ask(FieldByteOffset.number(), local.id("data"), "0:1", &mov(4));
    base.add(&[Insn::mov(7)]);
    let object = base.finish();
    let run = |change: &dyn Fn(&mut btfkit::graph::CoreRelo), size: Option<u64>| {
        let mut object = object.clone();
        change(&mut object.relos[0]);
        let mut program = object.program();
        if let Some(size) = size {
            program.sections[0].functions.to_mut()[0].size = size;
        }
        let done = support::program::relocate(&program, &[app(LATER)], &ResolveOptions::default());
        done.map(|done| {
            (
                done.resolution.fixups[0].action,
                done.code.concat() == object.code,
            )
        })
        .map_err(|e| e.kind())
    };
    assert_eq!(run(&|_| {}, None), Ok((Action::Set, false)));
    // Outside of every function: a linker dropped it.
    assert_eq!(
        run(&|relo| relo.insn_off = 8, Some(8)),
        Ok((Action::NoFunction, true))
    );
    assert_eq!(
        run(&|relo| relo.insn_off = 4, None),
        Err(ErrorKind::Malformed)
    );
    assert_eq!(
        run(&|relo| relo.insn_off = 16, Some(64)),
        Err(ErrorKind::Malformed)
    );
    assert_eq!(
        run(&|relo| relo.kind = 13, None),
        Err(ErrorKind::Unsupported)
    );
    // A refusal names section and record.
    let mut wrong = object.clone();
    wrong.code[0] = op::CALL;
    let refused = wrong
        .rewritten(&[app(LATER)], &ResolveOptions::default())
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Instruction);
    assert!(
        refused.to_string().contains("uprobe: relocation #0"),
        "{refused}"
    );
}
