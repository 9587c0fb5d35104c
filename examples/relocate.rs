//! Relocates a BPF object against a program and writes the new object.
//!
//! `cargo run --example relocate -- probe.bpf.o ./server relocated.bpf.o`

use std::path::Path;

use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [object, program, out] = &arguments[..] else {
        return Err("OBJECT PROGRAM OUT".into());
    };

    let target = TargetFile::user("app", Path::new(program));
    let relocated = relocate(
        std::fs::read(object)?,
        &[target],
        &RelocateOptions::default(),
    )?;
    std::fs::write(out, &relocated.object)?;
    println!("{}", relocated.report);
    Ok(())
}
