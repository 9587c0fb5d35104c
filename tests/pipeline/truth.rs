//! What is reported besides values: doubts, reachable poison with its cure, programs left to the loader, nearest names.

use crate::support::notation::graph;
use crate::support::read;
use btfkit::ErrorKind;
use btfkit::graph::Btf;
use btfkit::pipeline::{
    Counts, RelocateOptions, RelocatedObject, TargetFile, check, explain, minimise, relocate,
};
use btfkit::relocate::{Outcome, Record};

/// A program without `struct file`.
const PROGRAM: &str = "int = signed int 4; other = struct other 4 c:int@0";
/// A kernel with `struct file` and `struct pt_regs`.
const KERNEL: &str =
    "u = unsigned u32 4; l = unsigned long 8; p = ptr void; regs = struct pt_regs 168 di:l@896
    file = struct file 64 f_mode:u@0 private_data:p@64 f_flags:u@320";

fn app(text: &str) -> TargetFile {
    TargetFile::user("app", graph(text))
}

fn kernel() -> TargetFile {
    TargetFile::kernel(graph(KERNEL))
}

fn done(object: &str, targets: &[TargetFile], options: &RelocateOptions) -> RelocatedObject {
    relocate(read(object), targets, options).unwrap()
}

fn record<'r>(done: &'r RelocatedObject, local: &str) -> &'r Record {
    let mut records = done.report.records.iter();
    records.find(|record| record.local == local).unwrap()
}

fn words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

const FOREIGN: &str = "truth/foreign.bpf.o";

#[test]
fn a_type_that_only_the_kernel_has_is_a_doubt() {
    let targets = [app(PROGRAM), kernel()];
    let relocated = done(FOREIGN, &targets, &RelocateOptions::new());
    // Neither the flavored one nor the context.
    let [doubt] = &relocated.report.ambiguous[..] else {
        panic!("{:?}", relocated.report.ambiguous);
    };
    assert_eq!((&*doubt.ty, &*doubt.taken), ("struct file", "kernel"));
    assert_eq!(doubt.missing_from, ["app"]);
    let [warning] = &relocated.warnings[..] else {
        panic!("{:?}", relocated.warnings);
    };
    words(warning, &["struct file", "kernel", "app", "___kernel"]);
    let strict = RelocateOptions::new().strict(true);
    let error = relocate(read(FOREIGN), &targets, &strict).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    // Without a program there is nothing to doubt, nor if the program has it.
    assert!(relocate(read(FOREIGN), &[kernel()], &strict).is_ok());
    let has = "u = unsigned u32 4; file = struct file 8 f_flags:u@0";
    let both = done(FOREIGN, &[app(has), kernel()], &RelocateOptions::new());
    assert!(
        both.report
            .ambiguous
            .iter()
            .all(|doubt| doubt.missing_from.is_empty())
    );
}

#[test]
fn what_the_loader_would_take_from_the_kernel_is_a_doubt_as_well() {
    let partial = RelocateOptions::new().partial(true);
    let relocated = done(FOREIGN, &[app(PROGRAM)], &partial);
    let [doubt] = &relocated.report.ambiguous[..] else {
        panic!("{:?}", relocated.report.ambiguous);
    };
    assert_eq!(doubt.missing_from, ["app"]);
    // Nothing was taken from anywhere.
    assert!(doubt.is_left);
    let [warning] = &relocated.warnings[..] else {
        panic!("{:?}", relocated.warnings);
    };
    words(
        warning,
        &["struct file", "left to the loader", "since app has none"],
    );
    assert!(!warning.contains("taken"), "{warning}");
}

#[test]
fn reachable_poison_is_a_warning_with_its_cure_and_check_agrees() {
    let targets = [app(PROGRAM)];
    let relocated = done(FOREIGN, &targets, &RelocateOptions::new());
    let about = |name: &str| {
        let mut lines = relocated.warnings.iter();
        lines.find(|line| line.contains(name)).unwrap()
    };
    for name in ["struct pt_regs.di", "struct file.f_flags"] {
        words(
            about(name),
            &["--target /sys/kernel/btf/vmlinux", "--partial"],
        );
    }
    for (options, good) in [
        (RelocateOptions::new(), false),
        (RelocateOptions::new().partial(true), true),
    ] {
        let verdicts = check([read(FOREIGN)], &targets, &options).unwrap();
        let relocated = done(FOREIGN, &targets, &options);
        let report = verdicts[0].outcome.as_ref().unwrap();
        assert_eq!(*report, relocated.report);
        assert_eq!(verdicts[0].warnings, relocated.warnings);
        assert_eq!(verdicts[0].is_good(), good);
    }
}

#[test]
fn an_object_without_relocations_is_not_ok() {
    let object = "truth/plain.bpf.o";
    let relocated = done(object, &[app(PROGRAM)], &RelocateOptions::new());
    assert!(relocated.object == read(object));
    words(
        &relocated.report.to_string(),
        &["0 relocations", "preserve_access_index"],
    );
    words(&relocated.warnings.concat(), &["preserve_access_index"]);
    let verdicts = check([read(object)], &[app(PROGRAM)], &RelocateOptions::new()).unwrap();
    assert!(!verdicts[0].is_good());
}

#[test]
fn an_object_without_types_passes_through() {
    let mut object = read("truth/plain.bpf.o");
    // The section's name goes.
    let names = object
        .windows(6)
        .position(|w| w == b".BTF\0\0" || w == b"\0.BTF\0")
        .unwrap();
    let at = object[names..].iter().position(|b| *b == b'B').unwrap() + names;
    object[at] = b'X';
    let relocated = relocate(object.clone(), &[app(PROGRAM)], &RelocateOptions::new()).unwrap();
    assert!(relocated.object == object);
    words(&relocated.warnings.concat(), &[".BTF"]);
    let verdicts = check([object], &[app(PROGRAM)], &RelocateOptions::new()).unwrap();
    assert!(!verdicts[0].is_good());
}

const OPTIONAL: &str = "truth/optional.o";
const TWICE: &str = "int = signed int 4; l = signed long 8; fine = struct fine 24 x:int@0 y:l@128
    one = struct twice 16 a:int@0 b:l@64; two = struct twice 24 a:int@0 b:l@128";

#[test]
fn optional_programs_are_left_to_the_loader_where_they_do_not_resolve() {
    let relocated = done(
        OPTIONAL,
        &[app(TWICE)],
        &RelocateOptions::new().strict(true),
    );
    let outcome = |local| record(&relocated, local).outcome;
    assert_eq!(outcome("struct fine.y"), Outcome::Set { old: 8, new: 16 });
    for (local, why) in [
        ("struct twice.b", "match and differ"),
        ("struct gone.q", "no type matches"),
    ] {
        let record = record(&relocated, local);
        assert_eq!(record.outcome, Outcome::LeftToLoader);
        words(record.left_because.as_deref().unwrap(), &["optional", why]);
    }
    // Its record is still there.
    let again = done_bytes(&relocated.object, &[app(TWICE)]);
    assert_eq!(again.report.records.len(), 2);
    let counts = Counts::of(&relocated.report);
    assert_eq!((counts.set, counts.left, counts.poisoned), (1, 2, 0));
}

fn done_bytes(object: &[u8], targets: &[TargetFile]) -> RelocatedObject {
    relocate(object.to_vec(), targets, &RelocateOptions::new()).unwrap()
}

#[test]
fn programs_chosen_by_hand() {
    let with = |programs: &[&str], skip: &[&str]| {
        let mut options = RelocateOptions::new();
        options.programs = programs.iter().map(|name| (*name).to_owned()).collect();
        options.skip = skip.iter().map(|name| (*name).to_owned()).collect();
        relocate(read(OPTIONAL), &[app(TWICE)], &options)
    };
    let error = with(&["of_twice"], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let gone = with(&["of_gone"], &[]).unwrap();
    assert_eq!(record(&gone, "struct gone.q").outcome, Outcome::NoMatch);
    assert_eq!(
        record(&gone, "struct fine.y").outcome,
        Outcome::LeftToLoader
    );
    let skipped = with(&[], &["on"]).unwrap();
    assert_eq!(
        record(&skipped, "struct fine.y").outcome,
        Outcome::LeftToLoader
    );
    let error = with(&[], &["off"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    words(&error.to_string(), &["off", "of_gone", "of_twice", "on"]);
}

#[test]
fn enumerations_of_cxx_as_fields() {
    let text =
        "int = signed int 4; m = enum ns::Mode 4 Idle=0 Busy=7; o = enum ns::Other 4 Idle=0 Busy=7
        s = struct ns::Spelled 8 pad:int@0 mode:m@32; a = struct ns::Aliased 8 pad:int@0 mode:o@32";
    let options = RelocateOptions::new().alias("app_Mode", "ns::Other");
    let relocated = done("truth/modes.bpf.o", &[app(text)], &options);
    for local in ["struct ns__Spelled.mode", "struct ns__Aliased.mode"] {
        assert_eq!(
            record(&relocated, local).outcome,
            Outcome::Set { old: 0, new: 4 },
            "{local}"
        );
    }
    // Another enumeration is no match, though its values are the same.
    let relocated = done("truth/modes.bpf.o", &[app(text)], &RelocateOptions::new());
    let aliased = record(&relocated, "struct ns__Aliased.mode");
    assert_eq!(aliased.outcome, Outcome::NoMatch);
}

#[test]
fn objects_in_cxx_take_aliases_and_hints() {
    let text = "int = signed int 4; l = signed long 8; f = struct ns::Foo<long> 24 pad:l@0 a:int@64 v:l@128
        b = struct ns::Bar 40 f:f@0 x:l@256";
    let object = "truth/names.bpf.o";
    let relocated = done(object, &[app(text)], &RelocateOptions::new());
    assert_eq!(record(&relocated, "struct Bar.x").nearest, ["ns::Bar"]);
    assert_eq!(
        record(&relocated, "struct Foo<long>.v").nearest,
        ["ns::Foo<long>"]
    );
    words(&relocated.report.to_string(), &["the nearest: ns::Bar"]);
    let options = RelocateOptions::new()
        .alias("Bar", "ns::Bar")
        .alias("Foo<long>", "ns::Foo<long>");
    let relocated = done(object, &[app(text)], &options);
    assert_eq!(
        record(&relocated, "struct Bar.x").outcome,
        Outcome::Set { old: 0, new: 32 }
    );
    assert_eq!(
        record(&relocated, "struct Foo<long>.v").outcome,
        Outcome::Set { old: 8, new: 16 }
    );
    let error = relocate(read(object), &[app(text)], &options.alias("A", "Baz")).unwrap_err();
    words(&error.to_string(), &["Baz", "the nearest: ", "ns::Bar"]);
}

#[test]
fn the_nearest_names_of_structures_and_fields() {
    let text = "int = signed int 4; s = struct session 8 counter:int@0 id:int@32";
    let relocated = done("truth/typo.bpf.o", &[app(text)], &RelocateOptions::new());
    assert_eq!(record(&relocated, "struct sesion.id").nearest, ["session"]);
    words(
        &record(&relocated, "struct session.conter").rejected[0].reason,
        &["the nearest: counter"],
    );
    words(&relocated.warnings.concat(), &["session", "counter"]);
    let error = graph(text).field("session", "conter").unwrap_err();
    words(&error.to_string(), &["the nearest: counter"]);
}

#[test]
fn further_files_of_one_program_are_searched_in_order() {
    let mut target =
        app("int = signed int 4; l = signed long 8; fine = struct fine 24 x:int@0 y:l@128");
    target.further = vec![
        graph("int = signed int 4; fine = struct fine 4 x:int@0").into(),
        graph("int = signed int 4; gone = struct gone 8 p:int@0 q:int@32").into(),
    ];
    let relocated = done(OPTIONAL, &[target], &RelocateOptions::new());
    assert_eq!(
        record(&relocated, "struct fine.y").outcome,
        Outcome::Set { old: 8, new: 16 }
    );
    assert_eq!(
        record(&relocated, "struct gone.q").outcome,
        Outcome::Set { old: 0, new: 4 }
    );
}

/// A type that the first file contains by value and only declares has the members that a further file gives it, on two
/// levels; the first file's own types come before those of the same name that are added with it.
#[test]
fn further_files_complete_what_is_only_declared() {
    let program = "int = signed int 4; l = signed long 8; base = fwd base struct; fine = struct fine 24 x:int@0 y:l@128
        gone = struct gone 24 :base@0 p:int@128";
    let first = "int = signed int 4; l = signed long 8; root = fwd root struct; fine = struct fine 64 x:int@0 y:l@256
        base = struct base 80 :root@0 fine:fine@64";
    let second = "int = signed int 4; root = struct root 8 r:int@0 q:int@32";
    let mut target = app(program);
    let mut options = RelocateOptions::new();
    options.programs = vec!["of_gone".to_owned(), "on".to_owned()];
    let alone = done(OPTIONAL, std::slice::from_ref(&target), &options);
    let gone = record(&alone, "struct gone.q");
    assert_eq!(gone.outcome, Outcome::NoMatch);
    words(
        &alone.warnings.concat(),
        &["base is only declared", "further --target"],
    );
    for files in [[first, second], [second, first]] {
        target.further = files.map(|text| graph(text).into()).to_vec();
        let whole = done(OPTIONAL, std::slice::from_ref(&target), &options);
        let gone = record(&whole, "struct gone.q");
        assert_eq!(gone.outcome, Outcome::Set { old: 0, new: 4 });
        let fine = record(&whole, "struct fine.y");
        assert_eq!(fine.outcome, Outcome::Set { old: 8, new: 16 });
        assert_eq!(whole.warnings, [] as [String; 0]);
    }
}

const PROBE: &str = "tutorial/probe.bpf.o";
const UNITS: &str = "probed/program.gcc";

#[test]
fn types_of_one_program_that_differ_are_named_by_file_and_line() {
    let targets = [TargetFile::user("app", read(UNITS))];
    let partial = RelocateOptions::new().partial(true);
    let error = relocate(read(PROBE), &targets, &partial).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    words(
        &error.to_string(),
        &["app", "first.c:", "second.c:", "--function"],
    );
}

#[test]
fn a_function_chooses_everywhere_or_is_refused() {
    let function = |types: Vec<u8>| TargetFile::user("app", types).function("first_add");
    let partial = RelocateOptions::new().partial(true);
    let program = function(read(UNITS));
    let relocated = relocate(read(PROBE), std::slice::from_ref(&program), &partial).unwrap();
    let at = record(&relocated, "struct data.c").found_at;
    let objects = [read(PROBE)];
    let verdicts = check(objects.clone(), std::slice::from_ref(&program), &partial).unwrap();
    assert!(verdicts[0].is_good());
    let small = minimise(
        objects,
        std::slice::from_ref(&program),
        &RelocateOptions::new(),
    )
    .unwrap();
    let small = done_with(&small, &partial);
    assert_eq!(record(&small, "struct data.c").found_at, at);
    // BTF has no units.
    let graph = graph("int = signed int 4; data = struct data 12 a:int@0 c:int@32");
    let raw = btfkit::encode::encode(&graph).unwrap();
    for target in [
        function(raw),
        TargetFile::user("app", graph).function("first_add"),
    ] {
        let error = relocate(read(PROBE), &[target], &partial).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
}

fn done_with(graph: &Btf, options: &RelocateOptions) -> RelocatedObject {
    done(PROBE, &[TargetFile::user("app", graph.clone())], options)
}

/// What the line of a field of the tutorial's probe has.
fn text_of(local: &str) -> &'static str {
    match local.rsplit('.').next() {
        Some("a") => "->a",
        Some("c") => "->c",
        _ => "PT_REGS_PARM1",
    }
}

#[test]
fn the_line_is_the_one_that_has_the_field() {
    let targets = [TargetFile::user("app", read("tutorial/prog_b.gcc-dwarf5"))];
    let relocated = done(PROBE, &targets, &RelocateOptions::new().partial(true));
    for record in &relocated.report.records {
        let source = record.source.as_ref().unwrap();
        words(&source.text, &[text_of(&record.local)]);
    }
    let poisoned = done(PROBE, &[app(PROGRAM)], &RelocateOptions::new());
    for poison in explain(
        poisoned.object,
        Some(read(PROBE).into()),
        &btfkit::Limits::default(),
    )
    .unwrap()
    {
        let relocation = poison.relocation.unwrap();
        words(&poison.source.unwrap().text, &[text_of(&relocation)]);
    }
}

#[test]
fn explain_refuses_another_original() {
    let relocated = done(PROBE, &[app(PROGRAM)], &RelocateOptions::new());
    let limits = btfkit::Limits::default();
    for other in [read("truth/typo.bpf.o"), read("layouts/probe.bpf.o")] {
        let error = explain(relocated.object.clone(), Some(other.into()), &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        words(&error.to_string(), &["original"]);
    }
}

/// The kernel's own words for a member whose integer is narrower than its storage (`btf_int_bits_show`).
#[test]
fn integers_narrower_than_their_storage_are_bitfields() {
    use btfkit::graph::{GraphBuilder, Kind};
    use btfkit::{Bits, parse};
    let mut builder = GraphBuilder::new();
    let int = |builder: &mut GraphBuilder, name: &str, size: u32, data: u32| {
        let name = builder.intern(name).unwrap();
        builder.record(&[name.get(), 1 << 24, size, data]).unwrap()
    };
    let plain = int(&mut builder, "int", 4, 32);
    let late = int(&mut builder, "late", 4, 3 << 16 | 5);
    let wide = int(&mut builder, "wide", 8, 33);
    let names = ["legacy", "x", "bits", "wide"].map(|name| builder.intern(name).unwrap().get());
    let members = [
        [names[1], plain.get(), 0],
        [names[2], late.get(), 29],
        [names[3], wide.get(), 64],
    ];
    let mut record = vec![names[0], 4 << 24 | 3, 16];
    record.extend(members.concat());
    builder.record(&record).unwrap();
    let graph = builder.freeze().unwrap();
    let graph = parse::parse(btfkit::encode::encode(&graph).unwrap()).unwrap();
    assert!(graph.find(Kind::Struct, "legacy").is_some());
    let at = |path: &str| {
        let field = graph.field("legacy", path).unwrap();
        (field.offset.0, field.bitfield)
    };
    assert_eq!(at("x"), (0, None));
    assert_eq!(at("bits"), (32, Some(Bits(5))));
    assert_eq!(at("wide"), (64, Some(Bits(33))));
}
