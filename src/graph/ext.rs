//! What `.BTF.ext` says about a BPF object's code, as data, so that engines need no parser.
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
    /// Bytes of a newer version's header, kept as they are.
    pub header_tail: Bytes,
}

/// The records of one kind, section by section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records<T> {
    /// Bytes of one record on the wire: at least the known fields', more where a newer version adds some.
    /// 0 where the part isn't there at all.
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
    /// What each record has beyond the known fields: `record_size` minus their size, for each record.
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
    /// The line's number, from 1.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.line_col >> 10
    }

    /// The column, from 1.
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
    /// What is asked for (`enum bpf_core_relo_kind`).
    pub kind: u32,
}

impl Ext {
    /// Nothing about any code yet, with room for relocations.
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

    /// The same records about the same code, with ids and names as they are after a merge.
    ///
    /// # Errors
    /// `Usage`, with the type, where a type has no successor, or a string none.
    pub fn remap(&self, types: &Remap, strings: &StringMap) -> Result<Self> {
        let ty = |id: TypeId| {
            types.get(id).ok_or_else(|| {
                Error::new(ErrorKind::Usage, "the type has no successor").within(Place::Type(id))
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

    /// No records, of the size given.
    #[must_use]
    pub const fn empty(record_size: u32) -> Self {
        Self {
            record_size,
            sections: Vec::new(),
        }
    }

    /// How many records there are in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sections
            .iter()
            .map(|section| section.records.len())
            .sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
