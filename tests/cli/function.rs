//! `btfkit function`.

use std::process::Command;

use crate::command::*;
use crate::support::{output, testdata, tool};

const SERVER: &str = "layouts/server1.gcc-dwarf5";

fn json(arguments: &[&str]) -> serde_json::Value {
    let output = run(&[&["function", "--format", "json"][..], arguments].concat());
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn offset_address_and_size() {
    let text = stdout(&done(&["function", SERVER, "handle"]));
    assert!(text.starts_with("handle\n"), "{text}");
    let Some(nm) = tool(&["nm"]) else {
        return;
    };
    let symbols = output(Command::new(nm).arg("-S").arg(testdata(SERVER)));
    let line = symbols.lines().find(|line| line.ends_with(" T handle"));
    let mut words = line.unwrap().split(' ');
    let mut number = || u64::from_str_radix(words.next().unwrap(), 16).unwrap();
    let (address, size) = (number(), number());
    let line = format!("  address     {address:#x}, {size} bytes\n");
    assert!(text.contains(&line), "{text}");
    let found = json(&[SERVER, "handle"]);
    let handle = &found["functions"][0];
    assert_eq!(handle["address"], address);
    assert_eq!(handle["size"], size);
    assert_eq!(handle["kind"], "code");
}

#[test]
fn imported_functions_are_in_a_library() {
    let text = stdout(&done(&["function", SERVER, "printf"]));
    assert!(text.contains("the code is in libc.so.6"), "{text}");
    let found = json(&[SERVER, "printf@GLIBC_2.2.5"]);
    assert_eq!(found["functions"][0]["kind"], "imported");
    assert_eq!(found["functions"][0]["libraries"][0], "libc.so.6");
}

#[test]
fn names_that_are_not_there() {
    let words = ["no function is called hande; the nearest: handle"];
    refused(&["function", SERVER, "hande", "handle"], 1, &words);
    let output = run(&["function", SERVER, "hande", "handle"]);
    assert!(stdout(&output).starts_with("handle\n"));
    let found = json(&[SERVER, "hande"]);
    assert_eq!(found["not_found"][0]["nearest"][0], "handle");
    refused(&["function", SERVER], 2, &["NAME"]);
    refused(&["function", SERVER, ""], 2, &["name the functions"]);
    refused(
        &["function", "README.md", "handle"],
        1,
        &["not an ELF file"],
    );
}

#[test]
fn patterns() {
    let found = json(&[SERVER, "hand*", "ma*"]);
    let functions = found["functions"].as_array().unwrap();
    let names: Vec<_> = functions
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"handle") && names.contains(&"main"),
        "{names:?}"
    );
}
