//! Relocatable files, of machines of either byte order and width.

use btfkit::ErrorKind;
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::elf::debug_sections;
use btfkit::graph::{Btf, Kind};
use btfkit::{Endian, Limits, PointerWidth};
use object::{Object, ObjectSection};

use crate::support::packagings::{differences, loaded, options};
use crate::support::read;
use crate::support::spelled::spelled;

/// Machine, width, byte order.
const MACHINES: [(&str, PointerWidth, Endian); 9] = [
    ("x86_64", PointerWidth::Eight, Endian::Little),
    ("aarch64", PointerWidth::Eight, Endian::Little),
    ("powerpc64", PointerWidth::Eight, Endian::Big),
    ("s390x", PointerWidth::Eight, Endian::Big),
    ("riscv64", PointerWidth::Eight, Endian::Little),
    ("loongarch64", PointerWidth::Eight, Endian::Little),
    ("i386", PointerWidth::Four, Endian::Little),
    ("arm", PointerWidth::Four, Endian::Little),
    ("mips", PointerWidth::Four, Endian::Big),
];

fn types(machine: &str) -> Btf {
    loaded(&format!("{machine}-all.o"), &options()).graph
}

/// What the compiler said of its types: the section `.facts`, records of 60 bytes of text and a number.
fn facts(machine: &str, endian: Endian) -> Vec<(String, u32)> {
    let bytes = read(&format!("packaging/{machine}-all.o"));
    let elf = object::File::parse(&*bytes).unwrap();
    let section = elf.section_by_name(".facts").unwrap();
    let records = section.data().unwrap().chunks(64);
    let fact = |record: &[u8]| {
        let text = record[..60].split(|byte| *byte == 0).next().unwrap();
        let number = record[60..].try_into().unwrap();
        let number = match endian {
            Endian::Little => u32::from_le_bytes(number),
            Endian::Big => u32::from_be_bytes(number),
        };
        (String::from_utf8(text.to_vec()).unwrap(), number)
    };
    records.map(fact).collect()
}

#[test]
fn every_machine_agrees_with_its_compiler() {
    for (machine, width, endian) in MACHINES {
        let graph = types(machine);
        assert_eq!(graph.pointer_width(), width, "{machine}");
        assert_eq!(graph.endian(), endian, "{machine}");
        let facts = facts(machine, endian);
        assert_eq!(facts.len(), 22, "{machine}");
        for (what, expected) in facts {
            let words: Vec<_> = what.split(' ').collect();
            let got = match words[..] {
                ["size", name] => graph.size_of_named(name).unwrap().0,
                ["offset", name, path] => graph.field(name, path).unwrap().offset.bytes().0,
                _ => panic!("{what}"),
            };
            assert_eq!(u64::from(expected), got, "{machine}: {what}");
        }
    }
}

#[test]
fn machines_of_one_width_have_the_same_types() {
    let expected = spelled(&types("x86_64"));
    for machine in [
        "aarch64",
        "powerpc64",
        "s390x",
        "riscv64",
        "loongarch64",
        "single",
    ] {
        let wrong = differences(&expected, &spelled(&types(machine)));
        assert!(wrong.is_empty(), "{machine}:\n{}", wrong.join("\n"));
    }
    // The units together are the program.
    let program = spelled(&loaded("plain.clang", &options()).graph);
    for (name, what) in program {
        if !name.starts_with("DATASEC") && !name.starts_with("VAR") {
            assert_eq!(expected.get(&name), Some(&what), "{name}");
        }
    }
}

#[test]
fn lines_are_relocated_too() {
    for (machine, ..) in MACHINES {
        let bytes = read(&format!("packaging/{machine}-all.o"));
        let sections = debug_sections(bytes, &Limits::default()).unwrap();
        let done = convert(&sections, &ConvertOptions::new()).unwrap();
        let hidden = done.graph.find(Kind::Struct, "hidden").unwrap().id();
        let origin = done.origin(&sections, hidden).unwrap();
        // On RISC-V and LoongArch the length of the table is a difference of two addresses.
        assert_eq!(
            origin.file.as_deref(),
            Some("./packaging/one.c"),
            "{machine}"
        );
        assert_eq!(origin.line, Some(4), "{machine}");
    }
}

#[test]
fn relocations_of_an_unknown_machine_are_refused() {
    let mut bytes = read("packaging/x86_64-all.o");
    bytes[18..20].copy_from_slice(&[0x77, 0x77]);
    let error = debug_sections(bytes, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    for word in [".debug_", "machine 30583", "link"] {
        assert!(text.contains(word), "{text}");
    }
}
