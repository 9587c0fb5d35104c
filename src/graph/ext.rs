//! The contents of `.BTF.ext`: functions, source lines and relocations of a BPF object's code.
//! (Kernel documentation, "BPF Type Format", section 4.2.)

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::remap::Remap;
use crate::graph::string_map::StringMap;
use crate::id::{StrId, TypeId};
use crate::target::Endian;

/// The contents of a `.BTF.ext` section.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ext {
    /// The byte order on the wire.
    pub endian: Endian,
    /// The type of each function.
    pub funcs: Records<FuncInfo>,
    /// The source line of instructions.
    pub lines: Records<LineInfo>,
    /// The CO-RE relocations; `None` where the header is from before there were any.
    pub relos: Option<Records<CoreRelo>>,
    /// Header bytes of a newer version, after the fields this version knows. They are kept as they are.
    pub header_tail: Bytes,
}

/// The records of one kind, section by section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records<T> {
    /// Bytes of a record on the wire. A newer version's records may have more than the known fields. 0 where the section
    /// has no such part.
    pub record_size: u32,
    /// The code sections, in the file's order.
    pub sections: Vec<SectionRecords<T>>,
}

/// The records of one kind about one code section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionRecords<T> {
    /// The code section's name.
    pub section: StrId,
    /// The records, in the file's order.
    pub records: Vec<T>,
    /// The bytes of each record after the known fields.
    pub tails: Bytes,
}

/// The type of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuncInfo {
    /// The function's first instruction, in bytes from the start of its section.
    pub insn_off: u32,
    /// Its type, a FUNC.
    pub type_id: TypeId,
}

/// The source line of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInfo {
    /// The instruction, in bytes from the start of its section.
    pub insn_off: u32,
    /// The source file's name.
    pub file_name: StrId,
    /// The line's text.
    pub line: StrId,
    /// Line number in the upper 22 bits, column in the lower 10.
    pub line_col: u32,
}

impl LineInfo {
    /// Returns the line's number, from 1.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.line_col >> 10
    }

    /// Returns the column, from 1.
    #[must_use]
    pub const fn column(self) -> u32 {
        self.line_col & 0x3ff
    }
}

/// A CO-RE relocation, `struct bpf_core_relo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CoreRelo {
    /// The instruction, in bytes from the start of its section.
    pub insn_off: u32,
    /// The local root type.
    pub type_id: TypeId,
    /// The accessor: numbers and colons.
    pub access: StrId,
    /// The kind of relocation (`enum bpf_core_relo_kind`).
    pub kind: u32,
}

impl Ext {
    /// Returns contents without records, with room for relocations.
    #[must_use]
    pub const fn new(endian: Endian) -> Self {
        Self {
            endian,
            funcs: Records::empty(0),
            lines: Records::empty(0),
            relos: Some(Records::empty(0)),
            header_tail: Bytes::new(),
        }
    }

    /// Returns the same records with the ids and string offsets of a merged graph.
    ///
    /// # Errors
    /// `Usage`, with the type or string, where one has no successor.
    pub fn remap(&self, types: &Remap, strings: &StringMap) -> Result<Self> {
        let ty = |id: TypeId| {
            types.get(id).ok_or_else(|| {
                Error::new(ErrorKind::Usage, "the merged graph has no id for this type")
                    .within(Place::Type(id))
            })
        };
        let string = |id: StrId| {
            strings.get(id).ok_or_else(|| {
                let message = format!("the string at offset {:#x} has no successor", id.get());
                Error::new(ErrorKind::Usage, message)
            })
        };
        let funcs = self.funcs.map(string, |info| {
            Ok(FuncInfo {
                type_id: ty(info.type_id)?,
                ..*info
            })
        })?;
        let lines = self.lines.map(string, |info| {
            Ok(LineInfo {
                file_name: string(info.file_name)?,
                line: string(info.line)?,
                ..*info
            })
        })?;
        let relo = |relo: &CoreRelo| {
            Ok(CoreRelo {
                type_id: ty(relo.type_id)?,
                access: string(relo.access)?,
                ..*relo
            })
        };
        Ok(Self {
            funcs,
            lines,
            relos: match &self.relos {
                Some(relos) => Some(relos.map(string, relo)?),
                None => None,
            },
            endian: self.endian,
            header_tail: self.header_tail.clone(),
        })
    }
}

impl<T> Records<T> {
    fn map(
        &self,
        string: impl Fn(StrId) -> Result<StrId>,
        record: impl Fn(&T) -> Result<T>,
    ) -> Result<Self> {
        let sections = self.sections.iter().map(|section| {
            Ok(SectionRecords {
                section: string(section.section)?,
                records: section.records.iter().map(&record).collect::<Result<_>>()?,
                tails: section.tails.clone(),
            })
        });
        Ok(Self {
            record_size: self.record_size,
            sections: sections.collect::<Result<_>>()?,
        })
    }

    /// Returns no records, of the size given.
    #[must_use]
    pub const fn empty(record_size: u32) -> Self {
        Self {
            record_size,
            sections: Vec::new(),
        }
    }

    /// Returns the number of records in all sections.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sections
            .iter()
            .map(|section| section.records.len())
            .sum()
    }

    /// Returns whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
