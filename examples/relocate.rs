//! Relocates a BPF object in memory: resolves its relocations against a program's types, and applies them.
//!
//! `cargo run --example relocate -- probe.bpf.o ./server relocated.bpf.o`

use btfkit::Btf;
use btfkit::elf::BpfObject;
use btfkit::relocate::{Report, ResolveOptions, Target, resolve};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [object, program, out] = &arguments[..] else {
        return Err("OBJECT PROGRAM OUT".into());
    };
    let object = BpfObject::parse(std::fs::read(object)?)?;
    let targets = [Target::user("app", Btf::open(program)?)];

    let program = object.program();
    let resolution = resolve(&program, &targets, &ResolveOptions::partial(true))?;
    let (relocated, patched) = object.apply(&program, &resolution)?;

    std::fs::write(out, relocated)?;
    print!("{}", Report::new(&program, &targets, &resolution, &patched));
    Ok(())
}
