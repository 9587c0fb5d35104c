//! Bytes as values, compared with what gdb prints.

use std::collections::BTreeMap;

use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::printed::{differs, tree};
use crate::support::read;
use btfkit::dwarf::ConvertOptions;
use btfkit::graph::{Btf, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, Type};
use btfkit::pipeline::{LoadOptions, load};
use btfkit::render::{LongDouble, ValueFormat, ValueOptions, Written, value};
use btfkit::{Bits, ErrorKind, Result};

/// The types and variables of a program, and the bytes of each variable.
pub struct Program {
    graph: Btf,
    bytes: BTreeMap<String, Vec<u8>>,
}

impl Program {
    pub fn new(file: Vec<u8>) -> Self {
        let elf = object::File::parse(&*file).unwrap();
        let mut bytes = BTreeMap::new();
        for symbol in elf.symbols() {
            let Some(section) = symbol.section_index() else {
                continue;
            };
            let section = elf.section_by_index(section).unwrap();
            let size = usize::try_from(symbol.size()).unwrap();
            if section.kind() == SectionKind::UninitializedData {
                bytes.insert(symbol.name().unwrap().to_owned(), vec![0; size]);
            } else if size > 0 {
                let start = usize::try_from(symbol.address() - section.address()).unwrap();
                let data = section.data().unwrap()[start..start + size].to_vec();
                bytes.insert(symbol.name().unwrap().to_owned(), data);
            }
        }
        let conversion = ConvertOptions::new().variables(true);
        let options = LoadOptions::new().conversion(conversion);
        let graph = load(file, &options).unwrap().graph;
        Self { graph, bytes }
    }

    fn shown(&self, name: &str, options: &ValueOptions) -> String {
        let var = self
            .graph
            .find(Kind::Var, name)
            .unwrap_or_else(|| panic!("no variable {name}"));
        let mut text = String::new();
        let written = value(var, &self.bytes[name], options, &mut text).unwrap();
        assert!(!written.is_truncated, "{name}");
        assert_eq!(written.used.0, self.bytes[name].len() as u64, "{name}");
        text
    }

    /// Compares each variable with what gdb printed; returns how many there are.
    pub fn compare(&self, gdb: &str) -> usize {
        let mut count = 0;
        let mut wrong = Vec::new();
        for line in gdb.lines() {
            let (name, gdb) = line.split_once(" = ").unwrap();
            let ours = self.shown(name, &ValueOptions::new());
            if let Some(difference) = differs(&tree(&ours), &tree(gdb)) {
                wrong.push(format!("{name}: {difference}\n  {ours}\n  {gdb}"));
            }
            count += 1;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        count
    }
}

#[test]
fn as_gdb_prints_them() {
    for compiler in ["gcc", "clang"] {
        let program = Program::new(read(&format!("values/values.{compiler}")));
        let gdb = String::from_utf8(read(&format!("values/values.{compiler}.gdb.txt"))).unwrap();
        assert_eq!(program.compare(&gdb), 36);
    }
}

/// The compiler stores the same values in the other byte order.
#[test]
fn bytes_in_the_other_order() {
    let little = Program::new(read("values/values.clang"));
    for system in ["s390x", "powerpc"] {
        let big = Program::new(read(&format!("values/values.{system}.o")));
        let mut count = 0;
        for format in [ValueFormat::C, ValueFormat::Json] {
            let options = ValueOptions::new().format(format);
            for name in big.bytes.keys() {
                // A `char` has no sign there, and is a number in JSON.
                let has_sign = name == "quotes" && format == ValueFormat::Json;
                if big.graph.find(Kind::Var, name).is_some() && !has_sign {
                    let (big, little) = (big.shown(name, &options), little.shown(name, &options));
                    assert_eq!(big, little, "{system} {name}");
                    count += 1;
                }
            }
        }
        assert!(count >= 59, "{system}: {count}");
    }
}

#[test]
fn json_is_valid_and_has_the_values() {
    let program = Program::new(read("values/values.gcc"));
    for lines in [false, true] {
        let options = ValueOptions::new().format(ValueFormat::Json).lines(lines);
        let json = |name| -> serde_json::Value {
            let text = program.shown(name, &options);
            assert_eq!(
                text.contains('\n'),
                lines && text.contains(['{', '[']),
                "{text}"
            );
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
        };
        assert_eq!(json("events")[0]["from"]["name"], "nginx: worker");
        assert_eq!(json("events")[1]["peer"]["v4"]["address"][3], 6);
        // The members of anonymous members are the structure's own.
        assert_eq!(json("nested")["b"], 6);
        assert_eq!(json("set")["m"], "READ|APPEND");
        assert_eq!(json("mixed")["m"], "READ|0x40");
        assert_eq!(json("odd")["plain"], 4);
        assert_eq!(json("most")["u64"], u64::MAX);
        assert_eq!(json("negative_128"), -5);
        assert_eq!(json("floats")["h"], 5e-324);
        assert_eq!(json("pointers")["null"], "0x0");
        assert_eq!(json("escapes")["whole"], "a\"b\\c");
        assert_eq!(json("with_empty")["nothing"], serde_json::json!({}));
        for name in program.bytes.keys() {
            if program.graph.find(Kind::Var, name).is_some() {
                json(name);
            }
        }
    }
}

fn shown(ty: Type<'_>, bytes: &[u8], options: &ValueOptions) -> Result<(String, Written)> {
    let mut text = String::new();
    let written = value(ty, bytes, options, &mut text)?;
    Ok((text, written))
}

fn json() -> ValueOptions {
    ValueOptions::new().format(ValueFormat::Json)
}

/// A message with a flexible array, and the types that it takes.
fn message(name: &str, element: impl FnOnce(&mut GraphBuilder) -> btfkit::TypeId) -> Btf {
    let mut b = GraphBuilder::new();
    let int = b.int("unsigned int", 4, IntEncoding::UNSIGNED).unwrap();
    let pair = [
        NewMember::new("x", int),
        NewMember::new("y", int).at(Bits(32)),
    ];
    let pair = b.composite(Kind::Struct, "pair", 8, &pair).unwrap();
    let two = b.array(pair, int, 2).unwrap();
    let element = element(&mut b);
    let rest = b.array(element, int, 0).unwrap();
    let members = [
        NewMember::new("length", int),
        NewMember::new("pairs", two).at(Bits(32)),
        NewMember::new("rest", rest).at(Bits(160)),
    ];
    b.composite(Kind::Struct, name, 20, &members).unwrap();
    b.freeze().unwrap()
}

fn words(count: u32) -> Vec<u8> {
    (1..=count).flat_map(u32::to_ne_bytes).collect()
}

#[test]
fn bytes_that_end_early() {
    let graph = message("message", |b| {
        b.int("char", 1, IntEncoding::SIGNED).unwrap()
    });
    let ty = graph.find(Kind::Struct, "message").unwrap();
    let c = |length: usize| shown(ty, &words(5)[..length], &ValueOptions::new()).unwrap();
    let cases = [
        (0, "<truncated>"),
        (
            3,
            "{.length = <truncated>, .pairs = {<truncated>}, .rest = \"\"}",
        ),
        (4, "{.length = 1, .pairs = {<truncated>}, .rest = \"\"}"),
        (
            8,
            "{.length = 1, .pairs = {{.x = 2, .y = <truncated>}, <truncated>}, .rest = \"\"}",
        ),
        (
            12,
            "{.length = 1, .pairs = {{.x = 2, .y = 3}, <truncated>}, .rest = \"\"}",
        ),
        (
            20,
            "{.length = 1, .pairs = {{.x = 2, .y = 3}, {.x = 4, .y = 5}}, .rest = \"\"}",
        ),
    ];
    for (length, expected) in cases {
        let (text, written) = c(length);
        assert_eq!(text, expected);
        assert_eq!(written.is_truncated, length < 20, "{length}");
        assert_eq!(written.used.0, length as u64);
        let (text, _) = shown(ty, &words(5)[..length], &json()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text.contains("null"), length < 20, "{value}");
    }
}

#[test]
fn flexible_arrays_have_the_rest() {
    let chars = message("message", |b| {
        b.int("char", 1, IntEncoding::SIGNED).unwrap()
    });
    let bytes = [words(5), b"hello\0..".to_vec()].concat();
    let ty = chars.find(Kind::Struct, "message").unwrap();
    let (text, written) = shown(ty, &bytes, &ValueOptions::new()).unwrap();
    assert!(text.ends_with(".rest = \"hello\"}"), "{text}");
    assert_eq!(written.used.0, 28);
    let ints = message("message", |b| {
        b.int("short", 2, IntEncoding::SIGNED).unwrap()
    });
    let ty = ints.find(Kind::Struct, "message").unwrap();
    let bytes = [
        words(5),
        7u16.to_ne_bytes().to_vec(),
        8u16.to_ne_bytes().to_vec(),
        vec![9],
    ];
    let (text, written) = shown(ty, &bytes.concat(), &ValueOptions::new()).unwrap();
    assert!(text.ends_with(".rest = {7, 8}}"), "{text}");
    // Half an element is none.
    assert_eq!(written.used.0, 24);
}

/// As the converter makes them of Rust's: a union of variants, and the discriminant beside it.
#[test]
fn the_living_variant_of_a_rust_enumeration() {
    let mut b = GraphBuilder::new();
    let byte = b.int("u8", 1, IntEncoding::UNSIGNED).unwrap();
    let values = [("Idle", 0u64), ("Busy", 1)];
    let tag = b.enumeration("", 1, Signedness::Unsigned, &values).unwrap();
    let number = [NewMember::new("__0", byte).at(Bits(8))];
    let busy = b
        .composite(Kind::Struct, "State::Busy", 2, &number)
        .unwrap();
    let other = b
        .composite(Kind::Struct, "State::Other", 2, &number)
        .unwrap();
    let idle = b.composite(Kind::Struct, "State::Idle", 2, &[]).unwrap();
    let variants = [
        NewMember::new("Idle", idle),
        NewMember::new("Busy", busy),
        NewMember::new("Other", other),
    ];
    let union = b.composite(Kind::Union, "", 2, &variants).unwrap();
    let members = [NewMember::new("", union), NewMember::new("__tag", tag)];
    b.composite(Kind::Struct, "State", 2, &members).unwrap();
    let graph = b.freeze().unwrap();
    let state = graph.find(Kind::Struct, "State").unwrap();
    let c = |bytes: [u8; 2]| shown(state, &bytes, &ValueOptions::new()).unwrap().0;
    assert_eq!(c([1, 7]), "{{.Busy = {.__0 = 7}}, .__tag = Busy}");
    assert_eq!(c([0, 7]), "{{.Idle = {}}, .__tag = Idle}");
    // The variant of all other values.
    assert_eq!(c([9, 7]), "{{.Other = {.__0 = 7}}, .__tag = 9}");
    let (text, _) = shown(state, &[1, 7], &json()).unwrap();
    assert_eq!(text, r#"{"Busy":{"__0":7},"__tag":"Busy"}"#);
}

#[test]
fn numbers_of_odd_sizes() {
    let mut b = GraphBuilder::new();
    let three = b.int("three", 3, IntEncoding::SIGNED);
    let wide = b.int("wide", 16, IntEncoding::UNSIGNED).unwrap();
    let real = b.float("long double", 16).unwrap();
    let brain = b.float("__bf16", 2).unwrap();
    let graph = b.freeze().unwrap();
    assert!(three.is_err() || graph.find(Kind::Int, "three").is_some());
    let c =
        |id, bytes: &[u8], options: &ValueOptions| shown(graph.ty(id), bytes, options).unwrap().0;
    let most = [0xff; 16];
    assert_eq!(c(wide, &most, &ValueOptions::new()), u128::MAX.to_string());
    assert_eq!(c(wide, &most, &json()), format!("\"{}\"", u128::MAX));
    let one = (0x3fffu128 << 64 | 1 << 63).to_ne_bytes();
    let quad = (0x3fffu128 << 112).to_ne_bytes();
    let x87 = ValueOptions::new().long_double(LongDouble::X87);
    let binary128 = ValueOptions::new().long_double(LongDouble::Binary128);
    assert_eq!(c(real, &one, &x87), "1.0");
    assert_eq!(c(real, &quad, &binary128), "1.0");
    assert_eq!(c(brain, &0x3fc0u16.to_ne_bytes(), &x87), "1.5");
}

/// Sixty structures, each with two of the kind before: 2^60 members, and a structure in itself.
#[test]
fn a_value_has_an_end() {
    let mut b = GraphBuilder::new();
    let char = b.int("char", 1, IntEncoding::SIGNED).unwrap();
    let nothing = b.composite(Kind::Struct, "nothing", 0, &[]).unwrap();
    let many = b.array(nothing, char, u32::MAX).unwrap();
    let many = [NewMember::new("many", many)];
    b.composite(Kind::Struct, "many", 0, &many).unwrap();
    for (name, bottom) in [("full", char), ("empty", nothing)] {
        let mut inner = bottom;
        for depth in 0..60 {
            let name = if depth == 59 { name } else { "" };
            let members = [NewMember::new("", inner), NewMember::new("", inner)];
            inner = b.composite(Kind::Union, name, 1, &members).unwrap();
        }
    }
    let itself = b.next_id();
    let members = [NewMember::new("", itself)];
    b.composite(Kind::Struct, "itself", 4, &members).unwrap();
    let graph = b.freeze().unwrap();
    for name in ["full", "empty", "itself", "many"] {
        let ty = graph.named(name).next().unwrap();
        for options in [ValueOptions::new(), json()] {
            let error = shown(ty, &[0; 8], &options.output(10_000)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Limit, "{name}");
        }
    }
}

#[test]
fn what_is_no_value() {
    let mut b = GraphBuilder::new();
    b.fwd("declared", btfkit::graph::FwdKind::Struct).unwrap();
    let graph = b.freeze().unwrap();
    let declared = graph.find(Kind::Fwd, "declared").unwrap();
    let error = shown(declared, &[], &ValueOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("declared"), "{error}");
}
