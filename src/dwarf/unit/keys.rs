//! Keys of a unit's types.
//!
//! A structure, union or enumeration with a name is referred to by its name, whether the unit defines it or
//! only declares it; all other types are what they refer to. So the key of a reference says the same in
//! every unit that includes the same header, and cycles, which in every language go through names, are cut.
//! The *content* of a named type has a key of its own, made from its members' keys.

use crate::dwarf::key::{Key, Mixer};
use crate::dwarf::names::{Files, NameRef};
use crate::dwarf::unit::nodes::{Node, Nodes, Ref, Shape};

/// No text: it has a byte that is no UTF-8, and no end.
const NAMELESS: u64 = u64::MAX;
const NOMINAL: u64 = 0x200;

/// A unit's types and where their names are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitTypes<'a> {
    pub nodes: &'a Nodes,
    pub files: &'a Files<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    /// Some of what it refers to is being done.
    Open,
    Done,
}

/// The keys of a unit's types, each made when it is first asked for.
#[derive(Default, Debug)]
pub(crate) struct Keys {
    keys: Vec<(Key, State)>,
    stack: Vec<(u32, u32)>,
    /// References that close a cycle without a name in it: node, and the reference's number.
    cuts: Vec<(u32, u32)>,
}

impl UnitTypes<'_> {
    /// Takes in a name. Its end is taken in too, so what follows can't be mistaken for a part of it.
    #[inline]
    fn text(&self, mixer: Mixer, name: NameRef) -> Mixer {
        if name.is_none() {
            return mixer.word(NAMELESS);
        }
        mixer.text(self.files.tail(name, &self.nodes.made))
    }

    /// The reference number `index` of a node; `None` behind the last.
    #[inline]
    pub fn reference(&self, node: &Node, index: u32) -> Option<Ref> {
        let part = |index: u32| {
            let parts = self.nodes.parts_of(node);
            parts.get(index as usize).map(|part| part.ty)
        };
        match node.shape {
            Shape::Pointer
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Typedef
            | Shape::Array
            | Shape::Variable
            | Shape::Alias => (index == 0).then_some(node.ty),
            Shape::Prototype | Shape::Function => match index.checked_sub(1) {
                None => Some(node.ty),
                Some(index) => part(index),
            },
            Shape::Struct | Shape::Union => part(index),
            Shape::Base | Shape::Enum | Shape::Void => None,
        }
    }
}

/// Whether references to the node go by its name.
#[inline]
pub(crate) const fn is_nominal(node: &Node) -> bool {
    node.shape.is_nominal() && !node.name.is_none()
}

impl Keys {
    /// Forgets all; there are `count` nodes now.
    pub fn clear(&mut self, count: usize) {
        self.keys.clear();
        self.keys.resize(count, (Key::VOID, State::New));
        self.cuts.clear();
    }

    /// Whether this reference of the node closes a cycle without a name in it.
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

    /// The key of references to a node that was asked for before.
    pub fn known(&self, node: u32) -> Key {
        self.state(node).0
    }

    fn set(&mut self, node: u32, key: Key, state: State) {
        if let Some(place) = self.keys.get_mut(node as usize) {
            *place = (key, state);
        }
    }

    /// The key of what a reference leads to.
    #[inline]
    pub fn of(&mut self, types: UnitTypes<'_>, reference: Ref) -> Key {
        match types.nodes.follow(reference) {
            None => Key::VOID,
            Some(node) => self.node(types, node),
        }
    }

    /// The key of references to a node.
    #[inline]
    pub fn node(&mut self, types: UnitTypes<'_>, node: u32) -> Key {
        match self.state(node) {
            (key, State::Done) => key,
            _ => self.make(types, node),
        }
    }

    /// Makes a key. Most nodes refer to one that is done or has a name; the others need a walk.
    fn make(&mut self, types: UnitTypes<'_>, number: u32) -> Key {
        let Some(node) = types.nodes.get(number) else {
            return Key::VOID;
        };
        if is_nominal(node) {
            return self.by_name(types, number, node);
        }
        let single = matches!(
            node.shape,
            Shape::Pointer | Shape::Const | Shape::Volatile | Shape::Restrict | Shape::Typedef
        );
        if single && let Some(target) = types.nodes.follow(node.ty) {
            match (self.state(target).1, types.nodes.get(target)) {
                (State::Done, _) => {}
                (_, Some(other)) if is_nominal(other) => {
                    self.by_name(types, target, other);
                }
                _ => return self.walk(types, number),
            }
            let key = self.structural(types, node);
            self.set(number, key, State::Done);
            return key;
        }
        self.walk(types, number)
    }

    fn by_name(&mut self, types: UnitTypes<'_>, number: u32, node: &Node) -> Key {
        let mixer = Mixer::new(NOMINAL | node.shape as u64);
        let key = types.text(mixer, node.name).finish();
        self.set(number, key, State::Done);
        key
    }

    /// Makes the key of a node from those of what it refers to, which are made first. A stack of its own:
    /// how deep types go is the input's choice.
    fn walk(&mut self, types: UnitTypes<'_>, start: u32) -> Key {
        self.stack.clear();
        self.enter(types, start);
        while let Some(&(number, next)) = self.stack.last() {
            let Some(node) = types.nodes.get(number) else {
                self.stack.pop();
                continue;
            };
            let Some(reference) = types.reference(node, next) else {
                self.stack.pop();
                let key = self.structural(types, node);
                self.set(number, key, State::Done);
                continue;
            };
            if let Some(top) = self.stack.last_mut() {
                top.1 += 1;
            }
            let Some(target) = types.nodes.follow(reference) else {
                continue;
            };
            match self.state(target).1 {
                State::Done => {}
                State::New => self.enter(types, target),
                State::Open => self.cuts.push((number, next)),
            }
        }
        self.state(start).0
    }

    #[inline]
    fn enter(&mut self, types: UnitTypes<'_>, number: u32) {
        let Some(node) = types.nodes.get(number) else {
            return;
        };
        if is_nominal(node) {
            self.by_name(types, number, node);
        } else {
            self.set(number, Key::VOID, State::Open);
            self.stack.push((number, 0));
        }
    }

    /// The key of what a reference leads to, where that is done; `void`'s where the reference is cut.
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

    fn structural(&self, types: UnitTypes<'_>, node: &Node) -> Key {
        let mixer = Mixer::new(node.shape as u64);
        match node.shape {
            Shape::Alias => self.done(types, node.ty),
            Shape::Void => Key::VOID,
            Shape::Pointer | Shape::Const | Shape::Volatile | Shape::Restrict => {
                mixer.key(self.done(types, node.ty)).finish()
            }
            Shape::Typedef | Shape::Variable => types
                .text(mixer, node.name)
                .key(self.done(types, node.ty))
                .word(node.size)
                .word(node.aux.into())
                .finish(),
            Shape::Base => types
                .text(mixer, node.name)
                .word(node.size)
                .word(node.aux.into())
                .finish(),
            Shape::Array => {
                let mut mixer = mixer.key(self.done(types, node.ty)).word(node.count.into());
                for part in types.nodes.parts_of(node) {
                    mixer = mixer.word(part.value).word(part.note as u64);
                }
                mixer.finish()
            }
            Shape::Prototype | Shape::Function | Shape::Struct | Shape::Union | Shape::Enum => {
                self.content_of(types, node)
            }
        }
    }

    /// The key of a named type's content, or of any other type.
    pub fn content(&mut self, types: UnitTypes<'_>, number: u32) -> Key {
        let Some(node) = types.nodes.get(number) else {
            return Key::VOID;
        };
        if !is_nominal(node) {
            return self.node(types, number);
        }
        if node.shape != Shape::Enum {
            for part in types.nodes.parts_of(node) {
                self.of(types, part.ty);
            }
        }
        self.content_of(types, node)
    }

    fn content_of(&self, types: UnitTypes<'_>, node: &Node) -> Key {
        let parts = types.nodes.parts_of(node);
        let mut mixer = types
            .text(Mixer::new(node.shape as u64), node.name)
            .word(node.size)
            .word(u64::from(node.aux) << 32 | u64::from(node.count));
        match node.shape {
            Shape::Enum => {
                for part in parts {
                    mixer = types.text(mixer, part.name).word(part.value);
                }
                return mixer.finish();
            }
            Shape::Prototype | Shape::Function => mixer = mixer.key(self.done(types, node.ty)),
            _ => {}
        }
        for part in parts {
            mixer = types
                .text(mixer, part.name)
                .key(self.done(types, part.ty))
                .word(part.value << 16 ^ u64::from(part.bits) << 4 ^ part.note as u64);
        }
        mixer.finish()
    }
}
