//! Relocates a BPF object in memory: resolves its relocations against a program's types, and applies them.
//!
//! `cargo run --example relocate -- probe.bpf.o ./server relocated.bpf.o`

use btfkit::Btf;
use btfkit::elf::BpfObject;
use btfkit::relocate::{Report, ResolveOptions, Target};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [object, program, out] = &arguments[..] else {
        return Err("OBJECT PROGRAM OUT".into());
    };
    let targets = [Target::user("app", Btf::open(program)?)];

    let object = BpfObject::parse(std::fs::read(object)?)?;
    let resolution = object.resolve(&targets, &ResolveOptions::new().partial(true))?;
    let (relocated, patched) = object.apply(&resolution)?;

    std::fs::write(out, relocated)?;
    let report = Report::new(&object.program(), &targets, &resolution, &patched);
    print!("{report}");
    Ok(())
}
