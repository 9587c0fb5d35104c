//! Loads a relocated object with aya, whichever version of aya: only bytes are handed over.
//!
//! `cargo run --example aya -- probe.bpf.o ./server`

use std::path::Path;

use btfkit::Btf;
use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (object, program) = arguments
        .next()
        .zip(arguments.next())
        .ok_or("OBJECT PROGRAM")?;

    let targets = [
        TargetFile::user("app", Path::new(&program)),
        TargetFile::kernel(Btf::kernel()?),
    ];
    let relocated = relocate(
        std::fs::read(object)?,
        &targets,
        &RelocateOptions::default(),
    )?;
    // Nothing is left to relocate, so aya needs no BTF for that.
    let ebpf = aya::EbpfLoader::new().btf(None).load(&relocated.object)?;
    println!("{} programs", ebpf.programs().count());

    // A graph as aya's BTF: as bytes in this machine's byte order.
    let btf = aya::Btf::parse(&Btf::kernel()?.encode()?, Default::default())?;
    drop(btf);
    Ok(())
}
