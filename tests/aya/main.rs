//! Feature `aya`: graphs and objects into aya-obj and back.

#[path = "../support/mod.rs"]
mod support;

use aya_obj::btf::BtfKind;
use btfkit::ErrorKind;
use btfkit::aya::{from_aya, object, to_aya};
use btfkit::elf::{BpfObject, btf_of};
use btfkit::graph::{GraphBuilder, IntEncoding};
use btfkit::pipeline::{LoadOptions, RelocateOptions, TargetFile, load, relocate};
use support::read;

const PROBE: &str = "tutorial/probe.bpf.o";

/// The instructions that aya-obj has of a function, as bytes.
fn code(object: &aya_obj::Object, function: &str) -> Vec<[u8; 8]> {
    let found = object.functions.values().find(|f| f.name == function);
    let insns = found.unwrap().instructions.iter();
    insns
        .map(|insn| {
            let registers = insn.dst_reg() | insn.src_reg() << 4;
            let mut bytes = [insn.code, registers, 0, 0, 0, 0, 0, 0];
            bytes[2..4].copy_from_slice(&insn.off.to_le_bytes());
            bytes[4..].copy_from_slice(&insn.imm.to_le_bytes());
            bytes
        })
        .collect()
}

#[test]
fn graphs_there_and_back() {
    for name in [
        "tutorial/prog_b.gcc-dwarf5",
        "layouts/server1.clang-dwarf5",
        PROBE,
    ] {
        let graph = load(read(name), &LoadOptions::default()).unwrap().graph;
        let btf = to_aya(&graph).unwrap();
        let back = from_aya(&btf).unwrap();
        assert_eq!(back.len(), graph.len(), "{name}");
        for (one, other) in graph.types().zip(back.types()) {
            assert_eq!(
                (one.kind(), one.name()),
                (other.kind(), other.name()),
                "{name}"
            );
            assert!(one.references().eq(other.references()), "{name}");
        }
        if name != PROBE {
            continue;
        }
        let id = btf.id_by_type_name_kind("data", BtfKind::Struct).unwrap();
        let data = graph.find(btfkit::graph::Kind::Struct, "data").unwrap();
        assert_eq!(id, data.id().get());
    }
}

#[test]
fn aya_relocates_against_a_graph_of_ours_as_we_do() {
    let program = load(read("tutorial/prog_b.gcc-dwarf5"), &LoadOptions::default()).unwrap();
    let mut by_aya = object(read(PROBE)).unwrap();
    // One BTF is all that aya-obj takes: the program's types and the kernel's.
    let kernel = btf_of(read(PROBE)).unwrap();
    let merged = btfkit::merge::merge(
        [
            btfkit::merge::Input::new("app", program.graph.clone()),
            btfkit::merge::Input::new("kernel", only(&kernel, "pt_regs")),
        ],
        &btfkit::merge::MergeOptions::default(),
    );
    by_aya
        .relocate_btf(&to_aya(&merged.unwrap().graph).unwrap())
        .unwrap();

    let targets = [
        TargetFile::user("app", program.graph),
        TargetFile::kernel(kernel),
    ];
    let ours = relocate(read(PROBE), &targets, &RelocateOptions::default()).unwrap();
    let ours = object(&ours.object).unwrap();
    let functions = BpfObject::parse(read(PROBE)).unwrap();
    let functions = functions
        .code_sections()
        .next()
        .unwrap()
        .functions
        .into_owned();
    assert!(!functions.is_empty());
    for function in functions {
        let name = function.name;
        assert_eq!(code(&ours, &name), code(&by_aya, &name), "{name}");
        assert_ne!(
            code(&ours, &name),
            code(&object(read(PROBE)).unwrap(), &name)
        );
    }
}

/// A structure of a graph and what it refers to.
fn only(graph: &btfkit::graph::Btf, name: &str) -> btfkit::graph::Btf {
    let ty = graph.find(btfkit::graph::Kind::Struct, name).unwrap();
    let mut small = btfkit::merge::Minimiser::new();
    small.need(ty, btfkit::merge::Need::Members).unwrap();
    small.build().unwrap()
}

#[test]
fn nothing_is_left_to_relocate() {
    let targets = [
        TargetFile::user("app", read("tutorial/prog_b.clang-dwarf4")),
        TargetFile::kernel(read(PROBE)),
    ];
    assert!(object(read(PROBE)).unwrap().has_btf_relocations());
    let done = relocate(read(PROBE), &targets, &RelocateOptions::default()).unwrap();
    assert!(!object(&done.object).unwrap().has_btf_relocations());
}

#[test]
fn what_aya_does_not_take() {
    let mut base = GraphBuilder::new();
    base.int("int", 4, IntEncoding::SIGNED).unwrap();
    let split = GraphBuilder::split(&base.freeze().unwrap())
        .freeze()
        .unwrap();
    assert_eq!(to_aya(&split).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(
        object(b"no object").unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}
