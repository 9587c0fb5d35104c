//! `btfkit distill` and `btfkit rebase`.

use std::path::Path;

use crate::command::*;

#[test]
fn a_split_is_distilled_and_rebased() {
    let scratch = Scratch::new();
    let path = |name: &str| scratch.path(name);
    let (base, split) = (path("base.btf"), path("split.btf"));
    // The base: a probe's types. The rest of a program's goes on from there.
    done(&["convert", "layouts/server1.gcc-dwarf5", "-o", &base]);
    done(&[
        "split",
        "layouts/server2.gcc-dwarf5",
        "--base",
        &base,
        "-o",
        &split,
    ]);
    let whole = std::fs::metadata(&base).unwrap().len();
    assert!(std::fs::metadata(&split).unwrap().len() < whole);
    if let Some(text) = bpftool_lists(&split, Some(&base)) {
        assert!(text.contains("STRUCT 'session'"), "{text}");
    }

    let distilled = path("distilled.btf");
    let small = path("distilled.btf.base");
    done(&["distill", &split, "--base", &base, "-o", &distilled]);
    assert!(std::fs::metadata(&small).unwrap().len() < whole);
    if let Some(text) = bpftool_lists(&distilled, Some(&small)) {
        assert!(text.contains("STRUCT 'session'"), "{text}");
    }

    // Another base, with other ids.
    let (other, back) = (path("other.btf"), path("back.btf"));
    done(&["merge", PROBE, &base, "-o", &other]);
    done(&[
        "rebase", &distilled, "--from", &small, "--base", &other, "-o", &back,
    ]);
    let fields = |file: &str, base: &str| {
        stdout(&done(&["dump", file, "--base", base, "--type", "session"]))
            .lines()
            .filter(|line| line.starts_with('\t'))
            .map(|line| line.replace(char::is_numeric, ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(&back, &other), fields(&split, &base));
    if let Some(text) = bpftool_lists(&back, Some(&other)) {
        assert!(text.contains("STRUCT 'session'"), "{text}");
    }
    refused(
        &["distill", &base, "--base", &other, "-o", &back],
        1,
        &["base.btf"],
    );
    refused(&["distill", &split, "--base", &base, "-o", "-"], 2, &["-o"]);
    refused(
        &["rebase", &distilled, "--base", &other, "-o", &back],
        1,
        &["split BTF", "base"],
    );
    // Both files or none.
    let folder = path("folder");
    std::fs::create_dir(&folder).unwrap();
    refused(
        &["distill", &split, "--base", &base, "-o", &folder],
        1,
        &["folder"],
    );
    assert!(!Path::new(&path("folder.base")).exists());
}
