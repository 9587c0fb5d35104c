//! From a poisoned instruction to the field it was about.

use bytes::Bytes;

use crate::elf::BpfObject;
use crate::error::Result;
use crate::limits::Limits;
use crate::pipeline::program::Program;
use crate::relocate::{POISON, SourceLine, local_path};
use crate::target::Endian;

/// A poisoned instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poison {
    /// The code section.
    pub section: String,
    /// The function; empty where no symbol says.
    pub function: String,
    /// The instruction, by its number in the function, from 0.
    pub insn: u64,
    /// The source line, where the object has line information.
    pub source: Option<SourceLine>,
    /// What was asked, and of what (`byte_off of struct session.throttle`). Known where the object from before
    /// its relocation is at hand: the records are gone from the relocated one.
    pub question: Option<String>,
}

/// Bytes of an instruction.
const INSN: usize = 8;

/// Finds every poisoned instruction of a relocated object: the calls to helper 195896080 (0xbad2310), which a
/// verifier's log calls `unknown#195896080`. The second half of a 64-bit load counts with the first.
///
/// ```
/// use btfkit::Limits;
/// use btfkit::pipeline::{RelocateOptions, TargetFile, explain, relocate};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
/// // No target has `struct pt_regs`: the first instruction is poisoned.
/// let object = read("tutorial/probe.bpf.o");
/// let targets = [TargetFile::user("app", read("tutorial/prog_a.gcc-dwarf5"))];
/// let relocated = relocate(object.clone(), &targets, &RelocateOptions::default())?;
/// let poisons = explain(relocated.object, Some(object.into()), &Limits::default())?;
/// assert_eq!(poisons[0].question.as_deref(), Some("byte_off of struct pt_regs.di"));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`BpfObject::parse`], for either object.
pub fn explain(
    object: impl Into<Bytes>,
    original: Option<Bytes>,
    limits: &Limits,
) -> Result<Vec<Poison>> {
    let object = BpfObject::parse_with(object, limits)?;
    let original = original
        .map(|original| BpfObject::parse_with(original, limits))
        .transpose()?;
    // What still has its records explains itself.
    let records = Program::new(original.as_ref().unwrap_or(&object));
    let view = records.view();
    let mut found = Vec::new();
    for section in object.code_sections() {
        let insns = section.code().as_chunks::<INSN>().0;
        let mut skip = false;
        for (number, insn) in insns.iter().enumerate() {
            if std::mem::take(&mut skip) || !is_poison(insn, object.endian()) {
                continue;
            }
            let offset = number as u64 * INSN as u64;
            let name = section.name();
            let asked = view.sections.iter().find(|section| section.name == name);
            let relo = asked.and_then(|section| {
                let mut relos = section.relos.iter();
                relos.find(|relo| u64::from(relo.insn_off) == offset)
            });
            // A 64-bit load is poisoned in both halves, and only the first has a record.
            let next_is_poison = insns
                .get(number + 1)
                .is_some_and(|next| is_poison(next, object.endian()));
            let was_wide = original.as_ref().map(|original| {
                let before = original
                    .code_sections()
                    .iter()
                    .find(|section| section.name() == name)
                    .and_then(|section| section.code().as_chunks::<INSN>().0.get(number));
                before.is_some_and(|[code, ..]| *code == 0x18)
            });
            skip = next_is_poison && was_wide.unwrap_or(false);
            let function = section.function_at(offset);
            found.push(Poison {
                section: name.to_string(),
                function: function.map_or(String::new(), |function| function.name().to_string()),
                insn: (offset - function.map_or(0, |function| function.start())) / INSN as u64,
                source: source(&object, &name, offset),
                question: relo.map(|relo| local_path(view.graph, *relo)),
            });
        }
    }
    Ok(found)
}

fn is_poison(insn: &[u8; INSN], endian: Endian) -> bool {
    let &[code, registers, a, b, c, d, e, f] = insn;
    (code, registers, a, b) == (0x85, 0, 0, 0) && endian.u32([c, d, e, f]).cast_signed() == POISON
}

/// The line of an instruction of a section.
fn source(object: &BpfObject, section: &str, offset: u64) -> Option<SourceLine> {
    let graph = object.graph();
    let records = object
        .ext()?
        .lines
        .sections
        .iter()
        .find(|records| graph.string(records.section) == section)?;
    let line = records
        .records
        .iter()
        .filter(|line| u64::from(line.insn_off) <= offset)
        .max_by_key(|line| line.insn_off)?;
    Some(SourceLine::new(graph, *line))
}
