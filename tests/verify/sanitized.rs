//! Sanitised BTF: every version's check accepts it, the running kernel loads it, and the names lead back.

use std::collections::BTreeSet;

use btfkit::graph::{Btf, GraphBuilder, Kind, NewMember};
use btfkit::verify::{
    KernelVersion, NameTable, Rule, SanitizeOptions, VerifyOptions, sanitize, verify,
};
use btfkit::{Bits, TypeId};

use crate::loader::{unable, verdict};
use crate::mutate::Random;
use crate::sources::{PROGRAMS, program, sources};
use crate::support::tools::skipped;

const VERSIONS: [(u32, u32); 9] = [
    (5, 2),
    (5, 4),
    (5, 10),
    (5, 15),
    (6, 1),
    (6, 6),
    (6, 12),
    (6, 18),
    (7, 2),
];

fn versions() -> impl Iterator<Item = KernelVersion> {
    VERSIONS
        .into_iter()
        .map(|(major, minor)| KernelVersion::new(major, minor))
}

#[test]
fn programs_in_every_language() {
    for name in PROGRAMS {
        let graph = Btf::parse(program(name)).unwrap();
        for version in versions() {
            let sanitized = sanitize(&graph, &SanitizeOptions::new(version)).unwrap();
            let options = VerifyOptions::new(version);
            let report = sanitized.graph.verify(&options).unwrap();
            assert!(report.is_ok(), "{name} for {version}: {report}");
            if unable().is_none() {
                let raw = sanitized.graph.encode().unwrap();
                let kernel = verdict(&raw, &mut vec![0; 1 << 22]);
                let log = String::from_utf8_lossy(&kernel.log).into_owned();
                assert_eq!(kernel.errno, 0, "{name} for {version}: {log}");
            }
            // Ids stay, and the names lead back.
            let back = sanitized.names.restore(&sanitized.graph).unwrap();
            let lost: BTreeSet<TypeId> = sanitized.lost.iter().map(|loss| loss.type_id).collect();
            for (old, new) in graph.types().zip(back.types()) {
                assert_eq!(sanitized.types.get(old.id()), Some(new.id()));
                if lost.contains(&old.id()) {
                    continue;
                }
                assert_eq!((old.kind(), old.name()), (new.kind(), new.name()), "{name}");
                let members = |ty: btfkit::graph::Type<'_>| -> Vec<(String, Bits)> {
                    let members = ty.members();
                    members.map(|m| (m.name().to_string(), m.offset)).collect()
                };
                assert_eq!(members(old), members(new), "{name}: {old}");
            }
        }
    }
    if let Some(reason) = unable() {
        skipped(&reason);
    }
}

/// A BTF that the kernel accepts is not changed.
#[test]
fn what_is_accepted_stays() {
    let mut builder = GraphBuilder::new();
    let float = builder.float("float", 4).unwrap();
    let member = [NewMember::new("x", float)];
    builder
        .composite(Kind::Struct, "point", 4, &member)
        .unwrap();
    let graph = builder.freeze().unwrap();
    let options = SanitizeOptions::new(KernelVersion::new(6, 18));
    let sanitized = sanitize(&graph, &options).unwrap();
    assert_eq!(sanitized.graph.encode().unwrap(), graph.encode().unwrap());
    assert!(sanitized.lost.is_empty() && sanitized.names.is_empty());
}

/// Two names with one spelling, and a name that a spelling would take.
#[test]
fn names_do_not_collide() {
    let mut builder = GraphBuilder::new();
    let names = ["a.b", "a/b", "a_b", "a b", "9", "_9", "x___y<z>", "é"];
    for name in names {
        builder.composite(Kind::Struct, name, 4, &[]).unwrap();
    }
    let graph = builder.freeze().unwrap();
    let sanitized = sanitize(&graph, &SanitizeOptions::new(KernelVersion::new(5, 10))).unwrap();
    let new: Vec<String> = sanitized
        .graph
        .types()
        .map(|ty| ty.name().to_string())
        .collect();
    assert_eq!(
        new.iter().collect::<BTreeSet<_>>().len(),
        names.len(),
        "{new:?}"
    );
    assert_eq!((&*new[2], &*new[5]), ("a_b", "_9"));
    for (new, old) in new.iter().zip(names) {
        let original = sanitized.names.original(new).unwrap_or(new.as_bytes());
        assert_eq!(original, old.as_bytes());
    }
    let text = sanitized.names.to_string();
    assert_eq!(text.parse::<NameTable>().unwrap(), sanitized.names);
    assert!("a".parse::<NameTable>().is_err() && "a\t\\x1".parse::<NameTable>().is_err());
}

/// libbpf's replacements, under the same ids.
#[test]
fn replacements_are_those_of_libbpf() {
    let graph = Btf::parse(crate::support::read("dump/every_kind.btf")).unwrap();
    let sanitized = sanitize(&graph, &SanitizeOptions::new(KernelVersion::new(5, 4))).unwrap();
    for (old, new) in graph.types().zip(sanitized.graph.types()) {
        match old.kind() {
            Kind::Float => {
                assert_eq!(
                    (new.kind(), new.size_word()),
                    (Kind::Struct, old.size_word())
                );
                assert!(new.name().is_empty());
            }
            Kind::DeclTag => assert_eq!((new.kind(), new.size_word()), (Kind::Int, 1)),
            Kind::TypeTag => assert_eq!(
                (new.kind(), new.size_word()),
                (Kind::Const, old.size_word())
            ),
            Kind::Enum64 => assert_eq!(
                (new.kind(), new.size_word()),
                (Kind::Union, old.size_word())
            ),
            _ => {}
        }
    }
}

/// CO-RE by the original names, against the restored graph and against one with aliases.
#[test]
fn original_names_are_found() {
    let graph = Btf::parse(program("cxx/classes.clang-dwarf5")).unwrap();
    let sanitized = sanitize(&graph, &SanitizeOptions::new(KernelVersion::new(6, 1))).unwrap();
    let restored = sanitized.names.restore(&sanitized.graph).unwrap();
    let aliased = sanitized.names.add_aliases(&sanitized.graph).unwrap();
    let mut renamed = 0;
    for ty in graph.types_of(Kind::Struct) {
        let name = ty.name();
        if sanitized.graph.named(name).next().is_some() || name.is_empty() {
            continue;
        }
        renamed += 1;
        for other in [&restored, &aliased] {
            let found = other.find(Kind::Struct, name).unwrap();
            assert_eq!(found.size().unwrap(), ty.size().unwrap(), "{name}");
            assert_eq!(found.members().len(), ty.members().len(), "{name}");
        }
    }
    assert!(renamed > 5, "only {renamed} structures have other names");
}

/// Whatever parses becomes acceptable, or says why not.
#[test]
fn mutants_become_acceptable() {
    let sources = sources();
    let is_able = unable().is_none();
    let (mut graphs, mut log) = (0, vec![0; 1 << 22]);
    let running = is_able.then(|| KernelVersion::running().unwrap());
    for number in 0..400 {
        let mut random = Random(0x5a17 + number);
        random.next();
        let raw = crate::differential::mutant(&sources, &mut random);
        let Ok(graph) = Btf::parse(raw) else {
            continue;
        };
        if graph.is_empty() {
            continue;
        }
        graphs += 1;
        for version in versions() {
            let sanitized = sanitize(&graph, &SanitizeOptions::new(version)).unwrap();
            let raw = sanitized.graph.encode().unwrap();
            assert!(verify(&raw, &VerifyOptions::new(version)).is_ok());
        }
        if let Some(version) = running {
            let sanitized = sanitize(&graph, &SanitizeOptions::new(version)).unwrap();
            let kernel = verdict(&sanitized.graph.encode().unwrap(), &mut log);
            let log = String::from_utf8_lossy(&kernel.log).into_owned();
            assert_eq!(kernel.errno, 0, "{number}: {log}");
        }
    }
    assert!(graphs > 100, "only {graphs}");
}

/// What can't be repaired is an error with the finding.
#[test]
fn nothing_can_be_made_of_no_types() {
    let graph = GraphBuilder::new().freeze().unwrap();
    let error = sanitize(&graph, &SanitizeOptions::new(KernelVersion::LATEST)).unwrap_err();
    assert!(error.to_string().contains(Rule::NoTypes.what()), "{error}");
}
