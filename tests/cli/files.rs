//! Inputs and outputs of every command: compression, standard input, and the output that is written whole or not at all.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::command::*;
use crate::support::{output, read, tool};
use btfkit::parse;

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
