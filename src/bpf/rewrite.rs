//! A copy of a program's code that can be changed.

use crate::bpf::program::CodeSection;
use crate::error::Result;

/// A copy of a program that relocations are applied to ([`relocate::apply`](crate::relocate::apply)): the code of
/// its sections as bytes (`Vec<Vec<u8>>`, from [`Program::code`](crate::bpf::Program::code)), or a whole object file
/// ([`elf::Rewriter`](crate::elf::Rewriter)).
///
/// `number` is the index of `section` in [`Program::sections`](crate::bpf::Program::sections).
pub trait Rewrite {
    /// Returns the code of a section in the copy; empty if the section has none.
    fn section_code(&self, number: usize, section: &CodeSection<'_>) -> &[u8];

    /// Returns the code of a section in the copy, to be changed; empty if the section has none.
    fn section_code_mut(&mut self, number: usize, section: &CodeSection<'_>) -> &mut [u8];

    /// Removes a relocation record that is done with; `record` is its index in the section. A copy of the code alone
    /// has none.
    ///
    /// # Errors
    /// `Usage` if there is no such record.
    fn consume(&mut self, number: usize, record: usize) -> Result<()> {
        let _ = (number, record);
        Ok(())
    }
}

impl Rewrite for Vec<Vec<u8>> {
    fn section_code(&self, number: usize, _: &CodeSection<'_>) -> &[u8] {
        self.get(number).map(Vec::as_slice).unwrap_or_default()
    }

    fn section_code_mut(&mut self, number: usize, _: &CodeSection<'_>) -> &mut [u8] {
        self.get_mut(number)
            .map(Vec::as_mut_slice)
            .unwrap_or_default()
    }
}
