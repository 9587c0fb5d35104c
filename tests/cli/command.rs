//! Running the command: what it prints, how it ends, and a folder for its outputs.

use std::process::{Command, Output};

use crate::support::{output, testdata, tool};

pub fn btfkit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_btfkit"));
    command.current_dir(testdata("")).env_remove("NO_COLOR");
    command
}

pub fn run(arguments: &[&str]) -> Output {
    btfkit().args(arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs it; it must do its work.
pub fn done(arguments: &[&str]) -> Output {
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
pub fn refused(arguments: &[&str], status: i32, words: &[&str]) {
    let output = run(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{arguments:?}: no {word:?} in {text}");
    }
}

/// A folder for outputs.
pub struct Scratch(pub tempfile::TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
        self.path(name)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

pub const PROBE: &str = "tutorial/probe.bpf.o";

/// The probe's own types have the kernel's `struct pt_regs` as the kernel has it.
pub const KERNEL: &str = "kernel=tutorial/probe.bpf.o";

/// What bpftool lists of raw BTF, over a base; `None` without bpftool.
pub fn bpftool_lists(file: &str, base: Option<&str>) -> Option<String> {
    let mut command = Command::new(tool(&["bpftool"])?);
    if let Some(base) = base {
        command.args(["-B", base]);
    }
    Some(output(command.args(["btf", "dump", "file", file])))
}
