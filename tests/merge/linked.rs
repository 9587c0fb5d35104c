//! Several objects' BTF and `.BTF.ext` as one.

use std::collections::HashMap;

use btfkit::elf::BpfObject;
use btfkit::graph::{Ext, GraphBuilder, IntEncoding, Kind, TypeGraph, View};
use btfkit::merge::{Object, Options, link};

use crate::check::Checker;
use crate::support;

/// An object with a variable of its own in `.data`, one declared or defined, and a function that uses it.
fn unit(own: &str, defines: bool) -> TypeGraph {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let var = builder.var(own, int, 1).unwrap();
    let shared = builder
        .var("shared", int, if defines { 1 } else { 2 })
        .unwrap();
    let entries = [(var, 0, 4), (shared, 4, 4)];
    let entries = if defines { &entries[..] } else { &entries[..1] };
    let size = if defines { 8 } else { 4 };
    builder.datasec(".data", size, entries).unwrap();
    if !defines {
        builder.datasec(".extern", 4, &[(shared, 0, 4)]).unwrap();
    }
    let proto = builder.func_proto(int, &[]).unwrap();
    builder
        .func("helper", proto, if defines { 1 } else { 2 })
        .unwrap();
    builder.decl_tag("tag", shared, None, false).unwrap();
    builder.freeze().unwrap()
}

#[test]
fn sections_join_and_declarations_find_definitions() {
    let mut objects = [
        Object::new("a", unit("a", false), None),
        Object::new("b", unit("b", true), None),
    ];
    objects[1].starts = HashMap::from([(".data".to_owned(), 16)]);
    let linked = link(&objects, &Options::default()).unwrap();
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
        .map(|entry| (linked.graph.ty(entry.var).name().to_string(), entry.offset))
        .collect();
    assert_eq!(data.size, 24);
    assert_eq!(
        places,
        [("a".into(), 0), ("b".into(), 16), ("shared".into(), 20)]
    );
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
        .map(|object| Object::new("object", object.graph().clone(), object.ext().cloned()));
    let sections: HashMap<String, u32> = parsed[0]
        .code_sections()
        .iter()
        .map(|code| {
            (
                code.name().into_owned(),
                u32::try_from(code.code().len()).unwrap(),
            )
        })
        .collect();
    objects[1].starts = sections;
    let linked = link(&objects, &Options::default()).unwrap();
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
