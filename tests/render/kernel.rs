//! The header of the running kernel, against the kernel's own types and bpftool's header.

use std::collections::BTreeMap;
use std::process::Command;

use btfkit::graph::{Btf, Kind};
use btfkit::render::c::{HeaderOptions, header};
use btfkit::{Bits, Limits, dwarf, elf};

use crate::compile::{compiles, host_object};
use crate::support::tools::{KERNEL, running_kernel};
use crate::support::{output, tool};

/// Sizes and the offsets of members by structure, without padding.
type Layouts = BTreeMap<String, (u32, BTreeMap<String, (u64, Option<Bits>)>)>;

fn layouts(graph: &Btf) -> Layouts {
    let mut layouts = Layouts::new();
    for ty in graph.types() {
        if ty.name().is_empty() || !(ty.kind().is_composite() || ty.kind().is_enum()) {
            continue;
        }
        let members = ty.members().filter(|member| {
            !member.name().is_empty() && !member.name().as_bytes().starts_with(b"__pad")
        });
        let members = members.map(|member| {
            let at = (member.offset.0, member.bitfield);
            (member.name().to_string(), at)
        });
        let keyword = match ty.kind() {
            Kind::Union => "union",
            kind if kind.is_enum() => "enum",
            _ => "struct",
        };
        layouts
            .entry(format!("{keyword} {}", ty.name()))
            .or_insert((ty.size_word(), members.collect()));
    }
    layouts
}

fn compiled(text: &str) -> Option<Btf> {
    let object = host_object(text)?;
    let sections = elf::debug_sections(object, &Limits::default()).unwrap();
    let converted = dwarf::convert(&sections, &dwarf::ConvertOptions::new()).unwrap();
    Some(converted.graph)
}

#[test]
fn the_kernels_header_compiles() {
    if let Some(kernel) = running_kernel() {
        compiles("the running kernel", &kernel);
    }
}

/// What gcc makes of the header is what the kernel says of itself, in every structure of one layout.
#[test]
fn the_kernels_header_says_what_its_btf_says() {
    let Some(kernel) = running_kernel() else {
        return;
    };
    let text = header(&kernel, &HeaderOptions::new()).unwrap().text;
    let Some(ours) = compiled(&text) else { return };
    let (ours, kernels) = (layouts(&ours), layouts(&kernel));
    assert!(kernels.len() > 5000);
    let differ: Vec<_> = kernels
        .iter()
        .filter(|(name, layout)| {
            // An enumeration may have the tag, which is one name space in C.
            let flavored = format!("{name}___2");
            ours.get(*name).or_else(|| ours.get(&flavored)) != Some(layout)
        })
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

/// bpftool's header declares the same structures with the same offsets. Old ones have enumerations of four bytes where the
/// kernel's have fewer, so structures of which bpftool's compiled size isn't the kernel's are left out.
#[test]
fn bpftools_header_declares_the_same() {
    let Some(kernel) = running_kernel() else {
        return;
    };
    let Some(bpftool) = tool(&["bpftool"]) else {
        return;
    };
    let theirs = output(Command::new(bpftool).args(["btf", "dump", "file", KERNEL, "format", "c"]));
    let Some(theirs) = compiled(&theirs) else {
        return;
    };
    let ours = header(&kernel, &HeaderOptions::new()).unwrap().text;
    let Some(ours) = compiled(&ours) else { return };
    let (theirs, ours, kernels) = (layouts(&theirs), layouts(&ours), layouts(&kernel));
    let mut same = 0;
    for (name, layout) in &theirs {
        let Some(own) = ours.get(name) else {
            panic!("only bpftool declares {name}");
        };
        if own == layout {
            same += 1;
        } else {
            assert_eq!(kernels.get(name), Some(own), "{name}");
        }
    }
    assert!(same > theirs.len() * 9 / 10, "{same} of {}", theirs.len());
}
