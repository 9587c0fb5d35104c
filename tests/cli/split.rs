//! `btfkit split`.

use crate::command::*;

#[test]
fn split_over_split() {
    let scratch = Scratch::new();
    let path = |name: &str| scratch.path(name);
    let (base, middle, top) = (path("base.btf"), path("middle.btf"), path("top.btf"));
    let server = |number: u32| format!("layouts/server{number}.gcc-dwarf5");
    done(&["convert", &server(1), "-o", &base]);
    done(&["split", &server(2), "--base", &base, "-o", &middle]);
    let bases = ["--base", &base, "--base", &middle];
    done(&[&["split", &server(3)], &bases[..], &["-o", &top]].concat());
    let types = |file: &str, bases: &[&str]| {
        let text = stdout(&done(&[&["dump", file], bases].concat()));
        text.lines().filter(|line| line.starts_with('[')).count()
    };
    assert!(types(&top, &bases) > 0);
    // What two releases have is not said a third time.
    done(&[&["split", &server(2)], &bases[..], &["-o", &top]].concat());
    assert_eq!(types(&top, &bases), 0);
    refused(&["dump", &middle], 1, &["split BTF"]);
}
