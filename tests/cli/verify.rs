//! `btfkit verify` and `btfkit sanitize`.

use crate::command::*;

#[test]
fn one_line_for_each_file() {
    let scratch = Scratch::new();
    let cxx = scratch.path("cxx.btf");
    done(&["convert", "cxx/classes.clang-dwarf5", "-o", &cxx]);
    let output = run(&[
        "verify",
        "--kernel",
        "6.18",
        "layouts/server2.gcc-dwarf5",
        &cxx,
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "layouts/server2.gcc-dwarf5: ok");
    assert!(lines[1].starts_with(&format!("{cxx}: error: [")), "{text}");
    assert!(
        lines[1].contains("Invalid name") && lines[1].contains("more: --all"),
        "{text}"
    );
    assert_eq!(lines.len(), 2);
    assert!(stderr(&output).contains("Linux 6.18 refuses 1 of 2 files"));
    let all = run(&["verify", "--kernel", "6.18", "--all", &cxx]);
    assert!(stdout(&all).lines().count() > 5);

    let json = run(&[
        "verify",
        "--kernel",
        "latest",
        "--format",
        "json",
        &cxx,
        "layouts/server2.gcc-dwarf5",
    ]);
    assert_eq!(json.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    let files = json["files"].as_array().unwrap();
    assert_eq!(
        (files[0]["ok"].as_bool(), files[1]["ok"].as_bool()),
        (Some(false), Some(true))
    );
    let first = &files[0]["findings"][0];
    assert_eq!(
        (first["kernel"].as_str(), first["errno"].as_u64()),
        (Some("Invalid name"), Some(22))
    );
}

/// What is no BTF at all is a verdict, too.
#[test]
fn what_does_not_parse_is_a_verdict() {
    let scratch = Scratch::new();
    let text = scratch.write("text", b"no BTF at all");
    let output = run(&["verify", "--kernel", "6.18", &text]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("Invalid magic")
            || stdout(&output).contains("btf_header not found")
    );
    refused(
        &["verify", "--kernel", "6", "layouts/probe.bpf.o"],
        2,
        &["6.1"],
    );
    refused(
        &["verify", "--kernel", "4.19", "layouts/probe.bpf.o"],
        2,
        &["5.2"],
    );
}

#[test]
fn sanitized_files_are_ok() {
    let scratch = Scratch::new();
    let (out, names) = (scratch.path("out.btf"), scratch.path("names"));
    let arguments = ["sanitize", "--kernel", "5.10", "cxx/classes.clang-dwarf5"];
    let output = done(&[&arguments[..], &["--names", &names, "-o", &out]].concat());
    assert!(
        stderr(&output).contains("names were changed"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("became an anonymous structure of its size"));
    done(&["verify", "--kernel", "5.10", &out]);
    let table = std::fs::read_to_string(&names).unwrap();
    let table: btfkit::verify::NameTable = table.parse().unwrap();
    assert!(!table.is_empty());
}
