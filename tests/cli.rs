//! The command: exit status, what goes where, and what happens to the output file.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use btfkit::elf::BpfObject;
use btfkit::graph::Kind;
use btfkit::parse;
use support::{output, read, testdata, tool};

fn btfkit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_btfkit"));
    command.current_dir(testdata("")).env_remove("NO_COLOR");
    command
}

fn run(arguments: &[&str]) -> Output {
    btfkit().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs it; it must do its work.
fn done(arguments: &[&str]) -> Output {
    let output = run(arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments:?}: {}",
        stderr(&output)
    );
    output
}

/// Runs it; it must refuse, with this status and these words.
fn refused(arguments: &[&str], status: i32, words: &[&str]) {
    let output = run(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{arguments:?}: no {word:?} in {text}");
    }
}

/// A folder for outputs.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

const PROBE: &str = "tutorial/probe.bpf.o";
/// The probe's own types have the kernel's `struct pt_regs` as the kernel has it.
const KERNEL: &str = "kernel=tutorial/probe.bpf.o";

/// The immediate of an instruction of the first code section.
fn immediate(object: &Path, insn: usize) -> u32 {
    let object = BpfObject::parse(std::fs::read(object).unwrap()).unwrap();
    let code = object.code_sections().next().unwrap().code;
    u32::from_le_bytes(code[insn * 8 + 4..][..4].try_into().unwrap())
}

#[test]
fn the_tutorial_for_both_programs_and_all_compilers() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    for compiler in ["gcc-dwarf4", "gcc-dwarf5", "clang-dwarf4", "clang-dwarf5"] {
        for (program, offset) in [("prog_a", 4), ("prog_b", 8)] {
            let target = format!("app=tutorial/{program}.{compiler}");
            let report = done(&[
                "relocate", PROBE, "--target", &target, "--target", KERNEL, "-o", &out,
            ]);
            let report = stdout(&report);
            assert!(report.contains("struct data.c in app: 4"), "{report}");
            assert!(
                report.contains("struct pt_regs.di in kernel: 112 (as it was)"),
                "{report}"
            );
            assert_eq!(immediate(out.as_ref(), 16), offset);
            let object = BpfObject::parse(std::fs::read(&out).unwrap()).unwrap();
            assert!(object.ext().unwrap().relos.as_ref().unwrap().is_empty());
        }
    }
}

#[test]
fn files_may_stand_in_any_order() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.path("one.o"), scratch.path("two.o"));
    let program = "app=tutorial/prog_b.gcc-dwarf5";
    done(&[
        "relocate", PROBE, "--target", program, "--target", KERNEL, "-o", &one,
    ]);
    done(&["relocate", "-o", &two, "--target", program, KERNEL, PROBE]);
    assert!(std::fs::read(one).unwrap() == std::fs::read(two).unwrap());
    refused(
        &["relocate", "--target", program, "-o", "x.o"],
        2,
        &["which object?"],
    );
    refused(&["relocate", PROBE, "-o", "x.o"], 2, &["--target"]);
}

#[test]
fn the_report_as_json() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let target = "app=tutorial/prog_b.clang-dwarf5";
    let done = done(&[
        "relocate", PROBE, "-t", target, "-t", KERNEL, "-o", &out, "--report", "json", "--quiet",
    ]);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["schema"], 1);
    let relocation = &report["relocations"][2];
    let expected = serde_json::json!({
        "section": "uprobe/add_test", "insn": 16, "function": "probe_add_test", "function_insn": 16,
        "source": { "file": "./tutorial/probe.bpf.c", "line": 32, "column": 2,
            "text": "bpf_probe_read_user(&c, sizeof(c), &d->c);" },
        "kind": "byte_off", "local": "struct data.c", "target": "app", "found": "struct data.c", "found_at": 64,
        "outcome": "set", "dead": false, "old": 4, "new": 8, "rejected": []
    });
    assert_eq!(*relocation, expected);
}

#[test]
fn the_object_to_standard_output_and_the_report_to_standard_error() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let program = "app=tutorial/prog_b.gcc-dwarf4";
    let common = ["relocate", PROBE, "-t", program, "-t", KERNEL, "-o"];
    done(&[&common[..], &[&out]].concat());
    let piped = done(&[&common[..], &["-"]].concat());
    assert!(piped.stdout == std::fs::read(&out).unwrap());
    assert!(stderr(&piped).contains("4 -> 8"));
    let quiet = done(&[&common[..], &["-", "--quiet"]].concat());
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn strict_and_poison() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    // Nobody has `struct pt_regs`: that relocation is poisoned.
    let only_app = [
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "-o",
        &out,
    ];
    let report = stdout(&done(&only_app));
    assert!(report.contains("struct pt_regs.di: poisoned"), "{report}");
    assert_eq!(immediate(out.as_ref(), 0), 195_896_080);
    std::fs::remove_file(&out).unwrap();
    refused(
        &[&only_app[..], &["--strict"]].concat(),
        1,
        &[PROBE, "struct pt_regs.di", "poisoned"],
    );
    // Two targets have `struct data`, and nothing says which is meant.
    let doubt = [
        "relocate",
        PROBE,
        "-t",
        "b=tutorial/prog_b.gcc-dwarf5",
        "-t",
        KERNEL,
        "-t",
        "a=tutorial/prog_a.gcc-dwarf5",
        "-o",
        &out,
        "--strict",
    ];
    refused(&doubt, 1, &[PROBE, "struct data is taken from b", "___b"]);
    assert!(scratch.names().is_empty(), "{:?}", scratch.names());
}

#[test]
fn partial_leaves_the_kernels_part() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let report = stdout(&done(&[
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "--partial",
        "-o",
        &out,
    ]));
    assert!(
        report.contains("struct pt_regs.di: left to the loader"),
        "{report}"
    );
    let object = BpfObject::parse(std::fs::read(&out).unwrap()).unwrap();
    let relos = object.ext().unwrap().relos.as_ref().unwrap();
    assert_eq!(relos.len(), 1);
    // Then the rest: the same as all at once.
    let (rest, all) = (scratch.path("rest.o"), scratch.path("all.o"));
    done(&["relocate", &out, "-t", KERNEL, "-o", &rest]);
    done(&[
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "-t",
        KERNEL,
        "-o",
        &all,
    ]);
    assert!(std::fs::read(rest).unwrap() == std::fs::read(all).unwrap());
}

#[test]
fn a_failure_leaves_the_old_file_and_nothing_else() {
    let scratch = Scratch::new();
    let out = scratch.write("out.o", b"precious");
    let program = "tutorial/prog_a.gcc-dwarf5";
    let cases: &[&[&str]] = &[
        &["relocate", program, "-t", KERNEL, "-o", &out],
        &[
            "relocate",
            PROBE,
            "-t",
            "app=README.md",
            "-t",
            KERNEL,
            "-o",
            &out,
        ],
        &["relocate", PROBE, "-t", "app=nowhere", "-o", &out],
        &["convert", "README.md", "-o", &out],
        &["convert", program, "--root", "no_such_type", "-o", &out],
        &["merge", "dump/every_kind.btf", "README.md", "-o", &out],
    ];
    for arguments in cases {
        refused(arguments, 1, &["error:"]);
        assert_eq!(std::fs::read(&out).unwrap(), b"precious");
        assert_eq!(scratch.names(), ["out.o"]);
    }
    let nowhere = scratch.path("no/such/folder/out.o");
    refused(
        &["convert", program, "-o", &nowhere],
        1,
        &["no/such/folder/out.o", "No such file"],
    );
}

#[cfg(unix)]
#[test]
fn the_new_file_takes_the_old_ones_place() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let out = scratch.write("out.btf", b"old");
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o640)).unwrap();
    let link = scratch.path("link.btf");
    std::os::unix::fs::symlink("out.btf", &link).unwrap();
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", &link]);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        std::fs::metadata(&out).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(parse::parse(std::fs::read(&out).unwrap()).is_ok());
    assert_eq!(scratch.names(), ["link.btf", "out.btf"]);
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", "/dev/null"]);
}

#[test]
fn errors_name_file_and_place() {
    let scratch = Scratch::new();
    refused(
        &[
            "relocate",
            "tutorial/prog_a.gcc-dwarf5",
            "-t",
            KERNEL,
            "-o",
            "-",
        ],
        1,
        &["tutorial/prog_a.gcc-dwarf5: byte 0x12: this ELF file is for machine 62, not for BPF"],
    );
    refused(
        &["relocate", PROBE, "-t", "app=README.md", "-o", "-"],
        1,
        &["README.md: app: byte 0x0: this is neither BTF nor an ELF file"],
    );
    let mut btf = read("dump/every_kind.btf");
    btf.truncate(100);
    let cut = scratch.write("cut.btf", &btf);
    refused(&["dump", &cut], 1, &["cut.btf: byte 0x", "after the data"]);
    refused(&["dump", "nowhere.btf"], 1, &["nowhere.btf: No such file"]);
    refused(&["dump", "."], 1, &[".: it is a folder"]);
    refused(
        &["dump", "dump/every_kind.btf", "--type", "nobody"],
        1,
        &["no type is called nobody"],
    );
    refused(
        &[
            "convert",
            "tutorial/prog_a.gcc-dwarf5",
            "--root",
            "nobody",
            "-o",
            "-",
        ],
        1,
        &["nobody"],
    );
    refused(
        &["convert", "dump/every_kind.btf", "-o", "-"],
        1,
        &["it is BTF already"],
    );
}

#[test]
fn three_messages_for_programs_without_types() {
    let Some(objcopy) = tool(&["llvm-objcopy-19", "llvm-objcopy"]) else {
        return;
    };
    let scratch = Scratch::new();
    let program = testdata("tutorial/prog_a.gcc-dwarf5");
    let made = |flag: &str, name: &str| {
        let path = scratch.path(name);
        output(
            Command::new(&objcopy)
                .arg(flag)
                .args([&program, &PathBuf::from(&path)]),
        );
        path
    };
    let plain = made("--strip-debug", "plain");
    refused(
        &["convert", &plain, "-o", "-"],
        1,
        &["plain: ", "no debug information", "-g"],
    );
    let stripped = made("--strip-all", "stripped");
    refused(
        &["convert", &stripped, "-o", "-"],
        1,
        &["stripped: ", "the file is stripped"],
    );
    let mut bytes = std::fs::read(&program).unwrap();
    bytes.truncate(3000);
    let cut = scratch.write("cut", &bytes);
    refused(
        &["convert", &cut, "-o", "-"],
        1,
        &["cut: byte 0x", "damaged"],
    );
}

#[test]
fn compressed_files_are_read_as_they_are() {
    let scratch = Scratch::new();
    let bytes = read("dump/every_kind.btf");
    let expected = stdout(&done(&["dump", "dump/every_kind.btf"]));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let gz = scratch.write("a.gz", &encoder.finish().unwrap());
    assert_eq!(stdout(&done(&["dump", &gz])), expected);
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let zst = scratch.write(
        "a.zst",
        &ruzstd::encoding::compress_to_vec(&bytes[..], level),
    );
    assert_eq!(stdout(&done(&["dump", &zst])), expected);
    if let Some(xz) = tool(&["xz"]) {
        let plain = scratch.write("a", &bytes);
        output(Command::new(xz).args(["-k", "--check=crc32", &plain]));
        assert_eq!(stdout(&done(&["dump", &scratch.path("a.xz")])), expected);
    }
    let mut child = btfkit()
        .args(["dump", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    assert_eq!(stdout(&child.wait_with_output().unwrap()), expected);
}

#[test]
fn dump_raw_and_json() {
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

#[test]
fn convert_all_or_what_is_asked_for() {
    let scratch = Scratch::new();
    let (all, some, split) = (
        scratch.path("all"),
        scratch.path("some"),
        scratch.path("split"),
    );
    let program = "layouts/server1.gcc-dwarf5";
    let notes = stderr(&done(&["convert", program, "-o", &all]));
    assert!(
        notes.contains("session.refs: _Atomic was dropped"),
        "{notes}"
    );
    assert_eq!(
        stderr(&done(&[
            "convert", program, "-o", &all, "--quiet", "--jobs", "1"
        ])),
        ""
    );
    done(&["convert", "--root", "window", program, "-o", &some]);
    let parsed = |path: &str| parse::parse(std::fs::read(path).unwrap()).unwrap();
    let (all_graph, some_graph) = (parsed(&all), parsed(&some));
    assert!(some_graph.len() < all_graph.len() / 4);
    for graph in [&all_graph, &some_graph] {
        let window = graph.find(Kind::Struct, "window").unwrap();
        assert_eq!((window.size().unwrap().0, window.members().len()), (8, 2));
    }
    assert!(some_graph.find(Kind::Struct, "session").is_none());
    // Over what it equals, nothing of its own is left; over a part of it, the rest.
    done(&["convert", program, "--base", &all, "-o", &split]);
    assert_eq!(stdout(&done(&["dump", &split, "--base", &all])), "");
    done(&["convert", program, "--base", &some, "-o", &split]);
    let text = stdout(&done(&["dump", &split, "--base", &some]));
    assert_eq!(
        text.lines().filter(|line| line.starts_with('[')).count(),
        all_graph.len() - some_graph.len()
    );
    assert!(!text.contains("STRUCT 'window'"), "{text}");
    assert!(text.contains("STRUCT 'session'"), "{text}");
}

#[test]
fn merge_keeps_the_first_files_ids_and_lists_collisions() {
    let scratch = Scratch::new();
    let (a, b, merged, appended) = (
        scratch.path("a.btf"),
        scratch.path("b.btf"),
        scratch.path("m.btf"),
        scratch.path("n.btf"),
    );
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", &a]);
    done(&["convert", "tutorial/prog_b.gcc-dwarf5", "-o", &b]);
    let text = stdout(&done(&["merge", &a, &b, "-o", &merged]));
    for line in [
        "struct data: [",
        "    struct of 12 bytes -> struct of 16 bytes\n",
        "    + int b at byte 4\n",
        "    c: byte 4 -> byte 8\n",
        " types, 1 collision\n",
    ] {
        assert!(text.contains(line), "no {line:?} in {text}");
    }
    let first = stdout(&done(&["dump", &a]));
    let whole = stdout(&done(&["dump", &merged]));
    assert!(whole.starts_with(&first), "{first}\n{whole}");
    done(&["merge", &a, &b, "--no-dedup", "-o", &appended]);
    let lines = |text: &str| text.lines().filter(|line| line.starts_with('[')).count();
    let appended = stdout(&done(&["dump", &appended]));
    assert_eq!(
        lines(&appended),
        lines(&first) + lines(&stdout(&done(&["dump", &b])))
    );
    assert!(lines(&whole) < lines(&appended));
    // The same file twice has nothing to collide, and nothing to add.
    let text = stdout(&done(&["merge", &a, &a, "-o", &merged]));
    assert_eq!(text, format!("{} types\n", lines(&first)));
    assert_eq!(stdout(&done(&["dump", &merged])), first);
}

#[test]
fn merge_does_what_is_asked_about_collisions() {
    let scratch = Scratch::new();
    let (a, b, merged) = (
        scratch.path("a.btf"),
        scratch.path("b.btf"),
        scratch.path("m.btf"),
    );
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", &a]);
    done(&["convert", "tutorial/prog_b.gcc-dwarf5", "-o", &b]);
    let second = format!("new={b}");
    let data = |policy: &str| {
        let arguments = [
            "merge",
            "--on-collision",
            policy,
            &a,
            &second,
            "-o",
            &merged,
        ];
        let text = stdout(&done(&arguments));
        assert!(text.contains("struct data: ["), "{text}");
        assert!(text.contains(" in new differs from "), "{text}");
        assert!(text.ends_with(" types, 1 collision\n"), "{text}");
        let whole = stdout(&done(&["dump", &merged]));
        let data = whole.lines().filter(|line| line.contains("STRUCT 'data"));
        let data = data.map(|line| line.split_once("] STRUCT ").unwrap().1);
        data.map(|line| line.split(" vlen").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(data("keep"), ["'data' size=12", "'data' size=16"]);
    assert_eq!(data("rename"), ["'data' size=12", "'data___new' size=16"]);
    assert_eq!(data("prefer=a"), ["'data' size=12"]);
    assert_eq!(data("prefer=new"), ["'data' size=16"]);

    let before = std::fs::read(&merged).unwrap();
    let mut arguments = ["merge", "--on-collision", "fail", &a, &b, "-o", &merged];
    refused(&arguments, 1, &["struct data: [", "c: byte 4 -> byte 8"]);
    assert_eq!(std::fs::read(&merged).unwrap(), before);
    arguments[2] = "prefer=c";
    refused(&arguments, 2, &["prefer=c", "there are a, b"]);
    arguments[2] = "prefer";
    refused(&arguments, 2, &["keep, prefer=LABEL, rename or fail"]);
    arguments[2] = "rename";
    arguments[4] = &a;
    refused(&arguments, 2, &["are both called \"a\""]);
}

/// The base is asked, too, and what a policy can't do is said.
#[test]
fn collisions_with_a_base() {
    let scratch = Scratch::new();
    let (a, b, out) = (
        scratch.path("a.btf"),
        scratch.path("b.btf"),
        scratch.path("o.btf"),
    );
    done(&["convert", "tutorial/prog_a.gcc-dwarf5", "-o", &a]);
    done(&["convert", "tutorial/prog_b.gcc-dwarf5", "-o", &b]);
    let listed = [
        " differs from ",
        " in the base\n",
        "    c: byte 4 -> byte 8\n",
    ];
    let merged = stdout(&done(&["merge", "--base", &a, &b, "-o", &out]));
    let split = stderr(&done(&["split", "--base", &a, &b, "-o", &out]));
    for line in listed {
        assert!(merged.contains(line), "{merged}");
        assert!(split.contains(line), "{split}");
    }
    let fails = [
        "merge",
        "--on-collision",
        "fail",
        "--base",
        &a,
        &b,
        "-o",
        &out,
    ];
    refused(&fails, 1, &["struct data: [", "in the base"]);
    let text = stdout(&done(&[
        "merge",
        "--on-collision",
        "prefer=b",
        "--base",
        &a,
        &b,
        "-o",
        &out,
    ]));
    assert!(text.contains(" in b stays beside ["), "{text}");
    assert!(text.ends_with(" types, 1 collision, 1 left\n"), "{text}");
    let same = stdout(&done(&["merge", "--base", &a, &a, "-o", &out]));
    assert!(!same.contains("collision"), "{same}");
}

#[test]
fn merge_of_variables_on_request() {
    let scratch = Scratch::new();
    let merged = scratch.path("m.btf");
    let file = testdata("types/kinds.bpf.o");
    let file = file.to_str().unwrap();
    let variables = |more: &[&str]| {
        // A copy of the file is another file with the same variables.
        done(&[&["merge", file, file, "-o", &merged], more].concat());
        let listing = stdout(&done(&["dump", &merged]));
        let kinds = [" VAR ", " DATASEC "];
        kinds.map(|kind| listing.lines().filter(|line| line.contains(kind)).count())
    };
    let (apart, together) = (variables(&[]), variables(&["--sections"]));
    assert!(together[0] > 0 && together[1] > 0);
    assert_eq!(apart, together.map(|count| count * 2));
}

#[test]
fn wrong_usage_is_status_2() {
    refused(&[], 2, &["Usage"]);
    refused(&["frobnicate"], 2, &["frobnicate"]);
    refused(&["dump"], 2, &["FILE"]);
    refused(&["dump", "--format", "poem", "x"], 2, &["poem"]);
    refused(&["merge", "-o", "x"], 2, &["FILE"]);
    refused(&["convert", "-o", "x"], 2, &["which program?"]);
    let modules = [
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_a.gcc-dwarf5",
        "--module",
        "README.md",
        "-o",
        "-",
    ];
    refused(&modules, 2, &["modules belong to a kernel"]);
}

#[test]
fn help_lists_the_commands_and_shows_an_example_of_each() {
    let help = stdout(&done(&["help"]));
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 4, "{help}");
    for command in commands {
        let help = stdout(&done(&["help", command]));
        assert!(
            help.contains(&format!("Example:\n  btfkit {command} ")),
            "{help}"
        );
    }
    assert!(stdout(&done(&["--version"])).starts_with("btfkit "));
}

#[test]
fn colors_only_where_they_are_wanted() {
    let arguments = [
        "relocate",
        PROBE,
        "-t",
        "app=tutorial/prog_b.gcc-dwarf5",
        "-o",
        "/dev/null",
    ];
    let colored = |color: &str| {
        stdout(&done(&[&arguments[..], &["--color", color]].concat())).contains('\x1b')
    };
    assert!(colored("always"));
    assert!(!colored("auto"));
    assert!(!colored("never"));
}

/// What bpftool lists of raw BTF, over a base; `None` without bpftool.
fn bpftool_lists(file: &str, base: Option<&str>) -> Option<String> {
    let mut command = Command::new(tool(&["bpftool"])?);
    if let Some(base) = base {
        command.args(["-B", base]);
    }
    Some(output(command.args(["btf", "dump", "file", file])))
}

#[test]
fn diff_says_what_changed() {
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

#[test]
fn dedup_makes_one_of_two_and_brings_the_ext_along() {
    let scratch = Scratch::new();
    let (twice, once) = (scratch.path("twice.btf"), scratch.path("once.btf"));
    let program = "tutorial/prog_a.gcc-dwarf5";
    done(&["merge", program, program, "--no-dedup", "-o", &twice]);
    done(&["dedup", &twice, "-o", &once]);
    let len = |path: &str| parse::parse(std::fs::read(path).unwrap()).unwrap().len();
    assert_eq!(len(&once) * 2, len(&twice));
    if let Some(text) = bpftool_lists(&once, None) {
        assert!(text.contains("STRUCT 'data'"), "{text}");
    }

    let out = scratch.path("probe.btf");
    done(&["dedup", PROBE, "--ext", PROBE, "-o", &out]);
    let graph = parse::parse(std::fs::read(&out).unwrap()).unwrap();
    let ext = std::fs::read(scratch.path("probe.btf.ext")).unwrap();
    let ext = parse::parse_ext(&ext, &graph, &btfkit::Limits::default()).unwrap();
    let object = BpfObject::parse(read(PROBE)).unwrap();
    let before = object.ext().unwrap().relos.as_ref().unwrap();
    let after = ext.relos.as_ref().unwrap();
    assert_eq!(after.len(), before.len());
    for (before, after) in before.sections[0]
        .records
        .iter()
        .zip(&after.sections[0].records)
    {
        let name = graph.ty(after.type_id).name();
        assert_eq!(name, object.graph().ty(before.type_id).name());
        assert_eq!(
            graph.string(after.access),
            object.graph().string(before.access)
        );
    }
    refused(
        &["dedup", program, "--ext", PROBE, "-o", &out],
        1,
        &[PROBE, "not those"],
    );
    refused(&["dedup", PROBE, "--ext", PROBE, "-o", "-"], 2, &["--ext"]);
}

#[test]
fn split_distilled_and_over_another_base() {
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

#[test]
fn debug_information_in_other_files() {
    let scratch = Scratch::new();
    let program = scratch.write("program", &read("packaging/stripped.gcc"));
    let out = scratch.path("out.btf");
    let id =
        "the file is stripped of debug information, and its debug file program.debug (build ID ";
    let next = "--debug-root";
    refused(
        &["convert", &program, "-o", &out],
        1,
        &[id, "not at /usr/lib/debug/.build-id/", next],
    );
    refused(&["offset", &program, "entry"], 1, &[id, next]);

    // The program's folder under a root.
    let root = scratch.path("root");
    let folder = format!("{root}{}", scratch.0.path().display());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        format!("{folder}/program.debug"),
        read("packaging/program.debug"),
    )
    .unwrap();
    let with = ["--debug-root", "/nowhere", "--debug-root", &root];
    done(&[&["convert", &program, "-o", &out][..], &with].concat());
    let plain = scratch.path("plain.btf");
    done(&["convert", "packaging/plain.gcc", "-o", &plain]);
    assert!(std::fs::read(out).unwrap() == std::fs::read(plain).unwrap());
    let offset = done(&[&["offset", &program, "entry", "owner.parent"][..], &with].concat());
    assert_eq!(stdout(&offset), "owner.parent  offset 48  size 8\n");
    let dump = done(&[&["dump", &program, "--type", "hidden"][..], &with].concat());
    assert!(
        stdout(&dump).contains("STRUCT 'hidden' size=16 vlen=2"),
        "{}",
        stdout(&dump)
    );
}

#[test]
fn targets_with_debug_information_in_other_files() {
    let scratch = Scratch::new();
    // What is not in it is in no section; strip and objcopy are not everywhere.
    let (out, expected) = (scratch.path("out.o"), scratch.path("expected.o"));
    let program = scratch.write("app", &read("packaging/stripped.gcc"));
    let target = format!("app={program}");
    let relocate = [
        "relocate", PROBE, "--target", &target, "--target", KERNEL, "-o", &out,
    ];
    refused(&relocate, 1, &[&program, "program.debug", "--debug-root"]);
    refused(&["check", PROBE, "--target", &target], 1, &["1 of 1"]);
    assert_eq!(scratch.names(), ["app"]);
    scratch.write("program.debug", &read("packaging/program.debug"));
    done(&relocate);
    done(&[
        "relocate",
        PROBE,
        "--target",
        "app=packaging/plain.gcc",
        "--target",
        KERNEL,
        "-o",
        &expected,
    ]);
    assert!(std::fs::read(out).unwrap() == std::fs::read(expected).unwrap());
    refused(
        &["relocate", PROBE, "--target", "app=missing", "-o", "x.o"],
        1,
        &["missing: No such"],
    );
}

#[test]
fn missing_split_units_are_said() {
    let scratch = Scratch::new();
    let program = scratch.write("split", &read("packaging/split5.gcc"));
    let out = scratch.path("out.btf");
    refused(
        &["convert", &program, "-o", &out],
        1,
        &["3 other files", "dwp -e PROGRAM"],
    );
    for unit in ["one", "two"] {
        let name = format!("split5.gcc-{unit}.dwo");
        scratch.write(&name, &read(&format!("packaging/{name}")));
    }
    let said = stderr(&done(&["convert", &program, "-o", &out]));
    assert!(said.contains("split5.gcc-three.dwo"), "{said}");
    assert!(said.contains("was not found"), "{said}");
    let target = format!("app={program}");
    let probe = scratch.path("probe.o");
    let relocate = [
        "relocate", PROBE, "--target", &target, "--target", KERNEL, "-o", &probe,
    ];
    let said = stderr(&done(&relocate));
    assert!(said.contains("app: a split unit"), "{said}");
    let quiet = stderr(&done(&[&relocate[..], &["--quiet"]].concat()));
    assert_eq!(quiet, "");
}

/// What is wrong is on standard error, and the report stays on standard output.
#[test]
fn warnings_and_their_cures() {
    let scratch = Scratch::new();
    let out = scratch.path("out.o");
    let app = "app=tutorial/prog_b.gcc-dwarf5";
    let warned = done(&["relocate", PROBE, "-t", app, "-o", &out]);
    let text = stderr(&warned);
    for word in ["warning: ", "/sys/kernel/btf/vmlinux", "--partial"] {
        assert!(text.contains(word), "{text}");
    }
    refused(
        &["check", PROBE, "-t", app],
        1,
        &["warning: ", "pt_regs", "can't run"],
    );
    done(&["check", PROBE, "-t", app, "--partial"]);
    refused(
        &["check", "truth/plain.bpf.o", "-t", app],
        1,
        &["preserve_access_index"],
    );
    let foreign = [
        "relocate",
        "truth/foreign.bpf.o",
        "-t",
        app,
        "-t",
        "kernel=truth/foreign.bpf.o",
        "-o",
        &out,
    ];
    assert!(stderr(&done(&foreign)).contains("warning: struct file is taken from kernel"));
    refused(
        &[&foreign[..], &["--strict"]].concat(),
        1,
        &["struct file", "___kernel"],
    );
}

#[test]
fn the_function_in_every_command_that_has_types_of_one_name() {
    let scratch = Scratch::new();
    let program = "app=probed/program.gcc";
    let out = scratch.path("out");
    refused(
        &["offset", "probed/program.gcc", "data", "c"],
        1,
        &["several types", "--function"],
    );
    for (function, offset) in [("first_add", "offset 4"), ("second_add", "offset 24")] {
        let told = done(&[
            "offset",
            "probed/program.gcc",
            "data",
            "c",
            "--function",
            function,
        ]);
        assert!(stdout(&told).contains(offset), "{}", stdout(&told));
        done(&[
            "check",
            PROBE,
            "-t",
            program,
            "--partial",
            "--function",
            function,
        ]);
        done(&[
            "min",
            PROBE,
            "-t",
            program,
            "--function",
            function,
            "-o",
            &out,
        ]);
        let told = done(&["offset", &out, "data", "c"]);
        assert!(stdout(&told).contains(offset), "{}", stdout(&told));
        refused(
            &["offset", &out, "data", "c", "--function", function],
            1,
            &["--function"],
        );
    }
}

#[test]
fn names_that_are_not_there() {
    let program = "tutorial/prog_b.gcc-dwarf5";
    let scratch = Scratch::new();
    let out = scratch.path("out");
    refused(&["offset", program, "dat", "a"], 1, &["the nearest: data"]);
    refused(&["offset", program, "data", "cc"], 1, &["the nearest: c"]);
    refused(
        &["convert", program, "--root", "dta", "-o", &out],
        1,
        &["the nearest: data"],
    );
}

#[test]
fn labels_and_devices() {
    let scratch = Scratch::new();
    let out = scratch.path("out");
    let (a, b) = (
        "a=tutorial/prog_a.gcc-dwarf5",
        "a=tutorial/prog_b.gcc-dwarf5",
    );
    refused(&["merge", a, b, "-o", &out], 2, &["both called \"a\""]);
    refused(&["offset", "/dev/zero", "data"], 1, &["device"]);
    // A further file of the same program.
    let told = done(&[
        "relocate",
        PROBE,
        "-t",
        a,
        "-t",
        "a=tutorial/probe.bpf.o",
        "-o",
        &out,
    ]);
    assert!(
        stdout(&told).contains("struct pt_regs.di in a: 112"),
        "{}",
        stdout(&told)
    );
}

/// A section of BTF that can't be used gives way to DWARF, in every command.
#[test]
fn damaged_btf_beside_dwarf() {
    let Some(objcopy) = tool(&["objcopy", "llvm-objcopy-19"]) else {
        return;
    };
    let scratch = Scratch::new();
    let junk = scratch.write("junk", b"no types");
    let (both, out) = (scratch.path("both"), scratch.path("out"));
    let done_copy = Command::new(objcopy)
        .arg(format!("--add-section=.BTF={junk}"))
        .args([
            &testdata("tutorial/prog_b.gcc-dwarf5").display().to_string(),
            &both,
        ])
        .status()
        .unwrap();
    assert!(done_copy.success());
    let target = format!("app={both}");
    for arguments in [
        vec!["offset", &both, "data", "c"],
        vec!["dump", &both],
        vec!["check", PROBE, "-t", &target, "--partial"],
        vec!["relocate", PROBE, "-t", &target, "-o", &out],
        vec!["merge", &both, "-o", &out],
        vec!["dedup", &both, "-o", &out],
    ] {
        let told = done(&arguments);
        assert!(
            stderr(&told).contains("its DWARF is taken"),
            "{arguments:?}: {}",
            stderr(&told)
        );
    }
    let quiet = done(&["offset", &both, "data", "c", "--dwarf"]);
    assert_eq!(stderr(&quiet), "");
}
