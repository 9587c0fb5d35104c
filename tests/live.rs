//! The proof: rewritten objects in the running kernel, reading real programs.
//!
//! Needs root and a kernel with BPF and uprobes. Without them each test says so on one line and passes;
//! `.ci/run` takes that for a failure where the machine has both.

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aya::maps::Array;
use aya::programs::uprobe::UProbeScope;
use aya::programs::{ProgramType, UProbe};
use aya::{Ebpf, EbpfLoader};
use btfkit::Bits;
use btfkit::elf::BpfObject;
use btfkit::graph::{Btf, Kind};
use btfkit::pipeline::TargetFile;
use support::jobs::{BUILDS, app, relocated, running_kernel, servers, slots};
use support::{read, scratch, testdata};

/// The kernel's types, if this machine can run the test at all; else a line that says why not.
fn kernel(test: &str) -> Option<Btf> {
    match able() {
        Ok(kernel) => Some(kernel),
        Err(reason) => {
            skipped(test, &reason);
            None
        }
    }
}

/// One line, not through the test harness, which keeps what passing tests print to itself.
fn skipped(test: &str, reason: &str) {
    let mut stderr = std::io::stderr().lock();
    writeln!(stderr, "live: {test} skipped: {reason}").unwrap();
}

fn able() -> Result<Btf, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1));
    if effective != Some("0") {
        return Err("it needs root".into());
    }
    if !Path::new("/sys/bus/event_source/devices/uprobe").exists() {
        return Err("the kernel has no uprobes".into());
    }
    if !matches!(
        aya::sys::is_program_supported(ProgramType::KProbe),
        Ok(true)
    ) {
        return Err("the kernel loads no BPF programs".into());
    }
    running_kernel().ok_or_else(|| "the kernel has no BTF".into())
}

/// What a program printed, and what the probe saw of it.
struct Seen {
    printed: HashMap<String, i64>,
    slots: Vec<u64>,
    pid: u32,
}

/// Runs a program with the object's probe at the entry of `function`.
fn run(mut bpf: Ebpf, probe: &str, program: &Path, function: &str) -> Seen {
    let name = program.display();
    let uprobe: &mut UProbe = bpf.program_mut(probe).unwrap().try_into().unwrap();
    uprobe
        .load()
        .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    // Once the first line is there, the program is in its main function, and it waits before the call.
    let mut text = String::new();
    output.read_line(&mut text).unwrap();
    let scope = UProbeScope::OneProcess(NonZeroU32::new(child.id()).unwrap());
    uprobe
        .attach(function, program, scope)
        .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    for line in output.lines() {
        text.push_str(&line.unwrap());
        text.push('\n');
    }
    assert!(child.wait().unwrap().success(), "{name}");
    let pair = |word: &str| {
        let (key, value) = word.split_once('=').unwrap();
        (
            key.to_owned(),
            value.parse().unwrap_or_else(|_| panic!("{word}")),
        )
    };
    let out: Array<_, u64> = bpf.map("out").unwrap().try_into().unwrap();
    Seen {
        printed: text.split_whitespace().map(pair).collect(),
        slots: out.iter().map(|slot| slot.unwrap()).collect(),
        pid: child.id(),
    }
}

/// Loads an object that needs nobody's BTF any more.
fn load_without_btf(object: &[u8]) -> Ebpf {
    let parsed = BpfObject::parse(object.to_vec()).unwrap();
    let left = parsed
        .ext()
        .and_then(|ext| ext.relos.as_ref())
        .map_or(0, |relos| relos.len());
    assert_eq!(left, 0, "relocations are left");
    EbpfLoader::new().btf(None).load(object).unwrap()
}

#[test]
fn the_tutorial_on_both_layouts() {
    let Some(kernel) = kernel("the_tutorial_on_both_layouts") else {
        return;
    };
    let kernel = TargetFile::kernel(kernel);
    let object = |program: &Path| {
        relocated(
            "tutorial/probe.bpf.o",
            &[app(program), kernel.clone()],
            false,
        )
        .object
    };
    let read = |object: &[u8], program: &Path| {
        let seen = run(
            load_without_btf(object),
            "probe_add_test",
            program,
            "add_test",
        );
        assert_eq!(seen.slots[2], 1, "one call");
        (
            seen.slots[..2]
                .iter()
                .map(|slot| slot.cast_signed())
                .collect::<Vec<_>>(),
            seen.printed,
        )
    };
    for (program, a, c) in [("prog_a", 17, -4242), ("prog_b", 23, -515_151)] {
        for build in BUILDS {
            let path = testdata(&format!("tutorial/{program}.{build}"));
            let (slots, printed) = read(&object(&path), &path);
            assert_eq!(slots, [a, c], "{program}.{build}");
            assert_eq!(slots, [printed["a"], printed["c"]], "{program}.{build}");
        }
    }
    // The probe for one layout reads another field of the other: what the relocation is for.
    let [first, second] =
        ["a", "b"].map(|name| testdata(&format!("tutorial/prog_{name}.gcc-dwarf5")));
    assert_eq!(read(&object(&first), &second).0, [23, 77_777]);
}

/// What must be in the slots that the server doesn't print (`testdata/README.md`).
fn facts(kernel: &Btf, object: &BpfObject, program: &Path, pid: u32) -> HashMap<&'static str, i64> {
    let number = |value: u64| value.cast_signed();
    let task = kernel.find(Kind::Struct, "task_struct").unwrap();
    let file_name = program.file_name().unwrap().as_encoded_bytes();
    let inode = kernel.field("file", "f_inode").unwrap().offset.bytes().0;
    let collect = kernel
        .named(b"state")
        .filter_map(|ty| ty.as_enum())
        .find_map(|ty| {
            ty.enumerators()
                .find(|value| value.name() == "Collect")
                .map(|value| number(value.value))
        });
    HashMap::from([
        ("kernel.tgid", i64::from(pid)),
        ("kernel.pid", i64::from(pid)),
        (
            "kernel.comm",
            i64::from_le_bytes(file_name[..8].try_into().unwrap()),
        ),
        ("kernel.file.f_op", 1),
        ("kernel.file.inode_no", 0),
        ("kernel.offset.file.f_inode", number(inode)),
        ("kernel.sizeof.task_struct", number(task.size().unwrap().0)),
        ("kernel.id.task_struct", i64::from(task.id().get())),
        ("kernel.enum.Collect", collect.unwrap_or(-1)),
        (
            "local.id.session",
            i64::from(
                object
                    .graph()
                    .find(Kind::Struct, "session")
                    .map_or(0, |ty| ty.id().get()),
            ),
        ),
        ("poisoned", 0),
        ("errors", 0),
        ("calls", 1),
    ])
}

/// Compares every slot with what the server printed, or with what it must be.
fn compare(seen: &Seen, list: &str, facts: &HashMap<&'static str, i64>, program: &Path) {
    let slots = slots(list);
    assert_eq!(slots.len(), seen.slots.len());
    let wrong: Vec<String> = slots
        .iter()
        .filter_map(|slot| {
            let found = seen.slots[slot.number as usize].cast_signed();
            let from_server = slot.origin == "server";
            let expected = if from_server {
                seen.printed[&slot.key]
            } else {
                facts[&*slot.key]
            };
            (found != expected).then(|| format!("{}: {found} instead of {expected}", slot.key))
        })
        .collect();
    assert!(wrong.is_empty(), "{}: {wrong:#?}", program.display());
}

fn every_server(object: &str, list: &str, kernel: &Btf) {
    let parsed = BpfObject::parse(read(object)).unwrap();
    for program in servers() {
        let targets = [app(&program), TargetFile::kernel(kernel.clone())];
        let bpf = load_without_btf(&relocated(object, &targets, false).object);
        let seen = run(bpf, "probe_handle", &program, "handle");
        compare(
            &seen,
            list,
            &facts(kernel, &parsed, &program, seen.pid),
            &program,
        );
    }
}

#[test]
fn every_layout_of_the_server() {
    let Some(kernel) = kernel("every_layout_of_the_server") else {
        return;
    };
    every_server("layouts/probe.bpf.o", "layouts/slots.txt", &kernel);
}

#[test]
fn every_layout_with_instructions_of_cpu_v4() {
    let Some(kernel) = kernel("every_layout_with_instructions_of_cpu_v4") else {
        return;
    };
    every_server("layouts/probe_v4.bpf.o", "layouts/slots_v4.txt", &kernel);
}

/// One object for a build of the program, and aya does the kernel's part when it loads it. Layouts 1 and 3 have
/// no `struct tls_info`; whether the kernel has one is left to the loader, and aya takes "the size of a type that
/// isn't there" for an error (libbpf says 0, see below).
#[test]
fn aya_finishes_what_partial_mode_leaves() {
    let Some(kernel) = kernel("aya_finishes_what_partial_mode_leaves") else {
        return;
    };
    let object = BpfObject::parse(read("layouts/probe.bpf.o")).unwrap();
    let has_tls = |program: &PathBuf| {
        ["server2", "server4"]
            .iter()
            .any(|name| program.to_string_lossy().contains(name))
    };
    for program in servers().into_iter().filter(has_tls) {
        let partial = relocated("layouts/probe.bpf.o", &[app(&program)], true).object;
        let bpf = EbpfLoader::new().load(&partial).unwrap();
        let seen = run(bpf, "probe_handle", &program, "handle");
        compare(
            &seen,
            "layouts/slots.txt",
            &facts(&kernel, &object, &program, seen.pid),
            &program,
        );
    }
}

/// libbpf, as bpftool has it, loads rewritten objects too, and finishes partial ones.
#[test]
fn libbpf_loads_the_results() {
    let Some(kernel) = kernel("libbpf_loads_the_results") else {
        return;
    };
    if support::tool(&["bpftool"]).is_none() {
        skipped("libbpf_loads_the_results", "there is no bpftool");
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
    let Some(kernel) = kernel("the_kernel_takes_merged_types") else {
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
