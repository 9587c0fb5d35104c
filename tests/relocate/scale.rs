//! Types with very many members, and very many types of one name.

use btfkit::Endian;
use btfkit::bpf::{CodeSection, Function, Program};
use btfkit::graph::{CoreRelo, GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::relocate::{RelocationKind, ResolveOptions, Target, resolve};

#[test]
fn work_is_not_quadratic_in_candidates_or_members() {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let names: Vec<_> = (0..60_000)
        .map(|number| builder.intern(format!("member_{number}")).unwrap())
        .collect();
    let members: Vec<_> = names
        .iter()
        .map(|&name| NewMember::new(name, int))
        .collect();
    let many = builder.composite(Kind::Union, "many", 4, &members).unwrap();
    let last = [NewMember::new(names[59_999], int)];
    let data = builder.composite(Kind::Struct, "data", 4, &last).unwrap();
    for _ in 0..50_000 {
        builder.composite(Kind::Struct, "data", 4, &last).unwrap();
    }
    let access = [
        builder.intern("0:59999").unwrap(),
        builder.intern("0:0").unwrap(),
    ];
    let graph = builder.freeze().unwrap();
    let relos: Vec<CoreRelo> = [(many, access[0]), (data, access[1])]
        .iter()
        .cycle()
        .take(20)
        .map(|&(type_id, access)| CoreRelo {
            insn_off: 0,
            type_id,
            access,
            kind: RelocationKind::FieldExists.number(),
        })
        .collect();
    let code = [0xb7, 1, 0, 0, 1, 0, 0, 0];
    let program = Program {
        graph: &graph,
        endian: Endian::Little,
        sections: vec![CodeSection {
            name: "uprobe".into(),
            code: &code,
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
    // Work that is quadratic in either takes the budget of steps, or minutes.
    let targets = [Target::user("app", graph.clone())];
    let resolution = resolve(&program, &targets, &ResolveOptions::default()).unwrap();
    assert_eq!(resolution.fixups[1].matched.len(), 50_001);
}
