//! `btfkit diff`.

use crate::command::*;

#[test]
fn changes_of_fields_and_types_are_listed() {
    let (a, b) = ("tutorial/prog_a.gcc-dwarf5", "tutorial/prog_b.gcc-dwarf5");
    let text = stdout(&done(&["diff", a, b]));
    assert!(text.contains("struct data\n"), "{text}");
    assert!(text.contains("    + int b at byte 4\n"), "{text}");
    assert!(text.contains("    c: byte 4 -> byte 8\n"), "{text}");
    let same = done(&["diff", a, a]);
    assert_eq!(stdout(&same), "");
    assert_eq!(
        String::from_utf8_lossy(&same.stderr),
        "note: no type differs\n"
    );
    assert_eq!(stdout(&done(&["diff", a, b, "--type", "data"])), text);
    assert_eq!(stdout(&done(&["diff", a, b, "--type", "int"])), "");
    refused(
        &["diff", a, b, "--type", "nobody"],
        1,
        &["no type is called nobody"],
    );
    let other = "layouts/server1.gcc-dwarf5";
    let text = stdout(&done(&["diff", a, other, "--type", "data", "session"]));
    assert_eq!(text, "- struct data\n+ struct session\n");
    // What is neither a structure nor an enumeration has its word, too.
    let text = stdout(&done(&["diff", a, PROBE]));
    let words: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("+ "))
        .filter_map(|line| Some(line.split_once(' ')?.0))
        .collect();
    assert_eq!(
        words.len(),
        text.lines().filter(|line| line.starts_with("+ ")).count()
    );
    for word in ["struct", "typedef", "integer", "function"] {
        assert!(words.contains(&word), "{text}");
    }
}
