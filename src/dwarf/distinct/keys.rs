//! Keys of a unit's types.
//!
//! The key of a reference to a named structure, union or enumeration is made from its name, whether the unit defines
//! the type or only declares it; that of a reference to another type is made from the type's content. So the key of a
//! reference is the same in every unit that includes the same header, and cycles, which in every language go through
//! names, are cut. The *content* of a named type has a key of its own, made from its members' keys.
//!
//! These keys take the offset of a name for the name, which saves reading it: linkers keep one copy of each. If a name
//! is at two offsets, one type has two keys here; the table still knows it as one type.

use crate::dwarf::collect::nodes::{Node, Nodes, Ref};
use crate::dwarf::collect::types::{Part, Shape};
use crate::dwarf::distinct::key::{Key, Mixer};
use crate::dwarf::read::name::{Files, NameRef};

/// The number that enters a key for a missing name. No text has these bytes: they are not UTF-8.
const NAMELESS: u64 = u64::MAX;
/// The bit that marks the keys of names, beside the shape.
pub(crate) const NOMINAL: u64 = 0x200;
/// The number that enters a key beside the text of a name. No name has this number.
const IN_PLACE: u64 = u64::MAX;

/// A unit's types, and the files with their names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitTypes<'a> {
    pub nodes: &'a Nodes,
    pub files: &'a Files<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    /// The keys of the types it refers to are being made.
    Open,
    Done,
}

/// The keys of a unit's types, each made when it is first asked for.
#[derive(Default, Debug)]
pub(crate) struct Keys {
    keys: Vec<(Key, State)>,
    stack: Vec<(u32, u32)>,
    /// References that close a cycle without a name in it: the number of the node, and that of the reference.
    cuts: Vec<(u32, u32)>,
}

impl UnitTypes<'_> {
    /// Adds a name. Returns a word of it that remains to be added.
    #[inline]
    fn name(&self, mixer: Mixer, name: NameRef) -> (Mixer, u64) {
        match name.number() {
            Some(number) => (mixer, number),
            None => (self.text(mixer, name), IN_PLACE),
        }
    }

    /// Adds the text of a name.
    pub fn text(&self, mixer: Mixer, name: NameRef) -> Mixer {
        if name.is_none() {
            return mixer.words(NAMELESS, NAMELESS);
        }
        mixer.text(self.files.tail(name, &self.nodes.composed))
    }
}

/// The length of a chain of references that is followed without a stack.
const CHAIN: usize = 8;

/// Returns whether the key of a type depends on the key of one other type at most.
const fn is_single(shape: Shape) -> bool {
    matches!(
        shape,
        Shape::Pointer
            | Shape::MemberPointer
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Typedef
            | Shape::Array
            | Shape::Subrange
    )
}

/// Returns the size that the declaration of an enumeration specifies, in bytes; 0 if it doesn't.
#[inline]
pub(crate) fn declared_size(node: &Node) -> u64 {
    match node.shape {
        Shape::Enum if node.declaration => node.byte_size(),
        _ => 0,
    }
}

impl Keys {
    /// Removes all keys, and makes room for those of `count` nodes.
    pub fn clear(&mut self, count: usize) {
        self.keys.clear();
        self.keys.resize(count, (Key::VOID, State::New));
        self.cuts.clear();
    }

    /// Returns whether this reference of the node closes a cycle without a name in it.
    pub fn is_cut(&self, node: u32, reference: u32) -> bool {
        !self.cuts.is_empty() && self.cuts.contains(&(node, reference))
    }

    #[inline]
    fn state(&self, node: u32) -> (Key, State) {
        self.keys
            .get(node as usize)
            .copied()
            .unwrap_or((Key::VOID, State::Done))
    }

    /// Returns the key of references to a node, which was made before.
    pub fn known(&self, node: u32) -> Key {
        self.state(node).0
    }

    fn set(&mut self, node: u32, key: Key, state: State) {
        if let Some(place) = self.keys.get_mut(node as usize) {
            *place = (key, state);
        }
    }

    /// Returns the key of a reference.
    #[inline]
    pub fn of(&mut self, types: UnitTypes<'_>, reference: Ref) -> Key {
        match types.nodes.follow(reference) {
            None => Key::VOID,
            Some(node) => self.node(types, node),
        }
    }

    /// Returns the key of references to a node.
    #[inline]
    pub fn node(&mut self, types: UnitTypes<'_>, node: u32) -> Key {
        match self.state(node) {
            (key, State::Done) => key,
            _ => self.make(types, node),
        }
    }

    /// Makes the key of references to a node. Most nodes are at the start of a short chain of references that ends at a
    /// node whose key is known or that has a name; the others need a walk.
    fn make(&mut self, types: UnitTypes<'_>, number: u32) -> Key {
        let mut chain = [0; CHAIN];
        let mut len = 0;
        let mut at = Some(number);
        for place in &mut chain {
            let Some((number, node)) = at.and_then(|at| Some((at, types.nodes.get(at)?))) else {
                break;
            };
            if self.state(number).1 == State::Done {
                break;
            }
            if node.is_nominal() {
                self.by_name(types, number, node);
                break;
            }
            if !is_single(node.shape) {
                self.walk(types, number);
                break;
            }
            *place = number;
            len += 1;
            at = types.nodes.follow(node.ty);
        }
        for &number in chain.iter().take(len).rev() {
            let (Some(node), State::New) = (types.nodes.get(number), self.state(number).1) else {
                continue;
            };
            match types
                .nodes
                .follow(node.ty)
                .map(|target| self.state(target).1)
            {
                None | Some(State::Done) => {
                    let key = self.structural(types, node);
                    self.set(number, key, State::Done);
                }
                // A longer chain, or a cycle.
                Some(_) => {
                    self.walk(types, number);
                }
            }
        }
        self.state(number).0
    }

    /// Makes the key of references to a node that go by its name.
    fn by_name(&mut self, types: UnitTypes<'_>, number: u32, node: &Node) -> Key {
        let mixer = Mixer::new(NOMINAL | node.shape as u64);
        let (mixer, name) = types.name(mixer, node.name);
        let key = mixer.words(name, declared_size(node)).finish();
        self.set(number, key, State::Done);
        key
    }

    /// Makes the key of a node after those of all it refers to. The stack is explicit, since the input decides how deep
    /// types are nested.
    fn walk(&mut self, types: UnitTypes<'_>, start: u32) -> Key {
        self.stack.clear();
        self.enter(types, start);
        while let Some(&(number, next)) = self.stack.last() {
            let Some(node) = types.nodes.get(number) else {
                self.stack.pop();
                continue;
            };
            match self.next(types, node, next) {
                None => {
                    self.stack.pop();
                    let key = self.structural(types, node);
                    self.set(number, key, State::Done);
                }
                Some((at, target)) => {
                    if let Some(top) = self.stack.last_mut() {
                        top.1 = at + 1;
                    }
                    match self.state(target).1 {
                        State::Open => self.cuts.push((number, at)),
                        _ => self.enter(types, target),
                    }
                }
            }
        }
        self.state(start).0
    }

    /// Returns the first reference of a node, from number `next` on, whose target has no key yet: its number, and the
    /// target.
    fn next(&self, types: UnitTypes<'_>, node: &Node, next: u32) -> Option<(u32, u32)> {
        let pending = |reference: Ref| {
            let target = types.nodes.follow(reference)?;
            (self.state(target).1 != State::Done).then_some(target)
        };
        if node.shape.is_nominal() {
            let parts = types.nodes.parts_of(node).get(next as usize..)?;
            let found = (next..).zip(parts);
            return found
                .filter_map(|(at, part)| Some((at, pending(part.ty)?)))
                .next();
        }
        let mut at = next;
        loop {
            if let Some(target) = pending(types.nodes.reference(node, at)?) {
                return Some((at, target));
            }
            at += 1;
        }
    }

    #[inline]
    fn enter(&mut self, types: UnitTypes<'_>, number: u32) {
        let Some(node) = types.nodes.get(number) else {
            return;
        };
        if node.is_nominal() {
            self.by_name(types, number, node);
        } else {
            self.set(number, Key::VOID, State::Open);
            self.stack.push((number, 0));
        }
    }

    /// Returns the key of a reference, which was made before; that of `void` if the reference is cut.
    #[inline]
    fn done(&self, types: UnitTypes<'_>, reference: Ref) -> Key {
        let Some(target) = types.nodes.follow(reference) else {
            return Key::VOID;
        };
        match self.state(target) {
            (key, State::Done) => key,
            _ => Key::VOID,
        }
    }

    /// Makes the key of a node whose references all have keys.
    fn structural(&self, types: UnitTypes<'_>, node: &Node) -> Key {
        let mixer = Mixer::new(node.shape as u64);
        match node.shape {
            Shape::Alias => self.done(types, node.ty),
            Shape::Void => Key::VOID,
            Shape::Pointer
            | Shape::MemberPointer
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict => mixer.key(self.done(types, node.ty)).finish(),
            Shape::Typedef
            | Shape::Subrange
            | Shape::Variable
            | Shape::TypeTag
            | Shape::DeclTag => {
                let (mixer, name) = types.name(mixer, node.name);
                let ty = self.done(types, node.ty);
                let (size, aux) = node.words();
                mixer.key_and(ty, name, size).words(aux, 0).finish()
            }
            Shape::Base => {
                let (mixer, name) = types.name(mixer, node.name);
                let (size, aux) = node.words();
                mixer.words(name, size).words(aux, 0).finish()
            }
            Shape::Array => {
                let element = self.done(types, node.ty);
                let (size, stride) = node.words();
                let mut mixer = mixer.key_and(element, node.count.into(), size);
                if stride != 0 {
                    mixer = mixer.words(stride, 0);
                }
                for part in types.nodes.parts_of(node) {
                    mixer = mixer.words(part.element_count(), part.note as u64);
                }
                mixer.finish()
            }
            Shape::Discriminant => {
                let mut mixer = head(types, node).key(self.done(types, node.ty));
                for part in types.nodes.parts_of(node) {
                    let (named, name) = types.name(mixer, part.name);
                    mixer = named.words(name, part.enumerator_value());
                }
                mixer.finish()
            }
            Shape::Prototype
            | Shape::Function
            | Shape::Struct
            | Shape::Union
            | Shape::Enum
            | Shape::Defined => self.content_of(types, node),
        }
    }

    /// Returns the key of a type's content.
    pub fn content(&mut self, types: UnitTypes<'_>, number: u32) -> Key {
        let Some(node) = types.nodes.get(number) else {
            return Key::VOID;
        };
        if !node.is_nominal() {
            return self.node(types, number);
        }
        if node.shape == Shape::Enum {
            return self.content_of(types, node);
        }
        let mut mixer = head(types, node);
        if node.shape == Shape::Defined {
            return mixer.key(self.of(types, node.ty)).finish();
        }
        for part in types.nodes.parts_of(node) {
            let ty = self.of(types, part.ty);
            mixer = mix(types, mixer, part, ty);
        }
        mixer.finish()
    }

    fn content_of(&self, types: UnitTypes<'_>, node: &Node) -> Key {
        let parts = types.nodes.parts_of(node);
        let mut mixer = head(types, node);
        match node.shape {
            Shape::Enum => {
                for part in parts {
                    let (named, name) = types.name(mixer, part.name);
                    mixer = named.words(name, part.enumerator_value());
                }
                return mixer.finish();
            }
            Shape::Prototype | Shape::Function | Shape::Defined => {
                mixer = mixer.key(self.done(types, node.ty));
            }
            _ => {}
        }
        for part in parts {
            mixer = mix(types, mixer, part, self.done(types, part.ty));
        }
        mixer.finish()
    }
}

/// Starts the key of a type with its name, size and count.
#[inline]
fn head(types: UnitTypes<'_>, node: &Node) -> Mixer {
    let (mixer, name) = types.name(Mixer::new(node.shape as u64), node.name);
    let (size, aux) = node.words();
    mixer.words(name, size).words(aux, node.count.into())
}

/// Adds a part to the key of a type.
#[inline]
fn mix(types: UnitTypes<'_>, mixer: Mixer, part: &Part<Ref>, ty: Key) -> Mixer {
    let rest = u64::from(part.bits) << 8 | part.note as u64;
    let (mixer, name) = types.name(mixer, part.name);
    let word = part.word();
    if word >> 40 == 0 {
        return mixer.key_and(ty, rest << 40 | word, name);
    }
    mixer.key_and(ty, word, name).words(rest, 0)
}
