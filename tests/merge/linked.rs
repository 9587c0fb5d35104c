//! Several objects' BTF and `.BTF.ext` as one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::Command;

use btfkit::ByteSize;
use btfkit::elf::BpfObject;
use btfkit::graph::{
    Btf, Ext, FuncLinkage, GraphBuilder, IntEncoding, Kind, Records, VarLinkage, View,
};
use btfkit::merge::{MergeOptions, ObjectTypes, link_types};
use btfkit::pipeline::{self, LinkInput, LinkedObject};
use btfkit::{ErrorKind, TypeId};

use crate::check::Checker;
use crate::support;

/// An object with a variable of its own in `.data`, one declared or defined, and a function that uses it.
fn unit(own: &str, defines: bool) -> Btf {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let var = builder.var(own, int, VarLinkage::Global).unwrap();
    let shared = builder
        .var(
            "shared",
            int,
            VarLinkage::from_number(if defines { 1 } else { 2 }),
        )
        .unwrap();
    let entries = [(var, 0, 4), (shared, 4, 4)];
    let entries = if defines { &entries[..] } else { &entries[..1] };
    let size = if defines { 8 } else { 4 };
    builder.datasec(".data", size, entries).unwrap();
    if !defines {
        builder.datasec(".extern", 4, &[(shared, 0, 4)]).unwrap();
    }
    let proto = builder.func_proto::<&str>(int, &[]).unwrap();
    builder
        .func(
            "helper",
            proto,
            FuncLinkage::from_number(if defines { 1 } else { 2 }),
        )
        .unwrap();
    builder.decl_tag("tag", shared, None, false).unwrap();
    builder.freeze().unwrap()
}

#[test]
fn sections_join_and_declarations_find_definitions() {
    let mut objects = [
        ObjectTypes::new("a", unit("a", false), None),
        ObjectTypes::new("b", unit("b", true), None),
    ];
    objects[1].starts = HashMap::from([(".data".to_owned(), 16)]);
    let linked = link_types(&objects, &MergeOptions::default()).unwrap();
    let names: Vec<_> = linked
        .graph
        .types()
        .filter(|ty| {
            matches!(
                ty.kind(),
                Kind::Var | Kind::Func | Kind::Datasec | Kind::DeclTag
            )
        })
        .map(|ty| ty.name().to_string())
        .collect();
    assert_eq!(names, ["a", ".data", "tag", "b", "shared", "helper"]);
    let data = linked.graph.find(Kind::Datasec, ".data").unwrap();
    let View::Datasec(data) = data.view() else {
        panic!()
    };
    let places: Vec<_> = data
        .entries()
        .map(|entry| {
            (
                linked.graph.ty(entry.var_id).name().to_string(),
                entry.offset.0,
            )
        })
        .collect();
    assert_eq!(data.size.0, 24);
    assert_eq!(
        places,
        [("a".into(), 0), ("b".into(), 16), ("shared".into(), 20)]
    );
}

/// A weak definition gives way to another one, and of several weak ones the first stands.
#[test]
fn weak_definitions() {
    let of = |strong: Option<usize>| {
        let mut objects: Vec<ObjectTypes> = (0..3)
            .map(|number| {
                let mut object = ObjectTypes::new(format!("{number}"), unit("own", true), None);
                object.starts = HashMap::from([(".data".to_owned(), number * 8)]);
                object.weak = HashSet::from(["shared".to_owned()]);
                object
            })
            .collect();
        if let Some(strong) = strong {
            objects[strong].weak.clear();
        }
        // One that only declares it finds the one that stands.
        objects.push(ObjectTypes::new("last", unit("user", false), None));
        objects[3].starts = HashMap::from([(".data".to_owned(), 24)]);
        link_types(&objects, &MergeOptions::default())
            .unwrap()
            .graph
    };
    for (strong, at) in [(None, 4), (Some(0), 4), (Some(2), 20)] {
        let graph = of(strong);
        let vars: Vec<_> = graph.types().filter(|ty| ty.name() == "shared").collect();
        assert_eq!(vars.len(), 1, "{strong:?}");
        let View::Datasec(data) = graph.find(Kind::Datasec, ".data").unwrap().view() else {
            panic!()
        };
        let mut entries = data.entries().filter(|entry| entry.var_id == vars[0].id());
        assert_eq!(
            entries.next().map(|entry| entry.offset.0),
            Some(at),
            "{strong:?}"
        );
        assert!(entries.next().is_none(), "{strong:?}");
    }
}

fn records(ext: &Ext) -> (usize, usize, usize) {
    let relos = ext.relos.as_ref().map_or(0, |relos| relos.len());
    (ext.funcs.len(), ext.lines.len(), relos)
}

/// Two real objects: no record is lost, each speaks of the same type and the same text, and ids in
/// instructions are those of the relocations.
#[test]
fn real_objects() {
    let parsed = ["layouts/probe.bpf.o", "tutorial/probe.bpf.o"]
        .map(|name| BpfObject::parse(support::read(name)).unwrap());
    let mut objects = parsed
        .each_ref()
        .map(|object| ObjectTypes::new("object", object.graph().clone(), object.ext().cloned()));
    let sections: HashMap<String, u32> = parsed[0]
        .code_sections()
        .map(|code| {
            (
                code.name.into_owned(),
                u32::try_from(code.code.len()).unwrap(),
            )
        })
        .collect();
    objects[1].starts = sections;
    let linked = link_types(&objects, &MergeOptions::default()).unwrap();
    let all = linked.ext.as_ref().unwrap();
    let each = objects
        .each_ref()
        .map(|object| records(object.ext.as_ref().unwrap()));
    let sum = (
        each[0].0 + each[1].0,
        each[0].1 + each[1].1,
        each[0].2 + each[1].2,
    );
    assert_eq!(records(all), sum);
    for (number, object) in objects.iter().enumerate() {
        let ext = object.ext.as_ref().unwrap();
        let mut checker = Checker::new(&object.graph, &linked.graph);
        for section in &ext.relos.as_ref().unwrap().sections {
            let name = object.graph.string(section.section);
            let joined = all.relos.as_ref().unwrap().sections.iter();
            let joined = joined
                .clone()
                .find(|other| linked.graph.string(other.section) == name)
                .unwrap();
            let start = objects[number]
                .starts
                .get(&name.to_string())
                .copied()
                .unwrap_or(0);
            for relo in &section.records {
                let new = joined
                    .records
                    .iter()
                    .find(|new| new.insn_off == relo.insn_off + start && new.kind == relo.kind);
                let new = new.unwrap();
                checker.require(relo.type_id, new.type_id);
                assert_eq!(
                    linked.graph.string(new.access),
                    object.graph.string(relo.access)
                );
            }
        }
        for local in &linked.local_ids[number] {
            assert_eq!(linked.types[number].get(local.before), Some(local.after));
        }
    }
}

/// Of what no object defines one declaration is left, and of a section that all share the first's variable.
#[test]
fn declarations_of_several_objects_and_shared_sections() {
    let unit = || {
        let mut builder = GraphBuilder::new();
        let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
        let proto = builder.func_proto::<&str>(int, &[]).unwrap();
        let kfunc = builder.func("kfunc", proto, FuncLinkage::Extern).unwrap();
        let config = builder.var("CONFIG", int, VarLinkage::Extern).unwrap();
        let license = builder.var("_license", int, VarLinkage::Global).unwrap();
        builder.datasec(".ksyms", 0, &[(kfunc, 0, 0)]).unwrap();
        builder.datasec(".kconfig", 0, &[(config, 0, 4)]).unwrap();
        builder.datasec("license", 4, &[(license, 0, 4)]).unwrap();
        builder
            .datasec(".rodata", 8, &[] as &[(TypeId, u32, u32)])
            .unwrap();
        builder.decl_tag("tag", license, None, false).unwrap();
        builder.freeze().unwrap()
    };
    let mut objects = ["a", "b"].map(|label| ObjectTypes::new(label, unit(), None));
    objects[1].shared = ["license".to_owned()].into();
    let linked = link_types(&objects, &MergeOptions::default()).unwrap();
    assert_eq!(
        kinds(&linked.graph),
        kinds(&objects[0].graph),
        "nothing is there twice"
    );
    for ty in objects[1].graph.types() {
        assert_eq!(
            linked.types[1].get(ty.id()),
            linked.types[0].get(ty.id()),
            "{}",
            ty.name()
        );
    }
    assert_eq!(datasecs(&linked.graph), datasecs(&objects[0].graph));
}

fn kinds(graph: &Btf) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for ty in graph.types() {
        *kinds.entry(ty.kind().to_string()).or_default() += 1;
    }
    kinds
}

/// A data section: its size, and the name, offset and size of each variable.
type Section = (ByteSize, Vec<(String, ByteSize, ByteSize)>);

/// The data sections by name.
fn datasecs(graph: &Btf) -> BTreeMap<String, Section> {
    let mut sections = BTreeMap::new();
    for ty in graph.types() {
        if let View::Datasec(section) = ty.view() {
            let name = |id: TypeId| graph.ty(id).name().to_string();
            let entries = section.entries();
            let mut entries: Vec<_> = entries
                .map(|entry| (name(entry.var_id), entry.offset, entry.size))
                .collect();
            entries.sort_by_key(|(name, offset, _)| (*offset, name.clone()));
            let before = sections.insert(ty.name().to_string(), (section.size, entries));
            assert!(before.is_none());
        }
    }
    sections
}

/// Records by section and instruction.
fn by_place<T: Copy>(
    graph: &Btf,
    records: &Records<T>,
    insn_off: impl Fn(&T) -> u32,
) -> BTreeMap<(String, u32), T> {
    let mut places = BTreeMap::new();
    for section in &records.sections {
        let name = graph.string(section.section).to_string();
        for record in &section.records {
            places.insert((name.clone(), insn_off(record)), *record);
        }
    }
    assert_eq!(places.len(), records.len());
    places
}

fn linked(names: &[&str]) -> LinkedObject {
    let unit = |name: &&str| LinkInput::new(*name, BpfObject::parse(support::read(name)).unwrap());
    let units: Vec<_> = names.iter().map(unit).collect();
    pipeline::link_objects(&units, &MergeOptions::default()).unwrap()
}

/// The immediate value of the instruction at this byte of a joined section.
fn immediate(linked: &LinkedObject, section: &str, at: u32) -> u32 {
    let parts = linked.parts.iter().flat_map(|part| &part.code);
    let held = parts.filter(|code| code.name == section).find_map(|code| {
        let at = usize::try_from(at.checked_sub(code.start)?).unwrap();
        let word = code.code.get(at + 4..at + 8)?;
        Some(u32::from_le_bytes(word.try_into().unwrap()))
    });
    held.unwrap()
}

/// The instructions that hold ids of types, in linked objects.
fn local_ids(graph: &Btf, ext: &Ext) -> Vec<(String, u32, TypeId)> {
    const LOCAL: u32 = 6;
    let relos = by_place(graph, ext.relos.as_ref().unwrap(), |relo| relo.insn_off);
    let local = relos.into_iter().filter(|(_, relo)| relo.kind == LOCAL);
    local
        .map(|((name, at), relo)| (name, at, relo.type_id))
        .collect()
}

/// The same types, variables and records as libbpf's linker makes, each about the same type and the same
/// text; and instructions that hold the ids that their relocations have, which libbpf's linker leaves to
/// the loader.
#[test]
fn as_libbpfs_linker() {
    let Some(tool) = support::tool(&["bpftool"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for names in [
        ["types/kinds.bpf.o", "layouts/probe.bpf.o"],
        ["layouts/probe.bpf.o", "types/kinds.bpf.o"],
        ["types/kinds.bpf.o", "tutorial/probe.bpf.o"],
    ] {
        let file = folder.path().join("linked.bpf.o");
        let mut command = Command::new(&tool);
        command.args(["gen", "object"]).arg(&file);
        support::output(command.args(names.map(support::testdata)));
        let theirs = BpfObject::parse(std::fs::read(&file).unwrap()).unwrap();
        let ours = linked(&names);
        same_types_and_records(&theirs, &ours);

        let (their_ext, our_ext) = (theirs.ext().unwrap(), ours.ext.as_ref().unwrap());
        let their_ids = local_ids(theirs.graph(), their_ext);
        let our_ids = local_ids(&ours.graph, our_ext);
        let has_some = names.contains(&"layouts/probe.bpf.o");
        assert_eq!(!our_ids.is_empty(), has_some);
        assert_eq!(their_ids.len(), our_ids.len());
        for (section, at, id) in &our_ids {
            assert_eq!(immediate(&ours, section, *at), id.get());
            assert_eq!(ours.graph.ty(*id).name(), "session");
        }
    }
}

fn same_types_and_records(theirs: &BpfObject, ours: &LinkedObject) {
    let (their_graph, our_graph) = (theirs.graph(), &ours.graph);
    assert_eq!(kinds(their_graph), kinds(our_graph));
    assert_eq!(datasecs(their_graph), datasecs(our_graph));
    let (their_ext, our_ext) = (theirs.ext().unwrap(), ours.ext.as_ref().unwrap());
    let mut checker = Checker::new(their_graph, our_graph);

    let at = |info: &btfkit::graph::FuncInfo| info.insn_off;
    let one = by_place(their_graph, &their_ext.funcs, at);
    let other = by_place(our_graph, &our_ext.funcs, at);
    assert!(one.keys().eq(other.keys()));
    for (theirs, ours) in one.values().zip(other.values()) {
        checker.require(theirs.type_id, ours.type_id);
    }
    let at = |relo: &btfkit::graph::CoreRelo| relo.insn_off;
    let one = by_place(their_graph, their_ext.relos.as_ref().unwrap(), at);
    let other = by_place(our_graph, our_ext.relos.as_ref().unwrap(), at);
    assert!(one.keys().eq(other.keys()));
    for (theirs, ours) in one.values().zip(other.values()) {
        checker.require(theirs.type_id, ours.type_id);
        let access = |graph: &Btf, id| graph.string(id).to_string();
        assert_eq!(
            access(their_graph, theirs.access),
            access(our_graph, ours.access)
        );
        assert_eq!(theirs.kind, ours.kind);
    }
    let at = |line: &btfkit::graph::LineInfo| line.insn_off;
    let one = by_place(their_graph, &their_ext.lines, at);
    let other = by_place(our_graph, &our_ext.lines, at);
    assert!(one.keys().eq(other.keys()));
    for (theirs, ours) in one.values().zip(other.values()) {
        let text = |graph: &Btf, line: &btfkit::graph::LineInfo| {
            [line.file_name, line.line].map(|id| graph.string(id).to_string())
        };
        assert_eq!(text(their_graph, theirs), text(our_graph, ours));
        assert_eq!(theirs.line_col, ours.line_col);
    }
}

/// Where the linker has put sections elsewhere; in both byte orders; and what can't be linked.
#[test]
fn places_byte_orders_and_refusals() {
    let read = |name: &str| BpfObject::parse(support::read(name)).unwrap();
    for name in ["layouts/probe.bpf.o", "layouts/probe.bpfeb.o"] {
        let first = read(name);
        // The same once more, but that its structure has another name and so another id.
        let mut bytes = support::read(name);
        let named = b"\0session\0";
        while let Some(at) = bytes.windows(9).position(|word| word == named) {
            bytes[at + 7] = b'X';
        }
        let object = BpfObject::parse(bytes).unwrap();
        let mut units = [&first, &object].map(|object| LinkInput::new("unit", object.clone()));
        // In front of the part: three instructions of the linker's own.
        let code = object.code_sections();
        let starts = code.map(|code| (code.name.into_owned(), 24));
        units[1].starts = Some(starts.collect());
        let linked = pipeline::link_objects(&units, &MergeOptions::default()).unwrap();
        let before = local_ids(object.graph(), object.ext().unwrap());
        assert!(!before.is_empty());
        let part = &linked.parts[1];
        for (section, at, id) in before {
            let code = part.code.iter().find(|code| code.name == section).unwrap();
            assert_eq!(code.start, 24);
            let at = usize::try_from(at).unwrap() + 4;
            let word: [u8; 4] = code.code[at..at + 4].try_into().unwrap();
            let held = match object.endian() {
                btfkit::Endian::Little => u32::from_le_bytes(word),
                btfkit::Endian::Big => u32::from_be_bytes(word),
            };
            assert_ne!(TypeId::new(held), id);
            assert_eq!(Some(TypeId::new(held)), part.types.get(id));
            assert_eq!(linked.graph.ty(TypeId::new(held)).name(), "sessioX");
        }
    }
    let mixed = ["layouts/probe.bpf.o", "layouts/probe.bpfeb.o"]
        .map(|name| LinkInput::new(name, read(name)));
    let error = pipeline::link_objects(&mixed, &MergeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.to_string().starts_with("layouts/probe.bpfeb.o: "),
        "{error}"
    );
}

/// Another license is another program's.
#[test]
fn another_license_is_refused() {
    let name = "layouts/probe.bpf.o";
    let mut bytes = support::read(name);
    let at = bytes.windows(4).position(|word| word == b"GPL\0").unwrap();
    bytes[at] = b'L';
    let units = [support::read(name), bytes]
        .map(|bytes| LinkInput::new("unit", BpfObject::parse(bytes).unwrap()));
    let error = pipeline::link_objects(&units, &MergeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("license"), "{error}");
}
