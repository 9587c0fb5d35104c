//! This machine: whether it can run BPF programs, and running one at the entry of a function.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::jobs::{app, relocated, servers, slots};
use crate::support::read;
use crate::support::tools::{KERNEL, skipped};
use aya::maps::Array;
use aya::programs::uprobe::{UProbeAttachLocation, UProbeScope};
use aya::programs::{ProgramType, UProbe};
use aya::{Ebpf, EbpfLoader};
use btfkit::elf::BpfObject;
use btfkit::graph::{Btf, Kind};
use btfkit::pipeline::TargetFile;

/// Returns the kernel's types, or skips where this machine can't run BPF programs.
pub fn kernel() -> Option<Btf> {
    able().map_err(|reason| skipped(&reason)).ok()
}

pub fn able() -> Result<Btf, String> {
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
    let raw = std::fs::read(KERNEL).map_err(|_| "the kernel has no BTF")?;
    Ok(btfkit::parse::parse(raw).unwrap())
}

/// What a program printed, and what the probe saw of it.
pub struct Seen {
    pub printed: HashMap<String, i64>,
    pub slots: Vec<u64>,
    pub pid: u32,
}

/// Runs a program with the object's probe at the entry of `function`.
pub fn run(bpf: Ebpf, probe: &str, program: &Path, function: &str) -> Seen {
    run_at(bpf, probe, program, UProbeAttachLocation::Symbol(function))
}

/// Runs a program with the object's probe at an instruction.
pub fn run_at(
    mut bpf: Ebpf,
    probe: &str,
    program: &Path,
    location: UProbeAttachLocation<'_>,
) -> Seen {
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
        .attach(location, program, scope)
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
pub fn load_without_btf(object: &[u8]) -> Ebpf {
    let parsed = BpfObject::parse(object.to_vec()).unwrap();
    let left = parsed
        .ext()
        .and_then(|ext| ext.relos.as_ref())
        .map_or(0, |relos| relos.len());
    assert_eq!(left, 0, "relocations are left");
    EbpfLoader::new().btf(None).load(object).unwrap()
}

/// What must be in the slots that the server doesn't print (`testdata/README.md`).
pub fn facts(
    kernel: &Btf,
    object: &BpfObject,
    program: &Path,
    pid: u32,
) -> HashMap<&'static str, i64> {
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
pub fn compare(seen: &Seen, list: &str, facts: &HashMap<&'static str, i64>, program: &Path) {
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

pub fn every_server(object: &str, list: &str, kernel: &Btf) {
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
