//! `btfkit layout`.

use crate::command::*;

const SERVER: &str = "layouts/server2.gcc-dwarf5";

#[test]
fn structures_of_a_program() {
    let text = stdout(&done(&["layout", SERVER, "struct session", "hop"]));
    assert!(text.starts_with("struct session {\n"), "{text}");
    assert!(text.contains("};\n\nstruct hop {\n"), "{text}");
    let json = stdout(&done(&["layout", SERVER, "session", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = json["rows"].as_array().unwrap();
    let hops = rows.iter().find(|row| row["name"] == "hops").unwrap();
    let line = stdout(&done(&["offset", SERVER, "session", "hops"]));
    assert_eq!(
        line,
        format!("hops  offset {}  size {}\n", hops["offset"], hops["size"])
    );
}

#[test]
fn what_has_no_layout() {
    refused(&["layout", SERVER, "sesion"], 1, &["sesion", "session"]);
    refused(&["layout", SERVER, "u64"], 1, &["u64", "no members"]);
    refused(&["layout", SERVER], 2, &["NAME"]);
}
