//! Memory of the pass, and what it notes beside types.

use crate::dwarf::language::is_c;
use crate::dwarf::read::{Attrs, Class};
use crate::dwarf::unit::collect::Frame;
use crate::dwarf::unit::nodes::Part;
use crate::dwarf::unit::program::{Code, Later, UnitCode};

/// A unit takes in another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Import {
    /// The file of the unit that does.
    pub file: u32,
    /// The place of the unit that does.
    pub by: u32,
    /// The reference.
    pub class: Class,
    pub offset: u64,
}

/// Memory of the pass, kept from unit to unit.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(super) attrs: Attrs,
    pub(super) frames: Vec<Frame>,
    pub(super) pending: Vec<Part>,
    pub(super) later: Vec<Later>,
    pub(super) imports: Vec<Import>,
    pub(super) languages: Vec<(u32, u64)>,
    pub(super) codes: Vec<Code>,
    pub(super) unit_code: UnitCode,
}

impl Memory {
    pub const fn new() -> Self {
        Self {
            attrs: Attrs::new(),
            frames: Vec::new(),
            pending: Vec::new(),
            later: Vec::new(),
            imports: Vec::new(),
            languages: Vec::new(),
            codes: Vec::new(),
            unit_code: UnitCode::NONE,
        }
    }

    /// Forgets what was left to other entries.
    pub fn clear(&mut self) {
        self.later.clear();
        self.imports.clear();
        self.languages.clear();
        self.codes.clear();
        self.unit_code = UnitCode::NONE;
    }

    /// The units that units take in.
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// Whether a unit takes in others whose names depend on its language.
    pub fn takes_in_parts(&self) -> bool {
        let mut languages = self.languages.iter();
        !self.imports.is_empty() && languages.any(|(_, language)| !is_c(*language))
    }

    /// The units' places, in order, and the languages they say; 0 for none.
    pub fn languages(&self) -> &[(u32, u64)] {
        &self.languages
    }

    /// The code of the functions that were found, if that was wanted.
    pub fn codes(&self) -> (&[Code], UnitCode) {
        (&self.codes, self.unit_code)
    }

    /// What was left to other entries.
    pub fn later(&self) -> &[Later] {
        &self.later
    }
}
