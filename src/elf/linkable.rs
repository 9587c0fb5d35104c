//! The sections and symbols of a BPF object that a static linker needs.

use std::collections::HashMap;

use bytes::Bytes;

use crate::elf::bpf::BpfObject;
use crate::elf::file::ALLOCATED;
use crate::error::Result;

/// The sections that are loaded into memory, and the variables in them.
pub(crate) struct Linkable {
    /// In the file's order.
    pub sections: Vec<LinkableSection>,
    /// The byte offset of each variable in its section, by the section's index and the variable's name.
    pub variables: HashMap<(u32, Bytes), u64>,
    /// The names of weak variables and functions.
    pub weak: Vec<Bytes>,
}

/// A section that is loaded into memory.
pub(crate) struct LinkableSection {
    pub index: u32,
    pub name: Bytes,
    pub size: u64,
    pub align: u64,
    /// The section's bytes; `None` for a section of zeros that takes no space in the file.
    pub data: Option<Bytes>,
}

impl Linkable {
    /// Reads an object's sections and symbols.
    ///
    /// # Errors
    /// `Malformed` if a section lies outside of the file, or the symbol table can't be read.
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
