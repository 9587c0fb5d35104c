//! The distinct types one thread has seen.

use std::ops::Deref;

use hashbrown::HashTable;

use crate::dwarf::collect::types::{Body, Part, Shape};
use crate::dwarf::distinct::key::Key;
use crate::dwarf::read::name::{Composed, NameRef};
use crate::dwarf::report::Reason;

/// What a type refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RefId(u32);

/// A [`RefId`], opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RefTarget {
    Void,
    /// A type by its content.
    Distinct(u32),
    /// A named type by its name.
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

/// Where a type was seen: the unit's number, and its entry from the unit's start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Seen {
    pub unit: u32,
    pub die: u32,
}

impl Seen {
    /// Only ever as a part of another type.
    pub const NEVER: Self = Self {
        unit: u32::MAX,
        die: u32::MAX,
    };
}

/// No tag.
pub(crate) const NO_TAG: u32 = u32::MAX;

/// A distinct type of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distinct {
    /// The key of its content. Names enter as text, so every thread computes the same key.
    pub key: Key,
    pub body: Body<RefId>,
    /// The tag that references to it go by; else [`NO_TAG`].
    pub tag: u32,
    /// The first place it was seen at.
    pub seen: Seen,
}

impl Deref for Distinct {
    type Target = Body<RefId>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.body
    }
}

/// A name that types are referred to by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    pub key: Key,
    pub shape: Shape,
    pub name: NameRef,
    /// The bytes that a declaration says it has, as those of enumerations in C++ may; 0 where none does.
    pub declared_size: u64,
}

/// Something of a distinct that BTF can't say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Loss {
    pub distinct: u32,
    /// The part it is about; `u32::MAX` for the whole.
    pub part: u32,
    pub reason: Reason,
}

/// Keys of units that a table keeps. Where names are not merged every unit has its own, and memory is not to
/// follow the number of units.
const MOST_KNOWN: usize = 1 << 20;

/// The distinct types one thread has seen, and in the end those of all.
#[derive(Default, Debug)]
pub(crate) struct Table {
    pub types: Vec<Distinct>,
    pub parts: Vec<Part<RefId>>,
    pub tags: Vec<Tag>,
    /// The names composed from others.
    pub composed: Composed,
    pub losses: Vec<Loss>,
    /// By tag: the unit that last defined it, and as which distinct.
    defined: Vec<(u32, u32)>,
    distinct_index: HashTable<u32>,
    tag_index: HashTable<u32>,
    /// By the key a unit has for it: what it is here.
    known: HashTable<(Key, RefId)>,
}

impl Table {
    /// The distinct with this key.
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

    /// What has this key in a unit.
    #[inline]
    pub fn known(&self, key: Key) -> Option<RefId> {
        let found = self.known.find(key.hash(), |(known, _)| *known == key);
        found.map(|(_, id)| *id)
    }

    /// Notes what has this key in a unit.
    pub fn know(&mut self, key: Key, id: RefId) {
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        let hash = |(key, _): &(Key, RefId)| key.hash();
        self.known.insert_unique(key.hash(), (key, id), hash);
    }

    /// The key of what a reference leads to.
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

    /// Notes that a distinct was seen here.
    #[inline]
    pub fn touch(&mut self, distinct: u32, seen: Seen) {
        if let Some(distinct) = self.types.get_mut(distinct as usize)
            && seen < distinct.seen
        {
            distinct.seen = seen;
        }
    }

    /// Notes that a unit defines a distinct. Answers whether it has defined its name as another one before.
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

    /// Adds a distinct whose key is new.
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

    /// The tag with this key, which is added where it is new.
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

    /// Notes the size that a declaration says.
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
