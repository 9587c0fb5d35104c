//! `btfkit merge`: collisions, `--on-collision`, `--base` and `--sections`.

use crate::command::*;
use crate::support::testdata;

#[test]
fn the_first_files_ids_stay_and_collisions_are_listed() {
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
fn on_collision_keeps_renames_prefers_or_fails() {
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
fn sections_merges_variables() {
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
