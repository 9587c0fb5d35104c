//! `dump`'s text and JSON, compared with bpftool's to the byte.

use std::path::Path;
use std::process::Command;

use crate::support::tools::{KERNEL, kernel_btf};
use crate::support::{objects, output, read, tool};
use btfkit::elf::btf_of;
use btfkit::graph::{
    Btf, FuncLinkage, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, VarLinkage,
};
use btfkit::{Bits, StrId, TypeId, encode, parse, render};

fn texts(graph: &Btf) -> [Vec<u8>; 2] {
    let (mut raw, mut json) = (Vec::new(), Vec::new());
    render::raw(graph.own_types(), &mut raw).unwrap();
    render::json(graph.own_types(), &mut json).unwrap();
    [raw, json]
}

/// Lines that differ, if any, rather than megabytes of both.
fn same(name: &str, ours: &[u8], theirs: &str) {
    let ours = String::from_utf8_lossy(ours);
    if ours != theirs {
        let pairs = ours
            .split_inclusive(['\n', '{'])
            .zip(theirs.split_inclusive(['\n', '{']));
        let first = pairs.enumerate().find(|(_, (a, b))| a != b);
        panic!(
            "{name}: {first:?}, lengths {} and {}",
            ours.len(),
            theirs.len()
        );
    }
}

fn compare(bpftool: &str, path: &Path, graph: &Btf) {
    let [raw, json] = texts(graph);
    let name = path.display().to_string();
    let dump = ["btf", "dump", "file"];
    same(
        &name,
        &raw,
        &output(Command::new(bpftool).args(dump).arg(path)),
    );
    same(
        &name,
        &json,
        &output(Command::new(bpftool).arg("-j").args(dump).arg(path)),
    );
}

#[test]
fn objects_and_the_kernel_as_bpftool_prints_them() {
    let Some(bpftool) = tool(&["bpftool"]) else {
        return;
    };
    for path in objects() {
        compare(
            &bpftool,
            &path,
            &btf_of(std::fs::read(&path).unwrap()).unwrap(),
        );
    }
    if let Some(bytes) = kernel_btf() {
        compare(&bpftool, Path::new(KERNEL), &parse::parse(bytes).unwrap());
    }
}

/// One of every kind, with the corners of each.
fn every_kind() -> Btf {
    let mut b = GraphBuilder::new();
    let int = b.int("int", 4, IntEncoding::SIGNED).unwrap();
    b.int("char", 1, IntEncoding::CHAR).unwrap();
    b.int("bool", 1, IntEncoding::BOOL).unwrap();
    b.int("odd", 1, IntEncoding(5)).unwrap();
    let ptr = b.ptr(TypeId::VOID).unwrap();
    b.array(int, int, 7).unwrap();
    let [a, bits, anonymous] = ["a", "bits", ""].map(|name| b.intern(name).unwrap());
    let members = [
        NewMember::new(a, int),
        NewMember::new(bits, int).at(Bits(32)).bitfield(Bits(3)),
        NewMember::new(anonymous, int).at(Bits(64)),
    ];
    b.composite(Kind::Struct, "with_bits", 12, &members)
        .unwrap();
    b.composite(Kind::Union, "", 4, &members[..1]).unwrap();
    b.enumeration("signed", 4, Signedness::Signed, &[(a, -1i64 as u64)])
        .unwrap();
    b.enumeration(
        "unsigned",
        4,
        Signedness::Unsigned,
        &[(a, 0xffff_ffff), (bits, 5)],
    )
    .unwrap();
    b.enumeration("wide", 8, Signedness::Unsigned, &[(a, u64::MAX)])
        .unwrap();
    b.enumeration("wide_signed", 8, Signedness::Signed, &[(a, u64::MAX)])
        .unwrap();
    b.enumeration::<StrId>("declared", 4, Signedness::Unsigned, &[])
        .unwrap();
    b.fwd("forward", FwdKind::Struct).unwrap();
    b.fwd("forward", FwdKind::Union).unwrap();
    b.typedef("name", ptr).unwrap();
    for kind in [Kind::Volatile, Kind::Const, Kind::Restrict] {
        b.qualifier(kind, ptr).unwrap();
    }
    let proto = b
        .func_proto(int, &[(a, int), (anonymous, TypeId::VOID)])
        .unwrap();
    for linkage in 0..4 {
        b.func("function", proto, FuncLinkage::from_number(linkage))
            .unwrap();
    }
    let var = b.var("variable", int, VarLinkage::Global).unwrap();
    b.var("static_variable", int, VarLinkage::Static).unwrap();
    b.datasec(".data", 4, &[(var, 0, 4)]).unwrap();
    b.float("double", 8).unwrap();
    b.decl_tag("tag", int, None, false).unwrap();
    b.decl_tag("a \"quoted\" \\ \t\ntag", int, Some(2), false)
        .unwrap();
    b.type_tag("user", int, false).unwrap();
    b.freeze().unwrap()
}

/// The golden texts are bpftool's; `testdata/README.md` says how they were made.
#[test]
fn every_kind_as_bpftool_prints_it() {
    let graph = every_kind();
    let bytes = encode::encode(&graph).unwrap();
    if std::env::var_os("BTFKIT_BLESS").is_some() {
        std::fs::write(crate::support::testdata("dump/every_kind.btf"), &bytes).unwrap();
    }
    assert!(
        bytes == read("dump/every_kind.btf"),
        "BLESS=1 writes it anew"
    );
    let [raw, json] = texts(&graph);
    let golden = |name: &str| String::from_utf8(read(name)).unwrap();
    same("raw", &raw, &golden("dump/every_kind.txt"));
    same("json", &json, &golden("dump/every_kind.json"));
}

#[test]
fn json_is_valid_whatever_the_names() {
    let mut b = GraphBuilder::new();
    b.float([b'a', 0x01, b'"', 0xff], 8).unwrap();
    let [_, json] = texts(&b.freeze().unwrap());
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["types"][0]["name"], "a\u{1}\"\u{fffd}");
}
