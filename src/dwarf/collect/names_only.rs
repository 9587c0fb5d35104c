//! The pass that finds only the names a unit defines, and their DIEs.
//!
//! A conversion of a few types reads all of the program with this pass alone. The children of a type are skipped in one
//! move if the compiler specifies where they end (`DW_AT_sibling`).

use crate::dwarf::collect::pass::{Input, Pass, usual_type, with_pass};
use crate::dwarf::collect::scratch::Import;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::read::name::NameRef;
use crate::dwarf::read::{Class, Entry, Plan, Slot, index};
use crate::error::Result;

/// A structure, union, enumeration, typedef or base type that a unit defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DefinedName {
    pub name: NameRef,
    /// The offset of its DIE from the start of the unit.
    pub die: u32,
    pub shape: Shape,
    /// Whether the unit's names are qualified, so that this is only the last part of one.
    pub qualified: bool,
}

/// Calls `found` for each name that a unit defines. The abbreviations are those [for names](crate::dwarf::read::Abbrevs::for_names).
/// Returns whether the unit's names are qualified; `found` gets only the last part of those.
///
/// # Errors
/// `Malformed` if the DIEs can't be read.
pub(crate) fn defined_names(
    mut input: Input<'_, '_>,
    found: impl FnMut(DefinedName),
) -> Result<bool> {
    with_pass(&mut input, |pass, _| pass.defined_names(found))
}

impl Pass<'_, '_> {
    fn defined_names(&mut self, mut found: impl FnMut(DefinedName)) -> Result<bool> {
        let abbrevs = self.abbrevs;
        while !self.cursor.is_at_end() {
            let die = self.cursor.position();
            let code = self.cursor.uleb()?;
            if code == 0 {
                continue;
            }
            let plan = abbrevs.require(code, &self.cursor)?;
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
                    // The imported unit may not specify its language.
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
                    found(DefinedName {
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

    /// Skips the children of a DIE, unless types may be nested in it.
    fn jump(&mut self, plan: &Plan) {
        if self.nests || !plan.has_children {
            return;
        }
        if let (Class::UnitRef, sibling) = self.attrs.get(Slot::Sibling) {
            let sibling = index(sibling);
            // Following one that leads backwards would never end.
            if sibling > self.cursor.position() {
                self.cursor.seek(sibling);
            }
        }
    }
}
