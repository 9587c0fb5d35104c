//! Targets of another byte order than the object.

use btfkit::Bits;
use btfkit::Endian;
use btfkit::bpf::{CodeSection, Function, Program};
use btfkit::graph::{CoreRelo, GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::relocate::{RelocationKind, Report, ResolveOptions, Target, apply, resolve};

#[test]
fn a_target_of_another_byte_order_is_reported() {
    let graph = GraphBuilder::new().freeze().unwrap();
    let program = Program {
        graph: &graph,
        endian: Endian::Big,
        sections: Vec::new(),
    };
    let targets = [Target::user("app", graph.clone())];
    let resolution = resolve(&program, &targets, &ResolveOptions::default()).unwrap();
    let patched = apply(&program, &resolution, &mut program.code()).unwrap();
    let report = Report::new(&program, &targets, &resolution, &patched);
    let other = graph.endian() != Endian::Big;
    assert_eq!(report.other_byte_order.len(), usize::from(other));
    assert_eq!(report.is_clean(), !other);
}

/// A bitfield 5 bits from the start, 3 bits wide, in 4 bytes: counted from the highest bit where the target is
/// big-endian (`(8 - 4) * 8 + 5`), from the lowest where it isn't (`64 - (5 + 3)`).
#[test]
fn shifts_follow_the_targets_byte_order() {
    let types = |endian| {
        let mut builder = GraphBuilder::new();
        builder.set_endian(endian);
        let int = builder.int("int", 4, IntEncoding::UNSIGNED).unwrap();
        let flags = [NewMember::new("flags", int).at(Bits(5)).bitfield(Bits(3))];
        let data = builder.composite(Kind::Struct, "data", 4, &flags).unwrap();
        let access = builder.intern("0:0").unwrap();
        (builder.freeze().unwrap(), data, access)
    };
    let (graph, type_id, access) = types(Endian::Little);
    let relos = [CoreRelo {
        insn_off: 0,
        type_id,
        access,
        kind: RelocationKind::FieldLshiftU64.number(),
    }];
    for (endian, shift) in [(Endian::Big, 37), (Endian::Little, 56)] {
        let program = Program {
            graph: &graph,
            endian: Endian::Little,
            sections: vec![CodeSection {
                name: "uprobe".into(),
                code: &[0xb7, 1, 0, 0, 56, 0, 0, 0],
                functions: vec![Function {
                    name: "probe".into(),
                    start: 0,
                    size: 8,
                }]
                .into(),
                relos: &relos,
                ..CodeSection::default()
            }],
        };
        let targets = [Target::user("app", types(endian).0)];
        let resolution = resolve(&program, &targets, &ResolveOptions::default()).unwrap();
        let mut code = program.code();
        apply(&program, &resolution, &mut code).unwrap();
        assert_eq!(code[0][4], shift, "{endian:?}");
    }
}
