//! The sizes of types that have their ids, for arrays and for checking members.

use crate::dwarf::unit::nodes::Shape;
use crate::dwarf::whole::bind::Meant;
use crate::dwarf::whole::emit::Emit;
use crate::dwarf::whole::table::{RefId, RefTarget};
use crate::graph::{Info, Kind};

/// References followed for one size. Names of typedefs in a row are few; a longer chain has no end.
const CHAIN: u32 = 1 << 10;

/// What stands behind typedefs and qualifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// A type of this many bytes.
    Sized(u64),
    /// No type.
    Void,
    /// A type that is only declared.
    Declared,
    /// A function.
    Function,
    /// A type whose size can't be told.
    Unknown,
}

impl Emit<'_> {
    /// Returns the size in bytes of the type with this id, if it has one.
    pub(super) fn size_of(&self, id: u32) -> Option<u64> {
        match self.held(id) {
            Held::Sized(size) => Some(size),
            Held::Void | Held::Declared | Held::Function | Held::Unknown => None,
        }
    }

    /// Returns what a member of the type with this id holds.
    pub(super) fn held(&self, id: u32) -> Held {
        let (mut id, mut count) = (id, 1u64);
        for _ in 0..CHAIN {
            if id == 0 {
                return Held::Void;
            }
            let Some(number) = id.checked_sub(self.first_record) else {
                return match self.named_variant(id) {
                    Some(class) => self.held_by_class(RefId::class(class), count),
                    None => Held::Unknown,
                };
            };
            let words = self.records.get(number);
            let (Some(&info), Some(&word)) = (words.get(1), words.get(2)) else {
                return Held::Unknown;
            };
            let info = Info::from_word(info);
            match info.kind() {
                Kind::Ptr => return sized(count, self.pointer_bytes.into()),
                // A declaration of an enumeration has the size the program gives it.
                Kind::Int
                | Kind::Float
                | Kind::Struct
                | Kind::Union
                | Kind::Enum
                | Kind::Enum64 => return sized(count, word.into()),
                Kind::Typedef | Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag => {
                    id = word
                }
                Kind::Array => {
                    let (Some(&element), Some(&len)) = (words.get(3), words.get(5)) else {
                        return Held::Unknown;
                    };
                    id = element;
                    match count.checked_mul(len.into()) {
                        Some(all) => count = all,
                        None => return Held::Unknown,
                    }
                }
                Kind::Fwd => return Held::Declared,
                Kind::Func | Kind::FuncProto => return Held::Function,
                Kind::Void | Kind::Var | Kind::Datasec | Kind::DeclTag | Kind::Unknown(_) => {
                    return Held::Unknown;
                }
            }
        }
        Held::Unknown
    }

    /// Returns the size in bytes of what a class refers to; 0 where it can't be told.
    pub(super) fn size_of_reference(&self, reference: RefId) -> u64 {
        match self.held_by_class(reference, 1) {
            Held::Sized(size) => size,
            Held::Void | Held::Declared | Held::Function | Held::Unknown => 0,
        }
    }

    /// Returns what a class of the table holds, `count` times.
    fn held_by_class(&self, reference: RefId, count: u64) -> Held {
        let (mut reference, mut count) = (reference, count);
        for _ in 0..CHAIN {
            let class = match reference.target() {
                RefTarget::Void => return Held::Void,
                RefTarget::Class(class) => class,
                RefTarget::Entity(entity) => match self.meant(entity) {
                    Meant::Nothing => return Held::Declared,
                    Meant::Several => return Held::Unknown,
                    Meant::One(variant) => match self.binding.variants.get(variant as usize) {
                        Some(variant) => variant.class,
                        None => return Held::Unknown,
                    },
                },
            };
            let Some(class) = self.table.classes.get(class as usize) else {
                return Held::Unknown;
            };
            match class.shape {
                Shape::Struct | Shape::Union => return sized(count, class.size),
                Shape::Base | Shape::Subrange => return sized(count, class.size),
                Shape::Enum => return sized(count, if class.size == 0 { 4 } else { class.size }),
                Shape::Pointer => return sized(count, self.pointer_bytes.into()),
                Shape::Prototype if class.size > 0 => {
                    return sized(count, self.pointer_bytes.into());
                }
                Shape::Prototype | Shape::Function => return Held::Function,
                Shape::Const
                | Shape::Volatile
                | Shape::Restrict
                | Shape::Typedef
                | Shape::Defined
                | Shape::TypeTag
                | Shape::Tag
                | Shape::Alias => reference = class.ty,
                Shape::Array if class.size > 0 => return sized(count, class.size),
                Shape::Array if class.aux == 0 => {
                    for piece in self.table.pieces_of(class) {
                        match count.checked_mul(piece.value) {
                            Some(all) => count = all,
                            None => return Held::Unknown,
                        }
                    }
                    reference = class.ty;
                }
                Shape::Array
                | Shape::MemberPointer
                | Shape::Variable
                | Shape::DeclTag
                | Shape::Void => return Held::Unknown,
            }
        }
        Held::Unknown
    }
}

fn sized(count: u64, size: u64) -> Held {
    count.checked_mul(size).map_or(Held::Unknown, Held::Sized)
}
