//! A BPF object, as far as relocating it goes.

use crate::graph::{Btf, CoreRelo, LineInfo};
use crate::target::Endian;

/// A BPF object: its types and its code.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// The object's own types and strings.
    pub graph: &'a Btf,
    /// The byte order of its instructions.
    pub endian: Endian,
    /// Its code, section by section.
    pub sections: Vec<CodeSection<'a>>,
}

/// A section of code, and the relocations in it.
#[derive(Clone, Debug)]
pub struct CodeSection<'a> {
    /// The section's name.
    pub name: &'a str,
    /// Its instructions.
    pub code: &'a [u8],
    /// The functions in it. A relocation outside of all of them is of a function that a linker dropped,
    /// and is ignored. In the order of their starts; of several with one start, the longest first.
    pub functions: Vec<Function<'a>>,
    /// The relocations, in the order of the records.
    pub relos: &'a [CoreRelo],
    /// The source lines, by instruction.
    pub lines: &'a [LineInfo],
}

/// A function of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it starts, in bytes from the section's start.
    pub start: u64,
    /// Its size in bytes.
    pub size: u64,
}

impl<'a> CodeSection<'a> {
    /// The function that has the instruction at this byte: of functions that overlap, the one that starts last,
    /// and the longest of several that start there. (libbpf's `find_prog_by_sec_insn`.)
    #[must_use]
    pub fn function_at(&self, insn_off: u32) -> Option<Function<'a>> {
        let offset = u64::from(insn_off);
        let after = self.functions.partition_point(|f| f.start <= offset);
        let start = self.functions.get(after.checked_sub(1)?)?.start;
        let first = self.functions.partition_point(|f| f.start < start);
        let function = self.functions.get(first)?;
        (offset - start < function.size).then_some(*function)
    }

    /// The source line of the instruction at this byte: the last record at or before it.
    #[must_use]
    pub fn line_at(&self, insn_off: u32) -> Option<LineInfo> {
        let after = self.lines.partition_point(|line| line.insn_off <= insn_off);
        self.lines.get(after.checked_sub(1)?).copied()
    }
}
