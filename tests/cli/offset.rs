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
