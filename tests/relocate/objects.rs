//! Real objects against real programs, without a kernel to run them: what the compiler says about its own
//! programs is what must stand in the instructions.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::jobs::{BUILDS, app, relocated, servers};
use crate::support::program::{INSN, Insn, decode, op};
use crate::support::tools::running_kernel;
use crate::support::{notation, read, testdata};
use btfkit::elf::BpfObject;
use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
use btfkit::relocate::{Outcome, Record, Report};
use btfkit::{Endian, ErrorKind};

/// What the tutorial's probe needs of any kernel: `di` at byte 112.
fn small_kernel() -> TargetFile {
    TargetFile::kernel(notation::graph(
        "long = unsigned long 8; first = array long 14; pt_regs = struct pt_regs 168 first:first@0 di:long@896",
    ))
}

/// The small kernel, and the running one if this machine has any.
fn kernels() -> Vec<TargetFile> {
    let running = running_kernel().map(TargetFile::kernel);
    [Some(small_kernel()), running]
        .into_iter()
        .flatten()
        .collect()
}

/// The instructions of all sections in one.
fn code(object: &[u8]) -> Vec<Insn> {
    let object = BpfObject::parse(object.to_vec()).unwrap();
    object
        .code_sections()
        .flat_map(|section| decode(section.code, object.endian()))
        .collect()
}

fn answers<'r>(report: &'r Report, kind: &str, local: &str) -> Vec<&'r Record> {
    report
        .records
        .iter()
        .filter(|record| record.kind == kind && record.local == local)
        .collect()
}

#[test]
fn the_tutorial_s_field_moves_and_the_kernel_s_stays() {
    let before = code(&read("tutorial/probe.bpf.o"));
    for kernel in kernels() {
        for (program, c) in [("prog_a", 4), ("prog_b", 8)] {
            for build in BUILDS {
                let program = app(&testdata(&format!("tutorial/{program}.{build}")));
                let done = relocated("tutorial/probe.bpf.o", &[program, kernel.clone()], false);
                for (local, target, old, new) in [
                    ("struct data.a", "app", 0, 0),
                    ("struct data.c", "app", 4, c),
                    ("struct pt_regs.di", "kernel", 112, 112),
                ] {
                    let [record] = answers(&done.report, "byte_off", local)[..] else {
                        panic!("{local}: {:?}", done.report);
                    };
                    assert_eq!(record.outcome, Outcome::Set { old, new }, "{local}");
                    assert_eq!(record.target.as_deref(), Some(target));
                }
                let after = code(&done.object);
                let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
                if c == 4 {
                    assert_eq!(changed, []);
                } else {
                    let [(old, new)] = changed[..] else {
                        panic!("{changed:?}")
                    };
                    assert_eq!((old.code, old.imm), (op::MOV64_IMM, 4));
                    assert_eq!(*new, Insn { imm: 8, ..*old });
                }
            }
        }
    }
}

/// What a server prints, without being probed.
fn printed(server: &Path) -> HashMap<String, i64> {
    let done = Command::new(server).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let pair = |line: &str| {
        let (key, value) = line.split_once('=').unwrap();
        (key.to_owned(), value.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

/// Relocations of the probe, and the key under which the server prints what must come of them.
const ANSWERS: &[(&str, &str, &str)] = &[
    (
        "byte_off",
        "struct session.hops[2].port",
        "offset.hops[2].port",
    ),
    ("byte_off", "struct session.grid[1][2]", "offset.grid[1][2]"),
    ("byte_off", "struct session.v4_low", "offset.v4_low"),
    ("byte_off", "struct session.notes", "offset.notes"),
    ("byte_off", "struct file.path", "offset.file.path"),
    ("byte_off", "struct file___app.path", "offset.file.path"),
    ("byte_sz", "struct session.id", "bytes.id"),
    ("byte_sz", "struct session.name", "bytes.name"),
    ("byte_sz", "struct session.hops", "bytes.hops"),
    ("byte_sz", "struct session.grid[0]", "bytes.grid[0]"),
    ("field_exists", "struct session.legacy", "exists.legacy"),
    ("field_exists", "struct session.throttle", "exists.throttle"),
    ("field_exists", "struct session.tls", "exists.tls"),
    ("field_exists", "struct session.hops[5]", "exists.hops[5]"),
    (
        "field_exists",
        "struct session___moved.transport",
        "exists.transport",
    ),
    ("field_exists", "struct file.f_op", "app.file.f_op"),
    ("signed", "struct session.prio", "signed.prio"),
    ("signed", "struct session.delta", "signed.delta"),
    ("signed", "struct session.level", "signed.level"),
    ("type_exists", "struct tls_info", "type.tls_info"),
    ("type_exists", "struct vault", "type.vault"),
    ("type_exists", "session_t", "type.session_t"),
    ("type_size", "struct session", "sizeof.session"),
    ("type_size", "struct hop", "sizeof.hop"),
    ("type_size", "union payload", "sizeof.payload"),
    ("type_size", "enum big", "sizeof.big"),
    ("type_size", "session_id_t", "sizeof.session_id_t"),
    ("type_size", "struct tls_info", "sizeof.tls_info"),
    ("type_matches", "struct window___known", "matches.window"),
    ("type_matches", "struct handler", "matches.handler"),
    ("type_matches", "enum mode", "matches.mode"),
    (
        "enumval_exists",
        "enum state___app::STATE_DRAINING___app",
        "exists.STATE_DRAINING",
    ),
    ("enumval_exists", "enum big::BIG_LIMIT", "exists.BIG_LIMIT"),
    (
        "enumval_value",
        "enum state___app::STATE_READY___app",
        "enum.STATE_READY",
    ),
    (
        "enumval_value",
        "enum state___app::STATE_DRAINING___app",
        "enum.STATE_DRAINING",
    ),
    (
        "enumval_value",
        "enum level::LEVEL_TRACE",
        "enum.LEVEL_TRACE",
    ),
    ("enumval_value", "enum big::BIG_LIMIT", "enum.BIG_LIMIT"),
];

/// What the rewritten instruction holds.
fn held(object: &BpfObject, record: &Record) -> u64 {
    let section = object
        .code_section(btfkit::graph::Name::new(record.section.as_bytes()))
        .unwrap();
    let at = usize::try_from(record.insn).unwrap() * INSN;
    let insns = decode(&section.code[at..], object.endian());
    let insn = insns[0];
    match insn.code & 7 {
        1..=3 => i64::from(insn.off).cast_unsigned(),
        0 => u64::from(insn.imm.cast_unsigned()) | u64::from(insns[1].imm.cast_unsigned()) << 32,
        _ => i64::from(insn.imm).cast_unsigned(),
    }
}

#[test]
fn what_the_compiler_says_stands_in_the_instructions_of_either_byte_order() {
    for server in servers() {
        let said = printed(&server);
        let targets = [app(&server), small_kernel()];
        for (object, endian) in [
            ("layouts/probe.bpf.o", Endian::Little),
            ("layouts/probe.bpfeb.o", Endian::Big),
        ] {
            let done = relocated(object, &targets, false);
            let rewritten = BpfObject::parse(done.object.clone()).unwrap();
            assert_eq!(rewritten.endian(), endian);
            for record in &done.report.records {
                match record.outcome {
                    Outcome::Set { new, .. } => {
                        assert_eq!(held(&rewritten, record), new, "{record}")
                    }
                    Outcome::Absent { .. } => assert_eq!(held(&rewritten, record), 0, "{record}"),
                    Outcome::NoMatch | Outcome::UserTypeId => {
                        let poison = held(&rewritten, record) & 0xffff_ffff;
                        assert_eq!(poison, 0x0bad_2310, "{record}");
                    }
                    _ => panic!("{record}"),
                }
            }
            for (kind, local, key) in ANSWERS {
                let records = answers(&done.report, kind, local);
                assert!(!records.is_empty(), "{object}: no {kind} of {local}");
                for record in records {
                    let found = match record.outcome {
                        Outcome::Set { new, .. } if *local == "enum level::LEVEL_TRACE" => {
                            i64::from(u32::try_from(new & 0xffff_ffff).unwrap().cast_signed())
                        }
                        Outcome::Set { new, .. } => new.cast_signed(),
                        _ => 0,
                    };
                    assert_eq!(
                        found,
                        said[*key],
                        "{}: {object}: {key}: {record}",
                        server.display()
                    );
                }
            }
        }
    }
}

#[test]
fn a_rewritten_object_has_nothing_left_to_do() {
    for server in servers() {
        for object in [
            "layouts/probe.bpf.o",
            "layouts/probe.bpfeb.o",
            "layouts/probe_v4.bpf.o",
        ] {
            let targets = [app(&server), small_kernel()];
            let once = relocated(object, &targets, false);
            let twice =
                relocate(once.object.clone(), &targets, &RelocateOptions::default()).unwrap();
            assert!(twice.report.records.is_empty());
            assert!(twice.object == once.object, "{object}");
        }
    }
}

#[test]
fn the_program_s_part_and_then_the_kernel_s_is_all_at_once() {
    for kernel in kernels() {
        for server in servers() {
            for object in ["layouts/probe.bpf.o", "layouts/probe.bpfeb.o"] {
                let program = app(&server);
                let all = relocated(object, &[program.clone(), kernel.clone()], false);
                let part = relocated(object, &[program], true);
                let left = part
                    .report
                    .records
                    .iter()
                    .filter(|record| record.outcome == Outcome::LeftToLoader);
                assert!(left.count() > 10);
                let rest = relocate(
                    part.object,
                    std::slice::from_ref(&kernel),
                    &RelocateOptions::default(),
                )
                .unwrap();
                assert!(rest.object == all.object, "{}: {object}", server.display());
            }
        }
    }
}

#[test]
fn an_object_s_own_types_change_nothing() {
    for object in ["tutorial/probe.bpf.o", "layouts/probe_v4.bpf.o"] {
        let bytes = read(object);
        let done = relocated(object, &[TargetFile::kernel(bytes.clone())], false);
        assert_eq!(code(&done.object), code(&bytes), "{object}");
        assert!(done.report.records.len() >= 3);
        for record in &done.report.records {
            assert!(
                matches!(record.outcome, Outcome::Set { old, new } if old == new),
                "{record}"
            );
        }
    }
    // This one has two flavors of some types, which are two candidates of either.
    let bytes = read("layouts/probe.bpf.o");
    let refused = relocate(
        bytes.clone(),
        &[TargetFile::kernel(bytes)],
        &RelocateOptions::default(),
    )
    .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Ambiguous);
}
