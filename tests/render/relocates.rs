//! What the header says, relocates: a probe that reads every field of a program's header is relocated against the program,
//! and every offset stays as it is.

use std::collections::BTreeSet;

use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
use btfkit::query::essential_name;
use btfkit::relocate::Outcome;

use crate::compile::{bpf_object, checked, types};
use crate::support::testdata;

/// A field of a header, from its check.
struct Checked<'t> {
    ty: &'t str,
    path: &'t str,
    offset: u64,
}

fn fields(text: &str) -> Vec<Checked<'_>> {
    let parse = |line: &'_ str| -> Option<(usize, usize, u64)> {
        let rest = line.strip_prefix("_Static_assert(__builtin_offsetof(")?;
        let (ty, rest) = rest.split_once(", ")?;
        let (path, rest) = rest.split_once(") == ")?;
        Some((ty.len(), path.len(), rest.split_once(',')?.0.parse().ok()?))
    };
    let start = "_Static_assert(__builtin_offsetof(".len();
    text.lines()
        .filter_map(|line| {
            let (ty, path, offset) = parse(line)?;
            Some(Checked {
                ty: &line[start..start + ty],
                path: &line[start + ty + 2..start + ty + 2 + path],
                offset,
            })
        })
        .collect()
}

fn law(name: &str) {
    let graph = types(&testdata(name));
    let header = checked(&graph);
    let mut fields = fields(&header.text);
    // Of types with one name, relocation can't take one that has a field of another.
    let several: BTreeSet<&[u8]> = fields
        .iter()
        .map(|field| (field.ty.as_bytes(), essential_name(field.ty.as_bytes())))
        .filter(|(whole, essential)| whole != essential)
        .map(|(_, essential)| essential)
        .collect();
    let stem = |ty: &str| essential_name(ty.as_bytes()).to_vec();
    let is_several = |ty: &str| {
        let stem = stem(ty);
        let end = stem
            .iter()
            .rposition(|byte| *byte != b'_')
            .map_or(0, |end| end + 1);
        several.contains(&stem[..]) || several.contains(&stem[..end])
    };
    fields.retain(|field| !is_several(field.ty));
    assert!(fields.len() > 10, "{name}: {} fields", fields.len());
    let mut source = String::from(
        "#include \"types.h\"\n\
         #define READ(type, path) at = (unsigned long)__builtin_choose_expr(sizeof(((type *)0)->path) == 0, 0, \\\n\
         \t__builtin_preserve_access_index(&((type *)p)->path));\n",
    );
    for (number, some) in fields.chunks(300).enumerate() {
        source.push_str(&format!(
            "__attribute__((section(\"uprobe\"))) int read{number}(void *p)\n{{\n\tvolatile unsigned long at = 0;\n"
        ));
        for field in some {
            source.push_str(&format!("\tREAD({}, {})\n", field.ty, field.path));
        }
        source.push_str("\treturn at != 0;\n}\n");
    }
    let Some(object) = bpf_object(&header.text, &source) else {
        return;
    };
    let target = TargetFile::user("app", graph);
    let relocated = relocate(object, &[target], &RelocateOptions::default()).unwrap();
    let mut seen = 0;
    for record in &relocated.report.records {
        match record.outcome {
            Outcome::Set { old, new } => assert_eq!(old, new, "{name}: {}", record.local),
            // BPF has no floating-point numbers of 2 or 16 bytes: there they are bytes.
            Outcome::NoMatch
                if record
                    .rejected
                    .iter()
                    .all(|rejected| rejected.reason.contains("btfkit_float")) => {}
            other => panic!("{name}: {}: {other:?} {:?}", record.local, record.rejected),
        }
        seen += 1;
    }
    // Fields without a size are not read: there is nothing to read, and clang 19 crashes.
    assert!(
        seen * 10 > fields.len() * 9,
        "{name}: {seen} of {}",
        fields.len()
    );
    let most = fields.iter().map(|field| field.offset).max();
    assert!(most > Some(0));
}

#[test]
fn what_headers_of_c_say_relocates() {
    law("layouts/server1.gcc-dwarf5");
    law("types/kinds.gcc-dwarf5");
}

#[test]
fn what_headers_of_cxx_say_relocates() {
    law("cxx/classes.gcc-dwarf5");
    law("cxx/classes.clang-dwarf5");
    law("cxx/names.plain.gcc");
    law("cxx/templates.plain.o");
}

#[test]
fn what_headers_of_rust_say_relocates() {
    law("rust/shapes.o");
}

#[test]
fn what_headers_of_go_say_relocates() {
    law("go/shapes");
}
