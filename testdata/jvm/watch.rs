// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Watches the classes that a JVM initializes, while a command runs it.
//!
//! ```sh
//! cargo run --example jvm -- [--debug-root DIR] [--types FILE] LIBJVM JAVA [ARGUMENT...]
//! ```
//!
//! The JVM has no debug information in `libjvm.so`. btfkit finds the debug file by build id under
//! `/usr/lib/debug`, or under `DIR`, and converts the types that the BPF object reads. With `--types`, it takes
//! them from `FILE`, which `btfkit convert` has made. aya loads and attaches the relocated object.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use aya::EbpfLoader;
use aya::maps::{MapData, RingBuf};
use aya::programs::UProbe;
use aya::programs::uprobe::UProbeScope;
use btfkit::debuginfo::Search;
use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};

const OBJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/jvm/probe.bpf.o");

/// `InstanceKlass::call_class_initializer(JavaThread*)`
const FUNCTION: &str = "_ZN13InstanceKlass22call_class_initializerEP10JavaThread";

/// The numbers of `struct initialization` in `initialization.h`, 8 bytes each.
const NUMBERS: [&str; 31] = [
    "pid",
    "klass",
    "thread",
    "_super",
    "_name",
    "_secondary_supers",
    "_class_loader_data",
    "_layout_helper",
    "_super_check_offset",
    "_modifier_flags",
    "_access_flags",
    "_vtable_len",
    "_constants",
    "_methods",
    "_local_interfaces",
    "_fields",
    "_init_thread",
    "_init_state",
    "_reference_type",
    "_misc_flags",
    "_java_fields_count",
    "_nonstatic_field_size",
    "_static_field_size",
    "_static_oop_field_count",
    "_nonstatic_oop_map_size",
    "_itable_len",
    "thread_id",
    "major_version",
    "methods",
    "interfaces",
    "super_init_state",
];
const POINTERS: [&str; 11] = [
    "klass",
    "thread",
    "_super",
    "_name",
    "_secondary_supers",
    "_class_loader_data",
    "_constants",
    "_methods",
    "_local_interfaces",
    "_fields",
    "_init_thread",
];
/// The texts behind them, 128 bytes each.
const TEXTS: [&str; 3] = ["name", "super_name", "source_file"];
const INITIALIZATION: usize = NUMBERS.len() * 8 + TEXTS.len() * 128;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const USAGE: &str = "usage: jvm [--debug-root DIR] [--types FILE] LIBJVM JAVA [ARGUMENT...]";
    let mut arguments = std::env::args().skip(1);
    let mut options = RelocateOptions::default();
    let mut types = None;
    let library = loop {
        match arguments.next().ok_or(USAGE)?.as_str() {
            "--debug-root" => {
                let folder = arguments.next().ok_or(USAGE)?;
                options.search = Some(Search::new().root(folder));
            }
            "--types" => types = Some(PathBuf::from(arguments.next().ok_or(USAGE)?)),
            library => break PathBuf::from(library),
        }
    };
    let java = arguments.next().ok_or(USAGE)?;

    let targets = [
        TargetFile::user("jvm", types.unwrap_or_else(|| library.clone())),
        TargetFile::kernel(std::fs::read("/sys/kernel/btf/vmlinux")?),
    ];
    options.strict = true; // the JVM must have all fields
    let relocated = relocate(std::fs::read(OBJECT)?, &targets, &options)?;
    eprint!("{}", relocated.report);

    let mut bpf = EbpfLoader::new().btf(None).load(&relocated.object)?;
    let probe: &mut UProbe = bpf
        .program_mut("probe_initializer")
        .ok_or("no probe_initializer")?
        .try_into()?;
    probe.load()?;
    probe.attach(FUNCTION, &library, UProbeScope::AllProcesses)?;
    let mut ring = RingBuf::try_from(bpf.map_mut("initializations").ok_or("no map")?)?;

    let mut child = Command::new(java).args(arguments).spawn()?;
    let status = loop {
        let ended = child.try_wait()?;
        print_new(&mut ring, u64::from(child.id()))?;
        if let Some(status) = ended {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if !status.success() {
        return Err(format!("the command: {status}").into());
    }
    Ok(())
}

/// Prints the initializations of one process that are new, one on each line.
fn print_new(
    ring: &mut RingBuf<&mut MapData>,
    process: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    while let Some(item) = ring.next() {
        let initialization: &[u8; INITIALIZATION] = item[..].try_into()?;
        let (numbers, texts) = initialization.split_at(NUMBERS.len() * 8);
        let (numbers, _) = numbers.as_chunks::<8>();
        if u64::from_ne_bytes(numbers[0]) != process {
            continue;
        }
        let mut line = String::new();
        for (name, bytes) in NUMBERS.iter().zip(numbers) {
            let value = i64::from_ne_bytes(*bytes);
            line += &if POINTERS.contains(name) {
                format!("{name}={value:#018x} ")
            } else {
                format!("{name}={value} ")
            };
        }
        for (name, bytes) in TEXTS.iter().zip(texts.chunks(128)) {
            let end = bytes.iter().position(|&byte| byte == 0);
            let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]);
            line += &format!("{name}={text} ");
        }
        println!("{}", line.trim_end());
    }
    Ok(())
}
