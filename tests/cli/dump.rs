//! `btfkit dump`.

use crate::command::*;
use crate::support::read;

#[test]
fn raw_and_json() {
    let golden = |name: &str| String::from_utf8(read(name)).unwrap();
    let file = "dump/every_kind.btf";
    assert_eq!(
        stdout(&done(&["dump", file])),
        golden("dump/every_kind.txt")
    );
    assert_eq!(
        stdout(&done(&["dump", file, "--format", "json"])),
        golden("dump/every_kind.json")
    );
    let one = stdout(&done(&["dump", file, "--type", "double"]));
    assert_eq!(one.lines().count(), 1);
    assert!(one.ends_with("FLOAT 'double' size=8\n"), "{one}");
}
