//! What a machine may lack: tools to compare with, and a kernel that shows its types.
//!
//! A test without them prints a line and passes. With `BTFKIT_REQUIRE_TOOLS=1` it fails.

use std::io::Write;
use std::process::Command;

use btfkit::Btf;

/// The file in which the running kernel shows its own types.
pub const KERNEL: &str = "/sys/kernel/btf/vmlinux";

/// Prints why something is not tested, or fails where `BTFKIT_REQUIRE_TOOLS` is 1.
pub fn skipped(reason: &str) {
    let required = std::env::var("BTFKIT_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test").to_owned();
    assert!(!required, "{test} would be skipped: {reason}");
    // Not through the harness, which keeps what passing tests print to itself.
    writeln!(std::io::stderr().lock(), "skipped: {test}: {reason}").unwrap();
}

/// Returns the first of these commands that runs, or skips. An environment variable `BTFKIT_NAME`, such as
/// `BTFKIT_BPFTOOL`, names another command.
pub fn tool(names: &[&str]) -> Option<String> {
    let variable = format!("BTFKIT_{}", names[0].to_uppercase().replace('-', "_"));
    let named = std::env::var(variable).ok();
    let found = named
        .into_iter()
        .chain(names.iter().map(|name| (*name).to_owned()))
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    if found.is_none() {
        skipped(&format!("none of {names:?} is here to compare with"));
    }
    found
}

/// Returns the running kernel's BTF as the kernel shows it, or skips.
pub fn kernel_btf() -> Option<Vec<u8>> {
    let raw = std::fs::read(KERNEL).ok();
    if raw.is_none() {
        skipped(&format!("this machine has no {KERNEL}"));
    }
    raw
}

/// Returns the running kernel's types, or skips.
pub fn running_kernel() -> Option<Btf> {
    Some(btfkit::parse::parse(kernel_btf()?).unwrap())
}

/// Runs the first of these compilers that there is, in a folder, or skips.
pub fn compiled(compilers: &[&str], folder: &std::path::Path, arguments: &[&str]) -> Option<()> {
    let compiler = tool(compilers)?;
    let mut command = Command::new(&compiler);
    let done = command
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{compiler} {arguments:?}: {said}");
    Some(())
}
