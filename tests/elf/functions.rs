//! The functions of symbol tables and their file offsets, against nm, readelf and objdump.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{files, output, read, testdata, tool};
use btfkit::Limits;
use btfkit::elf::{Binding, FunctionTable, SymbolKind};

fn table(path: &Path) -> FunctionTable {
    let bytes = std::fs::read(path).unwrap();
    FunctionTable::parse(bytes, &Limits::default()).unwrap()
}

/// Programs of every kind that the compiler makes of the test's source: position-independent, not, a library, and one whose
/// sections the linker packs into few segments.
fn programs(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    let Some(gcc) = tool(&["gcc"]) else {
        return Vec::new();
    };
    let kinds: [(&str, &[&str]); 5] = [
        ("pie", &["-pie", "-fPIE"]),
        ("exec", &["-no-pie"]),
        ("library", &["-shared", "-fPIC"]),
        (
            "packed",
            &["-no-pie", "-Wl,-z,noseparate-code,-Ttext-segment=0x700000"],
        ),
        ("now", &["-Wl,-z,now", "-fcf-protection=none", "-fno-plt"]),
    ];
    kinds
        .iter()
        .map(|(name, arguments)| {
            let path = folder.path().join(name);
            let mut command = Command::new(&gcc);
            command.args(["-g", "-O1"]).args(*arguments);
            output(
                command
                    .arg(testdata("functions/functions.c"))
                    .arg("-o")
                    .arg(&path),
            );
            path
        })
        .collect()
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

/// The functions that nm lists: name → addresses and sizes.
fn by_nm(nm: &str, arguments: &[&str], path: &Path) -> BTreeSet<(String, u64, u64)> {
    let text = output(Command::new(nm).arg("-S").args(arguments).arg(path));
    let lines = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, size, "t" | "T" | "W" | "w" | "i", name] = words[..] else {
            return None;
        };
        let name = name.split('@').next().unwrap();
        Some((name.to_owned(), hex(address), hex(size)))
    });
    lines.collect()
}

/// The loaded segments that readelf lists: file offset, address, bytes in the file.
fn segments(path: &Path) -> Vec<(u64, u64, u64)> {
    let text = output(Command::new("readelf").arg("-lW").arg(path));
    let lines = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["LOAD", offset, address, _, size, ..] = words[..] else {
            return None;
        };
        Some((hex(offset), hex(address), hex(size)))
    });
    lines.collect()
}

/// Compares a file's functions with nm's, and their offsets with what readelf's segments give.
fn compare(path: &Path, nm: &str) -> usize {
    let table = table(path);
    let ours: BTreeSet<(String, u64, u64)> = table
        .iter()
        .map(|symbol| (symbol.name().to_string(), symbol.address(), symbol.size().0))
        .collect();
    let mut theirs = by_nm(nm, &[], path);
    theirs.extend(by_nm(nm, &["-D"], path));
    let missing: Vec<_> = theirs.difference(&ours).collect();
    assert!(missing.is_empty(), "{}: {missing:?}", path.display());
    let segments = segments(path);
    for symbol in table.iter() {
        let address = symbol.address();
        let segment = segments
            .iter()
            .find(|(_, start, size)| (*start..start + size).contains(&address));
        let expected = segment.map(|(offset, start, _)| address - start + offset);
        assert_eq!(
            symbol.file_offset(),
            expected,
            "{}: {}",
            path.display(),
            symbol.name()
        );
    }
    theirs.len()
}

#[test]
fn functions_are_those_of_nm_and_readelf() {
    let folder = tempfile::tempdir().unwrap();
    let (programs, Some(nm)) = (programs(&folder), tool(&["nm"])) else {
        return;
    };
    for program in &programs {
        assert!(compare(program, &nm) > 12);
    }
    // Without .symtab, what other files may call is left.
    let library = folder.path().join("library");
    output(Command::new("strip").arg(&library));
    assert!(compare(&library, &nm) > 8);
}

#[test]
fn libraries_of_this_machine() {
    let Some(nm) = tool(&["nm"]) else {
        return;
    };
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let libraries: BTreeSet<&str> = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .filter(|path| path.contains(".so"))
        .collect();
    assert!(!libraries.is_empty());
    for library in libraries {
        assert!(compare(Path::new(library), &nm) > 0, "{library}");
    }
}

#[test]
fn kinds_of_symbols() {
    let folder = tempfile::tempdir().unwrap();
    for program in programs(&folder) {
        let table = table(&program);
        let one = |name: &str| table.named(name).next().cloned().unwrap();
        assert_eq!(one("plain").kind(), SymbolKind::Function);
        assert_eq!(one("chosen").kind(), SymbolKind::Ifunc);
        assert_eq!(one("local").binding(), Binding::Local);
        let at = table.at(one("plain").address());
        let names: Vec<_> = at.iter().map(|symbol| symbol.name().to_string()).collect();
        assert_eq!(names, ["alias_of_plain", "plain"]);
        assert!(table.libraries().any(|name| name == "libc.so.6"));
    }
}

#[test]
fn stubs_of_imported_functions_are_those_of_objdump() {
    let folder = tempfile::tempdir().unwrap();
    let (programs, Some(objdump)) = (programs(&folder), tool(&["objdump"])) else {
        return;
    };
    let mut count = 0;
    for program in &programs {
        let text = output(Command::new(&objdump).arg("-d").arg(program));
        let mut theirs: BTreeMap<String, u64> = BTreeMap::new();
        for line in text.lines() {
            let Some((address, name)) = line.split_once(" <") else {
                continue;
            };
            if let Some(name) = name.strip_suffix("@plt>:") {
                theirs.insert(name.to_owned(), hex(address));
            }
        }
        let table = table(program);
        let imports = table.imports();
        for name in ["rand", "printf"] {
            let found = imports.iter().filter(|import| import.name() == name);
            let import = found.clone().next();
            let import = import.unwrap_or_else(|| panic!("{}: {name}", program.display()));
            assert_eq!(found.count(), 1);
            assert_eq!(import.library().unwrap(), "libc.so.6");
            match theirs.get(name) {
                Some(address) => assert!(import.stubs().contains(address), "{import:?}"),
                None => assert!(import.stubs().is_empty(), "{import:?}"),
            }
            count += import.stubs().len();
        }
        assert!(imports.iter().all(|import| import.name() != "stdout"));
    }
    assert!(programs.is_empty() || count > 4, "{count} stubs");
}

#[cfg(feature = "xz")]
#[test]
fn symbols_in_gnu_debugdata() {
    use btfkit::elf::SymbolSource;

    let folder = tempfile::tempdir().unwrap();
    let (programs, Some(objcopy), Some(xz)) =
        (programs(&folder), tool(&["objcopy"]), tool(&["xz"]))
    else {
        return;
    };
    let Some(program) = programs.first() else {
        return;
    };
    let before = table(program);
    let mini = folder.path().join("mini");
    output(
        Command::new(&objcopy)
            .args(["--strip-debug", "--remove-section=.comment"])
            .arg(program)
            .arg(&mini),
    );
    output(Command::new(xz).arg("--keep").arg(&mini));
    let stripped = folder.path().join("stripped");
    let section = format!(".gnu_debugdata={}", mini.with_extension("xz").display());
    output(
        Command::new(&objcopy)
            .args(["--strip-all", "--add-section", &section])
            .arg(program)
            .arg(&stripped),
    );
    let table = table(&stripped);
    let symbol = table.named("local").next().unwrap();
    assert_eq!(symbol.source(), SymbolSource::DebugData);
    let expected = before.named("local").next().unwrap();
    assert_eq!(symbol.address(), expected.address());
    assert_eq!(symbol.file_offset(), expected.file_offset());
    // What is damaged is a note, and the rest is read.
    let mut bytes = std::fs::read(&stripped).unwrap();
    let at = bytes.windows(6).position(|it| it == b"\xfd7zXZ\0").unwrap();
    bytes[at + 30..at + 60].fill(0);
    let damaged = FunctionTable::parse(bytes, &Limits::default()).unwrap();
    assert!(damaged.named("local").next().is_none());
    assert!(damaged.notes()[0].contains(".gnu_debugdata"));
}

#[test]
fn symbols_of_the_debug_file_get_offsets_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let (programs, Some(objcopy)) = (programs(&folder), tool(&["objcopy"])) else {
        return;
    };
    for program in &programs {
        let before = table(program);
        let debug = program.with_extension("debug");
        let copy = |flag: &str, to: &Path| {
            output(Command::new(&objcopy).arg(flag).arg(program).arg(to));
        };
        copy("--only-keep-debug", &debug);
        let stripped = program.with_extension("stripped");
        copy("--strip-all", &stripped);
        let mut after = table(&stripped);
        assert!(after.named("local").next().is_none());
        after
            .add_debug_file(std::fs::read(&debug).unwrap())
            .unwrap();
        let offset = |table: &FunctionTable| table.named("local").next().unwrap().file_offset();
        assert_eq!(offset(&after), offset(&before));
        assert!(offset(&after).is_some());
        let alone = table(&debug);
        assert!(alone.is_debug_file());
        assert!(!before.is_debug_file());
    }
}

#[test]
fn damaged_files_are_errors_or_values() {
    let bytes = read("layouts/server1.gcc-dwarf5");
    let mut read = 0;
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        let table = FunctionTable::parse(damaged, &Limits::default());
        read += usize::from(table.is_ok_and(|table| table.iter().count() > 0));
        let cut = FunctionTable::parse(bytes[..at].to_vec(), &Limits::default());
        drop(cut);
    }
    assert!(read > 10, "{read}");
    for object in files(".bpf.o") {
        let table = table(&object);
        assert!(table.is_relocatable());
        assert!(table.iter().all(|symbol| symbol.file_offset().is_none()));
    }
}
