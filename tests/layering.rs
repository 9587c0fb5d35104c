//! The house has floors: a module imports only what stands above it, engines never import each other, and
//! each format crate is named in one folder. An edge that is not in the tables below fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const WORDS: &[&str] = &["id", "target", "limits", "error", "parallel"];

/// Module → the modules it may import. Types that the crate root re-exports are the words'.
const EDGES: &[(&str, &[&str])] = &[
    // words
    ("id", &[]),
    ("target", &["id"]),
    ("limits", &[]),
    ("error", &["id"]),
    ("parallel", &["error"]),
    // the shared type graph
    ("graph", WORDS),
    ("query", &["graph"]),
    // the headers and records of BTF as bytes
    ("wire", &["graph"]),
    // a program of instructions, functions and relocations
    ("bpf", &["graph"]),
    // bytes ⇄ graph
    ("parse", &["graph", "wire"]),
    ("encode", &["graph", "wire"]),
    // engines
    ("dwarf", &["graph", "query", "parse", "encode"]),
    ("merge", &["graph", "query", "bpf", "parse", "encode"]),
    ("relocate", &["graph", "query", "bpf", "parse", "encode"]),
    ("verify", &["graph", "query", "wire", "parse", "encode"]),
    ("render", &["graph", "query", "parse", "encode"]),
    // glue
    (
        "elf",
        &[
            "graph", "query", "wire", "bpf", "parse", "encode", "dwarf", "relocate",
        ],
    ),
    ("debuginfo", &["graph", "dwarf", "elf"]),
    ("aya", &["graph", "parse", "encode"]),
    (
        "pipeline",
        &[
            "graph",
            "query",
            "bpf",
            "parse",
            "encode",
            "dwarf",
            "merge",
            "relocate",
            "verify",
            "render",
            "elf",
            "debuginfo",
        ],
    ),
];

/// The storeys of `dwarf`, from the ground up: a file imports only from its own storey and those below. What stands
/// beside the storeys counts as the ground (`options`, `report`, `sections`) or as the top (`origin`).
const STOREYS: &[(&str, &[&str])] = &[(
    "dwarf",
    &[
        "sections", "options", "report", "read", "collect", "distinct", "emit", "driver",
    ],
)];

/// Crate → the modules that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("gimli", &["dwarf"]),
    ("object", &["elf"]),
    ("crc32fast", &["debuginfo"]),
    ("flate2", &["elf"]),
    ("cpp_demangle", &["elf"]),
    ("rustc_demangle", &["elf"]),
    ("ruzstd", &["elf"]),
    ("lzma_rust2", &["elf"]),
    ("aya_obj", &["aya"]),
    ("rayon", &["parallel"]),
    ("clap", &["bin"]),
    ("indicatif", &["bin"]),
    ("memmap2", &["bin"]),
    ("serde_json", &["bin"]),
];

/// Rooms whose files must not import each other in a circle, and the circles that are left: methods on one struct in
/// several files, or a type and the view of it.
const CIRCLES: &[(&str, &[&[&str]])] = &[
    // A graph hands out types, and a type knows its graph.
    ("graph", &[&["store", "types"]]),
    ("query", &[]),
    ("parse", &[]),
    ("encode", &[]),
    ("wire", &[]),
    ("bpf", &[]),
    // The methods of a pass about variants are beside the variants that it holds.
    ("dwarf", &[&["collect::pass", "collect::variants"]]),
    ("merge", &[]),
    ("relocate", &[]),
    // The methods of the writer of C are beside what they write, and it holds their frames.
    ("render", &[&["c::declaration", "c::record", "c::writer"]]),
    ("verify", &[]),
    // An object hands out its rewriter.
    ("elf", &[&["bpf", "rewrite"]]),
    ("debuginfo", &[]),
    ("pipeline", &[]),
];

/// The code of a file: without comments, string contents and the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut code = String::new();
    for line in text.lines() {
        let mut rest = line;
        // Quotes first: a string may hold slashes.
        while let Some(quote) = rest.find('"') {
            if rest.find("//").is_some_and(|comment| comment < quote) {
                break;
            }
            let (before, after) = rest.split_at(quote);
            code.push_str(before);
            let after = &after[1..];
            let mut end = after.find('"').unwrap_or(after.len());
            while end > 0 && end < after.len() && after.as_bytes()[end - 1] == b'\\' {
                end = after[end + 1..]
                    .find('"')
                    .map_or(after.len(), |next| end + 1 + next);
            }
            rest = after.get(end + 1..).unwrap_or_default();
        }
        code.push_str(rest.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// The identifier at the start of a text.
fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// What follows each `path` that starts a path of its own: one name, or those of a group in braces.
fn names_after(code: &str, path: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(path) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + path.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(identifier(rest).to_owned());
            continue;
        };
        let (mut depth, mut fresh) = (0, true);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                c if fresh && (c.is_alphanumeric() || c == '_') => {
                    names.insert(identifier(&group[at..]).to_owned());
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// What a file of a module, `depth` levels below the root, does that it may not.
fn wrong(module: &str, depth: usize, text: &str) -> Vec<String> {
    let code = code(text);
    let mut wrong = Vec::new();
    let known: Vec<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let allowed = EDGES.iter().find(|(name, _)| *name == module);
    let Some((_, allowed)) = allowed else {
        return vec![format!("module `{module}` is not in the table")];
    };
    let words = |name: &str| {
        !matches!(module, "id" | "target" | "limits" | "error") && WORDS.contains(&name)
    };
    for name in names_after(&code, "crate::") {
        let is_type = name.starts_with(char::is_uppercase);
        let own = name == module;
        if !(is_type || own || words(&name) || allowed.contains(&&*name)) && known.contains(&&*name)
        {
            wrong.push(format!("`{module}` imports `{name}`"));
        } else if !(is_type || known.contains(&&*name) || name == "Result") {
            wrong.push(format!(
                "`{module}` imports `{name}`, which is not in the table"
            ));
        }
    }
    if code.contains(&"super::".repeat(depth)) {
        wrong.push(format!("`{module}` reaches the root through `super`"));
    }
    wrong.extend(crates(module, &code));
    wrong
}

/// The imports of a file, by its path below the root, that go up a storey of its module.
fn upward(path: &[&str], text: &str) -> Vec<String> {
    let code = code(text);
    let (Some(module), Some(place)) = (path.first(), path.get(1)) else {
        return Vec::new();
    };
    let Some((_, storeys)) = STOREYS.iter().find(|(name, _)| name == module) else {
        return Vec::new();
    };
    let level = |name: &str| storeys.iter().position(|storey| *storey == name);
    let own = level(place).unwrap_or(storeys.len());
    let mut names = names_after(&code, &format!("crate::{module}::"));
    // A file of a storey reaches the module itself by two steps or more.
    names.extend(names_after(&code, &"super::".repeat(path.len() - 1)));
    let up = names
        .into_iter()
        .filter(|name| name != place && !name.starts_with(char::is_uppercase))
        .filter(|name| level(name).unwrap_or(storeys.len()) > own);
    up.map(|name| format!("`{module}::{place}` imports `{module}::{name}`, which is above it"))
        .collect()
}

fn crates(module: &str, code: &str) -> Vec<String> {
    let named = CRATES
        .iter()
        .filter(|(name, _)| !names_after(code, &format!("{name}::")).is_empty());
    let wrong = named.filter(|(_, modules)| !modules.contains(&module));
    wrong
        .map(|(name, _)| format!("`{module}` names the crate `{name}`"))
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_import_is_in_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut count = 0;
    for path in files(&src) {
        let relative = path.strip_prefix(&src).unwrap();
        let mut parts: Vec<String> = relative
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if parts == ["lib"] {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let wrong = if parts[0] == "bin" {
            // The command is a crate of its own, on the library's public face.
            crates("bin", &code(&text))
        } else {
            if parts.last().is_some_and(|part| part == "mod") {
                parts.pop();
            }
            let path: Vec<&str> = parts.iter().map(String::as_str).collect();
            let mut wrong = wrong(&parts[0], parts.len(), &text);
            wrong.extend(upward(&path, &text));
            wrong
        };
        found.extend(
            wrong
                .into_iter()
                .map(|wrong| format!("{}: {wrong}", relative.display())),
        );
    }
    assert!(count > 20, "only {count} files under {}", src.display());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The file that a path from a room leads to, among `files`: the longest start of the path that is one.
fn file_of(path: &[&str], files: &BTreeSet<String>) -> Option<String> {
    let starts = (1..=path.len()).rev().map(|len| path[..len].join("::"));
    starts.into_iter().find(|start| files.contains(start))
}

/// The paths that follow `path` in a text: each whole, groups in braces taken apart.
fn paths_after<'c>(code: &'c str, path: &str) -> Vec<Vec<&'c str>> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(path) {
        let before = code[..at].chars().next_back();
        if before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            tree(&code[at + path.len()..], &mut Vec::new(), &mut paths);
        }
    }
    paths
}

/// Adds the paths of a `use` tree that starts a text, and returns the text behind it.
fn tree<'c>(text: &'c str, before: &mut Vec<&'c str>, paths: &mut Vec<Vec<&'c str>>) -> &'c str {
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            match rest.strip_prefix('}') {
                Some(behind) => return behind,
                None if rest.is_empty() => return rest,
                None => {}
            }
            let left = tree(rest, before, paths);
            // What isn't read, such as a name after `as`.
            let end = left.find([',', '}']).unwrap_or(left.len());
            rest = &left[end..];
        }
    }
    let name = identifier(text);
    before.push(name);
    let rest = &text[name.len()..];
    let rest = match rest.strip_prefix("::") {
        Some(rest) if !name.is_empty() => tree(rest, before, paths),
        _ => {
            paths.push(before.clone());
            rest
        }
    };
    before.pop();
    rest
}

/// The files of a room by their paths in it, each with those that it imports: by paths from the root, and by `super`.
fn imports_of(room: &str, texts: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let files: BTreeSet<String> = texts.keys().cloned().collect();
    let mut imports = BTreeMap::new();
    for (file, text) in texts {
        let code = code(text);
        let here: Vec<&str> = file.split("::").collect();
        let mut paths = paths_after(&code, &format!("crate::{room}::"));
        for up in 1..=here.len() {
            let around = &here[..here.len() - up];
            let relative = paths_after(&code, &"super::".repeat(up));
            let relative = relative.into_iter().filter(|path| path[0] != "super");
            paths.extend(relative.map(|path| [around, &path].concat()));
        }
        let found = paths.iter().filter_map(|path| file_of(path, &files));
        imports.insert(file.clone(), found.filter(|other| other != file).collect());
    }
    imports
}

/// The files of a room, without those of folders themselves, each with those that it imports.
fn imports(room: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    let mut texts = BTreeMap::new();
    for path in files(&folder) {
        let relative = path.strip_prefix(&folder).unwrap().with_extension("");
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        if parts.last().is_some_and(|part| part != "mod") {
            texts.insert(parts.join("::"), std::fs::read_to_string(&path).unwrap());
        }
    }
    imports_of(room, &texts)
}

/// The circles of files that import each other, each sorted.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<&str>> {
    let reached = |from: &str| {
        let mut open: Vec<&str> = vec![from];
        let mut seen = BTreeSet::new();
        while let Some(file) = open.pop() {
            for next in imports.get(file).into_iter().flatten() {
                if next != file && seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|file| (file.as_str(), reached(file)))
        .collect();
    let circle = |file: &str| {
        let others = reach[file].iter().copied();
        let circle: Vec<&str> = others
            .filter(|other| reach.get(other).is_some_and(|reach| reach.contains(file)))
            .collect();
        circle
    };
    reach
        .keys()
        .map(|file| circle(file))
        .filter(|circle| !circle.is_empty())
        .collect()
}

#[test]
fn circles_inside_rooms_are_in_the_table() {
    for (room, expected) in CIRCLES {
        let imports = imports(room);
        assert!(imports.len() > 1 || *room == "encode", "{room}");
        let expected: BTreeSet<Vec<&str>> = expected.iter().map(|files| files.to_vec()).collect();
        assert_eq!(circles(&imports), expected, "circles in {room}");
    }
}

#[test]
fn a_circle_is_found() {
    let text = |file: &str, text: &str| (file.to_owned(), text.to_owned());
    let texts = BTreeMap::from([
        text(
            "a",
            "use crate::room::{d::D, inner::{b::{self, B}, c as e}};",
        ),
        text("inner::b", "use super::c::C;\nuse super::super::d;"),
        text("inner::c", "fn f() { super::b::g() }"),
        text("d", "use crate::room::a::A;\n// use super::inner::c;"),
    ]);
    let imports = imports_of("room", &texts);
    let expected: &[(&str, &[&str])] = &[
        ("a", &["d", "inner::b", "inner::c"]),
        ("d", &["a"]),
        ("inner::b", &["d", "inner::c"]),
        ("inner::c", &["inner::b"]),
    ];
    for (file, files) in expected {
        assert_eq!(imports[*file].iter().collect::<Vec<_>>(), *files, "{file}");
    }
    let all = vec!["a", "d", "inner::b", "inner::c"];
    assert_eq!(circles(&imports), BTreeSet::from([all]));
}

#[test]
fn what_is_forbidden_is_found() {
    let cases: &[(&str, usize, &str, &[&str])] = &[
        (
            "merge",
            2,
            "use crate::relocate::Target;",
            &["`merge` imports `relocate`"],
        ),
        (
            "graph",
            2,
            "use crate::{error::Error, parse, id::TypeId};",
            &["`graph` imports `parse`"],
        ),
        (
            "id",
            1,
            "use crate::error::Error;",
            &["`id` imports `error`"],
        ),
        (
            "relocate",
            2,
            "fn f() { crate::elf::btf_of(b) }",
            &["`relocate` imports `elf`"],
        ),
        (
            "merge",
            2,
            "use gimli::Reader;",
            &["`merge` names the crate `gimli`"],
        ),
        (
            "dwarf",
            2,
            "use object::{read, elf};",
            &["`dwarf` names the crate `object`"],
        ),
        (
            "merge",
            2,
            "use super::super::dwarf;",
            &["`merge` reaches the root through `super`"],
        ),
        (
            "merge",
            1,
            "use super::dwarf;",
            &["`merge` reaches the root through `super`"],
        ),
        ("news", 1, "", &["module `news` is not in the table"]),
        (
            "graph",
            2,
            "use crate::news::X;",
            &["`graph` imports `news`, which is not in the table"],
        ),
        (
            "graph",
            2,
            "use crate::{Error, Result};\nuse super::kind;",
            &[],
        ),
        (
            "graph",
            2,
            "// use crate::elf;\nlet text = \"crate::elf\";",
            &[],
        ),
        (
            "graph",
            2,
            "#[cfg(test)]\nmod tests {\nuse crate::encode;\n}",
            &[],
        ),
        (
            "dwarf",
            2,
            "/// [`sections`](crate::elf::debug_sections)\nuse my_object::read;",
            &[],
        ),
    ];
    for (module, depth, text, expected) in cases {
        assert_eq!(wrong(module, *depth, text), *expected, "{text}");
    }
}

#[test]
fn an_edge_up_a_storey_is_found() {
    let above = |from: &str, to: &str| {
        vec![format!(
            "`dwarf::{from}` imports `dwarf::{to}`, which is above it"
        )]
    };
    let cases: &[(&[&str], &str, Vec<String>)] = &[
        (
            &["dwarf", "collect", "pass"],
            "use crate::dwarf::distinct::keys::Keys;",
            above("collect", "distinct"),
        ),
        (
            &["dwarf", "read", "header"],
            "fn f() { crate::dwarf::{sections, driver::convert} }",
            above("read", "driver"),
        ),
        (
            &["dwarf", "distinct"],
            "use super::emit;",
            above("distinct", "emit"),
        ),
        (
            &["dwarf", "emit", "graph"],
            "use super::super::driver::job;",
            above("emit", "driver"),
        ),
        (
            &["dwarf", "report"],
            "use crate::dwarf::origin::Origin;",
            above("report", "origin"),
        ),
        (
            &["dwarf", "driver", "job"],
            "use crate::dwarf::emit::bind::bind;\nuse crate::dwarf::driver::threads::Outcome;",
            vec![],
        ),
        (
            &["dwarf", "collect", "pass"],
            "use super::nodes::Node;\nuse crate::dwarf::read::Entry;\nuse crate::dwarf::Sections;",
            vec![],
        ),
        (&["dwarf"], "mod driver;\npub use driver::convert;", vec![]),
        (&["merge", "dedup"], "use crate::merge::link;", vec![]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(upward(path, text), *expected, "{text}");
    }
}
