//! Functions and variables.

use std::collections::HashMap;

use gimli::constants as dw;

use crate::dwarf::names::{Files, NameRef};
use crate::dwarf::read::{Class, Cursor, Plan, Slot, index};
use crate::dwarf::unit::collect::{Frame, Pass, Role};
use crate::dwarf::unit::nodes::{Node, Nodes, Ref, Shape};
use crate::error::Result;

/// Linkage of FUNC and VAR: static or global.
const STATIC: u32 = 0;
const GLOBAL: u32 = 1;

/// What the entry of a function or variable leaves to another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Later {
    /// Name, type and linkage are those of a declaration.
    Declared { node: u32, by: Ref },
    /// The code of a function whose name and parameters are there.
    Code { of: Ref },
    /// Before the name comes that of what a nameless stand-in refers to.
    Inside { node: u32, stub: u32 },
}

/// Where the code of a function is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    /// Its first address, if it is in one piece.
    pub low: Option<u64>,
    /// The address behind its last.
    pub high: u64,
    /// A list of its pieces.
    pub ranges: Option<(Class, u64)>,
    /// Its name in the symbol table, if that is another one.
    pub linkage_name: NameRef,
}

/// What the lists of a unit's functions count from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitCode {
    pub low: u64,
    pub addr_base: u64,
    pub rnglists_base: u64,
}

impl UnitCode {
    pub const NONE: Self = Self {
        low: 0,
        addr_base: 0,
        rnglists_base: 0,
    };
}

impl Pass<'_, '_> {
    /// Takes a function; answers what is inside.
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
        // Where the linker dropped a function, its address is one that stands for none.
        let is_dropped = address.is_some_and(|address| !self.files.is_in_memory(address))
            && !self.attrs.has(Slot::Ranges);
        let has_code = has_address && !is_dropped && !self.attrs.flag(Slot::Declaration);
        if self.wants.codes && has_code {
            self.code(address);
        }
        if self.attrs.has(Slot::Origin) {
            let of = self.ty(Slot::Origin);
            if has_code {
                self.later.push(Later::Code { of });
            }
            return Ok(inside);
        }
        // Where two functions have the same code, gcc keeps one of them, and the other's entry has no address;
        // but it is no declaration, nor one that is only ever inlined.
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
            self.later.push(Later::Declared { node: owner, by });
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

    /// Notes where the code of the entry's function is.
    fn code(&mut self, low: Option<u64>) {
        let high = match (self.attrs.get(Slot::HighPc), low) {
            ((Class::Address, high), _) => high,
            ((Class::Unsigned | Class::Signed, len), Some(low)) => low.saturating_add(len),
            _ => 0,
        };
        let ranges = self.attrs.get(Slot::Ranges);
        self.codes.push(Code {
            low,
            high,
            ranges: (ranges.0 != Class::Absent).then_some(ranges),
            linkage_name: self.name_of(self.attrs.get(Slot::LinkageName)),
        });
    }

    /// Returns whether the symbol table has the entry's function.
    fn has_symbol(&self) -> bool {
        if self.attrs.flag(Slot::Declaration) {
            return false;
        }
        let name = match self.name_of(self.attrs.get(Slot::LinkageName)) {
            name if name.is_none() => self.name(),
            name => name,
        };
        self.files
            .has_function_symbol(self.files.bytes(name, &self.nodes.made))
    }

    /// The first address of the entry's code.
    pub(super) fn code_address(&self) -> Option<u64> {
        match self.attrs.get(Slot::Code) {
            (Class::Address, address) => Some(address),
            (Class::AddressIndex, number) => self.numbered_address(number),
            _ => None,
        }
    }

    fn numbered_address(&self, number: u64) -> Option<u64> {
        let size = self.unit.header.encoding.address_size;
        let place = number
            .checked_mul(size.into())?
            .checked_add(self.addr_base)?;
        let mut table = Cursor::new(self.unit.addr, self.unit.endian, 0);
        table.seek(index(place));
        table.unsigned(size).ok()
    }

    /// Takes a variable. Those of functions are not global.
    /// Answers its node.
    pub(super) fn variable(&mut self, plan: &Plan, die: u32, around: Frame) -> Result<u32> {
        if !self.wants.variables || around.local {
            self.skip(plan)?;
            return Ok(u32::MAX);
        }
        self.read(plan)?;
        let address = self.address();
        let declaration = address.is_none() || self.attrs.flag(Slot::Declaration);
        let mut node = self.named(Shape::Variable, die, declaration, around);
        node.size = address.unwrap_or(0);
        let number = self.nodes.push(node);
        self.inside(&node, number, around);
        let node = number;
        // With link-time optimisation, the address stands apart from name and type.
        for slot in [Slot::Specification, Slot::Origin] {
            if self.attrs.has(slot) {
                let by = self.ty(slot);
                self.later.push(Later::Declared { node, by });
            }
        }
        Ok(node)
    }

    fn named(&mut self, shape: Shape, die: u32, declaration: bool, around: Frame) -> Node {
        let mut name = self.name();
        if self.qualify && !name.is_none() && !around.scope.is_none() {
            name = self.qualified(around.scope, name, b"");
        }
        Node {
            die,
            shape,
            declaration,
            name,
            size: 0,
            ty: self.ty(Slot::Type),
            aux: if self.attrs.flag(Slot::External) {
                GLOBAL
            } else {
                STATIC
            },
            first: 0,
            count: 0,
        }
    }

    /// The address of a variable that has one of its own: not in a register, nor in each thread another.
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

/// Fills in what entries left to others. `depth` is how deep names may be nested.
pub(crate) fn complete(nodes: &mut Nodes, later: &[Later], files: &Files<'_>, depth: u32) {
    place_inside(nodes, later, files, depth);
    // Twice, as an entry may leave its name to one that leaves it to a declaration.
    for later in later.iter().chain(later) {
        match *later {
            Later::Inside { .. } => {}
            Later::Code { of } => {
                if let Some(node) = nodes.follow(of)
                    && let Some(node) = nodes.nodes.get_mut(node as usize)
                    && node.shape == Shape::Function
                {
                    node.declaration = false;
                }
            }
            Later::Declared { node, by } => {
                let declared = nodes.follow(by).and_then(|by| nodes.get(by)).copied();
                let node = nodes.nodes.get_mut(node as usize);
                let (Some(declared), Some(node)) = (declared, node) else {
                    continue;
                };
                // That of a type is qualified at its declaration, which may come behind.
                let is_type = node.shape.is_nominal() && !declared.name.is_none();
                if node.name.is_none() || is_type {
                    node.name = declared.name;
                }
                if node.ty == Ref::VOID {
                    node.ty = declared.ty;
                }
                node.aux |= declared.aux;
            }
        }
    }
}

/// Completes the names of what is inside of nameless stand-ins for types.
fn place_inside(nodes: &mut Nodes, later: &[Later], files: &Files<'_>, depth: u32) {
    let inside = later.iter().filter_map(|later| match *later {
        Later::Inside { node, stub } => Some((node, stub)),
        _ => None,
    });
    let mut open: HashMap<u32, u32> = inside.clone().collect();
    let mut levels: HashMap<u32, u32> = HashMap::new();
    let mut path = Vec::new();
    for (start, _) in inside {
        // What a stand-in refers to may be inside of another. An entry is taken once, so that this ends.
        let mut next = Some(start);
        while let Some(node) = next
            && let Some(stub) = open.remove(&node)
        {
            let target = nodes.get(stub).and_then(|stub| nodes.follow(stub.ty));
            path.push((node, target));
            next = target;
        }
        while let Some((node, target)) = path.pop() {
            let around = target.and_then(|target| nodes.get(target));
            let (Some(target), Some(around)) = (target, around.map(|around| around.name)) else {
                continue;
            };
            // Each level makes a name longer.
            let level = levels
                .get(&target)
                .map_or(1, |level| level.saturating_add(1));
            if around.is_none() || level > depth {
                continue;
            }
            levels.insert(node, level);
            let Some(own) = nodes.get(node).map(|node| node.name) else {
                continue;
            };
            let name = nodes.made_name(files, around, own);
            if let Some(node) = nodes.nodes.get_mut(node as usize) {
                node.name = name;
            }
        }
    }
}
