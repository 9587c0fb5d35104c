// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Watches the TLS handshakes of an OpenSSL program, whichever release it is, while a command runs.
//!
//! ```sh
//! cargo run --example openssl -- PROGRAM COMMAND [ARGUMENT...]
//! ```
//!
//! One BPF object serves all releases, and there is no table of offsets: btfkit takes the structures from the
//! program's debug information and rewrites the object for them. aya loads and attaches it.

use std::process::Command;

use aya::EbpfLoader;
use aya::maps::Array;
use aya::programs::UProbe;
use aya::programs::uprobe::UProbeScope;
use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};

const OBJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/openssl/probe.bpf.o");

/// `struct handshake` in `handshake.h`: eight numbers of 4 bytes, and texts.
const NUMBERS: [&str; 8] = [
    "count",
    "pid",
    "layout",
    "version",
    "server",
    "session_version",
    "session_id_length",
    "master_key_length",
];
const HANDSHAKE: usize = 8 * 4 + 32 + 32 + 48 + 40 + 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(program), Some(command)) = (arguments.next(), arguments.next()) else {
        return Err("usage: openssl PROGRAM COMMAND [ARGUMENT...]".into());
    };

    let targets = [
        TargetFile::user("openssl", std::fs::read(&program)?),
        TargetFile::kernel(std::fs::read("/sys/kernel/btf/vmlinux")?),
    ];
    let relocated = relocate(
        std::fs::read(OBJECT)?,
        &targets,
        &RelocateOptions::default(),
    )?;
    eprint!("{}", relocated.report);

    let mut bpf = EbpfLoader::new().btf(None).load(&relocated.object)?;
    let probe: &mut UProbe = bpf
        .program_mut("probe_finish")
        .ok_or("no probe_finish")?
        .try_into()?;
    probe.load()?;
    probe.attach("tls_finish_handshake", &program, UProbeScope::AllProcesses)?;

    let status = Command::new(command).args(arguments).status()?;
    if !status.success() {
        return Err(format!("the command: {status}").into());
    }
    let last: Array<_, [u8; HANDSHAKE]> = bpf.map("last").ok_or("no map")?.try_into()?;
    for handshake in last.iter() {
        print(&handshake?);
    }
    Ok(())
}

/// Prints one handshake, a `key=value` a line.
fn print(handshake: &[u8; HANDSHAKE]) {
    let (numbers, rest) = handshake.as_chunks::<4>();
    debug_assert!(rest.is_empty());
    let mut values = [0; 8];
    for (value, bytes) in values.iter_mut().zip(numbers) {
        *value = u32::from_ne_bytes(*bytes);
    }
    for (name, value) in NUMBERS.iter().zip(values) {
        match *name {
            "version" | "session_version" => println!("{name}={value:#06x}"),
            _ => println!("{name}={value}"),
        }
    }
    let [.., id_length, key_length] = values;
    let hex = |bytes: &[u8], length: u32| -> String {
        let bytes = bytes.iter().take(length as usize);
        bytes.map(|byte| format!("{byte:02x}")).collect()
    };
    let text = |bytes: &[u8]| -> String {
        let bytes: Vec<u8> = bytes
            .iter()
            .copied()
            .take_while(|&byte| byte != 0)
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    println!("client_random={}", hex(&handshake[32..64], 32));
    println!("session_id={}", hex(&handshake[64..96], id_length));
    println!("master_key={}", hex(&handshake[96..144], key_length));
    println!("cipher={}", text(&handshake[144..184]));
    println!("server_name={}", text(&handshake[184..224]));
}
