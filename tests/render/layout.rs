//! Layouts of structures, compared with pahole's.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::tools::KERNEL;
use crate::support::{testdata, tool};
use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember};
use btfkit::render::{LayoutOptions, layout, layout_json};
use btfkit::{Bits, ErrorKind};

/// What a layout's text has of one structure, line by line: fields with offset and size, holes, and totals.
///
/// Types of fields and cache lines are left out, and so is what only pahole tells: paddings of the types of members,
/// alignments that it deduces, advice, totals of unnamed structures inside, and the fields of unnamed structures behind
/// pointers. Pahole has no totals of unions.
fn facts(text: &str, has_totals: bool) -> Vec<String> {
    let mut facts = Vec::new();
    let mut open = Vec::new();
    for line in text.lines() {
        if line.ends_with('{') {
            open.push(facts.len());
        } else if line.trim_start().starts_with('}') {
            let start = open.pop();
            if line.contains("} *") {
                facts.truncate(start.unwrap_or_default());
            }
        }
        facts.extend(fact(line, has_totals && open.is_empty()));
    }
    facts
}

fn fact(line: &str, has_totals: bool) -> Option<String> {
    let line = line.trim();
    let (code, comment) = line.split_once("/*")?;
    let comment = comment.split("*/").next()?.trim();
    let words: Vec<&str> = comment.split_whitespace().collect();
    if !code.is_empty() {
        let is_number = |word: &&str| {
            word.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':')
        };
        if !words.iter().all(is_number) || words.is_empty() {
            return None;
        }
        return Some(format!("{} {}", field_name(code), words.join(" ")));
    }
    let text = words
        .join(" ")
        .replace(", try to pack", "")
        .replace("bit_padding", "bit padding");
    let is_total = [
        "size:",
        "sum members:",
        "sum bitfield members:",
        "padding:",
        "bit padding:",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    let is_hole = text.starts_with("XXX ") && text.ends_with("hole");
    let is_wanted = is_hole || (is_total && has_totals);
    if !is_wanted {
        return None;
    }
    // A sum of bits that is a whole number of bytes is given in both.
    let text = text.split(" (").next().unwrap_or_default();
    Some(
        text.replace("byte hole", "bytes hole")
            .replace("bit hole", "bits hole"),
    )
}

/// The name that a declaration declares, with the width of a bitfield; empty without one.
fn field_name(code: &str) -> String {
    let code = code.trim().trim_end_matches(';');
    // `__attribute__((__aligned__(64)))` in front of a name or behind it.
    let code: Vec<&str> = code
        .split(' ')
        .filter(|word| !word.starts_with("__attribute__(("))
        .collect();
    let code = code.join(" ");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (code, width) = match code.rsplit_once(':') {
        Some((code, width)) if !width.is_empty() && width.bytes().all(|b| b.is_ascii_digit()) => {
            (code, format!(":{width}"))
        }
        _ => (&*code, String::new()),
    };
    // A pointer to a function has its name behind the first `(*`.
    let code = match code.split_once("(*") {
        Some((_, name)) => name.split([')', '[']).next().unwrap_or_default(),
        None => code.split('[').next().unwrap_or_default(),
    };
    let start = code
        .trim_end()
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + 1);
    format!("{}{width}", code[start..].trim())
}

/// Pahole's structures and unions by title, such as `struct file`; the first of each.
fn pahole_says(pahole: &str, format: &str, file: &Path) -> BTreeMap<String, Vec<String>> {
    let output = Command::new(pahole)
        .args(["-F", format])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "pahole {}", file.display());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut all = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some(title) = line.strip_suffix(" {")
            && !line.starts_with('\t')
        {
            open = Some((title.to_owned(), String::new()));
        } else if line.starts_with('}') {
            if let Some((title, text)) = open.take() {
                let has_totals = title.starts_with("struct ");
                all.entry(title).or_insert_with(|| facts(&text, has_totals));
            }
        } else if let Some((_, text)) = &mut open {
            text.push_str(line);
            text.push('\n');
        }
    }
    all
}

/// Structures of `testdata/types` that BTF can't represent: an offset beyond 24 bits or an array of too many elements.
const NOT_IN_BTF: &[&str] = &["struct far_bits", "struct far_member", "struct too_big"];

/// Structures of CPython with an `_Atomic` member, which pahole 1.24 takes for one of 0 bytes.
const NOT_IN_PAHOLE: &[&str] = &["struct _Py_atomic_address", "struct _Py_atomic_int"];

/// Compares; returns the number of structures, of lines, and what differs.
fn compare(graph: &Btf, theirs: &BTreeMap<String, Vec<String>>) -> (usize, usize, Vec<String>) {
    let (mut types, mut lines, mut wrong) = (0, 0, Vec::new());
    for (title, theirs) in theirs {
        let Some((keyword, name)) = title.split_once(' ') else {
            continue;
        };
        let kind = match keyword {
            "struct" => Kind::Struct,
            "union" => Kind::Union,
            _ => continue,
        };
        let named = graph.named(name).filter(|ty| ty.kind() == kind);
        let ours: Vec<Vec<String>> = named
            .map(|ty| {
                let text = layout(ty, &LayoutOptions::new()).unwrap().to_string();
                let body = text.split_once('\n').unwrap().1;
                facts(body.strip_suffix("};\n").unwrap(), kind == Kind::Struct)
            })
            .collect();
        if ours.is_empty() {
            wrong.push(format!("{title} is missing"));
            continue;
        }
        if [NOT_IN_BTF, NOT_IN_PAHOLE].concat().contains(&&**title) {
            continue;
        }
        types += 1;
        lines += theirs.len();
        if !ours.contains(theirs) {
            let end = String::new();
            let at = (0..)
                .find(|at| ours[0].get(*at) != theirs.get(*at))
                .unwrap();
            let [ours, theirs] = [&ours[0], theirs].map(|lines| lines.get(at).unwrap_or(&end));
            wrong.push(format!("{title}: {ours:?}, pahole {theirs:?}"));
        }
    }
    (types, lines, wrong)
}

fn agrees(pahole: &str, format: &str, file: &Path, least: usize) {
    let graph = Btf::open(file).unwrap();
    let (types, lines, wrong) = compare(&graph, &pahole_says(pahole, format, file));
    println!(
        "{}: {types} types, {lines} lines, {} differ",
        file.display(),
        wrong.len()
    );
    for wrong in wrong.iter().take(40) {
        println!("  {wrong}");
    }
    assert!(wrong.is_empty() && types >= least, "{types}");
}

#[test]
fn programs_as_pahole_shows_them() {
    let Some(pahole) = tool(&["pahole"]) else {
        return;
    };
    for (program, least) in [
        ("layouts/server1.gcc-dwarf4", 9),
        ("layouts/server4.gcc-dwarf4", 11),
        ("types/kinds.gcc-dwarf4", 42),
    ] {
        agrees(&pahole, "dwarf", &testdata(program), least);
    }
}

/// `PAHOLE_FILES=btf:/sys/kernel/btf/vmlinux,dwarf:/usr/bin/a cargo test --test render pahole -- --ignored --nocapture`
#[test]
#[ignore = "asks the pahole of this machine about the running kernel, or about the files in PAHOLE_FILES"]
fn large_files_as_pahole_shows_them() {
    let pahole = tool(&["pahole"]).expect("pahole is here");
    let files = std::env::var("PAHOLE_FILES").unwrap_or(format!("btf:{KERNEL}"));
    for file in files.split(',') {
        let (format, file) = file.split_once(':').expect("FORMAT:FILE");
        agrees(&pahole, format, Path::new(file), 300);
    }
}

/// A structure with a nested one, an anonymous union, bitfields, holes and padding.
fn nested() -> Btf {
    let mut b = GraphBuilder::new();
    let char = b.int("char", 1, IntEncoding::SIGNED).unwrap();
    let long = b.int("long", 8, IntEncoding::SIGNED).unwrap();
    let inner = [
        NewMember::new("tag", char),
        NewMember::new("value", long).at(Bits(64)),
    ];
    let inner = b
        .composite(Kind::Struct, "ns::Inner<int>", 16, &inner)
        .unwrap();
    let either = [NewMember::new("word", long), NewMember::new("byte", char)];
    let either = b.composite(Kind::Union, "", 8, &either).unwrap();
    let members = [
        NewMember::new("inner", inner),
        NewMember::new("", either).at(Bits(128)),
        NewMember::new("few", char).at(Bits(192)).bitfield(Bits(3)),
        NewMember::new("last", char).at(Bits(208)),
    ];
    b.composite(Kind::Struct, "outer", 32, &members).unwrap();
    b.freeze().unwrap()
}

#[test]
fn nested_structures_are_shown_on_request() {
    let graph = nested();
    let outer = graph.find(Kind::Struct, "outer").unwrap();
    let text = |depth| {
        let options = LayoutOptions::new().depth(depth);
        layout(outer, &options).unwrap().to_string()
    };
    let flat = text(0);
    assert!(flat.contains("struct ns__Inner_int_      inner;"), "{flat}");
    assert!(
        flat.contains("/* 5 bits hole */") || flat.contains("XXX 5 bits hole"),
        "{flat}"
    );
    assert!(flat.contains("/* padding: 5 */"), "{flat}");
    let deep = text(1);
    let lines: Vec<&str> = deep.lines().map(str::trim).collect();
    assert_eq!(lines[1], "struct ns__Inner_int_ { /* ns::Inner<int> */");
    assert!(deep.contains("XXX 7 bytes hole"), "{deep}");
    assert!(deep.contains("} inner;"), "{deep}");
}

#[test]
fn json_has_the_rows_of_the_text() {
    let graph = nested();
    let outer = graph.find(Kind::Struct, "outer").unwrap();
    let outer = layout(outer, &LayoutOptions::new().depth(1)).unwrap();
    let mut json = Vec::new();
    layout_json(&outer, &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let rows = json["rows"].as_array().unwrap();
    let offsets: Vec<_> = rows
        .iter()
        .map(|row| row["offset"].as_u64().unwrap())
        .collect();
    assert_eq!(offsets, [0, 16, 24, 24, 25, 26, 27]);
    assert_eq!(rows[0]["type"], "struct ns::Inner<int>");
    assert_eq!(rows[0]["rows"][1]["row"], "hole");
    assert_eq!(rows[0]["rows"][2]["offset"], 8);
    assert_eq!((&rows[2]["width"], &rows[2]["bit"]), (&3.into(), &0.into()));
    assert_eq!(
        (&rows[3]["row"], &rows[3]["bits"]),
        (&"bit_hole".into(), &5.into())
    );
    assert_eq!(json["totals"]["padding"], 5);
}

/// Sixty structures, each with two anonymous ones of the kind before: 2^60 fields.
#[test]
fn a_layout_has_an_end() {
    let mut b = GraphBuilder::new();
    let mut inner = b.int("int", 4, IntEncoding::SIGNED).unwrap();
    for depth in 0..60 {
        let name = if depth == 59 { "top" } else { "" };
        let members = [NewMember::new("", inner), NewMember::new("", inner)];
        inner = b.composite(Kind::Struct, name, 4, &members).unwrap();
    }
    let itself = b.next_id();
    let members = [NewMember::new("", itself)];
    b.composite(Kind::Struct, "itself", 4, &members).unwrap();
    let graph = b.freeze().unwrap();
    for name in ["top", "itself"] {
        let ty = graph.find(Kind::Struct, name).unwrap();
        let error = layout(ty, &LayoutOptions::new().rows(10_000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}");
    }
    let int = graph.find(Kind::Int, "int").unwrap();
    let error = layout(int, &LayoutOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
