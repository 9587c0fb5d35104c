//! The relocation engine on a program in memory, against a graph that is the program's own with changes:
//! arbitrary bytes get deep into it.
#![no_main]

mod common;

use btfkit::bpf::{CodeSection, Function, Program};
use btfkit::graph::{CoreRelo, GraphBuilder, Btf};
use btfkit::relocate::{Report, ResolveOptions, Target, apply, resolve};
use btfkit::{Endian, StrId, TypeId};
use common::graphs::{Source, graph};
use common::{halves, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((types, rest)) = halves(data) else {
        return;
    };
    let Some((changes, rest)) = halves(rest) else {
        return;
    };
    let limits = limits();
    let Some(local) = graph(types, &[], None, &limits) else {
        return;
    };
    let Some(other) = graph(types, changes, None, &limits) else {
        return;
    };
    let mut source = Source(rest);
    let Some((local, relos)) = relocations(&mut source, &local) else {
        return;
    };
    let code = instructions(&mut source, relos.len());
    let functions = vec![Function {
        name: "f".into(),
        start: u64::from(source.byte() % 16),
        size: u64::from(source.byte()) * 4,
    }];
    let program = Program {
        graph: &local,
        endian: if source.byte() & 1 == 0 {
            Endian::Little
        } else {
            Endian::Big
        },
        sections: vec![CodeSection {
            name: "uprobe".into(),
            code: &code,
            functions: functions.into(),
            relos: &relos,
            ..CodeSection::default()
        }],
    };
    let targets = [Target::user("app", other), Target::kernel(local.clone())];
    run(&program, &targets);
    own(&program);
});

/// Against targets: the same twice, and every part of the answer can be looked at.
fn run(program: &Program<'_>, targets: &[Target]) {
    for partial in [false, true] {
        let options = ResolveOptions::new().partial(partial);
        if let Ok(done) = resolve(program, targets, &options) {
            assert_eq!(done.fixups.len(), program.sections[0].relos.len());
            for fixup in &done.fixups {
                let mut code = program.sections[0].code.to_vec();
                let _ = fixup.apply(&mut code, program.endian);
                assert_eq!(code.len(), program.sections[0].code.len());
            }
        }
        if let Ok(resolution) = resolve(program, targets, &options) {
            let (mut code, mut again) = (program.code(), program.code());
            if let Ok(patched) = apply(program, &resolution, &mut code) {
                assert_eq!(apply(program, &resolution, &mut again).expect("as before"), patched);
                assert_eq!(code, again);
                let _ = Report::new(program, targets, &resolution, &patched).to_string();
            }
        }
    }
}

/// Against the program's own types nothing changes, save instructions that held something else before.
fn own(program: &Program<'_>) {
    let targets = [Target::user("own", program.graph.clone())];
    let options = ResolveOptions::default();
    if let Ok(resolution) = resolve(program, &targets, &options) {
        let (mut code, mut again) = (program.code(), program.code());
        if apply(program, &resolution, &mut code).is_ok() {
            apply(program, &resolution, &mut again).expect("as before");
            assert_eq!(code, again);
        }
    }
}

/// Relocations, and the graph with their paths among its strings.
fn relocations(source: &mut Source<'_>, graph: &Btf) -> Option<(Btf, Vec<CoreRelo>)> {
    let mut builder = GraphBuilder::resume(graph);
    let mut relos = Vec::new();
    for index in 0..1 + source.below(24) {
        let type_id = TypeId::new(source.below(u32::try_from(graph.len()).ok()? + 1));
        let kind = source.below(14);
        let mut path = String::from(if source.byte() & 7 == 7 { "1" } else { "0" });
        for _ in 0..source.below(5) {
            path.push_str(&format!(":{}", source.number() / 16));
        }
        if source.byte() == 255 {
            path.push([':', 'x', ' ', '-'][source.below(4) as usize]);
        }
        let access: StrId = builder.intern(&path).ok()?;
        let insn_off = index * 16 + u32::from(source.byte() == 255);
        relos.push(CoreRelo {
            insn_off,
            type_id,
            access,
            kind,
        });
    }
    Some((builder.freeze().ok()?, relos))
}

/// Two slots of code for each relocation.
fn instructions(source: &mut Source<'_>, count: usize) -> Vec<u8> {
    let mut code = Vec::new();
    for _ in 0..count {
        let opcode = [
            0xb7, 0xb4, 0x61, 0x69, 0x71, 0x79, 0x18, 0x62, 0x63, 0x07, 0x81, 0x85, 0x95,
        ][source.below(13) as usize];
        let value = source.byte();
        let off = if opcode & 7 == 1 || opcode & 7 == 2 {
            value
        } else {
            0
        };
        code.extend([opcode, 0x21, off, 0, value, 0, 0, 0]);
        code.extend([if opcode == 0x18 { 0 } else { 0xb7 }, 0, 0, 0, 0, 0, 0, 0]);
    }
    code
}
