//! The distinct types one thread has seen.

use hashbrown::HashTable;

use crate::dwarf::key::Key;
use crate::dwarf::names::NameRef;
use crate::dwarf::report::Reason;
use crate::dwarf::unit::nodes::{Note, Shape};

/// What a type refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RefId(u32);

/// A [`RefId`], opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RefTarget {
    Void,
    /// A type by its content.
    Class(u32),
    /// A named type by its name.
    Entity(u32),
}

impl RefId {
    pub const VOID: Self = Self(u32::MAX);
    const ENTITY: u32 = 1 << 31;

    pub const fn class(number: u32) -> Self {
        Self(number)
    }

    pub const fn entity(number: u32) -> Self {
        Self(number | Self::ENTITY)
    }

    #[inline]
    pub const fn target(self) -> RefTarget {
        match self {
            Self::VOID => RefTarget::Void,
            Self(number) if number & Self::ENTITY != 0 => RefTarget::Entity(number & !Self::ENTITY),
            Self(number) => RefTarget::Class(number),
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

/// No entity.
pub(crate) const NO_ENTITY: u32 = u32::MAX;

/// A distinct type. Its fields are a node's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    /// Stands for the content, with names as texts, so it is the same for every thread.
    pub key: Key,
    pub shape: Shape,
    pub name: NameRef,
    pub size: u64,
    pub aux: u32,
    pub ty: RefId,
    pub first: u32,
    pub count: u32,
    /// The name it is referred to by, if that is how.
    pub entity: u32,
    /// The first place it was seen at.
    pub seen: Seen,
}

/// A member, enumerator, parameter or dimension of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub name: NameRef,
    pub ty: RefId,
    pub value: u64,
    pub bits: u16,
    pub note: Note,
}

/// A name that types are referred to by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entity {
    pub key: Key,
    pub shape: Shape,
    pub name: NameRef,
    /// The bytes that a declaration says it has, as those of enumerations in C++ may; 0 where none does.
    pub declared_size: u64,
}

/// Something of a class that BTF can't say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Loss {
    pub class: u32,
    /// The piece it is about; `u32::MAX` for the whole.
    pub piece: u32,
    pub reason: Reason,
}

/// Keys of units that a table keeps. Where names are not merged every unit has its own, and memory is not to
/// follow the number of units.
const MOST_KNOWN: usize = 1 << 20;

/// The distinct types one thread has seen, and in the end those of all.
#[derive(Default, Debug)]
pub(crate) struct Table {
    pub classes: Vec<Class>,
    pub pieces: Vec<Piece>,
    pub entities: Vec<Entity>,
    /// Names that stand in no section, each with a NUL.
    pub made: Vec<u8>,
    pub losses: Vec<Loss>,
    /// By entity: the unit that last defined it, and as which class.
    defined: Vec<(u32, u32)>,
    class_index: HashTable<u32>,
    entity_index: HashTable<u32>,
    /// By the key a unit has for it: what it is here.
    known: HashTable<(Key, RefId)>,
}

impl Table {
    /// The class with this key.
    #[inline]
    pub fn find(&self, key: Key) -> Option<u32> {
        let classes = &self.classes;
        let same = |&number: &u32| {
            classes
                .get(number as usize)
                .is_some_and(|class| class.key == key)
        };
        self.class_index.find(key.hash(), same).copied()
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
            RefTarget::Class(number) => {
                let class = self.classes.get(number as usize);
                class.map_or(Key::VOID, |class| class.key)
            }
            RefTarget::Entity(number) => {
                let entity = self.entities.get(number as usize);
                entity.map_or(Key::VOID, |entity| entity.key)
            }
        }
    }

    /// Notes that a class was seen here.
    #[inline]
    pub fn touch(&mut self, class: u32, seen: Seen) {
        if let Some(class) = self.classes.get_mut(class as usize)
            && seen < class.seen
        {
            class.seen = seen;
        }
    }

    /// Notes that a unit defines a class. Answers whether it has defined its name as another one before.
    #[inline]
    pub fn defines(&mut self, number: u32, unit: u32) -> bool {
        let entity = match self.classes.get(number as usize) {
            Some(class) if class.entity != NO_ENTITY => class.entity as usize,
            _ => return false,
        };
        if self.defined.len() <= entity {
            self.defined
                .resize(self.entities.len().max(entity + 1), (u32::MAX, 0));
        }
        let Some(last) = self.defined.get_mut(entity) else {
            return false;
        };
        let other = last.0 == unit && last.1 != number;
        *last = (unit, number);
        other
    }

    /// Adds a class whose key is new.
    pub fn add(&mut self, class: Class) -> u32 {
        let number = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        self.classes.push(class);
        let classes = &self.classes;
        let hash = |&number: &u32| {
            classes
                .get(number as usize)
                .map_or(0, |class| class.key.hash())
        };
        self.class_index
            .insert_unique(class.key.hash(), number, hash);
        number
    }

    /// The entity with this key, which is added where it is new.
    pub fn entity(&mut self, key: Key, make: impl FnOnce(&mut Vec<u8>) -> Entity) -> u32 {
        let Self {
            entities,
            entity_index,
            made,
            ..
        } = self;
        let key_of = |entities: &[Entity], number: u32| {
            entities
                .get(number as usize)
                .map_or(Key::VOID, |entity| entity.key)
        };
        if let Some(number) =
            entity_index.find(key.hash(), |&number| key_of(entities, number) == key)
        {
            return *number;
        }
        let number = u32::try_from(entities.len()).unwrap_or(u32::MAX);
        entities.push(make(made));
        entity_index.insert_unique(key.hash(), number, |&number| {
            key_of(entities, number).hash()
        });
        number
    }

    /// Notes the size that a declaration says.
    pub fn declare_size(&mut self, entity: u32, size: u64) {
        if let Some(entity) = self.entities.get_mut(entity as usize) {
            entity.declared_size = entity.declared_size.max(size);
        }
    }

    /// The pieces of a class.
    #[inline]
    pub fn pieces_of(&self, class: &Class) -> &[Piece] {
        let first = class.first as usize;
        self.pieces
            .get(first..first + class.count as usize)
            .unwrap_or_default()
    }

    /// The reference number `index` of a class; `None` behind the last.
    #[inline]
    pub fn reference(&self, class: &Class, index: u32) -> Option<RefId> {
        let piece = |index: u32| {
            let pieces = self.pieces_of(class);
            pieces.get(index as usize).map(|piece| piece.ty)
        };
        match class.shape {
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
            | Shape::Alias => (index == 0).then_some(class.ty),
            Shape::Prototype | Shape::Function => match index.checked_sub(1) {
                None => Some(class.ty),
                Some(index) => piece(index),
            },
            Shape::Struct | Shape::Union => piece(index),
            Shape::Base | Shape::Enum | Shape::Void => None,
        }
    }
}
