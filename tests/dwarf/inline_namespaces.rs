//! Names that leave out inline and anonymous namespaces, as C++ code may.

use std::path::Path;
use std::process::Command;

use btfkit::ErrorKind;
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::graph::Btf;
use btfkit::pipeline::{LoadOptions, load_path};

use crate::support::dies::{
    BYTE_SIZE, Die, EXPORT_SYMBOLS, IMPORT, IMPORTED_MODULE, NAMESPACE, STRUCTURE_TYPE, Value,
    cxx_program,
};
use crate::support::{output, scratch, tool};

fn namespace(name: &'static str, inside: impl IntoIterator<Item = Die>) -> Die {
    Die::new(NAMESPACE).mark(name).name(name).children(inside)
}

fn inline(name: &'static str, inside: impl IntoIterator<Item = Die>) -> Die {
    namespace(name, inside).with(EXPORT_SYMBOLS, Value::Flag)
}

fn import(name: &'static str) -> Die {
    Die::new(IMPORTED_MODULE).with(IMPORT, Value::To(name))
}

fn structure(name: &'static str, size: u32) -> Die {
    Die::new(STRUCTURE_TYPE).name(name).number(BYTE_SIZE, size)
}

fn all(types: impl IntoIterator<Item = Die>) -> Btf {
    convert(&cxx_program(types), &ConvertOptions::new())
        .unwrap()
        .graph
}

fn size(graph: &Btf, name: &str) -> Result<u64, ErrorKind> {
    graph
        .size_of_named(name)
        .map(|size| size.0)
        .map_err(|error| error.kind())
}

fn sample() -> Vec<Die> {
    let nested = inline("v2", [structure("J", 2)]);
    vec![
        namespace(
            "ns",
            [
                inline("v1", [structure("I", 1), structure("Twice", 3), nested]),
                structure("Twice", 4),
            ],
        ),
        namespace(
            "strict",
            [namespace("s1", [structure("S", 5)]), import("s1")],
        ),
        namespace("plain", [namespace("p1", [structure("P", 6)])]),
        // Every file may say `using namespace other`.
        namespace("other", [structure("O", 7)]),
        import("other"),
        namespace(
            "two",
            [
                inline("a", [structure("T", 8)]),
                inline("b", [structure("T", 9)]),
            ],
        ),
        Die::new(NAMESPACE).children([structure("Hidden", 10)]),
        inline("top", [structure("Top", 11)]),
    ]
}

const FOUND: [(&str, u64); 12] = [
    ("ns::v1::I", 1),
    ("ns::I", 1),
    ("ns__I", 1),
    ("ns::J", 2),
    ("ns::v1::J", 2),
    ("ns::v2::J", 2),
    ("ns::Twice", 4),
    ("ns::v1::Twice", 3),
    ("strict::S", 5),
    ("two::b::T", 9),
    ("Hidden", 10),
    ("Top", 11),
];

#[test]
fn a_name_may_leave_out_inline_and_anonymous_namespaces() {
    let graph = all(sample());
    for (name, bytes) in FOUND {
        assert_eq!(size(&graph, name), Ok(bytes), "{name}");
    }
    for name in ["plain::P", "O", "I", "v1::I", "ns::v2::I"] {
        assert_eq!(size(&graph, name), Err(ErrorKind::NotFound), "{name}");
    }
    let error = graph.size_of_named("two::T").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let text = error.to_string();
    assert!(
        text.contains("two::a::T") && text.contains("two::b::T"),
        "{text}"
    );
}

#[test]
fn a_root_may_leave_them_out() {
    let sections = cxx_program(sample());
    for (name, bytes) in FOUND {
        let graph = convert(&sections, &ConvertOptions::new().root(name))
            .unwrap()
            .graph;
        assert_eq!(size(&graph, name), Ok(bytes), "{name}");
        assert_eq!(graph.len(), 1, "{name}: {graph:?}");
    }
    let error = |name: &str| {
        let error = convert(&sections, &ConvertOptions::new().root(name)).unwrap_err();
        (error.kind(), error.to_string())
    };
    assert_eq!(error("plain::P").0, ErrorKind::NotFound);
    let (kind, text) = error("two::T");
    assert_eq!(kind, ErrorKind::Ambiguous);
    assert!(
        text.contains("two::a::T") && text.contains("two::b::T"),
        "{text}"
    );
}

/// BTF has no place for them, but an alias has.
#[test]
fn a_written_graph_keeps_a_short_name_as_an_alias() {
    let graph = all(sample());
    let parsed = |graph: &Btf| Btf::parse(graph.encode().unwrap()).unwrap();
    assert_eq!(size(&parsed(&graph), "ns::J"), Err(ErrorKind::NotFound));
    let named = graph
        .with_short_names(["ns::J", "ns__I", "ns::v1::I", "missing"])
        .unwrap();
    let written = parsed(&named);
    assert_eq!(written.len(), graph.len() + 2);
    for (name, bytes) in [
        ("ns::J", 2),
        ("ns::v1::v2::J", 2),
        ("ns__I", 1),
        ("Hidden", 10),
    ] {
        assert_eq!(size(&written, name), Ok(bytes), "{name}");
    }
}

/// Names as the compiler takes them. The program prints what the compiler makes of each.
const SOURCE: &str = r#"
#include <cstdio>
#include <string>
namespace ns { inline namespace v1 { struct I { char a[3]; }; inline namespace v2 { template <class T> struct J { T b[7]; }; } } }
namespace deep { namespace { struct Hidden { short q[5]; }; } }
namespace { struct Outer { ns::J<ns::I> j; }; }
inline namespace top { enum Top : char { ONE }; }
#define SAY(...) { __VA_ARGS__ it{}; printf("%s|%zu\n", #__VA_ARGS__, sizeof it); }
int main() {
    SAY(ns::I) SAY(ns::v1::I) SAY(ns::J<ns::I>) SAY(ns::v1::v2::J<ns::v1::I>) SAY(ns::v2::J<ns::I>)
    SAY(deep::Hidden) SAY(Outer) SAY(Top)
    std::string text;
    printf("std::basic_string<char, std::char_traits<char>, std::allocator<char> >|%zu\n", sizeof text);
}
"#;

#[test]
fn agrees_with_compilers() {
    let folder = tempfile::tempdir().unwrap();
    let source = scratch(&folder, "names.cc", SOURCE.as_bytes());
    let builds: [(&[&str], &[&str]); 4] = [
        (&["g++"], &["-gdwarf-5"]),
        (&["g++"], &["-gdwarf-4"]),
        (&["g++"], &["-gdwarf-4", "-gstrict-dwarf"]),
        (
            &["clang++-19", "clang++"],
            &["-gdwarf-5", "-fstandalone-debug"],
        ),
    ];
    for (compilers, flags) in builds {
        let Some(compiler) = tool(compilers) else {
            continue;
        };
        let program = folder.path().join("names");
        output(
            Command::new(&compiler)
                .args(flags)
                .args([&source, Path::new("-o"), &program]),
        );
        let facts = output(&mut Command::new(&program));
        assert_eq!(facts.lines().count(), 9);
        let graph = load_path(&program, &LoadOptions::new()).unwrap().graph;
        for fact in facts.lines() {
            let (name, bytes) = fact.split_once('|').unwrap();
            let strict_top = flags.contains(&"-gstrict-dwarf") && name == "Top";
            let expected = if strict_top {
                // It looks like `using namespace top`.
                Err(ErrorKind::NotFound)
            } else {
                Ok(bytes.parse().unwrap())
            };
            assert_eq!(size(&graph, name), expected, "{compiler} {flags:?} {name}");
        }
    }
}
