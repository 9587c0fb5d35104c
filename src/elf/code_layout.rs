//! Addresses for the code of a relocatable file.
//!
//! Its sections have no addresses yet, so functions in different sections would all be at 0. The sections with code get
//! addresses one after the other, for the debug information and for the symbols alike.

use std::collections::HashMap;

use object::ObjectSymbol;

use crate::elf::file::{EXECUTABLE, Elf};

/// The distance that addresses of sections are a multiple of.
const ALIGN: u64 = 64;

/// The addresses of the sections with code of a relocatable file, by index. Other files have their own.
#[derive(Clone, Default, Debug)]
pub(super) struct CodeLayout {
    starts: HashMap<usize, u64>,
}

impl CodeLayout {
    pub fn new(elf: &Elf) -> Self {
        let mut layout = Self::default();
        if !elf.is_relocatable() {
            return layout;
        }
        let mut next = 0u64;
        let code = elf.sections.iter();
        for section in code.filter(|section| section.flags & EXECUTABLE != 0) {
            layout.starts.insert(section.index as usize, next);
            let end = next.saturating_add(section.size);
            next = end.checked_next_multiple_of(ALIGN).unwrap_or(end);
        }
        layout
    }

    /// Returns the address of a symbol.
    pub fn address<'d>(&self, symbol: &impl ObjectSymbol<'d>) -> u64 {
        let section = symbol.section_index();
        let start = section.and_then(|section| self.starts.get(&section.0));
        start
            .map_or(0, |start| *start)
            .wrapping_add(symbol.address())
    }
}
