//! `btfkit list`.

use crate::command::*;

const SERVER: &str = "layouts/server2.gcc-dwarf5";

#[test]
fn names_that_match() {
    let text = stdout(&done(&["list", SERVER, "s*", "--kind", "struct"]));
    let names: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert!(names.contains(&"session") && names.is_sorted(), "{text}");
    assert!(
        text.lines().all(|line| line.starts_with("struct ")),
        "{text}"
    );
    let json = stdout(&done(&["list", SERVER, "session", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let size = stdout(&done(&["offset", SERVER, "session"]));
    assert_eq!(
        size,
        format!("session  size {}\n", json["types"][0]["size"])
    );
    refused(&["list", SERVER, "sesion"], 1, &["session"]);
    refused(&["list", SERVER, "--kind", "poem"], 2, &["poem"]);
}

/// As many as bpftool lists.
#[test]
fn every_name_of_a_file() {
    let file = "dump/every_kind.btf";
    let path = crate::support::testdata(file).display().to_string();
    let Some(lists) = bpftool_lists(&path, None) else {
        return;
    };
    let is_listed = |line: &&str| {
        let kind = line.split(' ').nth(1).unwrap_or_default();
        let kinds = [
            "INT", "STRUCT", "UNION", "ENUM", "ENUM64", "TYPEDEF", "FLOAT", "FWD",
        ];
        line.starts_with('[') && kinds.contains(&kind) && !line.contains("'(anon)'")
    };
    let count = lists.lines().filter(is_listed).count();
    assert_eq!(stdout(&done(&["list", file])).lines().count(), count);
}
