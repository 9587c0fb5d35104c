//! Interning: entering a unit's types into the table of distinct types.
//!
//! A type that was seen before costs a key and a look-up; only new types are copied.

use crate::dwarf::collect::nodes::{Node, Ref, Target};
use crate::dwarf::collect::types::{Part, Shape};
use crate::dwarf::distinct::key::{Key, Mixer};
use crate::dwarf::distinct::keys::{Keys, NOMINAL, UnitTypes, declared_size};
use crate::dwarf::distinct::table::{Distinct, Loss, NO_TAG, RefId, RefTarget, Seen, Table, Tag};
use crate::dwarf::read::name::NameRef;
use crate::dwarf::report::Reason;

/// Enters the types of one unit.
pub(crate) struct Intern<'a> {
    pub types: UnitTypes<'a>,
    pub keys: &'a mut Keys,
    pub table: &'a mut Table,
    /// The unit's number.
    pub unit: u32,
    /// The greatest number of references followed through one chain of aliases.
    pub chain: u32,
}

/// The target of a reference.
enum Found {
    /// A type of the table.
    Here(RefId),
    /// The number of a node whose type is not in the table yet.
    Missing(u32),
}

impl Intern<'_> {
    /// Enters a type. Returns the number of the distinct type.
    #[inline]
    pub fn enter(&mut self, number: u32) -> Option<u32> {
        let node = self.types.nodes.get(number)?;
        let seen = Seen {
            unit: self.unit,
            die: node.die,
        };
        let key = self.keys.content(self.types, number);
        let distinct = match self.table.known(key).map(RefId::target) {
            Some(RefTarget::Distinct(distinct)) => distinct,
            _ => self.build(number)?,
        };
        self.table.touch(distinct, seen);
        Some(distinct)
    }

    /// Adds a node's type to the table, after the types that it refers to.
    fn build(&mut self, start: u32) -> Option<u32> {
        let mut stack = vec![(start, 0)];
        let mut last = None;
        while let Some(&(number, next)) = stack.last() {
            let node = self.types.nodes.get(number)?;
            let Some(reference) = self.types.nodes.reference(node, next) else {
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

    /// Finds the target of a reference, through aliases. Notes in `loss` what is lost.
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
                    if node.is_degraded() {
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
                    if node.is_degraded() {
                        *loss = Some(Reason::UnknownType);
                    }
                    return Found::Here(RefId::VOID);
                }
                _ => {}
            }
            let key = self.keys.node(self.types, number);
            return match self.table.known(key) {
                Some(id) => Found::Here(id),
                None if node.is_nominal() => Found::Here(self.tag(number)),
                None => Found::Missing(number),
            };
        }
        *loss = Some(Reason::NamelessCycle);
        Found::Here(RefId::VOID)
    }

    /// Returns the tag of a named type, which is added if it is new.
    fn tag(&mut self, number: u32) -> RefId {
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
        let tag = self.table.tag(key, |composed| Tag {
            key,
            shape,
            name: types.files.keep(name, &types.nodes.composed, composed),
            declared_size: 0,
        });
        if let Some(node) = types.nodes.get(number) {
            self.table.declare_size(tag, declared_size(node));
        }
        let id = RefId::tag(tag);
        self.table.know(known, id);
        id
    }

    /// Adds a node's type, unless it is in the table under another key. All it refers to is in the table.
    fn make(&mut self, number: u32) -> Option<u32> {
        let mut node = *self.types.nodes.get(number)?;
        // The size of a pointer is no part of its content: some compilers specify it, some don't.
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
            node.set_byte_size(0);
        }
        let known = self.keys.content(self.types, number);
        if let Some(RefTarget::Distinct(distinct)) = self.table.known(known).map(RefId::target) {
            return Some(distinct);
        }
        let mut losses = Vec::new();
        if self.types.nodes.incomplete.binary_search(&number).is_ok() {
            losses.push((u32::MAX, Reason::TemplateName));
        }
        let own = match node.shape {
            Shape::Struct | Shape::Union | Shape::Enum | Shape::Base | Shape::Void => None,
            _ => Some(0),
        };
        let ty = match own {
            Some(index) => self.resolved(number, index, node.ty, u32::MAX, &mut losses),
            None => RefId::VOID,
        };
        let mut parts = Vec::with_capacity(node.count as usize);
        let shift = u32::from(own.is_some());
        for (index, part) in (0u32..).zip(self.types.nodes.parts_of(&node)) {
            let ty = match node.shape {
                Shape::Array | Shape::Enum | Shape::Discriminant => RefId::VOID,
                _ => self.resolved(number, index + shift, part.ty, index, &mut losses),
            };
            parts.push(part.moved(part.name, ty));
        }
        let key = self.key(&node, ty, &parts);
        let distinct = match self.table.find(key) {
            Some(distinct) => distinct,
            None => self.add(number, key, &node, ty, parts, &losses)?,
        };
        self.table.know(known, RefId::distinct(distinct));
        Some(distinct)
    }

    /// Returns the key of a distinct type.
    fn key(&self, node: &Node, ty: RefId, parts: &[Part<RefId>]) -> Key {
        let head = Mixer::new(node.shape as u64);
        let (size, aux) = node.words();
        let mut mixer = self.types.text(head, node.name).words(size, aux).key_and(
            self.table.key_of(ty),
            node.count.into(),
            0,
        );
        for part in parts {
            let ty = self.table.key_of(part.ty);
            let rest = u64::from(part.bits) << 8 | part.note as u64;
            mixer = self
                .types
                .text(mixer, part.name)
                .key_and(ty, part.word(), rest);
        }
        mixer.finish()
    }

    /// Adds a distinct type.
    fn add(
        &mut self,
        number: u32,
        key: Key,
        node: &Node,
        ty: RefId,
        parts: Vec<Part<RefId>>,
        losses: &[(u32, Reason)],
    ) -> Option<u32> {
        let tag = match node.is_nominal().then(|| self.tag(number).target()) {
            Some(RefTarget::Tag(tag)) => tag,
            _ => NO_TAG,
        };
        let first = u32::try_from(self.table.parts.len()).ok()?;
        let types = self.types;
        for part in parts {
            let name = types
                .files
                .keep(part.name, &types.nodes.composed, &mut self.table.composed);
            self.table.parts.push(part.moved(name, part.ty));
        }
        let name = types
            .files
            .keep(node.name, &types.nodes.composed, &mut self.table.composed);
        let distinct = self.table.add(Distinct {
            key,
            body: node.moved(name, ty, first),
            tag,
            seen: Seen::NEVER,
        });
        let losses = losses.iter().map(|&(part, reason)| Loss {
            distinct,
            part,
            reason,
        });
        self.table.losses.extend(losses);
        Some(distinct)
    }

    /// Resolves a reference to its final id and records what was lost.
    fn resolved(
        &mut self,
        node: u32,
        index: u32,
        ty: Ref,
        part: u32,
        losses: &mut Vec<(u32, Reason)>,
    ) -> RefId {
        if self.keys.is_cut(node, index) {
            losses.push((part, Reason::NamelessCycle));
            return RefId::VOID;
        }
        let mut loss = None;
        let found = self.reference(ty, &mut loss);
        losses.extend(loss.map(|reason| (part, reason)));
        match found {
            Found::Here(id) => id,
            // The types that it refers to were added before.
            Found::Missing(_) => RefId::VOID,
        }
    }
}
