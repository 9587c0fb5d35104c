//! What several tests share.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]

pub mod cases;
#[cfg(feature = "dwarf")]
pub mod dies;
#[cfg(feature = "dwarf")]
pub mod entries;
pub mod facts;
pub mod graphs;
#[cfg(feature = "dwarf")]
pub mod jobs;
pub mod layouts;
pub mod notation;
#[cfg(feature = "dwarf")]
pub mod packagings;
pub mod program;
pub mod spelled;
pub mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use tools::{compiled, tool};

/// A file or folder of `testdata/`.
pub fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
}

/// The bytes of a file of `testdata/`.
pub fn read(name: &str) -> Vec<u8> {
    let path = testdata(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file under `testdata/` whose name ends so, sorted.
pub fn files(ending: &str) -> Vec<PathBuf> {
    let mut open = vec![testdata("")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The BPF objects of `testdata/`, both byte orders.
pub fn objects() -> Vec<PathBuf> {
    let mut objects = files(".bpf.o");
    objects.extend(files(".bpfeb.o"));
    assert!(!objects.is_empty());
    objects
}

/// The tool's standard output; it must succeed.
pub fn output(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {stderr}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A scratch file with these bytes; it lives as long as the folder.
pub fn scratch(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
