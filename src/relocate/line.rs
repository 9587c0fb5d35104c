//! The source line of a relocation: compilers put the instruction with the value before the statement that needs it,
//! and so before that statement's line record.

use crate::bpf::CodeSection;
use crate::graph::{Btf, CoreRelo, LineInfo};
use crate::relocate::local::Local;

/// A line of source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file's name, as the compiler was given it.
    pub file: String,
    /// The line's number, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The line's text.
    pub text: String,
}

impl SourceLine {
    /// Reads the line that a record refers to, with the strings of `graph`.
    pub(crate) fn new(graph: &Btf, line: LineInfo) -> Self {
        let string = |id| graph.string(id).to_string_lossy().trim().to_owned();
        Self {
            file: string(line.file_name),
            line: line.number(),
            column: line.column(),
            text: string(line.line),
        }
    }
}

/// The most line records around an instruction that are looked at.
const MOST_LINES: usize = 8;

/// The most bytes of code between an instruction and the line record that is taken for it.
const MOST_BYTES: u64 = 24 * 8;

/// Returns the source line of a relocation: of the line records around its instruction, the one whose text has the
/// field; the instruction's own if none has it. `strings` and `section` are of the object with line information,
/// `local` is the local side of the relocation at `offset`, which may be of an earlier version of that object.
pub(super) fn source_line(
    (strings, section): (&Btf, &CodeSection<'_>),
    offset: u64,
    local: &Local<'_>,
) -> Option<SourceLine> {
    let own = section.line_at(offset)?;
    let word = local.last_name();
    let fit = |line: &LineInfo| fit(strings.string(line.line).as_bytes(), word);
    let mut best = (fit(&own), own);
    if !word.is_empty() && best.0 != Fit::Field {
        let function = section.function_at(offset);
        let near = |line: &&LineInfo| {
            let at = u64::from(line.insn_off);
            let inside = function.is_none_or(|f| at >= f.start && at - f.start < f.size);
            inside && at.abs_diff(offset) <= MOST_BYTES && line.file_name == own.file_name
        };
        let after = section
            .lines
            .partition_point(|line| u64::from(line.insn_off) <= offset);
        let (before, behind) = section.lines.split_at_checked(after)?;
        let behind = behind.iter().take(MOST_LINES).filter(near);
        let before = before.iter().rev().take(MOST_LINES).filter(near);
        for line in behind.chain(before) {
            let fit = fit(line);
            if fit > best.0 {
                best = (fit, *line);
            }
        }
    }
    Some(SourceLine::new(strings, best.1))
}

/// Returns the source line of the relocation `relo` over the types of `graph`.
pub(crate) fn source_line_of(
    lines: (&Btf, &CodeSection<'_>),
    (graph, relo): (&Btf, CoreRelo),
) -> Option<SourceLine> {
    source_line(lines, u64::from(relo.insn_off), &Local::new(graph, relo))
}

/// How well a line's text fits a field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The text doesn't have the name.
    No,
    /// The text has the name, perhaps of something else.
    Name,
    /// The text has the name as a member, or as an argument of a macro that makes relocations.
    Field,
}

/// Returns how well a line's text fits a name.
fn fit(text: &[u8], name: &[u8]) -> Fit {
    if name.is_empty() {
        return Fit::No;
    }
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut best = Fit::No;
    for at in memchr::memmem::find_iter(text, name) {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let behind = rest.get(name.len()..).unwrap_or_default();
        if is_word(before.last()) || is_word(behind.first()) {
            continue;
        }
        let member = before.ends_with(b"->") || before.ends_with(b".");
        if member || memchr::memmem::find(before, b"CORE").is_some() || has_core_helper(before) {
            return Fit::Field;
        }
        best = Fit::Name;
    }
    best
}

/// Returns whether a text has one of libbpf's functions that make relocations.
fn has_core_helper(text: &[u8]) -> bool {
    [
        &b"bpf_core_"[..],
        b"__builtin_preserve",
        b"BPF_PROBE_READ",
        b"PT_REGS_",
    ]
    .iter()
    .any(|helper| memchr::memmem::find(text, helper).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_have_a_field() {
        assert!(fit(b"bpf_probe_read_user(&b, sizeof(b), &d->a);", b"b") == Fit::Name);
        assert!(fit(b"bpf_probe_read_user(&b, sizeof(b), &d->b);", b"b") == Fit::Field);
        assert!(fit(b"x = BPF_CORE_READ(d, b);", b"b") == Fit::Field);
        assert!(fit(b"x = d->bb;", b"b") == Fit::No);
    }
}
