//! Entering a unit's types into the table of distinct types.
//!
//! For a type that was seen before this is a key and a look-up; only new ones are copied.

use crate::dwarf::names::{NameRef, NameSection};
use crate::dwarf::report::Reason;
use crate::dwarf::unit::keys::{Keys, UnitTypes, is_nominal};
use crate::dwarf::unit::nodes::{Ref, Shape, Target};
use crate::dwarf::whole::table::{Class, Entity, Loss, NO_ENTITY, Piece, RefId, Seen, Table};

/// Enters the types of one unit.
pub(crate) struct Intern<'a> {
    pub types: UnitTypes<'a>,
    pub keys: &'a mut Keys,
    pub table: &'a mut Table,
    /// The unit's number.
    pub unit: u32,
    /// References followed through one chain of aliases.
    pub chain: u32,
}

/// What became of a reference.
enum Found {
    Here(RefId),
    /// A node that is not in the table yet.
    Missing(u32),
}

impl Intern<'_> {
    /// Enters a type; answers its class.
    #[inline]
    pub fn enter(&mut self, number: u32) -> Option<u32> {
        let node = self.types.nodes.get(number)?;
        let seen = Seen {
            unit: self.unit,
            die: node.die,
        };
        let key = self.keys.content(self.types, number);
        if let Some(class) = self.table.find(key) {
            self.table.touch(class, seen);
            return Some(class);
        }
        let class = self.build(number)?;
        self.table.touch(class, seen);
        Some(class)
    }

    /// Adds the class of a node, and before it those it needs.
    fn build(&mut self, start: u32) -> Option<u32> {
        let mut stack = vec![(start, 0)];
        let mut last = None;
        while let Some(&(number, next)) = stack.last() {
            let node = self.types.nodes.get(number)?;
            let Some(reference) = self.types.reference(node, next) else {
                stack.pop();
                last = Some(self.make(number)?);
                continue;
            };
            if let Some(top) = stack.last_mut() {
                top.1 += 1;
            }
            if self.keys.is_cut(number, next) {
                continue;
            }
            if let Found::Missing(target) = self.reference(reference, &mut None) {
                stack.push((target, 0));
            }
        }
        last
    }

    fn reference(&mut self, reference: Ref, loss: &mut Option<Reason>) -> Found {
        let mut reference = reference;
        for _ in 0..self.chain {
            let Some(number) = self.types.nodes.follow(reference) else {
                if reference.target() != Target::Void {
                    *loss = Some(Reason::DanglingReference);
                }
                return Found::Here(RefId::VOID);
            };
            let Some(node) = self.types.nodes.get(number) else {
                return Found::Here(RefId::VOID);
            };
            match node.shape {
                Shape::Alias => {
                    if node.aux == Reason::Atomic as u32 {
                        *loss = Some(Reason::Atomic);
                    }
                    if self.keys.is_cut(number, 0) {
                        *loss = Some(Reason::NamelessCycle);
                        return Found::Here(RefId::VOID);
                    }
                    reference = node.ty;
                    continue;
                }
                Shape::Void => {
                    if node.aux != 0 {
                        *loss = Some(Reason::UnknownType);
                    }
                    return Found::Here(RefId::VOID);
                }
                _ => {}
            }
            let key = self.keys.node(self.types, number);
            if is_nominal(node) {
                return Found::Here(RefId::entity(self.entity(number)));
            }
            return match self.table.find(key) {
                Some(class) => Found::Here(RefId::class(class)),
                None => Found::Missing(number),
            };
        }
        *loss = Some(Reason::NamelessCycle);
        Found::Here(RefId::VOID)
    }

    /// The entity of a named type.
    fn entity(&mut self, number: u32) -> u32 {
        let key = self.keys.node(self.types, number);
        let types = self.types;
        self.table.entity(key, |made| {
            let (shape, name) = types
                .nodes
                .get(number)
                .map_or((Shape::Void, NameRef::NONE), |node| (node.shape, node.name));
            Entity {
                key,
                shape,
                name: keep(types, name, made),
            }
        })
    }

    /// Adds the class of a node; all it refers to is in the table.
    fn make(&mut self, number: u32) -> Option<u32> {
        let node = *self.types.nodes.get(number)?;
        let key = self.keys.content(self.types, number);
        if let Some(class) = self.table.find(key) {
            return Some(class);
        }
        let class = u32::try_from(self.table.classes.len()).ok()?;
        let own = match node.shape {
            Shape::Struct | Shape::Union | Shape::Enum | Shape::Base | Shape::Void => None,
            _ => Some(0),
        };
        let ty = match own {
            Some(index) => self.resolved(number, index, class, u32::MAX, node.ty),
            None => RefId::VOID,
        };
        let mut pieces = Vec::with_capacity(node.count as usize);
        let shift = u32::from(own.is_some());
        for (index, part) in (0u32..).zip(self.types.nodes.parts_of(&node)) {
            let ty = match node.shape {
                Shape::Array | Shape::Enum => RefId::VOID,
                _ => self.resolved(number, index + shift, class, index, part.ty),
            };
            pieces.push(Piece {
                name: keep(self.types, part.name, &mut self.table.made),
                ty,
                value: part.value,
                bits: part.bits,
                note: part.note,
            });
        }
        let entity = if is_nominal(&node) {
            self.entity(number)
        } else {
            NO_ENTITY
        };
        let first = u32::try_from(self.table.pieces.len()).ok()?;
        let count = u32::try_from(pieces.len()).ok()?;
        self.table.pieces.extend(pieces);
        let name = keep(self.types, node.name, &mut self.table.made);
        Some(self.table.add(Class {
            key,
            shape: node.shape,
            name,
            size: node.size,
            aux: node.aux,
            ty,
            first,
            count,
            entity,
            seen: Seen::NEVER,
        }))
    }

    fn loss(&mut self, class: u32, piece: u32, reason: Reason) {
        self.table.losses.push(Loss {
            class,
            piece,
            reason,
        });
    }

    fn resolved(&mut self, node: u32, index: u32, class: u32, piece: u32, ty: Ref) -> RefId {
        if self.keys.is_cut(node, index) {
            self.loss(class, piece, Reason::NamelessCycle);
            return RefId::VOID;
        }
        let mut loss = None;
        let found = self.reference(ty, &mut loss);
        if let Some(reason) = loss {
            self.loss(class, piece, reason);
        }
        match found {
            Found::Here(id) => id,
            // What is needed was added before.
            Found::Missing(_) => RefId::VOID,
        }
    }
}

/// A name that outlives the unit.
fn keep(types: UnitTypes<'_>, name: NameRef, made: &mut Vec<u8>) -> NameRef {
    if name.made().is_none() {
        return name;
    }
    let start = made.len() as u64;
    made.extend_from_slice(types.files.bytes(name, &types.nodes.made));
    made.push(0);
    NameRef::new(0, NameSection::Made, start)
}
