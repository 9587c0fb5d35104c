//! The records of `.BTF.ext` as words: `struct bpf_func_info`, `bpf_line_info` and `bpf_core_relo`.

use crate::graph::{CoreRelo, FuncInfo, LineInfo};
use crate::id::{StrId, TypeId};

/// A record of `.BTF.ext` as 32-bit words, and what it refers to.
pub(crate) trait Record: Sized {
    /// The number of 32-bit words of the known fields, at most four.
    const WORDS: usize;
    /// The record's name in messages.
    const NAME: &'static str;

    /// Builds a record of its words; those beyond [`Self::WORDS`] are 0.
    fn from_words(words: [u32; 4]) -> Self;
    /// Returns the record's words.
    fn to_words(&self) -> [u32; 4];
    /// Returns the type the record refers to.
    fn type_id(&self) -> Option<TypeId>;
    /// Returns the strings the record refers to.
    fn strings(&self) -> [StrId; 2];
}

impl Record for FuncInfo {
    const WORDS: usize = 2;
    const NAME: &'static str = "func_info";

    fn from_words([insn_off, type_id, ..]: [u32; 4]) -> Self {
        Self {
            insn_off,
            type_id: TypeId::new(type_id),
        }
    }

    fn to_words(&self) -> [u32; 4] {
        [self.insn_off, self.type_id.get(), 0, 0]
    }

    fn type_id(&self) -> Option<TypeId> {
        Some(self.type_id)
    }

    fn strings(&self) -> [StrId; 2] {
        [StrId::EMPTY; 2]
    }
}

impl Record for LineInfo {
    const WORDS: usize = 4;
    const NAME: &'static str = "line_info";

    fn from_words([insn_off, file_name, line, line_col]: [u32; 4]) -> Self {
        Self {
            insn_off,
            file_name: StrId::new(file_name),
            line: StrId::new(line),
            line_col,
        }
    }

    fn to_words(&self) -> [u32; 4] {
        [
            self.insn_off,
            self.file_name.get(),
            self.line.get(),
            self.line_col,
        ]
    }

    fn type_id(&self) -> Option<TypeId> {
        None
    }

    fn strings(&self) -> [StrId; 2] {
        [self.file_name, self.line]
    }
}

impl Record for CoreRelo {
    const WORDS: usize = 4;
    const NAME: &'static str = "core_relo";

    fn from_words([insn_off, type_id, access, kind]: [u32; 4]) -> Self {
        Self {
            insn_off,
            type_id: TypeId::new(type_id),
            access: StrId::new(access),
            kind,
        }
    }

    fn to_words(&self) -> [u32; 4] {
        [
            self.insn_off,
            self.type_id.get(),
            self.access.get(),
            self.kind,
        ]
    }

    fn type_id(&self) -> Option<TypeId> {
        Some(self.type_id)
    }

    fn strings(&self) -> [StrId; 2] {
        [self.access, StrId::EMPTY]
    }
}
