//! The table of distinct types.

use std::collections::BTreeSet;
use std::ops::Deref;

use hashbrown::HashTable;

use crate::dwarf::collect::types::{Body, Part, Shape};
use crate::dwarf::distinct::key::Key;
use crate::dwarf::read::name::{Composed, NameRef};
use crate::dwarf::report::Reason;

/// A reference of a distinct type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RefId(u32);

/// The target of a [`RefId`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum RefTarget {
    Void,
    /// The number of a distinct type.
    Distinct(u32),
    /// The number of a tag: a named type, referred to by its name.
    Tag(u32),
}

impl RefId {
    pub const VOID: Self = Self(u32::MAX);
    const TAG: u32 = 1 << 31;

    pub const fn distinct(number: u32) -> Self {
        Self(number)
    }

    pub const fn tag(number: u32) -> Self {
        Self(number | Self::TAG)
    }

    #[inline]
    pub const fn target(self) -> RefTarget {
        match self {
            Self::VOID => RefTarget::Void,
            Self(number) if number & Self::TAG != 0 => RefTarget::Tag(number & !Self::TAG),
            Self(number) => RefTarget::Distinct(number),
        }
    }
}

/// The place of a type: the unit's number, and the offset of the DIE from the unit's start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Seen {
    pub unit: u32,
    pub die: u32,
}

impl Seen {
    /// The place of a type that was only found as a part of others.
    pub const NEVER: Self = Self {
        unit: u32::MAX,
        die: u32::MAX,
    };
}

/// The number of no tag.
pub(crate) const NO_TAG: u32 = u32::MAX;

/// A distinct type of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distinct {
    /// The key of its content. Names enter as text, so every thread computes the same key.
    pub key: Key,
    pub body: Body<RefId>,
    /// The tag that references to it go by; else [`NO_TAG`].
    pub tag: u32,
    /// The first place at which the type was found.
    pub seen: Seen,
}

impl Deref for Distinct {
    type Target = Body<RefId>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.body
    }
}

/// A name that types are referred to by, with their shape: the tag of C's `struct tag`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    pub key: Key,
    pub shape: Shape,
    pub name: NameRef,
    /// The size in bytes that a declaration specifies, as those of C++ enumerations may; 0 if none does.
    pub declared_size: u64,
}

/// A property of a distinct type that BTF can't represent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Loss {
    pub distinct: u32,
    /// The index of the part; `u32::MAX` for the type itself.
    pub part: u32,
    pub reason: Reason,
}

/// The number of unit-local keys that a table keeps. If the linker didn't merge names, every unit has keys of its own;
/// the bound keeps memory from growing with the number of units.
const MOST_KNOWN: usize = 1 << 20;

/// The distinct types that one thread has found, and in the end those of all threads.
#[derive(Default, Debug)]
pub(crate) struct Table {
    pub types: Vec<Distinct>,
    pub parts: Vec<Part<RefId>>,
    pub tags: Vec<Tag>,
    /// The qualified names of inline namespaces.
    pub inline_namespaces: BTreeSet<Box<[u8]>>,
    /// The names composed from others.
    pub composed: Composed,
    pub losses: Vec<Loss>,
    /// Maps a tag to the unit that defined it last, and the number of the defining type.
    defined: Vec<(u32, u32)>,
    distinct_index: HashTable<u32>,
    tag_index: HashTable<u32>,
    /// Maps a unit-local key to the type or tag it was interned as.
    known: HashTable<(Key, RefId)>,
}

impl Table {
    /// Returns the number of the type with this key.
    #[inline]
    pub fn find(&self, key: Key) -> Option<u32> {
        let types = &self.types;
        let same = |&number: &u32| {
            types
                .get(number as usize)
                .is_some_and(|distinct| distinct.key == key)
        };
        self.distinct_index.find(key.hash(), same).copied()
    }

    /// Returns the type or tag that a unit-local key was interned as.
    #[inline]
    pub fn known(&self, key: Key) -> Option<RefId> {
        let found = self.known.find(key.hash(), |(known, _)| *known == key);
        found.map(|(_, id)| *id)
    }

    /// Maps a unit-local key to a type or tag.
    pub fn know(&mut self, key: Key, id: RefId) {
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        let hash = |(key, _): &(Key, RefId)| key.hash();
        self.known.insert_unique(key.hash(), (key, id), hash);
    }

    /// Returns the key of a reference's target.
    pub fn key_of(&self, id: RefId) -> Key {
        match id.target() {
            RefTarget::Void => Key::VOID,
            RefTarget::Distinct(number) => {
                let distinct = self.types.get(number as usize);
                distinct.map_or(Key::VOID, |distinct| distinct.key)
            }
            RefTarget::Tag(number) => {
                let tag = self.tags.get(number as usize);
                tag.map_or(Key::VOID, |tag| tag.key)
            }
        }
    }

    /// Notes a place at which a type was found.
    #[inline]
    pub fn touch(&mut self, distinct: u32, seen: Seen) {
        if let Some(distinct) = self.types.get_mut(distinct as usize)
            && seen < distinct.seen
        {
            distinct.seen = seen;
        }
    }

    /// Notes that a unit defines a type. Returns whether the unit has defined another type of the same name.
    #[inline]
    pub fn defines(&mut self, number: u32, unit: u32) -> bool {
        let tag = match self.types.get(number as usize) {
            Some(distinct) if distinct.tag != NO_TAG => distinct.tag as usize,
            _ => return false,
        };
        if self.defined.len() <= tag {
            self.defined
                .resize(self.tags.len().max(tag + 1), (u32::MAX, 0));
        }
        let Some(last) = self.defined.get_mut(tag) else {
            return false;
        };
        let other = last.0 == unit && last.1 != number;
        *last = (unit, number);
        other
    }

    /// Adds a type whose key is new.
    pub fn add(&mut self, distinct: Distinct) -> u32 {
        let number = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        self.types.push(distinct);
        let types = &self.types;
        let hash = |&number: &u32| {
            types
                .get(number as usize)
                .map_or(0, |distinct| distinct.key.hash())
        };
        self.distinct_index
            .insert_unique(distinct.key.hash(), number, hash);
        number
    }

    /// Returns the number of the tag with this key, which is added if it is new.
    pub fn tag(&mut self, key: Key, make: impl FnOnce(&mut Composed) -> Tag) -> u32 {
        let Self {
            tags,
            tag_index,
            composed,
            ..
        } = self;
        let key_of =
            |tags: &[Tag], number: u32| tags.get(number as usize).map_or(Key::VOID, |tag| tag.key);
        if let Some(number) = tag_index.find(key.hash(), |&number| key_of(tags, number) == key) {
            return *number;
        }
        let number = u32::try_from(tags.len()).unwrap_or(u32::MAX);
        tags.push(make(composed));
        tag_index.insert_unique(key.hash(), number, |&number| key_of(tags, number).hash());
        number
    }

    /// Notes the size that a declaration specifies.
    pub fn declare_size(&mut self, tag: u32, size: u64) {
        if let Some(tag) = self.tags.get_mut(tag as usize) {
            tag.declared_size = tag.declared_size.max(size);
        }
    }

    /// Returns the parts of a distinct type.
    #[inline]
    pub fn parts_of(&self, distinct: &Distinct) -> &[Part<RefId>] {
        distinct.parts(&self.parts)
    }

    /// Returns reference number `index` of a distinct type, or `None` behind the last.
    #[inline]
    pub fn reference(&self, distinct: &Distinct, index: u32) -> Option<RefId> {
        distinct.reference(&self.parts, index)
    }
}
