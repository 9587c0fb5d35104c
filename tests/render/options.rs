//! What is written: all types or some, with and without what makes accesses relocatable.

use btfkit::ErrorKind;
use btfkit::render::c::{HeaderOptions, header};

use crate::support::notation::graph;

const TYPES: &str = "int = signed int 4; far = struct far 4 a:int@0; p = ptr far; near = struct ns::Near<int> 4 a:int@0;
    s = struct s 16 f:p@0 n:near@64; other = struct other 4 a:int@0; e = enum - 4 LONELY=1";

#[test]
fn named_types_are_written_with_what_they_contain() {
    let graph = graph(TYPES);
    let text = header(&graph, &HeaderOptions::new().name("s"))
        .unwrap()
        .text;
    assert!(text.contains("struct far;\n"), "{text}");
    assert!(!text.contains("struct far {"), "{text}");
    assert!(
        text.contains("/* ns::Near<int> */\nstruct ns__Near_int_ {"),
        "{text}"
    );
    assert!(
        !text.contains("other") && !text.contains("LONELY"),
        "{text}"
    );
    let both = HeaderOptions::new().names(["ns__Near_int", "other"]);
    let text = header(&graph, &both).unwrap().text;
    assert!(
        text.contains("struct ns__Near_int_ {") && text.contains("struct other {"),
        "{text}"
    );
    assert!(!text.contains("struct s "), "{text}");
    let all = header(&graph, &HeaderOptions::new()).unwrap().text;
    assert!(all.contains("LONELY = 1"), "{all}");
}

#[test]
fn a_name_that_no_type_has_is_an_error() {
    let error = header(&graph(TYPES), &HeaderOptions::new().name("othr")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("the nearest: other"), "{error}");
}

#[test]
fn guard_and_pragma() {
    let graph = graph(TYPES);
    let text = header(&graph, &HeaderOptions::new().guard("9 a-b"))
        .unwrap()
        .text;
    assert!(text.contains("#ifndef _9_a_b\n#define _9_a_b\n"), "{text}");
    assert!(text.contains("preserve_access_index"), "{text}");
    let text = header(&graph, &HeaderOptions::new().core(false))
        .unwrap()
        .text;
    assert!(!text.contains("#pragma"), "{text}");
}
