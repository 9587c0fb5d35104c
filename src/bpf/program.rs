//! A program: sections of code, and what is known about their instructions.

use std::borrow::Cow;

use crate::graph::{Btf, CoreRelo, LineInfo};
use crate::target::Endian;

/// A BPF object's types, and those of its code sections that have CO-RE relocations.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// The object's own types and strings.
    pub graph: &'a Btf,
    /// The byte order of the instructions.
    pub endian: Endian,
    /// The code sections, in the order of the relocation records.
    pub sections: Vec<CodeSection<'a>>,
}

/// A section of code, and the records about its instructions.
#[derive(Clone, Debug, Default)]
pub struct CodeSection<'a> {
    /// The section's index in its ELF file; 0 (`SHN_UNDEF`) if the file has no such section, or there is no file.
    pub index: u32,
    /// The section's name, such as `uprobe/read_config`.
    pub name: Cow<'a, str>,
    /// The instructions, eight bytes each.
    pub code: &'a [u8],
    /// The functions, in the order of their starts; of several with one start, the longest first.
    pub functions: Cow<'a, [Function]>,
    /// The CO-RE relocations, in the order of the records. One outside of all functions belongs to a function that
    /// a linker dropped, and is ignored.
    pub relos: &'a [CoreRelo],
    /// The source lines, in the order of their instructions.
    pub lines: Cow<'a, [LineInfo]>,
}

/// A function of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The function's name.
    pub name: String,
    /// The byte offset of its first instruction in the section.
    pub start: u64,
    /// The size in bytes.
    pub size: u64,
}

impl Program<'_> {
    /// Copies the code of every section, for [`relocate::apply`](crate::relocate::apply) to change.
    #[must_use]
    pub fn code(&self) -> Vec<Vec<u8>> {
        self.sections
            .iter()
            .map(|section| section.code.to_vec())
            .collect()
    }
}

impl CodeSection<'_> {
    /// Returns the function that has the instruction at this byte: of functions that overlap, the one that starts
    /// last, and the longest of several that start there. (libbpf, `find_prog_by_sec_insn`.)
    #[must_use]
    pub fn function_at(&self, insn_off: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.start <= insn_off);
        let start = self.functions.get(after.checked_sub(1)?)?.start;
        let first = self.functions.partition_point(|f| f.start < start);
        let function = self.functions.get(first)?;
        (insn_off - start < function.size).then_some(function)
    }

    /// Returns the source line of the instruction at this byte: the record with the greatest offset that is not
    /// beyond it; the last of several with one offset.
    #[must_use]
    pub fn line_at(&self, insn_off: u64) -> Option<LineInfo> {
        let is_before = |line: &LineInfo| u64::from(line.insn_off) <= insn_off;
        let after = self.lines.partition_point(is_before);
        self.lines.get(after.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StrId;

    #[test]
    fn of_functions_that_overlap_the_last_to_start_counts() {
        let function = |name: &str, start, size| Function {
            name: name.to_owned(),
            start,
            size,
        };
        let section = CodeSection {
            functions: vec![
                function("outer", 0, 64),
                function("inner", 16, 16),
                function("alias", 16, 8),
            ]
            .into(),
            ..CodeSection::default()
        };
        let at = |offset| section.function_at(offset).map(|f| f.name.as_str());
        assert_eq!(at(0), Some("outer"));
        assert_eq!(at(15), Some("outer"));
        assert_eq!(at(16), Some("inner"));
        assert_eq!(at(24), Some("inner"));
        // As in libbpf, there is no function behind the end of `inner`.
        assert_eq!(at(40), None);
    }

    #[test]
    fn the_line_of_an_instruction_is_the_last_that_starts_at_or_before_it() {
        let line = |insn_off, line_col| LineInfo {
            insn_off,
            file_name: StrId::EMPTY,
            line: StrId::EMPTY,
            line_col,
        };
        let section = CodeSection {
            lines: vec![line(8, 1), line(24, 2), line(24, 3)].into(),
            ..CodeSection::default()
        };
        let at = |offset| section.line_at(offset).map(|line| line.line_col);
        assert_eq!(
            [at(0), at(8), at(16), at(24)],
            [None, Some(1), Some(1), Some(3)]
        );
    }
}
