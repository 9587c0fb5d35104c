//! [`explain`]: the fields that poisoned instructions were about.

use crate::inputs::*;
use btfkit::Limits;
use btfkit::pipeline::{RelocateOptions, TargetFile, explain, relocate};
use btfkit::relocate::{Outcome, Role};

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
