//! Keys of a unit's types.
//!
//! A structure, union or enumeration with a name is referred to by its name, whether the unit defines it or
//! only declares it; all other types are what they refer to. So the key of a reference says the same in
//! every unit that includes the same header, and cycles, which in every language go through names, are cut.
//! The *content* of a named type has a key of its own, made from its members' keys.
//!
//! These keys take a name for the place it stands at, which saves reading it: linkers keep one copy of each.
//! Where a name stands at two places, so that one type has two keys here, the table still knows it as one.

use crate::dwarf::key::{Key, Mixer};
use crate::dwarf::names::{Files, NameRef};
use crate::dwarf::unit::nodes::{Node, Nodes, Part, Ref, Shape};

/// No text: it has a byte that is no UTF-8, and no end.
const NAMELESS: u64 = u64::MAX;
/// What starts the keys of names.
pub(crate) const NOMINAL: u64 = 0x200;
/// No name's number: the text itself was taken in.
const IN_PLACE: u64 = u64::MAX;

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
    /// Takes in a name; answers what still has to be taken in of it.
    #[inline]
    fn name(&self, mixer: Mixer, name: NameRef) -> (Mixer, u64) {
        match name.number() {
            Some(number) => (mixer, number),
            None => (self.text(mixer, name), IN_PLACE),
        }
    }

    /// Takes in a name's text.
    pub fn text(&self, mixer: Mixer, name: NameRef) -> Mixer {
        if name.is_none() {
            return mixer.words(NAMELESS, NAMELESS);
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
            | Shape::MemberPointer
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Typedef
            | Shape::Defined
            | Shape::Array
            | Shape::Subrange
            | Shape::Tag
            | Shape::Variable
            | Shape::TypeTag
            | Shape::DeclTag
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

/// References of a chain followed without a stack.
const CHAIN: usize = 8;

/// Whether the key needs one reference's key and nothing else from elsewhere.
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

/// The size that a declaration of an enumeration says, in bytes; 0 where it says none.
#[inline]
pub(crate) const fn declared_size(node: &Node) -> u64 {
    match node.shape {
        Shape::Enum if node.declaration => node.size,
        _ => 0,
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

    /// Makes a key. Most nodes are at the start of a short chain of references that ends at one that is done
    /// or has a name; the others need a walk.
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
            if is_nominal(node) {
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
                // A longer chain, or one that bites its tail.
                Some(_) => {
                    self.walk(types, number);
                }
            }
        }
        self.state(number).0
    }

    fn by_name(&mut self, types: UnitTypes<'_>, number: u32, node: &Node) -> Key {
        let mixer = Mixer::new(NOMINAL | node.shape as u64);
        let (mixer, name) = types.name(mixer, node.name);
        let key = mixer.words(name, declared_size(node)).finish();
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

    /// The first reference of a node, from number `next` on, that leads to a node whose key is not done; and
    /// that node.
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
            if let Some(target) = pending(types.reference(node, at)?) {
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
                mixer
                    .key_and(ty, name, node.size)
                    .words(node.aux.into(), 0)
                    .finish()
            }
            Shape::Base => {
                let (mixer, name) = types.name(mixer, node.name);
                mixer
                    .words(name, node.size)
                    .words(node.aux.into(), 0)
                    .finish()
            }
            Shape::Array => {
                let element = self.done(types, node.ty);
                let mut mixer = mixer.key_and(element, node.count.into(), node.size);
                if node.aux != 0 {
                    mixer = mixer.words(node.aux.into(), 0);
                }
                for part in types.nodes.parts_of(node) {
                    mixer = mixer.words(part.value, part.note as u64);
                }
                mixer.finish()
            }
            Shape::Tag => {
                let mut mixer = head(types, node).key(self.done(types, node.ty));
                for part in types.nodes.parts_of(node) {
                    let (named, name) = types.name(mixer, part.name);
                    mixer = named.words(name, part.value);
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

    /// The key of a named type's content, or of any other type.
    pub fn content(&mut self, types: UnitTypes<'_>, number: u32) -> Key {
        let Some(node) = types.nodes.get(number) else {
            return Key::VOID;
        };
        if !is_nominal(node) {
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
                    mixer = named.words(name, part.value);
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

#[inline]
fn head(types: UnitTypes<'_>, node: &Node) -> Mixer {
    let (mixer, name) = types.name(Mixer::new(node.shape as u64), node.name);
    mixer
        .words(name, node.size)
        .words(node.aux.into(), node.count.into())
}

#[inline]
fn mix(types: UnitTypes<'_>, mixer: Mixer, part: &Part, ty: Key) -> Mixer {
    let rest = u64::from(part.bits) << 8 | part.note as u64;
    let (mixer, name) = types.name(mixer, part.name);
    if part.value >> 40 == 0 {
        return mixer.key_and(ty, rest << 40 | part.value, name);
    }
    mixer.key_and(ty, part.value, name).words(rest, 0)
}
