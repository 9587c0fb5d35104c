//! `btfkit offset`.

use crate::command::*;

#[test]
fn fields_by_path() {
    let server = "layouts/server2.gcc-dwarf5";
    let line = stdout(&done(&["offset", server, "session", "hops[2].port"]));
    assert_eq!(line, "hops[2].port  offset 220  size 2\n");
    refused(&["offset", server, "session", "nobody"], 1, &["nobody"]);
    refused(&["offset", server, "nobody"], 1, &["nobody"]);
}

/// What is behind a pointer is found by the command that the message shows.
#[test]
fn a_pointer_in_the_path() {
    let server = "layouts/server2.gcc-dwarf5";
    let output = run(&[
        "offset",
        server,
        "struct session",
        "hops[1].port",
        "next.hops[2].port",
    ]);
    assert_eq!(
        (output.status.code(), stdout(&output)),
        (Some(1), String::new())
    );
    let message = stderr(&output);
    assert!(
        message.contains("session.next is a pointer to struct session, at offset 0"),
        "{message}"
    );
    let command = message.lines().last().unwrap().trim();
    assert_eq!(
        command,
        format!("btfkit offset {server} 'struct session' 'hops[2].port'")
    );
    let line = stdout(&done(&["offset", server, "struct session", "hops[2].port"]));
    assert_eq!(line, "hops[2].port  offset 220  size 2\n");

    refused(
        &["offset", server, "session", "next[2].id"],
        1,
        &["928 bytes ahead", "id"],
    );
    refused(
        &["offset", server, "session", "banner[3]"],
        1,
        &["pointer to char", "3 bytes ahead"],
    );
    refused(
        &["offset", server, "session", "banner.x"],
        1,
        &["pointer to char", "no x"],
    );
    // The pointer itself is a field like others.
    assert_eq!(
        stdout(&done(&["offset", server, "session", "next"])),
        "next  offset 0  size 8\n"
    );
}

#[test]
fn fields_as_json() {
    let server = "layouts/server2.gcc-dwarf5";
    let arguments = [
        "offset",
        server,
        "session",
        "hops[2].port",
        "prio",
        "--format",
        "json",
    ];
    let json: serde_json::Value = serde_json::from_str(&stdout(&done(&arguments))).unwrap();
    let [port, prio] = [&json["fields"][0], &json["fields"][1]];
    assert_eq!(
        (&port["offset"], &port["type"]),
        (&220.into(), &"u16".into())
    );
    let line = stdout(&done(&["offset", server, "session", "prio"]));
    let (offset, bit, width) = (&prio["offset"], &prio["bit"], &prio["width"]);
    assert_eq!(
        line,
        format!("prio  offset {offset}  size 8  bit {bit}  width {width}\n")
    );
    assert_eq!(json["size"], 464);
}
