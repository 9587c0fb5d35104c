//! A quick pass that finds the names a unit defines, and where; nothing else of its types.
//!
//! Asking for a few types of a program, this is the only thing that reads all of it: what is inside of a type
//! is jumped over where the compiler says how far (`DW_AT_sibling`).

use crate::dwarf::names::NameRef;
use crate::dwarf::read::{Class, Entry, Plan, Slot, index};
use crate::dwarf::unit::collect::{Pass, usual_type};
use crate::dwarf::unit::memory::Import;
use crate::dwarf::unit::types::Shape;
use crate::error::Result;

/// A structure, union, enumeration, typedef or base type that a unit defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub name: NameRef,
    /// Its entry, from the start of the unit.
    pub die: u32,
    pub shape: Shape,
    /// Whether the unit's names are qualified, so that this is but the last part of one.
    pub qualified: bool,
}

impl Pass<'_, '_> {
    /// Finds the heads of a unit; answers whether its names are qualified ones, of which a head has but the last
    /// part.
    pub(super) fn heads(&mut self, mut found: impl FnMut(Head)) -> Result<bool> {
        let abbrevs = self.abbrevs;
        while !self.cursor.is_at_end() {
            let die = self.cursor.position();
            let code = self.cursor.uleb()?;
            if code == 0 {
                continue;
            }
            let Some(plan) = abbrevs.get(code) else {
                return Err(self
                    .cursor
                    .malformed(format!("no abbreviation has the code {code}")));
            };
            let shape = match plan.entry {
                Entry::Unit => {
                    self.read(plan)?;
                    self.unit();
                    continue;
                }
                Entry::Struct | Entry::Union | Entry::Enum | Entry::Typedef => {
                    self.read(plan)?;
                    usual_type(plan.entry).map(|(shape, _)| shape)
                }
                Entry::Base => {
                    self.read(plan)?;
                    Some(Shape::Base)
                }
                Entry::ImportedUnit if self.qualify => {
                    // What is taken in may not say its language.
                    self.skip(plan)?;
                    self.imports.push(Import {
                        file: self.unit.file,
                        by: self.unit.base,
                        class: Class::Absent,
                        offset: 0,
                    });
                    continue;
                }
                Entry::Prototype | Entry::Nothing if plan.has_children => {
                    self.read(plan)?;
                    None
                }
                _ => {
                    self.skip(plan)?;
                    continue;
                }
            };
            if let Some(shape) = shape
                && !self.attrs.flag(Slot::Declaration)
                && !self.attrs.has(Slot::Signature)
            {
                let (name, die) = (self.name(), self.place(die));
                if !name.is_none() {
                    found(Head {
                        name,
                        die,
                        shape,
                        qualified: self.qualify,
                    });
                }
            }
            self.jump(plan);
        }
        Ok(self.qualify)
    }

    /// Goes to the entry's sibling. What is inside is of interest where types may be nested.
    fn jump(&mut self, plan: &Plan) {
        if self.nests || !plan.has_children {
            return;
        }
        if let (Class::UnitRef, sibling) = self.attrs.get(Slot::Sibling) {
            let sibling = index(sibling);
            // One that goes backwards would never end.
            if sibling > self.cursor.position() {
                self.cursor.seek(sibling);
            }
        }
    }
}
