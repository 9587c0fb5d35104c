//! `btf_type_tag` and `btf_decl_tag`, against the BTF that clang makes itself of the same source.

use std::collections::BTreeSet;

use crate::support::jobs::conversion;
use crate::support::read;
use btfkit::dwarf::ConvertOptions;
use btfkit::elf::BpfObject;
use btfkit::graph::{Btf, Kind, Type, View};

fn clangs() -> BpfObject {
    BpfObject::parse(read("types/tags.bpf.o")).unwrap()
}

fn ours(program: &str, options: &ConvertOptions) -> Btf {
    conversion(&format!("types/{program}"), options).graph
}

/// Every tag of a declaration: its text, what is tagged, and which part of it.
fn declarations(graph: &Btf) -> BTreeSet<(String, String, String, Option<u32>)> {
    let tags = graph.types().filter_map(|ty| match ty.view() {
        View::DeclTag(tag) => {
            let of = graph.ty(tag.target_id);
            let text = |ty: Type<'_>| ty.name().to_string_lossy().into_owned();
            Some((text(ty), of.kind().to_string(), text(of), tag.component))
        }
        _ => None,
    });
    tags.collect()
}

/// A type, with all that it refers to up to a name: `PTR TYPE_TAG(user) STRUCT(plain)`.
fn spelled(graph: &Btf, ty: Type<'_>) -> String {
    let (mut ty, mut text) = (ty, String::new());
    loop {
        let (kind, name) = (ty.kind(), ty.name());
        // The object only declares what it only points to.
        let kind = if kind == Kind::Fwd {
            Kind::Struct
        } else {
            kind
        };
        text.push_str(&format!("{kind}({}) ", name.to_string_lossy()));
        match ty.view() {
            View::Ptr(id) | View::Const(id) | View::TypeTag(id) => ty = graph.ty(id),
            _ => return text,
        }
    }
}

fn members(graph: &Btf, name: &str) -> Vec<String> {
    let ty = graph.named(name.as_bytes()).next().unwrap();
    let members = ty.members().map(|member| {
        let name = member.name().to_string_lossy();
        format!("{name}: {}", spelled(graph, graph.ty(member.type_id)))
    });
    members.collect()
}

const BUILDS: [&str; 2] = ["tags.clang-dwarf4", "tags.clang-dwarf5"];

#[test]
fn tags_are_those_of_clang() {
    let clangs = clangs();
    let theirs = clangs.graph();
    assert!(declarations(theirs).len() >= 12);
    for build in BUILDS {
        let graph = ours(
            build,
            &ConvertOptions::new().functions(true).variables(true),
        );
        assert_eq!(declarations(&graph), declarations(theirs), "{build}");
        for name in ["tagged", "choice"] {
            assert_eq!(members(&graph, name), members(theirs, name), "{build}");
        }
        let typedef = |graph: &Btf| {
            let View::Typedef(id) = graph.find(Kind::Typedef, "pointer_t").unwrap().view() else {
                panic!()
            };
            spelled(graph, graph.ty(id))
        };
        assert_eq!(typedef(&graph), typedef(theirs), "{build}");
        let parameters = |graph: &Btf| {
            let View::Func(func) = graph.functions_named("look").next().unwrap().view() else {
                panic!()
            };
            let View::FuncProto(proto) = graph.ty(func.proto_id).view() else {
                panic!()
            };
            proto
                .params()
                .map(|param| spelled(graph, graph.ty(param.type_id)))
                .collect::<Vec<_>>()
        };
        assert_eq!(parameters(&graph), parameters(theirs), "{build}");
    }
}

/// A tag comes with what it is for, and with nothing else.
#[test]
fn tags_of_what_is_asked_for() {
    let clangs = clangs();
    for build in BUILDS {
        for (root, is_mine) in [("tagged", true), ("choice", true), ("plain", false)] {
            let graph = ours(build, &ConvertOptions::new().root(root));
            let all = declarations(clangs.graph());
            let expected: BTreeSet<_> = all
                .into_iter()
                .filter(|(_, _, name, _)| name == root)
                .collect();
            assert_eq!(!expected.is_empty(), is_mine);
            assert_eq!(declarations(&graph), expected, "{build}: {root}");
        }
    }
}
