//! Relocation records and the functions that they are in.

use crate::support::cases::{DATA, LATER, app, mov};
use crate::support::notation::written;
use crate::support::program::{Insn, Source, op};
use btfkit::relocate::RelocationKind::*;
use btfkit::relocate::{Action, ResolveOptions};
use btfkit::{Endian, ErrorKind, Place};

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
        let done =
            crate::support::program::relocate(&program, &[app(LATER)], &ResolveOptions::default());
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
    let places = refused.places();
    assert!(
        places.starts_with(&[Place::Section("uprobe".to_owned()), Place::Relocation(0)]),
        "{places:?}"
    );
}
