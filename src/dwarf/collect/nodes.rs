//! The types of one unit, as the pass over its DIEs found them.

use std::ops::{Deref, DerefMut};

use crate::dwarf::collect::types::{Body, Part, Shape};
use crate::dwarf::read::Class;
use crate::dwarf::read::name::{Composed, NameRef};

/// A reference to a type, as the DIE specifies it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Ref(u64);

/// The target of a [`Ref`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// No type: `void`.
    Void,
    /// The DIE at this offset from the start of the unit.
    Unit(u32),
    /// A reference that leads out of the unit: its index in [`Nodes::links`].
    Link(u32),
}

impl Ref {
    pub const VOID: Self = Self(0);

    #[inline]
    pub const fn unit(offset: u32) -> Self {
        Self(1 << 32 | offset as u64)
    }

    #[inline]
    pub const fn link(link: u32) -> Self {
        Self(2 << 32 | link as u64)
    }

    /// Returns the reference as a number.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns the reference that is this number.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub const fn target(self) -> Target {
        let [a, b, c, d, kind, ..] = self.0.to_le_bytes();
        let number = u32::from_le_bytes([a, b, c, d]);
        match kind {
            1 => Target::Unit(number),
            2 => Target::Link(number),
            _ => Target::Void,
        }
    }
}

/// A reference that leads out of its unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    /// An offset in the `.debug_info` of a file.
    Info { file: u32, offset: u64 },
    /// The signature of a type unit.
    Signature(u64),
    /// An offset in the `.debug_info` of the alternate file.
    Alt(u64),
}

/// A type of a unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The offset of its DIE from the start of the unit (or across all units, if they are read as one).
    pub die: u32,
    /// Whether the DIE is a declaration without a definition.
    pub declaration: bool,
    pub body: Body<Ref>,
}

impl Node {
    /// Returns a definition without name, size, reference and parts.
    #[inline]
    pub const fn new(die: u32, shape: Shape) -> Self {
        Self {
            die,
            declaration: false,
            body: Body::new(shape, Ref::VOID),
        }
    }
}

impl Deref for Node {
    type Target = Body<Ref>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.body
    }
}

impl DerefMut for Node {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.body
    }
}

/// An argument of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
    /// The number of the template's node.
    pub owner: u32,
    pub value: ArgumentValue,
}

/// The value of a template's argument.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ArgumentValue {
    Type(Ref),
    /// The type, class and value of a constant.
    Constant(Ref, Class, u64),
    /// The name of a template.
    Template(NameRef),
    /// A parameter pack: its arguments follow.
    Pack,
}

/// The types of one unit.
#[derive(Default, Debug)]
pub(crate) struct Nodes {
    /// The nodes, in the order of their DIEs.
    pub nodes: Vec<Node>,
    pub parts: Vec<Part<Ref>>,
    pub links: Vec<Link>,
    /// The targets of the links, once they are known.
    pub settled: Vec<Ref>,
    /// The arguments of templates whose names lack them.
    pub arguments: Vec<Argument>,
    /// The types of member functions that are called on lvalues only (`false`) or rvalues only (`true`), in order.
    pub for_values: Vec<(u32, bool)>,
    /// The nodes whose names lack arguments that could not be rebuilt, in order.
    pub incomplete: Vec<u32>,
    /// The qualified names of inline namespaces.
    pub inline_namespaces: Vec<NameRef>,
    /// The names composed from others.
    pub composed: Composed,
    /// The widths in bits of the base types that have one of their own, in order.
    pub widths: Vec<(u32, u16)>,
    /// Whether there is a part or node that [`place_bitfields`](super::member::place_bitfields) completes.
    pub incomplete_layouts: bool,
    index: DieIndex,
}

impl Nodes {
    /// Removes all types and keeps the memory. `unit_len` is the size of the next unit in bytes.
    pub fn clear(&mut self, unit_len: u32) {
        self.nodes.clear();
        self.parts.clear();
        self.links.clear();
        self.settled.clear();
        self.arguments.clear();
        self.for_values.clear();
        self.incomplete.clear();
        self.inline_namespaces.clear();
        self.composed.clear();
        self.widths.clear();
        self.incomplete_layouts = false;
        self.index.clear(unit_len);
    }

    /// Adds a node whose DIE follows those of all others. Returns its number.
    #[inline]
    pub fn push(&mut self, node: Node) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.index.mark(node.die, number);
        self.nodes.push(node);
        number
    }

    #[inline]
    pub fn get(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    /// Returns a node's parts.
    #[inline]
    pub fn parts_of(&self, node: &Node) -> &[Part<Ref>] {
        node.parts(&self.parts)
    }

    /// Returns a node's reference number `index`, or `None` behind the last.
    #[inline]
    pub fn reference(&self, node: &Node, index: u32) -> Option<Ref> {
        node.reference(&self.parts, index)
    }

    /// Returns the node that a reference leads to; `None` for `void`, and if no node is there.
    #[inline]
    pub fn follow(&self, reference: Ref) -> Option<u32> {
        match reference.target() {
            Target::Unit(die) => self.index.find(die),
            Target::Link(link) => match self.settled.get(link as usize)?.target() {
                Target::Unit(die) => self.index.find(die),
                Target::Void | Target::Link(_) => None,
            },
            Target::Void => None,
        }
    }
}

/// The number of the node at each offset of the unit: a bit for each byte, and for each word of bits the number of
/// nodes before it. A look-up reads two words of a table that fits the cache; a map or a binary search would take most
/// of the time of a conversion.
#[derive(Default, Debug)]
struct DieIndex {
    words: Vec<(u64, u32)>,
}

impl DieIndex {
    fn clear(&mut self, len: u32) {
        self.words.clear();
        self.words.resize(len as usize / 64 + 1, (0, u32::MAX));
    }

    #[inline]
    fn mark(&mut self, place: u32, number: u32) {
        if let Some((bits, before)) = self.words.get_mut(place as usize / 64) {
            if *bits == 0 {
                *before = number;
            }
            *bits |= 1 << (place % 64);
        }
    }

    #[inline]
    fn find(&self, place: u32) -> Option<u32> {
        let (bits, before) = *self.words.get(place as usize / 64)?;
        let bit = 1u64 << (place % 64);
        (bits & bit != 0).then(|| before + (bits & (bit - 1)).count_ones())
    }
}
