//! What a static linker has to know of a BPF object's sections.

use std::collections::HashMap;

use bytes::Bytes;

use crate::elf::bpf::BpfObject;
use crate::elf::file::ALLOCATED;
use crate::error::Result;

/// The sections that have a place in memory, and where the variables are in them.
pub(crate) struct Linkable {
    /// In the file's order.
    pub sections: Vec<LinkableSection>,
    /// Bytes from the start of the section, by the section's number and the variable's name.
    pub variables: HashMap<(u32, Bytes), u64>,
    /// The names of weak variables and functions.
    pub weak: Vec<Bytes>,
}

/// A section that has a place in memory.
pub(crate) struct LinkableSection {
    pub index: u32,
    pub name: Bytes,
    pub size: u64,
    pub align: u64,
    /// Its bytes; `None` where it is all zeros and takes no space in the file.
    pub data: Option<Bytes>,
}

impl Linkable {
    /// Reads an object's sections and symbols.
    ///
    /// # Errors
    /// `Malformed` where a section is outside of the file, or the symbol table can't be read.
    pub fn new(object: &BpfObject) -> Result<Self> {
        let elf = &object.elf;
        let allocated = elf.sections.iter().filter(|s| s.flags & ALLOCATED != 0);
        let sections = allocated.map(|section| {
            Ok(LinkableSection {
                index: section.index,
                name: section.name.clone(),
                size: section.size,
                align: section.align,
                data: elf.raw(section)?,
            })
        });
        let (variables, functions) = (elf.variables()?, elf.functions()?);
        let weak = variables.iter().chain(&functions);
        let weak = weak.filter(|symbol| symbol.is_weak);
        Ok(Self {
            sections: sections.collect::<Result<_>>()?,
            weak: weak.map(|symbol| symbol.name.clone()).collect(),
            variables: variables
                .into_iter()
                .map(|symbol| ((symbol.section, symbol.name), symbol.value))
                .collect(),
        })
    }
}
