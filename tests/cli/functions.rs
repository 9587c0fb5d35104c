//! `--function` in targets of several files, and in files with both BTF and DWARF.

use std::process::Command;

use crate::command::{PROBE, Scratch, done, refused, stdout};
use crate::support::{compiled, output, testdata, tool};

#[test]
fn a_function_of_a_further_file() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    // The first file has a `struct data` and no such function.
    let first = [
        "relocate",
        PROBE,
        "--partial",
        "-o",
        &out,
        "-t",
        "app=tutorial/prog_a.gcc-dwarf5",
    ];
    let both = [&first[..], &["-t", "app=probed/program.gcc"]].concat();
    let at = |function: &str| {
        let told = done(&[&both[..], &["--function", function]].concat());
        let text = stdout(&told);
        let line = text
            .lines()
            .find(|line| line.contains("struct data.c in app"));
        line.unwrap().to_owned()
    };
    assert!(
        at("first_add").ends_with(": 4 (as it was)"),
        "{}",
        at("first_add")
    );
    assert!(at("second_add").ends_with("-> 24"), "{}", at("second_add"));
    refused(
        &[&both[..], &["--function", "third_add"]].concat(),
        1,
        &["third_add", "prog_a.gcc-dwarf5", "probed/program.gcc"],
    );
    // BTF has no units, but another file may.
    let btf = scratch.path("a.btf");
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", &btf]);
    let target = format!("app={btf}");
    let raw = [
        "relocate",
        PROBE,
        "--partial",
        "-o",
        &out,
        "-t",
        &target,
        "-t",
        "app=probed/program.gcc",
    ];
    let told = done(&[&raw[..], &["--function", "first_add"]].concat());
    assert!(
        stdout(&told).contains("struct data.c in app: 4 (as it was)"),
        "{}",
        stdout(&told)
    );
}

/// The function asks for DWARF, so it is taken although there is `.BTF`.
#[test]
fn a_function_of_a_file_with_btf_and_dwarf() {
    let Some(objcopy) = tool(&["objcopy", "llvm-objcopy-19"]) else {
        return;
    };
    let scratch = Scratch::new();
    let (btf, both, out) = (
        scratch.path("btf"),
        scratch.path("both"),
        scratch.path("out"),
    );
    done(&["convert", "probed/program.gcc", "-o", &btf]);
    output(
        Command::new(objcopy)
            .arg(format!("--add-section=.BTF={btf}"))
            .args([&testdata("probed/program.gcc").display().to_string(), &both]),
    );
    let target = format!("app={both}");
    let plain = ["relocate", PROBE, "--partial", "-t", &target, "-o", &out];
    for (function, at) in [
        ("first_add", ": 4 (as it was)"),
        ("second_add", ": 4 -> 24"),
    ] {
        let told = stdout(&done(&[&plain[..], &["--function", function]].concat()));
        let line = told
            .lines()
            .find(|line| line.contains("struct data.c in app"))
            .unwrap();
        assert!(line.ends_with(at), "{line}");
    }
    refused(
        &[&plain[..], &["--function", "third_add"]].concat(),
        1,
        &["third_add"],
    );
}

/// The message names a function for each of the types, and each of them chooses.
#[test]
fn ambiguous_types_name_functions_that_decide() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let relocate = [
        "relocate",
        PROBE,
        "--partial",
        "-t",
        "app=probed/program.gcc",
        "-o",
        &out,
    ];
    for arguments in [
        &relocate[..],
        &["offset", "probed/program.gcc", "data", "c"],
    ] {
        refused(
            arguments,
            1,
            &[
                "first.c:5",
                "--function first_add",
                "second.c:4",
                "--function second_add",
            ],
        );
    }
    // A second program's function has its label.
    let labelled = [
        &relocate[..3],
        &[
            "-t",
            "x=rust/shapes.o",
            "-t",
            "app=probed/program.gcc",
            "-o",
            &out,
        ],
    ]
    .concat();
    refused(&labelled, 1, &["--function app=first_add"]);
}

/// Of two targets each gives what relocating takes from it.
#[test]
fn the_smallest_btf_of_several_targets() {
    let scratch = Scratch::new();
    let (both, out, again) = (
        scratch.path("both.btf"),
        scratch.path("out.o"),
        scratch.path("again.o"),
    );
    let targets = [
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "-t",
        "kernel=tutorial/probe.bpf.o",
    ];
    done(&[&["min", PROBE, "-o", &both], &targets[..]].concat());
    done(&[&["relocate", PROBE, "-o", &out], &targets[..]].concat());
    let target = format!("kernel={both}");
    done(&["relocate", PROBE, "-t", &target, "-o", &again]);
    assert!(std::fs::read(&out).unwrap() == std::fs::read(&again).unwrap());
    let names = stdout(&done(&["dump", &both, "--format", "raw"]));
    assert!(
        names.contains("'data'") && names.contains("'pt_regs'"),
        "{names}"
    );
    // Two programs are not one program's further file.
    refused(
        &[
            "min",
            PROBE,
            "-o",
            &both,
            "-t",
            "probed/program.gcc",
            "-t",
            "probed/../probed/program.gcc",
        ],
        2,
        &["both called"],
    );
}

/// GNU's build ID as `readelf` prints it, in both formats of both commands.
#[test]
fn build_ids_of_targets() {
    let Some(readelf) = tool(&["readelf", "llvm-readelf-19"]) else {
        return;
    };
    let notes = output(
        Command::new(readelf)
            .args(["-n"])
            .arg(testdata("probed/program.gcc")),
    );
    let id = notes
        .split("Build ID: ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    assert_eq!(id.len(), 40);
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let options = [
        "-t",
        "app=probed/program.gcc",
        "--function",
        "first_add",
        "-t",
        "kernel=tutorial/probe.bpf.o",
    ];
    let relocate = [&["relocate", PROBE, "-o", &out], &options[..]].concat();
    let line = format!("target app: build ID {id}\n");
    let text = stdout(&done(&relocate));
    assert!(
        text.contains(&line) && !text.contains("target kernel"),
        "{text}"
    );
    let check = [&["check", PROBE], &options[..]].concat();
    let text = stdout(&done(&check));
    assert!(text.ends_with(&line), "{text}");
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&stdout(&done(arguments))).unwrap()
    };
    let report = json(&[&relocate[..], &["--report", "json"]].concat());
    let expected = serde_json::json!([
        { "label": "app", "role": "user", "build_ids": [id] },
        { "label": "kernel", "role": "kernel", "build_ids": [null] },
    ]);
    assert_eq!(report["targets"], expected);
    let verdicts = json(&[&check[..], &["--format", "json"]].concat());
    let verdict = &verdicts["verdicts"][0];
    assert_eq!(verdict["report"], report);
    assert_eq!(verdict["target"], "app+kernel");
    assert_eq!(verdict["good"], true);
    assert_eq!(verdict["counts"]["poisoned"], 0);
    assert_eq!(verdict["error"], serde_json::Value::Null);
    // A target that can't be read is an error of its verdict.
    let bad = ["check", PROBE, "-t", "app=README.md", "--format", "json"];
    let bad: serde_json::Value = serde_json::from_str(&stdout(&crate::command::run(&bad))).unwrap();
    assert!(bad["verdicts"][0]["error"].is_string(), "{bad}");
    assert!(bad["verdicts"][0]["report"].is_null(), "{bad}");
}

/// A named pipe is read once, whatever is asked of it.
#[test]
fn pipes_as_targets() {
    let scratch = Scratch::new();
    let (pipe, out) = (scratch.path("pipe"), scratch.path("out.o"));
    output(Command::new("mkfifo").arg(&pipe));
    let program = std::fs::read(testdata("tutorial/prog_b.gcc-dwarf5")).unwrap();
    let target = format!("app={pipe}");
    for arguments in [
        vec!["relocate", PROBE, "--partial", "-t", &target, "-o", &out],
        vec!["offset", &pipe, "data", "c"],
    ] {
        let (pipe, program) = (pipe.clone(), program.clone());
        let writer = std::thread::spawn(move || std::fs::write(pipe, program));
        done(&arguments);
        writer.join().unwrap().unwrap();
    }
    refused(
        &["relocate", PROBE, "-t", "app=/dev/zero", "-o", &out],
        1,
        &["/dev/zero", "device"],
    );
}

/// A split BTF that only declares what its base defines in another place writes its own types alone.
#[test]
fn a_module_over_its_base() {
    const BASE: &str = "struct task { int id; long when; }; struct queue { struct task *first; };
        struct queue q; struct task t;";
    const MODULE: &str = "struct task; struct queue { struct task *first; };
        struct mine { struct task *t; struct queue *q; int own; }; struct mine m;";
    let scratch = Scratch::new();
    scratch.write("base.c", BASE.as_bytes());
    scratch.write("module.c", MODULE.as_bytes());
    for file in ["base", "module"] {
        let (source, object) = (format!("{file}.c"), format!("{file}.o"));
        let arguments = ["-g", "-c", &source, "-o", &object];
        if compiled(&["gcc"], scratch.0.path(), &arguments).is_none() {
            return;
        }
    }
    let [base, split] = ["base.btf", "split.btf"].map(|name| scratch.path(name));
    done(&["convert", &scratch.path("base.o"), "-o", &base]);
    done(&[
        "convert",
        &scratch.path("module.o"),
        "--base",
        &base,
        "-o",
        &split,
    ]);
    let dump = ["dump", &split, "--base", &base, "--format", "raw"];
    let text = stdout(&done(&dump));
    let own = text
        .lines()
        .filter(|line| line.contains("] STRUCT ") || line.contains("] FWD "));
    let own: Vec<_> = own.collect();
    assert!(own.len() == 1 && own[0].contains("'mine'"), "{text}");
}
