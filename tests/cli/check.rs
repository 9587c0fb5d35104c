//! `btfkit check`.

use crate::command::*;

#[test]
fn a_row_for_each_object_and_target() {
    let targets = [
        "--target",
        "old=tutorial/prog_a.gcc-dwarf5",
        "--target",
        "new=tutorial/prog_b.gcc-dwarf5",
    ];
    let good = stdout(&done(
        &[&["check", PROBE, "--partial"], &targets[..]].concat(),
    ));
    let rows: Vec<Vec<&str>> = good
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let columns = "program target verdict answered absent unreached poisoned left";
    assert_eq!(rows[0].join(" "), columns);
    assert_eq!(rows[1].join(" "), format!("{PROBE} old ok 2 0 0 0 1"));
    assert_eq!(rows[2].join(" "), format!("{PROBE} new ok 2 0 0 0 1"));
    // The build IDs of the two programs come after the table.
    let ids = rows[3..].iter().map(|row| row[..4].join(" "));
    let expected = ["target old: build ID", "target new: build ID"];
    assert_eq!(ids.collect::<Vec<_>>(), expected);
}

#[test]
fn a_target_without_types_is_a_failure() {
    let target = "app=README.md";
    refused(&["check", PROBE, "--target", target], 1, &["1 of 1"]);
}
