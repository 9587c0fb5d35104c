//! DWARF → BTF, against what compilers and other tools say.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::support::jobs::{BUILDS, sections};
use crate::support::{read, testdata};
use btfkit::dwarf::{Conversion, ConvertOptions, Reason, convert};
use btfkit::elf::debug_sections;
use btfkit::graph::{Btf, Type, View};
use btfkit::{ByteSize, ErrorKind, Limits};
use bytes::Bytes;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn converted(name: &str, options: &ConvertOptions) -> btfkit::Result<Conversion> {
    convert(&sections(name), options)
}

/// What compilers call a base type in DWARF, where it isn't what C calls it.
fn spellings(name: &str) -> Vec<&str> {
    match name {
        "short" => vec!["short", "short int"],
        "unsigned short" => vec!["unsigned short", "short unsigned int"],
        "long" => vec!["long", "long int"],
        "unsigned long" => vec!["unsigned long", "long unsigned int"],
        "long long" => vec!["long long", "long long int"],
        "unsigned long long" => vec!["unsigned long long", "long long unsigned int"],
        other => vec![other],
    }
}

/// A type as C spells it: `struct x`, `union x`, `enum x`, a typedef or a base type. The first where a function
/// has another of the same name.
fn find<'g>(graph: &'g Btf, spelling: &str) -> Option<Type<'g>> {
    let (tag, name) = match spelling.split_once(' ') {
        Some((tag @ ("struct" | "union" | "enum"), name)) => (tag, name),
        _ => ("", spelling),
    };
    let names = if tag.is_empty() {
        spellings(name)
    } else {
        vec![name]
    };
    graph.types().find(|ty| {
        let fits = match ty.view() {
            View::Struct(_) => tag == "struct",
            View::Union(_) => tag == "union",
            View::Enum(_) => tag == "enum",
            View::Int(_) | View::Float(_) | View::Typedef(_) => tag.is_empty(),
            _ => false,
        };
        fits && names.iter().any(|name| ty.name() == *name)
    })
}

/// The facts that can be read off a graph, in the words of `offsets.txt`; `None` where it says nothing.
fn fact(graph: &Btf, fields: &[&str]) -> Option<String> {
    let (kind, name, rest) = match fields {
        [kind, name, rest @ ..] => (*kind, *name, rest),
        _ => return None,
    };
    let ty = find(graph, name)?;
    let mut words = vec![kind.to_string(), name.to_string()];
    match kind {
        // BTF doesn't say how a type is aligned.
        "type" => words.extend([ty.size().ok()?.0.to_string(), rest.get(1)?.to_string()]),
        "value" => {
            let wanted = rest.first()?;
            let mut inner = ty;
            while let View::Typedef(id) = inner.view() {
                inner = graph.get(id)?;
            }
            let View::Enum(enumeration) = inner.view() else {
                return None;
            };
            let value = enumeration
                .enumerators()
                .find(|value| value.name() == *wanted)?;
            let number = if value.signedness.is_signed() {
                value.value.cast_signed().to_string()
            } else {
                value.value.to_string()
            };
            words.extend([wanted.to_string(), number]);
        }
        "field" | "bits" => {
            let path = rest.first()?;
            let bare = name.rsplit(' ').next()?;
            let field = graph.field(bare, path).ok()?;
            words.push(path.to_string());
            if kind == "bits" {
                let sign = rest.get(3)?;
                words.push(field.offset.0.to_string());
                words.push(field.bitfield?.to_string());
                words.push((*sign).to_string());
            } else if field.offset.0 % 8 == 0 {
                words.push(field.offset.bytes().0.to_string());
                words.push(field.size.0.to_string());
            } else {
                return None;
            }
        }
        _ => return None,
    }
    Some(words.join("\t"))
}

#[test]
fn agrees_with_the_compiler_on_every_type() -> Outcome {
    let oracle = std::fs::read_to_string(testdata("types/offsets.txt"))?;
    let mut wrong = Vec::new();
    for build in BUILDS {
        let conversion = converted(&format!("types/kinds.{build}"), &ConvertOptions::default())?;
        for line in oracle.lines() {
            let mut fields: Vec<&str> = line.split('\t').collect();
            let beyond = fields.first() == Some(&"beyond");
            if beyond {
                fields.remove(0);
            }
            let got = fact(&conversion.graph, &fields);
            // What BTF can't say must not be said wrongly.
            let right = if beyond { got.is_none() } else { got.is_some() };
            if !right || got.is_some_and(|got| beyond || got != fields.join("\t")) {
                wrong.push(format!("{build}: {line}"));
            }
        }
    }
    // A count beyond 32 bits is cut, and listed; nothing else would be less wrong.
    wrong.retain(|line| {
        !line.contains("struct too_big\troom") && !line.contains("struct too_big\t53")
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn what_btf_cannot_say_is_listed() -> Outcome {
    let conversion = converted("types/kinds.gcc-dwarf5", &ConvertOptions::default())?;
    let listed: Vec<(&str, Reason)> = conversion
        .degraded
        .iter()
        .map(|degraded| (degraded.name.as_str(), degraded.reason))
        .collect();
    for expected in [
        ("complex float", Reason::Complex),
        ("complex double", Reason::Complex),
        ("qualified.a", Reason::Atomic),
        ("far_bits.far", Reason::MemberBeyond),
        ("far_bits.plain", Reason::MemberBeyond),
        ("far_member.far", Reason::MemberBeyond),
        ("too_big", Reason::Size),
    ] {
        assert!(listed.contains(&expected), "{expected:?} in {listed:?}");
    }
    assert!(conversion.degraded.is_sorted());
    Ok(())
}

#[test]
fn a_function_may_have_a_type_of_its_own() -> Outcome {
    for build in BUILDS {
        let graph = converted(&format!("types/kinds.{build}"), &ConvertOptions::default())?.graph;
        let sizes: Vec<ByteSize> = graph
            .named(b"list")
            .filter_map(|ty| match ty.view() {
                View::Struct(composite) => Some(composite.size),
                _ => None,
            })
            .collect();
        assert_eq!(sizes.len(), 2, "{build}");
        // The function's other type means the function's, the file's typedef the file's.
        let inner = graph.field("in_function", "list")?;
        let View::Ptr(inner) = inner.ty.view() else {
            return Err("no pointer".into());
        };
        assert_eq!(graph.ty(inner).size()?.0, 16, "{build}");
        let list_t = find(&graph, "list_t").ok_or("list_t")?;
        assert_eq!(list_t.size()?.0, 24, "{build}");
    }
    Ok(())
}

/// Names of types and how often each is there.
fn census(graph: &Btf) -> BTreeMap<String, usize> {
    let mut census = BTreeMap::new();
    for ty in graph.types().filter(|ty| !ty.name().is_empty()) {
        *census
            .entry(format!("{} {}", ty.kind(), ty.name()))
            .or_default() += 1;
    }
    census
}

#[test]
fn the_same_whatever_the_number_of_threads() -> Outcome {
    let one = |threads: usize| -> Outcome<_> {
        let options = ConvertOptions::default().threads(NonZeroUsize::new(threads).ok_or("0")?);
        let graph = converted("layouts/server1.gcc-dwarf5", &options)?.graph;
        Ok(btfkit::encode::encode(&graph)?)
    };
    let expected = one(1)?;
    for threads in [2, 3, 8] {
        assert_eq!(one(threads)?, expected);
    }
    Ok(())
}

#[test]
fn roots_bring_what_they_refer_to_and_no_more() -> Outcome {
    for build in BUILDS {
        let options = ConvertOptions::default().root("right");
        let graph = converted(&format!("types/kinds.{build}"), &options)?.graph;
        let names: Vec<String> = census(&graph).into_keys().collect();
        assert_eq!(names, ["INT int", "STRUCT left", "STRUCT right"], "{build}");
        assert_eq!(graph.field("left", "right.in_right")?.offset.bytes().0, 24);
    }
    let options = ConvertOptions::default().root("right").root("no_such_type");
    let error = converted("types/kinds.gcc-dwarf5", &options).unwrap_err();
    assert!(error.to_string().contains("no_such_type"), "{error}");
    Ok(())
}

#[test]
fn three_messages_for_three_reasons() -> Outcome {
    let limits = Limits::default();
    let program = Bytes::from(read("types/kinds.gcc-dwarf5"));
    let cut = program.slice(..program.len() / 2);
    let kind = |bytes: &Bytes| debug_sections(bytes.clone(), &limits).map_err(|error| error.kind());
    assert_eq!(kind(&cut).unwrap_err(), ErrorKind::Malformed);
    assert_eq!(
        kind(&Bytes::from_static(b"#!/bin/sh\n")).unwrap_err(),
        ErrorKind::Malformed
    );
    let without = |names: &[&str]| {
        let mut bytes = program.to_vec();
        for name in names {
            // In the table of section names only: the last place.
            let name = [b"\0", name.as_bytes(), b"\0"].concat();
            let at = bytes
                .windows(name.len())
                .rposition(|window| window == name)
                .unwrap();
            bytes[at + 2] = b'X';
        }
        Bytes::from(bytes)
    };
    assert_eq!(
        kind(&without(&[".debug_info"])).unwrap_err(),
        ErrorKind::NoDebugInfo
    );
    assert_eq!(
        kind(&without(&[".debug_info", ".symtab"])).unwrap_err(),
        ErrorKind::Stripped
    );
    Ok(())
}
