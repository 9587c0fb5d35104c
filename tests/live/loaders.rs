//! libbpf loads rewritten objects, and the kernel takes merged types.

use std::path::PathBuf;
use std::process::Command;

use crate::machine::*;
use crate::support::jobs::{app, relocated, servers};
use crate::support::{read, scratch};
use btfkit::Bits;
use btfkit::elf::BpfObject;
use btfkit::graph::Btf;
use btfkit::pipeline::TargetFile;

/// libbpf, as bpftool has it, loads rewritten objects too, and finishes partial ones.
#[test]
fn libbpf_loads_the_results() {
    let Some(kernel) = kernel() else {
        return;
    };
    if crate::support::tool(&["bpftool"]).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, object: &[u8]| {
        let path = scratch(&folder, "probe.bpf.o", object);
        libbpf_loads(&path).unwrap_or_else(|log| panic!("{name}: {log}"));
    };
    for program in servers() {
        let name = program.display().to_string();
        for (object, partial) in [
            ("layouts/probe.bpf.o", false),
            ("layouts/probe.bpf.o", true),
            ("layouts/probe_v4.bpf.o", false),
        ] {
            let targets = [app(&program), TargetFile::kernel(kernel.clone())];
            load(&name, &relocated(object, &targets, partial).object);
        }
    }
    // A field that isn't there, in code that is run: that one must be refused, or nothing here is proved.
    let path = scratch(
        &folder,
        "probe.bpf.o",
        &relocated("tutorial/probe.bpf.o", &[], false).object,
    );
    let log = libbpf_loads(&path).unwrap_err();
    assert!(log.contains("195896080"), "{log}");
}

/// Loads an object with bpftool, in a mount namespace with a BPF file system of its own.
fn libbpf_loads(object: &PathBuf) -> Result<(), String> {
    let script = r#"mount -t bpf bpf "$1" && bpftool prog loadall "$2" "$1/probe""#;
    let place = tempfile::tempdir().unwrap();
    let done = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(place.path())
        .arg(object)
        .output()
        .unwrap();
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}

/// Gives raw BTF to the kernel, which checks every type; its words where it refuses. (BPF_BTF_LOAD)
fn load_btf(btf: &[u8]) -> Result<(), String> {
    const BPF_BTF_LOAD: libc::c_long = 18;
    #[repr(C)]
    struct Attributes {
        btf: u64,
        log: u64,
        btf_size: u32,
        log_size: u32,
        log_level: u32,
    }
    let size = u32::try_from(btf.len()).unwrap();
    let mut log = vec![0u8; 1 << 16];
    let mut load = |log_level: u32| {
        let attributes = Attributes {
            btf: btf.as_ptr().addr() as u64,
            btf_size: size,
            log: if log_level == 0 {
                0
            } else {
                log.as_mut_ptr().addr() as u64
            },
            log_size: if log_level == 0 { 0 } else { 1 << 16 },
            log_level,
        };
        // SAFETY: the kernel reads the attributes and the bytes they name, and writes the log, all of which
        // live longer than the call and have the sizes they say.
        unsafe {
            let fd = libc::syscall(
                libc::SYS_bpf,
                BPF_BTF_LOAD,
                &raw const attributes,
                size_of::<Attributes>(),
            );
            fd >= 0 && libc::close(i32::try_from(fd).unwrap()) == 0
        }
    };
    if load(0) {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    // Once more for its words, which it only has room for where they are few.
    load(1);
    let text = String::from_utf8_lossy(&log);
    let text = text.trim_end_matches('\0');
    let tail = text.char_indices().nth_back(400).map_or(0, |(at, _)| at);
    Err(format!("{error}: {}", &text[tail..]))
}

/// The kernel takes what merging, deduplicating, minimising and linking make of its own types and of objects'.
#[test]
fn the_kernel_takes_merged_types() {
    use btfkit::encode::encode;
    use btfkit::merge::{Input, MergeOptions, dedup, merge};
    let Some(kernel) = kernel() else {
        return;
    };
    let object = || BpfObject::parse(read("layouts/probe.bpf.o")).unwrap();
    let input = |label: &str, graph: &Btf| Input::new(label, graph.clone());
    let mut compacting = MergeOptions::default();
    compacting.keep_first = false;
    compacting.sections = true;
    let takes = |name: &str, graph: &Btf| {
        let bytes = encode(graph).unwrap();
        load_btf(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        // It does look at what it is given: a name that doesn't end is refused.
        let cut = &bytes[..bytes.len() - 1];
        assert!(load_btf(cut).is_err(), "{name}");
    };
    takes("the kernel's own", &kernel);
    let program = btfkit::pipeline::load(read("layouts/server1.gcc-dwarf5"), &Default::default());
    let program = program.unwrap().graph;
    let merged = merge(
        [input("kernel", &kernel), input("program", &program)],
        &MergeOptions::default(),
    );
    takes("kernel and program", &merged.unwrap().graph);
    let twice = [input("one", &kernel), input("other", &kernel)];
    takes(
        "twice the kernel",
        &merge(twice, &compacting).unwrap().graph,
    );
    let deduplicated = dedup(
        merge([input("program", &program)], &compacting)
            .unwrap()
            .graph,
        &compacting,
    );
    takes("a program", &deduplicated.unwrap().graph);

    let units = ["types/kinds.bpf.o", "layouts/probe.bpf.o"]
        .map(|name| btfkit::pipeline::LinkInput::new(name, BpfObject::parse(read(name)).unwrap()));
    let linked = btfkit::pipeline::link_objects(&units, &MergeOptions::default()).unwrap();
    // Of an object as compilers leave it, it doesn't: data sections have no size yet.
    assert!(load_btf(&encode(object().graph()).unwrap()).is_err());
    takes("linked objects", &linked.graph);

    // A preferred type that is larger than what a structure and a variable have room for.
    for (sizes, preferred) in [
        (&[1, 3][..], 1),
        (&[1, 2, 3], 2),
        (&[1, 2, 3], 1),
        (&[1, 2, 3], 0),
    ] {
        for keep_first in [true, false] {
            let mut options = MergeOptions::default();
            options.collisions = btfkit::merge::Policy::Prefer(preferred);
            options.keep_first = keep_first;
            let inputs = sizes.iter().map(|&members| input("p", &holder(members)));
            let merged = merge(inputs, &options).unwrap();
            takes(&format!("{preferred} of {sizes:?}"), &merged.graph);
        }
    }
}

/// `struct s` of this many members, and who holds it by value and behind a pointer.
fn holder(members: u32) -> Btf {
    use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let list: Vec<_> = (0..members)
        .map(|place| {
            let name = builder.intern(format!("m{place}")).unwrap();
            NewMember::new(name, int).at(Bits(u64::from(place) * 32))
        })
        .collect();
    let s = builder
        .composite(Kind::Struct, "s", members * 4, &list)
        .unwrap();
    let (held, t) = (builder.intern("s").unwrap(), builder.intern("t").unwrap());
    let room = u64::from(members) * 32;
    let list = [
        NewMember::new(held, s),
        NewMember::new(t, int).at(Bits(room)),
    ];
    let name = format!("holder{members}");
    builder
        .composite(Kind::Struct, name, members * 4 + 4, &list)
        .unwrap();
    let pointer = builder.ptr(s).unwrap();
    let proto = builder.func_proto(pointer, &[(t, pointer)]).unwrap();
    builder.ptr(proto).unwrap();
    builder.freeze().unwrap()
}
