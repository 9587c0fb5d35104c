//! btfkit, as far as relocating goes: bytes in, a relocated object out.

use btfkit::elf::BpfObject;
use btfkit::graph::TypeGraph;
use btfkit::relocate::{self, CodeSection, Function, Options, Target};
use btfkit::{Endian, Error};

/// A relocated object, and what became of its code.
#[derive(Debug)]
pub struct Relocated {
    pub file: Vec<u8>,
    pub resolution: relocate::Resolution,
}

/// Relocates an object against one target, which stands for the kernel.
pub fn relocate(object: &[u8], target: TypeGraph) -> Result<Relocated, Error> {
    relocate_against(
        &BpfObject::parse(object.to_vec())?,
        &[Target::kernel(target)],
    )
}

/// Relocates an object against targets.
pub fn relocate_against(object: &BpfObject, targets: &[Target]) -> Result<Relocated, Error> {
    let graph = object.graph();
    let records = object.ext().and_then(|ext| ext.relos.as_ref());
    let records = records.map(|relos| &relos.sections[..]).unwrap_or_default();
    let names: Vec<String> = records
        .iter()
        .map(|section| graph.string(section.section).to_string_lossy().into_owned())
        .collect();
    // Code sections in the order of the records, as the order decides what prunes what.
    let mut sections = Vec::new();
    let mut places = Vec::new();
    let mut functions_of = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let Some(code) = object
            .code_sections()
            .iter()
            .find(|code| code.name() == *name)
        else {
            continue;
        };
        let functions: Vec<(String, u64, u64)> = code
            .functions()
            .iter()
            .map(|function| {
                (
                    function.name().into_owned(),
                    function.start(),
                    function.size(),
                )
            })
            .collect();
        functions_of.push(functions);
        places.push((number, code));
    }
    for ((number, code), functions) in places.iter().zip(&functions_of) {
        sections.push(CodeSection {
            name: &names[*number],
            code: code.code(),
            functions: functions
                .iter()
                .map(|(name, start, size)| Function {
                    name,
                    start: *start,
                    size: *size,
                })
                .collect(),
            relos: &records[*number].records,
            lines: &[],
        });
    }
    let program = relocate::Program {
        graph,
        endian: object.endian(),
        sections,
    };
    let relocated = relocate::relocate(&program, targets, &Options::default())?;
    let mut rewriter = object.rewrite()?;
    for ((_, code), new) in places.iter().zip(&relocated.code) {
        if let Some(old) = rewriter.code_mut(code.index()) {
            old.copy_from_slice(new);
        }
    }
    for fixup in &relocated.resolution.fixups {
        if fixup.is_consumed() {
            rewriter.consume(places[fixup.section].0, fixup.record)?;
        }
    }
    Ok(Relocated {
        file: rewriter.finish()?,
        resolution: relocated.resolution,
    })
}

/// The host's byte order, in which libbpf shows instructions.
pub fn to_host(code: &mut [u8], endian: Endian) {
    if endian.is_host() {
        return;
    }
    for insn in code.chunks_exact_mut(8) {
        insn[1] = insn[1].rotate_left(4);
        insn[2..4].reverse();
        insn[4..8].reverse();
    }
}
