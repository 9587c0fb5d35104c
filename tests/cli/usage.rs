//! Usage, help and colors.

use crate::command::*;

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
