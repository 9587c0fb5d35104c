//! BPF objects in and rewritten objects out, compared with what LLVM's tools, bpftool and aya make of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{files, objects, output, read, scratch, tool};
use btfkit::elf::{BpfObject, btf_of};
use btfkit::graph::CoreRelo;
use btfkit::{Endian, ErrorKind};

/// The CO-RE records of an object, section by section.
fn relos(object: &BpfObject) -> Vec<Vec<CoreRelo>> {
    let relos = object.ext().and_then(|ext| ext.relos.as_ref());
    let sections = relos.map(|relos| &relos.sections[..]).unwrap_or_default();
    sections
        .iter()
        .map(|section| section.records.clone())
        .collect()
}

/// The object without the records that `consume` picks by their number in the whole object.
fn without(object: &BpfObject, consume: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut rewriter = object.rewrite().unwrap();
    let mut number = 0;
    for (section, records) in relos(object).iter().enumerate() {
        for record in 0..records.len() {
            if consume(number) {
                rewriter.consume(section, record).unwrap();
            }
            number += 1;
        }
    }
    rewriter.finish().unwrap()
}

/// Section name → offset, size and bytes, as llvm-readelf tells where they are.
fn sections(readelf: &str, path: &Path) -> BTreeMap<String, (usize, usize, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let text = output(Command::new(readelf).arg("-SW").arg(path));
    let mut sections = BTreeMap::new();
    for line in text.lines() {
        let Some((_, rest)) = line.split_once(']') else {
            continue;
        };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let number = |word: &str| usize::from_str_radix(word, 16).ok();
        if let [name, kind, _, offset, size, ..] = words[..]
            && let (Some(offset), Some(size)) = (number(offset), number(size))
        {
            let data = if kind == "NOBITS" {
                vec![]
            } else {
                bytes[offset..offset + size].to_vec()
            };
            sections.insert(name.to_owned(), (offset, size, data));
        }
    }
    assert!(sections.len() > 5, "{text}");
    sections
}

/// What each entry of `.rel.BTF.ext` relocates, as llvm-readelf prints it.
fn ext_relocations(readelf: &str, path: &Path) -> Vec<(usize, String)> {
    let text = output(Command::new(readelf).arg("-rW").arg(path));
    let part = text.split("'.rel.BTF.ext'").nth(1).unwrap_or_default();
    let part = part.split("Relocation section").next().unwrap();
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let offset = usize::from_str_radix(words.first()?, 16).ok()?;
        Some((offset, (*words.get(4)?).to_owned()))
    };
    part.lines().filter_map(entry).collect()
}

/// The lines about CO-RE of llvm-objdump's disassembly.
fn disassembled_relos(objdump: &str, path: &Path) -> Vec<String> {
    let text = output(Command::new(objdump).args(["-dr"]).arg(path));
    let lines = text.lines().filter(|line| line.contains("CO-RE"));
    lines.map(str::to_owned).collect()
}

#[test]
fn llvm_sees_the_same_sections_functions_and_relocations() {
    let (Some(readelf), Some(objdump)) = (
        tool(&["llvm-readelf-19", "llvm-readelf"]),
        tool(&["llvm-objdump-19", "llvm-objdump"]),
    ) else {
        return;
    };
    for path in objects() {
        let object = BpfObject::parse(std::fs::read(&path).unwrap()).unwrap();
        let theirs = sections(&readelf, &path);
        for section in object.code_sections() {
            assert_eq!(section.code[..], theirs[&*section.name].2[..]);
        }
        let ours: usize = relos(&object).iter().map(Vec::len).sum();
        assert_eq!(ours, disassembled_relos(&objdump, &path).len(), "{path:?}");
        let symbols = output(Command::new(&readelf).arg("-sW").arg(&path));
        let mut theirs: Vec<_> = symbols
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|words| words.get(3) == Some(&"FUNC"))
            .map(|words| {
                let section: u32 = words[6].parse().unwrap();
                let start = u64::from_str_radix(words[1], 16).unwrap();
                let size: u64 = words[2].parse().unwrap();
                (section, start, size, words[7].to_owned())
            })
            .collect();
        theirs.sort();
        let ours: Vec<_> = object
            .code_sections()
            .flat_map(|section| {
                let functions = section.functions.into_owned().into_iter();
                functions.map(move |f| (section.index, f.start, f.size, f.name))
            })
            .collect();
        assert_eq!(ours, theirs, "{path:?}");
    }
}

#[test]
fn what_nothing_is_said_about_stays_to_the_byte() {
    for path in objects() {
        let bytes = std::fs::read(&path).unwrap();
        let object = BpfObject::parse(bytes.clone()).unwrap();
        assert!(without(&object, |_| false) == bytes, "{path:?}");
    }
}

#[test]
fn only_the_records_go_and_their_relocations_follow() {
    let (Some(readelf), Some(objdump)) = (
        tool(&["llvm-readelf-19", "llvm-readelf"]),
        tool(&["llvm-objdump-19", "llvm-objdump"]),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let picks: [fn(usize) -> bool; 4] = [|_| true, |n| n % 2 == 0, |n| n == 0, |n| n % 7 != 3];
    for path in objects() {
        let object = BpfObject::parse(std::fs::read(&path).unwrap()).unwrap();
        let before = sections(&readelf, &path);
        for pick in picks {
            let bytes = without(&object, pick);
            assert_eq!(bytes.len(), object.bytes().len());
            let new = scratch(&folder, "new.o", &bytes);
            // Everything but .BTF.ext and its relocations is where and what it was.
            for (name, section) in sections(&readelf, &new) {
                let old = &before[&name];
                if name == ".BTF.ext" || name == ".rel.BTF.ext" {
                    assert_eq!(section.0, old.0);
                    assert!(section.1 <= old.1);
                    let freed = &bytes[section.0 + section.1..old.0 + old.1];
                    assert!(
                        freed.iter().all(|byte| *byte == 0),
                        "{name} leaves bytes behind"
                    );
                } else {
                    assert!(section == *old, "{path:?}: {name} changed");
                }
            }
            // LLVM prints the relocations that stay, and no other.
            let kept = |lines: Vec<String>| -> Vec<String> {
                let numbered = lines.into_iter().enumerate();
                numbered
                    .filter(|(n, _)| !pick(*n))
                    .map(|(_, line)| line)
                    .collect()
            };
            let mut all = disassembled_relos(&objdump, &path);
            // In the records' order, which is the disassembly's within a section.
            let order: Vec<usize> = {
                let mut order: Vec<usize> = (0..all.len()).collect();
                order.sort_by_key(|n| line_order(&object, *n));
                order
            };
            let mut by_record = vec![String::new(); all.len()];
            for (line, n) in all.drain(..).zip(order) {
                by_record[n] = line;
            }
            let mut expected = kept(by_record);
            let mut found = disassembled_relos(&objdump, &new);
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{path:?}");
            // What our own parser reads: functions and lines as before, the records that stay.
            let parsed = BpfObject::parse(bytes).unwrap();
            assert_eq!(
                parsed.ext().map(|ext| &ext.funcs),
                object.ext().map(|ext| &ext.funcs)
            );
            assert_eq!(
                parsed.ext().map(|ext| &ext.lines),
                object.ext().map(|ext| &ext.lines)
            );
            let flat = |object: &BpfObject| relos(object).concat();
            let stay = flat(&object).into_iter().enumerate();
            let stay: Vec<_> = stay
                .filter(|(n, _)| !pick(*n))
                .map(|(_, relo)| relo)
                .collect();
            assert_eq!(flat(&parsed), stay, "{path:?}");
            // Each record has the one relocation it had, at the record's new place.
            let data = &sections(&readelf, &new)[".BTF.ext"].2;
            let at: Vec<usize> = ext_relocations(&readelf, &new)
                .iter()
                .map(|(at, _)| *at)
                .collect();
            assert_eq!(at, record_places(data, object.endian()), "{path:?}");
        }
    }
}

/// Where a record's line stands in a disassembly: section by section in the file's order, then by instruction.
fn line_order(object: &BpfObject, number: usize) -> (u32, u32, usize) {
    let relos = object.ext().and_then(|ext| ext.relos.as_ref()).unwrap();
    let mut left = number;
    for section in &relos.sections {
        if let Some(record) = section.records.get(left) {
            let name = object.graph().string(section.section);
            let index = object.code_section(name).unwrap().index;
            return (index, record.insn_off, left);
        }
        left -= section.records.len();
    }
    panic!("no record {number}");
}

/// Where the records of a `.BTF.ext` start, by the format's description.
fn record_places(data: &[u8], endian: Endian) -> Vec<usize> {
    let word = |at: usize| {
        let bytes = data[at..at + 4].try_into().unwrap();
        match endian {
            Endian::Little => u32::from_le_bytes(bytes) as usize,
            Endian::Big => u32::from_be_bytes(bytes) as usize,
        }
    };
    let mut places = Vec::new();
    for field in [8, 16, 24] {
        let start = word(4) + word(field);
        let end = start + word(field + 4);
        let mut at = start + 4;
        while at < end {
            let (size, count) = (word(start), word(at + 4));
            places.extend((0..count).map(|n| at + 8 + n * size));
            at += 8 + count * size;
        }
    }
    places
}

#[test]
fn loaders_read_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let bpftool = tool(&["bpftool"]);
    for path in objects() {
        let object = BpfObject::parse(std::fs::read(&path).unwrap()).unwrap();
        let host = object.endian().is_host();
        let is_program = object.code_sections().any(|s| s.name.starts_with("uprobe"));
        for pick in [(|_| true) as fn(usize) -> bool, |n| n % 2 == 0] {
            let bytes = without(&object, pick);
            if !host || !is_program {
                continue;
            }
            // aya-obj 0.3 refuses an object with the newest kind of relocation.
            let left = relos(&BpfObject::parse(bytes.clone()).unwrap()).concat();
            if left.iter().all(|relo| relo.kind < 12) {
                aya_obj::Object::parse(&bytes).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            }
            if let Some(bpftool) = &bpftool {
                let new = scratch(&folder, "new.bpf.o", &bytes);
                let skeleton = output(Command::new(bpftool).args(["gen", "skeleton"]).arg(&new));
                assert!(skeleton.contains("bpf_object_skeleton"));
                let types = output(
                    Command::new(bpftool)
                        .args(["btf", "dump", "file"])
                        .arg(&new),
                );
                let before = output(
                    Command::new(bpftool)
                        .args(["btf", "dump", "file"])
                        .arg(&path),
                );
                assert_eq!(types, before);
            }
        }
    }
}

#[test]
fn code_is_patched_in_place() {
    let bytes = read("tutorial/probe.bpf.o");
    let object = BpfObject::parse(bytes.clone()).unwrap();
    let section = object.code_sections().next().unwrap();
    assert_eq!(section.name, "uprobe/add_test");
    let mut rewriter = object.rewrite().unwrap();
    rewriter.code_mut(section.index).unwrap()[0x84] = 8;
    assert!(rewriter.code_mut(0).is_none());
    assert_eq!(
        rewriter.consume(0, 99).unwrap_err().kind(),
        ErrorKind::Usage
    );
    let new = rewriter.finish().unwrap();
    let differs: Vec<usize> = (0..bytes.len())
        .filter(|&at| bytes[at] != new[at])
        .collect();
    assert_eq!((differs.len(), new[differs[0]]), (1, 8));
}

#[test]
fn compressed_sections_are_read_and_rewritten() {
    let Some(objcopy) = tool(&["llvm-objcopy-19", "llvm-objcopy"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for path in objects() {
        let plain = BpfObject::parse(std::fs::read(&path).unwrap()).unwrap();
        for format in ["zlib", "zstd"] {
            let new = folder.path().join("compressed.o");
            output(
                Command::new(&objcopy)
                    .arg(format!("--compress-sections=.BTF={format}"))
                    .arg(format!("--compress-sections=.BTF.ext={format}"))
                    .args([&path, &new]),
            );
            let packed = BpfObject::parse(std::fs::read(&new).unwrap()).unwrap();
            assert_eq!(packed.ext(), plain.ext());
            assert_eq!(packed.graph().len(), plain.graph().len());
            assert_eq!(
                btf_of(std::fs::read(&new).unwrap()).unwrap().len(),
                plain.graph().len()
            );
            let half = BpfObject::parse(without(&packed, |n| n % 2 == 0)).unwrap();
            let expected = BpfObject::parse(without(&plain, |n| n % 2 == 0)).unwrap();
            assert_eq!(half.ext(), expected.ext());
        }
    }
}

#[test]
fn three_kinds_of_wrong_file_have_three_messages() {
    let error = BpfObject::parse(&b"not an ELF file"[..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(
        error.to_string(),
        "byte 0x0: this is not an ELF file: it doesn't start with \\x7fELF"
    );
    let error = BpfObject::parse(read("tutorial/prog_a.gcc-dwarf5")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "byte 0x12: this ELF file is for machine 62, not for BPF (247)"
    );
    // The name of .BTF shares the bytes of .rel.BTF's.
    let mut bytes = read("tutorial/probe.bpf.o");
    let name = bytes
        .windows(10)
        .position(|w| w == b".rel.BTF\0.")
        .or_else(|| bytes.windows(9).position(|w| w == b".rel.BTF\0"));
    let at = name.unwrap();
    bytes[at + 5] = b'X';
    let error = BpfObject::parse(bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoBtf);
    assert!(error.to_string().contains("clang -g"), "{error}");
    assert_eq!(
        btf_of(read("tutorial/prog_a.gcc-dwarf5"))
            .unwrap_err()
            .kind(),
        ErrorKind::NoBtf
    );
}

#[test]
fn overlapping_sections_are_not_rewritten() {
    let mut bytes = read("tutorial/probe.bpf.o");
    let object = BpfObject::parse(bytes.clone()).unwrap();
    let index = object.code_sections().next().unwrap().index;
    // Lets the section of instructions start one instruction earlier: in the ELF header's last bytes.
    let table = u64::from_le_bytes(bytes[40..48].try_into().unwrap());
    let offset = table as usize + 64 * index as usize + 24;
    bytes[offset] -= 8;
    let error = BpfObject::parse(bytes).unwrap().rewrite().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(
        error
            .to_string()
            .starts_with("uprobe/add_test: byte 0x38: "),
        "{error}"
    );
}

/// Every prefix, and every single byte set to some other value: an error or an object, never a panic.
#[test]
fn damaged_objects_are_refused_or_read() {
    let whole = read("tutorial/probe.bpf.o");
    let try_all = |bytes: Vec<u8>| {
        if let Ok(object) = BpfObject::parse(bytes)
            && object.rewrite().is_ok()
        {
            let all = |object: &BpfObject| {
                let mut rewriter = object.rewrite().unwrap();
                for (section, records) in relos(object).iter().enumerate() {
                    for record in 0..records.len() {
                        rewriter.consume(section, record).unwrap();
                    }
                }
                rewriter.finish()
            };
            drop(all(&object));
        }
    };
    for len in (0..whole.len()).step_by(3) {
        try_all(whole[..len].to_vec());
    }
    for at in 0..whole.len() {
        // Small, large and sign-changing values take turns.
        let mut bytes = whole.clone();
        bytes[at] = [0x00, 0x01, 0x7f, 0xff, !bytes[at]][at % 5];
        try_all(bytes);
    }
}

#[test]
fn programs_and_objects_of_other_machines_have_no_btf() {
    for path in files(".gcc-dwarf4") {
        let error = btf_of(std::fs::read(&path).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoBtf, "{path:?}");
    }
}
