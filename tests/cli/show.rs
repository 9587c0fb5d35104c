//! `btfkit show`.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::command::*;

const SERVER: &str = "layouts/server2.gcc-dwarf5";

fn show(arguments: &[&str], bytes: &[u8]) -> Output {
    let mut child = btfkit()
        .arg("show")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments doesn't read.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    child.wait_with_output().unwrap()
}

#[test]
fn bytes_of_a_structure() {
    let json = stdout(&done(&["layout", SERVER, "hop", "--format", "json"]));
    let layout: serde_json::Value = serde_json::from_str(&json).unwrap();
    let size = usize::try_from(layout["size"].as_u64().unwrap()).unwrap();
    let port = layout["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "port");
    let port = usize::try_from(port.unwrap()["offset"].as_u64().unwrap()).unwrap();
    let mut bytes = vec![0; 2 * size];
    bytes[port..port + 2].copy_from_slice(&443u16.to_le_bytes());
    let one = show(&[SERVER, "struct hop"], &bytes[..size]);
    assert_eq!((one.status.code(), stderr(&one)), (Some(0), String::new()));
    assert!(stdout(&one).contains(".port = 443"), "{}", stdout(&one));

    let hex: String = bytes.iter().map(|byte| format!("\\x{byte:02x} ")).collect();
    let two = show(
        &[SERVER, "hop", "--all", "--hex", "--format", "json"],
        hex.as_bytes(),
    );
    assert_eq!(two.status.code(), Some(0), "{}", stderr(&two));
    let values: Vec<serde_json::Value> = stdout(&two)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(values.len(), 2);
    assert_eq!(values[0]["value"]["port"], 443);
    assert_eq!(
        (&values[1]["truncated"], &values[1]["size"]),
        (&false.into(), &size.into())
    );

    // Bytes behind the value are said; bytes that are missing are a failure.
    let more = show(&[SERVER, "hop"], &bytes[..size + 1]);
    assert!(
        more.status.success() && stderr(&more).contains("1 of"),
        "{}",
        stderr(&more)
    );
    let less = show(&[SERVER, "hop"], &bytes[..port + 1]);
    assert_eq!(less.status.code(), Some(1));
    assert!(stdout(&less).contains("<truncated>"), "{}", stdout(&less));
    assert!(stderr(&less).contains("truncated"), "{}", stderr(&less));
}

#[test]
fn what_cannot_be_shown() {
    for (arguments, status, words) in [
        (&[SERVER, "hopp"][..], 1, "hop"),
        (&["-", "hop"], 2, "standard input"),
        (&[SERVER, "hop", "--hex"], 1, "xyz"),
    ] {
        let output = show(arguments, b"xyz");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}
