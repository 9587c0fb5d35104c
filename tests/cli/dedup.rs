//! `btfkit dedup`.

use crate::command::*;
use crate::support::read;
use btfkit::elf::BpfObject;
use btfkit::parse;

#[test]
fn one_type_of_two_and_the_ext_along_with_it() {
    let scratch = Scratch::new();
    let (twice, once) = (scratch.path("twice.btf"), scratch.path("once.btf"));
    let program = "tutorial/prog_a.gcc-dwarf5";
    done(&["merge", program, program, "--no-dedup", "-o", &twice]);
    done(&["dedup", &twice, "-o", &once]);
    let len = |path: &str| parse::parse(std::fs::read(path).unwrap()).unwrap().len();
    assert_eq!(len(&once) * 2, len(&twice));
    if let Some(text) = bpftool_lists(&once, None) {
        assert!(text.contains("STRUCT 'data'"), "{text}");
    }

    let out = scratch.path("probe.btf");
    done(&["dedup", PROBE, "--ext", PROBE, "-o", &out]);
    let graph = parse::parse(std::fs::read(&out).unwrap()).unwrap();
    let ext = std::fs::read(scratch.path("probe.btf.ext")).unwrap();
    let ext = parse::parse_ext(ext, &graph, &btfkit::Limits::default()).unwrap();
    let object = BpfObject::parse(read(PROBE)).unwrap();
    let before = object.ext().unwrap().relos.as_ref().unwrap();
    let after = ext.relos.as_ref().unwrap();
    assert_eq!(after.len(), before.len());
    for (before, after) in before.sections[0]
        .records
        .iter()
        .zip(&after.sections[0].records)
    {
        let name = graph.ty(after.type_id).name();
        assert_eq!(name, object.graph().ty(before.type_id).name());
        assert_eq!(
            graph.string(after.access),
            object.graph().string(before.access)
        );
    }
    refused(
        &["dedup", program, "--ext", PROBE, "-o", &out],
        1,
        &[PROBE, "not those"],
    );
    refused(&["dedup", PROBE, "--ext", PROBE, "-o", "-"], 2, &["--ext"]);
}
