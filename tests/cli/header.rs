//! `btfkit header`.

use crate::command::*;

#[test]
fn the_helpers_need_no_file() {
    let text = stdout(&done(&["header", "--helpers"]));
    assert_eq!(text, btfkit::render::helpers::BPF_HELPERS);
    refused(&["header"], 2, &["FILE"]);
    refused(&["header", "x", "--helpers"], 2, &["--helpers"]);
    refused(&["header", "--helpers", "--lang", "rust"], 2, &["--lang"]);
}
