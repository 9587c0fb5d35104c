//! Finds the poisoned instructions of an object, and the fields they were about.

use std::collections::HashSet;

use bytes::Bytes;

use crate::bpf::Insn;
use crate::elf::BpfObject;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::limits::Limits;
use crate::relocate::{SourceLine, local_path, source_line_of};

/// A poisoned instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poison {
    /// The code section.
    pub section: String,
    /// The function's name; empty if the symbol table has none for the instruction.
    pub function: String,
    /// The index of the instruction in the function; in the section if there is no function.
    pub insn: u64,
    /// The source line, if the object has line information.
    pub source: Option<SourceLine>,
    /// The kind and path of the relocation (`byte_off of struct session.throttle`). It takes the object from before
    /// its relocation: a relocated object has no records any more.
    pub relocation: Option<String>,
}

/// Finds every poisoned instruction of a relocated object: the calls of helper 195896080 (0xbad2310), which appear as
/// `unknown#195896080` in the verifier's log. The two halves of a 64-bit load count as one.
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
/// assert_eq!(poisons[0].relocation.as_deref(), Some("byte_off of struct pt_regs.di"));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`BpfObject::parse`], for either object; the original's have the place `original`. `Usage` if the original has
/// other code than the object, or no relocation where the object is poisoned.
pub fn explain(
    object: impl Into<Bytes>,
    original: Option<Bytes>,
    limits: &Limits,
) -> Result<Vec<Poison>> {
    let object = BpfObject::parse_with(object, limits)?;
    let original = original
        .map(|original| {
            BpfObject::parse_with(original, limits).within(|| Place::File(ORIGINAL.to_owned()))
        })
        .transpose()?;
    if let Some(original) = &original {
        check_original(&object, original)?;
    }
    // An object that still has its records needs no original.
    let program = original.as_ref().unwrap_or(&object).program();
    let before: Option<Vec<_>> = original
        .as_ref()
        .map(|original| original.code_sections().collect());
    let mut poisons = Vec::new();
    for section in object.code_sections() {
        let recorded = program.sections.iter().find(|s| s.name == section.name);
        let mut before = before.iter().flatten();
        let before = before.find(|s| s.name == section.name).map(|s| s.code);
        let before: Vec<Insn> = Insn::decode(before.unwrap_or_default(), object.endian()).collect();
        let insns: Vec<Insn> = Insn::decode(section.code, object.endian()).collect();
        let mut skip = false;
        for (number, insn) in insns.iter().enumerate() {
            if std::mem::take(&mut skip) || *insn != Insn::POISONED {
                continue;
            }
            let offset = (number * Insn::LEN) as u64;
            let relo = recorded.and_then(|section| {
                let mut relos = section.relos.iter();
                relos.find(|relo| u64::from(relo.insn_off) == offset)
            });
            // A 64-bit load is poisoned in both halves, and only the first has a record.
            let next_is_poison = insns.get(number + 1) == Some(&Insn::POISONED);
            let was_wide = before.get(number).is_some_and(|insn| insn.is_wide_load());
            skip = next_is_poison && was_wide;
            let function = section.function_at(offset);
            poisons.push(Poison {
                section: section.name.to_string(),
                function: function.map_or(String::new(), |function| function.name.clone()),
                insn: (offset - function.map_or(0, |function| function.start)) / Insn::LEN as u64,
                source: match relo {
                    Some(relo) => {
                        source_line_of((object.graph(), &section), (program.graph, *relo))
                    }
                    None => section
                        .line_at(offset)
                        .map(|line| SourceLine::new(object.graph(), line)),
                },
                relocation: relo.map(|relo| local_path(program.graph, *relo)),
            });
        }
    }
    Ok(poisons)
}

/// The place of errors about the object from before the relocation.
const ORIGINAL: &str = "original";

/// Refuses an original that the object wasn't made of: relocation changes values in instructions, nothing else.
fn check_original(object: &BpfObject, original: &BpfObject) -> Result<()> {
    let wrong = |why: String| {
        let text = format!("the object was not made of this original: {why}");
        Err(Error::new(ErrorKind::Usage, text).within(Place::File(ORIGINAL.to_owned())))
    };
    let before: Vec<_> = original.code_sections().collect();
    for section in object.code_sections() {
        let Some(before) = before.iter().find(|s| s.name == section.name) else {
            return wrong(format!("it has no section {}", section.name));
        };
        if before.code.len() != section.code.len() {
            return wrong(format!("{} has another size there", section.name));
        }
        let relocated: HashSet<_> = before.relos.iter().map(|relo| relo.insn_off).collect();
        let insns = Insn::decode(section.code, object.endian());
        let insns_before = Insn::decode(before.code, original.endian());
        let mut wide = false;
        for (number, (now, then)) in insns.zip(insns_before).enumerate() {
            let second = std::mem::replace(&mut wide, then.is_wide_load());
            if now == then || second {
                continue;
            }
            let offset = u32::try_from(number * Insn::LEN).unwrap_or(u32::MAX);
            if !relocated.contains(&offset) {
                return wrong(format!(
                    "instruction {number} of {} differs, and has no relocation there",
                    section.name
                ));
            }
        }
    }
    Ok(())
}
