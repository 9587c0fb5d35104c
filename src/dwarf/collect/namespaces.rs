//! Namespaces, and which of them are inline.
//!
//! An inline namespace has `DW_AT_export_symbols` (DWARF 5, section 3.2.2). Compilers that must not go beyond DWARF 4
//! (`-gstrict-dwarf`) import it into the namespace that encloses it instead.

use crate::dwarf::collect::pass::Pass;
use crate::dwarf::collect::scratch::{Frame, Namespace, Role};
use crate::dwarf::read::{Class, Plan, Slot};
use crate::error::Result;

impl Pass<'_, '_> {
    /// Takes a namespace. Returns the frame of its children.
    pub(super) fn namespace(&mut self, plan: &Plan, die: u32, around: Frame) -> Result<Frame> {
        self.read(plan)?;
        let name = self.name();
        let scope = self.qualified(around.scope, name, b"(anonymous namespace)");
        // An anonymous namespace is recognised by its name.
        if self.qualify && !name.is_none() {
            if self.attrs.flag(Slot::ExportSymbols) {
                self.nodes.inline_namespaces.push(scope);
            }
            self.namespaces.push(Namespace {
                die,
                name: scope,
                scope: around.scope,
            });
        }
        Ok(Frame {
            role: Role::Scope,
            scope,
            ..around
        })
    }

    /// Takes a directive to use the names of a namespace: one that is imported into the namespace around it is as good
    /// as inline. `using namespace` outside of all namespaces doesn't count, since every file may do that with any
    /// namespace.
    pub(super) fn imported_module(&mut self, plan: &Plan, around: Frame) -> Result<()> {
        self.read(plan)?;
        if !self.qualify || around.local || around.scope.is_none() {
            return Ok(());
        }
        let (Class::UnitRef, offset) = self.attrs.get(Slot::Import) else {
            return Ok(());
        };
        let die = u32::try_from(offset).map_or(u32::MAX, |die| self.unit.base.saturating_add(die));
        // The namespace comes before the directive.
        let place = self
            .namespaces
            .binary_search_by_key(&die, |namespace| namespace.die);
        let imported = place.ok().and_then(|place| self.namespaces.get(place));
        if let Some(imported) = imported.filter(|imported| imported.scope == around.scope) {
            self.nodes.inline_namespaces.push(imported.name);
        }
        Ok(())
    }
}
