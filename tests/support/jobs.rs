//! Whole jobs on real objects.

use btfkit::Result;
use btfkit::elf::BpfObject;
use btfkit::graph::{CoreRelo, LineInfo, TypeGraph};
use btfkit::relocate::{CodeSection, Function, Options, Program, Relocated, Target, relocate};

/// The running kernel's BTF; `None` where there is none.
pub fn running_kernel() -> Option<TypeGraph> {
    let raw = std::fs::read("/sys/kernel/btf/vmlinux").ok()?;
    Some(btfkit::parse::parse(raw).unwrap())
}

/// The rewritten object, and what was done.
pub fn relocated(
    object: &BpfObject,
    targets: &[Target],
    options: &Options,
) -> Result<(Vec<u8>, Relocated)> {
    let graph = object.graph();
    let ext = object.ext();
    let relos = ext
        .and_then(|ext| ext.relos.as_ref())
        .map(|relos| &relos.sections[..])
        .unwrap_or_default();
    let names: Vec<String> = object
        .code_sections()
        .iter()
        .map(|section| section.name().into_owned())
        .collect();
    let functions: Vec<Vec<String>> = object
        .code_sections()
        .iter()
        .map(|section| {
            section
                .functions()
                .iter()
                .map(|function| function.name().into_owned())
                .collect()
        })
        .collect();
    let sections = object
        .code_sections()
        .iter()
        .zip(&names)
        .zip(&functions)
        .map(|((section, name), functions)| {
            let own = relos
                .iter()
                .find(|records| graph.string(records.section) == name.as_str());
            let lines = ext.and_then(|ext| {
                ext.lines
                    .sections
                    .iter()
                    .find(|records| graph.string(records.section) == name.as_str())
            });
            CodeSection {
                name,
                code: section.code(),
                functions: section
                    .functions()
                    .iter()
                    .zip(functions)
                    .map(|(function, name)| Function {
                        name,
                        start: function.start(),
                        size: function.size(),
                    })
                    .collect(),
                relos: own.map_or(&[] as &[CoreRelo], |records| &records.records),
                lines: lines.map_or(&[] as &[LineInfo], |records| &records.records),
            }
        });
    let program = Program {
        graph,
        endian: object.endian(),
        sections: sections.collect(),
    };
    let done = relocate(&program, targets, options)?;
    let mut rewriter = object.rewrite()?;
    for (section, code) in object.code_sections().iter().zip(&done.code) {
        rewriter
            .code_mut(section.index())
            .unwrap()
            .copy_from_slice(code);
    }
    for fixup in done
        .resolution
        .fixups
        .iter()
        .filter(|fixup| fixup.is_consumed())
    {
        let name = &names[fixup.section];
        let part = relos
            .iter()
            .position(|records| graph.string(records.section) == name.as_str());
        rewriter.consume(part.unwrap(), fixup.record)?;
    }
    Ok((rewriter.finish()?, done))
}
