//! The types of one unit, as the pass over its entries found them.

use crate::dwarf::names::{Files, NameRef, NameSection};

/// Where an entry's type stands, as the entry says it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Ref(u64);

/// A [`Ref`], opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// No type: `void`.
    Void,
    /// The entry this many bytes from the start of the unit.
    Unit(u32),
    /// A reference that leads out of the unit: its number in [`Nodes::links`].
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

/// The `aux` of an array whose elements are not where the array is, but where a descriptor says.
pub(crate) const ELSEWHERE: u32 = u32::MAX;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Shape {
    /// `size` bytes, `aux` is the encoding.
    Base,
    Pointer,
    /// A pointer to a member of C++; `ty` is the member's type.
    MemberPointer,
    Const,
    Volatile,
    Restrict,
    Typedef,
    Struct,
    Union,
    /// `aux` is 1 where a value is negative.
    Enum,
    /// The tag of the variants of an enumeration of Rust: `ty` is the integer it is stored as, its parts are the variants'
    /// names and values; `aux` is 1 where a value is negative.
    Tag,
    /// A typedef of a language whose typedefs can be parts of cycles, so that it goes by its name.
    Defined,
    /// One part a dimension. `size` is that of the whole, where it is given; `aux` is the distance of two elements in
    /// bits, where that is given, or [`ELSEWHERE`].
    Array,
    /// A part of the values of an integer or enumeration, stored in `size` bytes; `aux` is 1 where something is
    /// added to the stored values.
    Subrange,
    /// Where it has a `size` it is a value: a pointer to what has the code's address first.
    Prototype,
    /// A function: `aux` is the linkage, `ty` its prototype.
    Function,
    /// A variable: `aux` is the linkage.
    Variable,
    /// A tag of a type: the name is its text, `ty` the type.
    TypeTag,
    /// A tag of a declaration: the name is its text, `ty` what is tagged, `aux` which part of that.
    DeclTag,
    /// Another name for the type it refers to; nothing of its own is said. `aux` is whether that loses
    /// `_Atomic`.
    Alias,
    /// Nothing BTF can say; `aux` is whether that is a loss.
    Void,
}

impl Shape {
    /// Whether references to such a type, if it has a name, go by the name.
    #[inline]
    pub const fn is_nominal(self) -> bool {
        matches!(
            self,
            Self::Struct | Self::Union | Self::Enum | Self::Defined
        )
    }
}

/// A type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The entry, from the start of the unit (or of all, where units are taken for one).
    pub die: u32,
    pub shape: Shape,
    /// Whether this only says that there is such a type.
    pub declaration: bool,
    pub name: NameRef,
    /// In bytes.
    pub size: u64,
    pub ty: Ref,
    pub aux: u32,
    /// Its parts in [`Nodes::parts`].
    pub first: u32,
    pub count: u32,
}

/// A member, enumerator, parameter or dimension.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Part {
    pub name: NameRef,
    pub ty: Ref,
    /// A member's place in bits, an enumerator's value, a dimension's count.
    pub value: u64,
    /// A bitfield's place by DWARF 3's rule, from the most significant bit of its storage.
    pub from_top: i32,
    /// A bitfield's width in bits; 0 where it is none.
    pub bits: u16,
    pub note: Note,
}

/// What is special about a part.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Note {
    #[default]
    None,
    /// A bitfield whose place needs the size of its type.
    NeedsStorage,
    /// A member that can't be said, to be reported and left out.
    Unplaced,
    /// A virtual base class: where it is, the object itself says.
    Virtual,
    /// A dimension whose length is no constant.
    Unbounded,
    /// A `...` parameter.
    Varargs,
}

/// The types of one unit.
#[derive(Default, Debug)]
pub(crate) struct Nodes {
    /// In the order of their entries.
    pub nodes: Vec<Node>,
    pub parts: Vec<Part>,
    pub links: Vec<Link>,
    /// What the links lead to, once that is known.
    pub settled: Vec<Ref>,
    /// Names made from others, each with a NUL.
    pub made: Vec<u8>,
    /// Whether a part is noted to need storage.
    pub old_bitfields: bool,
    places: Places,
}

impl Nodes {
    /// Forgets everything; the memory stays.
    pub fn clear(&mut self, unit_len: u32) {
        self.nodes.clear();
        self.parts.clear();
        self.links.clear();
        self.settled.clear();
        self.made.clear();
        self.old_bitfields = false;
        self.places.clear(unit_len);
    }

    /// Adds a node whose entry comes behind all others'.
    #[inline]
    pub fn push(&mut self, node: Node) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.places.mark(node.die, number);
        self.nodes.push(node);
        number
    }

    /// `scope::name` as a name of its own.
    pub fn made_name(&mut self, files: &Files<'_>, scope: NameRef, name: NameRef) -> NameRef {
        let start = self.made.len();
        let scope = files.bytes(scope, &self.made);
        let name = files.bytes(name, &self.made);
        let whole = [scope, b"::", name, b"\0"].concat();
        self.made.extend_from_slice(&whole);
        NameRef::new(0, NameSection::Made, start as u64)
    }

    #[inline]
    pub fn get(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    #[inline]
    pub fn parts_of(&self, node: &Node) -> &[Part] {
        self.parts
            .get(node.first as usize..node.first as usize + node.count as usize)
            .unwrap_or_default()
    }

    /// The node a reference leads to; `None` for `void` and where there is none.
    #[inline]
    pub fn follow(&self, reference: Ref) -> Option<u32> {
        match reference.target() {
            Target::Unit(die) => self.places.find(die),
            Target::Link(link) => match self.settled.get(link as usize)?.target() {
                Target::Unit(die) => self.places.find(die),
                Target::Void | Target::Link(_) => None,
            },
            Target::Void => None,
        }
    }
}

/// Which node starts at which byte of the unit: a bit a byte, and for each word of bits how many nodes
/// come before. A look-up is two reads of a table that fits the cache, where a map or a binary search
/// would take most of the time of a conversion.
#[derive(Default, Debug)]
struct Places {
    words: Vec<(u64, u32)>,
}

impl Places {
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
