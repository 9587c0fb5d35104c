//! The sizes of types, for arrays and for checking members.

use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::table::{RefId, RefTarget};
use crate::dwarf::emit::bind::Meant;
use crate::dwarf::emit::graph::Emit;
use crate::graph::{Info, Kind};

/// The number of references followed for one size. A chain of typedefs is short; a longer one is a cycle.
const CHAIN: u32 = 1 << 10;

/// The content of a member, behind typedefs and qualifiers.
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
    /// A type whose size is not known.
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

    /// Returns the content of a member of the type with this id.
    pub(super) fn held(&self, id: u32) -> Held {
        let (mut id, mut count) = (id, 1u64);
        for _ in 0..CHAIN {
            if id == 0 {
                return Held::Void;
            }
            let Some(number) = id.checked_sub(self.first_record) else {
                return match self.named_variant(id) {
                    Some(distinct) => self.held_by(RefId::distinct(distinct), count),
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
                // A declaration of an enumeration has the size that it specifies.
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

    /// Returns the size of a reference's target in bytes; 0 if it is not known.
    pub(super) fn size_of_reference(&self, reference: RefId) -> u64 {
        match self.held_by(reference, 1) {
            Held::Sized(size) => size,
            Held::Void | Held::Declared | Held::Function | Held::Unknown => 0,
        }
    }

    /// Returns the content of `count` members of a reference's target.
    fn held_by(&self, reference: RefId, count: u64) -> Held {
        let (mut reference, mut count) = (reference, count);
        for _ in 0..CHAIN {
            let distinct = match reference.target() {
                RefTarget::Void => return Held::Void,
                RefTarget::Distinct(distinct) => distinct,
                RefTarget::Tag(tag) => match self.meant(tag) {
                    Meant::Nothing => return Held::Declared,
                    Meant::Several => return Held::Unknown,
                    Meant::One(variant) => match self.binding.variants.get(variant as usize) {
                        Some(variant) => variant.distinct,
                        None => return Held::Unknown,
                    },
                },
            };
            let Some(distinct) = self.table.types.get(distinct as usize) else {
                return Held::Unknown;
            };
            match distinct.shape {
                Shape::Struct | Shape::Union if distinct.is_unsized() => return Held::Unknown,
                Shape::Struct | Shape::Union => return sized(count, distinct.byte_size()),
                Shape::Base | Shape::Subrange => return sized(count, distinct.byte_size()),
                Shape::Enum => {
                    return sized(
                        count,
                        if distinct.byte_size() == 0 {
                            4
                        } else {
                            distinct.byte_size()
                        },
                    );
                }
                Shape::Pointer => return sized(count, self.pointer_bytes.into()),
                Shape::Prototype if distinct.is_function_value() => {
                    return sized(count, self.pointer_bytes.into());
                }
                Shape::Prototype | Shape::Function => return Held::Function,
                Shape::Const
                | Shape::Volatile
                | Shape::Restrict
                | Shape::Typedef
                | Shape::Defined
                | Shape::TypeTag
                | Shape::Discriminant
                | Shape::Alias => reference = distinct.ty,
                Shape::Array if distinct.byte_size() > 0 => {
                    return sized(count, distinct.byte_size());
                }
                Shape::Array if distinct.stride() == 0 => {
                    for part in self.table.parts_of(distinct) {
                        match count.checked_mul(part.element_count()) {
                            Some(all) => count = all,
                            None => return Held::Unknown,
                        }
                    }
                    reference = distinct.ty;
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
