//! Functions and variables (DWARF 5, sections 3.3 and 4.1).

use gimli::constants as dw;

use crate::dwarf::collect::code::Code;
use crate::dwarf::collect::deferred::Deferred;
use crate::dwarf::collect::nodes::{Node, Ref};
use crate::dwarf::collect::pass::Pass;
use crate::dwarf::collect::scratch::{Frame, NO_NODE, Role};
use crate::dwarf::collect::types::Shape;
use crate::dwarf::read::{Class, Cursor, Plan, Slot, index};
use crate::error::Result;

/// The linkage of a FUNC or VAR (BTF: `BTF_FUNC_STATIC` and `BTF_FUNC_GLOBAL`, likewise for VAR).
const STATIC: u32 = 0;
const GLOBAL: u32 = 1;

impl Pass<'_, '_> {
    /// Takes a function. Returns the frame of its children.
    pub(super) fn function(&mut self, plan: &Plan, die: u32, around: Frame) -> Result<Frame> {
        let inside = Frame {
            role: Role::Scope,
            local: true,
            ..around
        };
        if !self.wants.functions {
            self.skip(plan)?;
            return Ok(inside);
        }
        self.read(plan)?;
        let address = self.code_address();
        let has_address = address.is_some() || self.attrs.has(Slot::Ranges);
        // The address of a function that the linker dropped is not in the program's memory.
        let is_dropped = address.is_some_and(|address| !self.files.is_in_memory(address))
            && !self.attrs.has(Slot::Ranges);
        let has_code = has_address && !is_dropped && !self.attrs.flag(Slot::Declaration);
        let origin = self.ty(Slot::Origin);
        if self.wants.codes {
            if origin != Ref::VOID {
                self.origins.push((die, origin));
            }
            if has_code {
                self.code(die, origin, address);
            }
        }
        if self.attrs.has(Slot::Origin) {
            let of = origin;
            if has_code {
                self.deferred.push(Deferred::Code { of });
            }
            return Ok(inside);
        }
        // Of two functions with the same code gcc keeps one. The DIE of the other has no address, but it is no
        // declaration, nor is the function only ever inlined.
        let is_folded = !has_address
            && !self.attrs.flag(Slot::Declaration)
            && !self.attrs.has(Slot::Inline)
            && (!self.files.has_all_symbols() || self.has_symbol());
        // A linker that keeps one of several functions with the same code keeps the names of all.
        let is_there = has_code
            || is_folded
            || is_dropped && self.attrs.flag(Slot::External) && self.has_symbol();
        let node = self.named(Shape::Function, die, !is_there, around);
        let owner = self.nodes.push(node);
        self.inside(&node, owner, around);
        if self.attrs.has(Slot::Specification) {
            let by = self.ty(Slot::Specification);
            self.deferred.push(Deferred::Declared { node: owner, by });
        }
        if self.direct {
            self.set_aside();
        }
        Ok(Frame {
            role: Role::Parameters,
            owner,
            start: self.nodes.parts.len(),
            aside: false,
            ..inside
        })
    }

    /// Notes the code of a function.
    fn code(&mut self, die: u32, origin: Ref, low: Option<u64>) {
        let high = match (self.attrs.get(Slot::HighPc), low) {
            ((Class::Address, high), _) => high,
            ((Class::Unsigned | Class::Signed, len), Some(low)) => low.saturating_add(len),
            _ => 0,
        };
        let ranges = self.attrs.get(Slot::Ranges);
        self.codes.push(Code {
            die,
            origin,
            low,
            high,
            ranges: (ranges.0 != Class::Absent).then_some(ranges),
            linkage_name: self.name_of(self.attrs.get(Slot::LinkageName)),
        });
    }

    /// Returns whether the symbol table has the function.
    fn has_symbol(&self) -> bool {
        if self.attrs.flag(Slot::Declaration) {
            return false;
        }
        let name = match self.name_of(self.attrs.get(Slot::LinkageName)) {
            name if name.is_none() => self.name(),
            name => name,
        };
        self.files
            .has_function_symbol(self.files.bytes(name, &self.nodes.composed))
    }

    /// Returns the first address of the code of a function or unit.
    pub(super) fn code_address(&self) -> Option<u64> {
        match self.attrs.get(Slot::Code) {
            (Class::Address, address) => Some(address),
            (Class::AddressIndex, number) => self.numbered_address(number),
            _ => None,
        }
    }

    /// Returns the address with this number in `.debug_addr`.
    fn numbered_address(&self, number: u64) -> Option<u64> {
        let size = self.unit.header.encoding.address_size;
        let place = number
            .checked_mul(size.into())?
            .checked_add(self.addr_base)?;
        let mut table = Cursor::new(self.unit.addr, self.unit.endian, 0);
        table.seek(index(place));
        table.unsigned(size).ok()
    }

    /// Takes a variable, unless it is a function's. Returns the number of its node, or [`NO_NODE`].
    pub(super) fn variable(&mut self, plan: &Plan, die: u32, around: Frame) -> Result<u32> {
        if !self.wants.variables || around.local {
            self.skip(plan)?;
            return Ok(NO_NODE);
        }
        self.read(plan)?;
        let address = self.address();
        let declaration = address.is_none() || self.attrs.flag(Slot::Declaration);
        let mut node = self.named(Shape::Variable, die, declaration, around);
        node.set_address(address.unwrap_or(0));
        let number = self.nodes.push(node);
        self.inside(&node, number, around);
        let node = number;
        // With link-time optimisation the DIE with the address refers to the one with name and type.
        for slot in [Slot::Specification, Slot::Origin] {
            if self.attrs.has(slot) {
                let by = self.ty(slot);
                self.deferred.push(Deferred::Declared { node, by });
            }
        }
        Ok(node)
    }

    /// Returns the node of a function or variable, with its qualified name.
    fn named(&mut self, shape: Shape, die: u32, declaration: bool, around: Frame) -> Node {
        let mut name = self.name();
        if self.templates {
            name = self.without_mangling(name);
        }
        if self.qualify && !name.is_none() && !around.scope.is_none() {
            name = self.qualified(around.scope, name, b"");
        }
        let mut node = Node::new(die, shape);
        node.declaration = declaration;
        node.name = name;
        node.ty = self.ty(Slot::Type);
        node.set_linkage(if self.attrs.flag(Slot::External) {
            GLOBAL
        } else {
            STATIC
        });
        node
    }

    /// Returns the address of a variable, unless it is in a register or each thread has its own.
    fn address(&self) -> Option<u64> {
        let (Class::Block, value) = self.attrs.get(Slot::Location) else {
            return None;
        };
        let start = index(value >> 32);
        let end = start.checked_add(index(value & 0xffff_ffff))?;
        let expression = self.unit.bytes.get(start..end)?;
        let size = self.unit.header.encoding.address_size;
        let mut cursor = Cursor::new(expression, self.unit.endian, 0);
        let address = match dw::DwOp(cursor.u8().ok()?) {
            dw::DW_OP_addr => cursor.unsigned(size).ok()?,
            dw::DW_OP_addrx | dw::DW_OP_GNU_addr_index => {
                self.numbered_address(cursor.uleb().ok()?)?
            }
            _ => return None,
        };
        cursor.is_at_end().then_some(address)
    }
}
