//! Entering a unit's types into the table of distinct types.
//!
//! For a type that was seen before this is a key and a look-up; only new ones are copied.

use crate::dwarf::key::{Key, Mixer};
use crate::dwarf::names::{NameRef, NameSection};
use crate::dwarf::report::Reason;
use crate::dwarf::unit::keys::{Keys, NOMINAL, UnitTypes, declared_size, is_nominal};
use crate::dwarf::unit::nodes::{Node, Ref, Shape, Target};
use crate::dwarf::whole::table::{
    Class, Entity, Loss, NO_ENTITY, Piece, RefId, RefTarget, Seen, Table,
};

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
        let class = match self.table.known(key).map(RefId::target) {
            Some(RefTarget::Class(class)) => class,
            _ => self.build(number)?,
        };
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
                    if node.aux != 0 {
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
            return match self.table.known(key) {
                Some(id) => Found::Here(id),
                None if is_nominal(node) => Found::Here(self.entity(number)),
                None => Found::Missing(number),
            };
        }
        *loss = Some(Reason::NamelessCycle);
        Found::Here(RefId::VOID)
    }

    /// The entity of a named type.
    fn entity(&mut self, number: u32) -> RefId {
        let known = self.keys.node(self.types, number);
        if let Some(id) = self.table.known(known) {
            return id;
        }
        let types = self.types;
        let (shape, name) = types
            .nodes
            .get(number)
            .map_or((Shape::Void, NameRef::NONE), |node| (node.shape, node.name));
        let key = types
            .text(Mixer::new(NOMINAL | shape as u64), name)
            .finish();
        let entity = self.table.entity(key, |made| Entity {
            key,
            shape,
            name: keep(types, name, made),
            declared_size: 0,
        });
        if let Some(node) = types.nodes.get(number) {
            self.table.declare_size(entity, declared_size(node));
        }
        let id = RefId::entity(entity);
        self.table.know(known, id);
        id
    }

    /// Adds the class of a node, if it isn't there under another key; all it refers to is in the table.
    fn make(&mut self, number: u32) -> Option<u32> {
        let mut node = *self.types.nodes.get(number)?;
        // The size of a pointer is no part of its key in the unit: some compilers say it, some don't.
        if !matches!(
            node.shape,
            Shape::Base
                | Shape::Struct
                | Shape::Union
                | Shape::Enum
                | Shape::Variable
                | Shape::Prototype
                | Shape::Array
                | Shape::Subrange
        ) {
            node.size = 0;
        }
        let known = self.keys.content(self.types, number);
        if let Some(RefTarget::Class(class)) = self.table.known(known).map(RefId::target) {
            return Some(class);
        }
        let mut losses = Vec::new();
        let own = match node.shape {
            Shape::Struct | Shape::Union | Shape::Enum | Shape::Base | Shape::Void => None,
            _ => Some(0),
        };
        let ty = match own {
            Some(index) => self.resolved(number, index, node.ty, u32::MAX, &mut losses),
            None => RefId::VOID,
        };
        let mut pieces = Vec::with_capacity(node.count as usize);
        let shift = u32::from(own.is_some());
        for (index, part) in (0u32..).zip(self.types.nodes.parts_of(&node)) {
            let ty = match node.shape {
                Shape::Array | Shape::Enum | Shape::Tag => RefId::VOID,
                _ => self.resolved(number, index + shift, part.ty, index, &mut losses),
            };
            pieces.push(Piece {
                name: part.name,
                ty,
                value: part.value,
                bits: part.bits,
                note: part.note,
            });
        }
        let key = self.key(&node, ty, &pieces);
        let class = match self.table.find(key) {
            Some(class) => class,
            None => self.add(number, key, &node, ty, pieces, &losses)?,
        };
        self.table.know(known, RefId::class(class));
        Some(class)
    }

    /// The key of a class.
    fn key(&self, node: &Node, ty: RefId, pieces: &[Piece]) -> Key {
        let head = Mixer::new(node.shape as u64);
        let mut mixer = self
            .types
            .text(head, node.name)
            .words(node.size, node.aux.into())
            .key_and(self.table.key_of(ty), node.count.into(), 0);
        for piece in pieces {
            let ty = self.table.key_of(piece.ty);
            let rest = u64::from(piece.bits) << 8 | piece.note as u64;
            mixer = self
                .types
                .text(mixer, piece.name)
                .key_and(ty, piece.value, rest);
        }
        mixer.finish()
    }

    fn add(
        &mut self,
        number: u32,
        key: Key,
        node: &Node,
        ty: RefId,
        pieces: Vec<Piece>,
        losses: &[(u32, Reason)],
    ) -> Option<u32> {
        let entity = match is_nominal(node).then(|| self.entity(number).target()) {
            Some(RefTarget::Entity(entity)) => entity,
            _ => NO_ENTITY,
        };
        let first = u32::try_from(self.table.pieces.len()).ok()?;
        let types = self.types;
        for piece in pieces {
            let name = keep(types, piece.name, &mut self.table.made);
            self.table.pieces.push(Piece { name, ..piece });
        }
        let name = keep(types, node.name, &mut self.table.made);
        let class = self.table.add(Class {
            key,
            shape: node.shape,
            name,
            size: node.size,
            aux: node.aux,
            ty,
            first,
            count: node.count,
            entity,
            seen: Seen::NEVER,
        });
        let losses = losses.iter().map(|&(piece, reason)| Loss {
            class,
            piece,
            reason,
        });
        self.table.losses.extend(losses);
        Some(class)
    }

    /// What a reference became, for good.
    fn resolved(
        &mut self,
        node: u32,
        index: u32,
        ty: Ref,
        piece: u32,
        losses: &mut Vec<(u32, Reason)>,
    ) -> RefId {
        if self.keys.is_cut(node, index) {
            losses.push((piece, Reason::NamelessCycle));
            return RefId::VOID;
        }
        let mut loss = None;
        let found = self.reference(ty, &mut loss);
        losses.extend(loss.map(|reason| (piece, reason)));
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
