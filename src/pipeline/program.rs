//! A BPF object as the relocation engine wants it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::elf::{BpfObject, CodeSection};
use crate::graph::{CoreRelo, LineInfo, SectionRecords};
use crate::id::StrId;
use crate::relocate;

/// An object, section by section of the CO-RE part of its `.BTF.ext`.
pub(super) struct Program<'o> {
    pub object: &'o BpfObject,
    pub sections: Vec<Section<'o>>,
}

/// A section of the CO-RE part.
pub(super) struct Section<'o> {
    pub name: Cow<'o, str>,
    /// The section of instructions; `None` where there is none of that name.
    pub code: Option<&'o CodeSection>,
    /// Name, start and size of each function.
    functions: Vec<(Cow<'o, str>, u64, u64)>,
    pub relos: &'o [CoreRelo],
    lines: &'o [LineInfo],
}

impl<'o> Program<'o> {
    pub fn new(object: &'o BpfObject) -> Self {
        let relos = object.ext().and_then(|ext| ext.relos.as_ref());
        let lines: BTreeMap<StrId, &[LineInfo]> = object
            .ext()
            .map(|ext| &ext.lines.sections[..])
            .unwrap_or_default()
            .iter()
            .map(|section| (section.section, &section.records[..]))
            .collect();
        let section = |records: &'o SectionRecords<CoreRelo>| {
            let lines = lines.get(&records.section).copied();
            Section::new(object, records, lines.unwrap_or_default())
        };
        Self {
            object,
            sections: relos
                .map(|relos| &relos.sections[..])
                .unwrap_or_default()
                .iter()
                .map(section)
                .collect(),
        }
    }

    /// The object as the engine wants it.
    pub fn view(&self) -> relocate::Program<'_> {
        relocate::Program {
            graph: self.object.graph(),
            endian: self.object.endian(),
            sections: self.sections.iter().map(Section::view).collect(),
        }
    }
}

impl<'o> Section<'o> {
    fn new(
        object: &'o BpfObject,
        records: &'o SectionRecords<CoreRelo>,
        lines: &'o [LineInfo],
    ) -> Self {
        let name = object.graph().string(records.section);
        let code = object.code_section(name);
        let functions = code.map(CodeSection::functions).unwrap_or_default();
        Self {
            name: name.to_string_lossy(),
            code,
            functions: functions
                .iter()
                .map(|function| (function.name(), function.start(), function.size()))
                .collect(),
            relos: &records.records,
            lines,
        }
    }

    fn view(&self) -> relocate::CodeSection<'_> {
        let functions = self.functions.iter();
        relocate::CodeSection {
            name: &self.name,
            code: self.code.map_or(&[][..], |code| code.code()),
            functions: functions
                .map(|(name, start, size)| relocate::Function {
                    name,
                    start: *start,
                    size: *size,
                })
                .collect(),
            relos: self.relos,
            lines: self.lines,
        }
    }
}
