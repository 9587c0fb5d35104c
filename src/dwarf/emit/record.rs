//! The BTF record of a distinct type.

use std::collections::HashSet;

use crate::dwarf::collect::types::{Note, OTHER_ENDIAN, Part, Shape, WHOLE};
use crate::dwarf::distinct::table::{Distinct, RefId, RefTarget};
use crate::dwarf::emit::base_type::{BaseType, base_type, float_name};
use crate::dwarf::emit::graph::Emit;
use crate::dwarf::report::Reason;
use crate::error::Result;
use crate::graph::{Info, IntEncoding, Kind};

/// The largest offset of a member of a structure with bitfields, in bits.
const MOST_BITFIELD_PLACE: u64 = 0xff_ffff;

impl Emit<'_> {
    /// Makes the record of a type that is not referred to by name, or of what stands for it. Returns its id. `ids` are
    /// the ids of the types it refers to, in the order of [`Table::reference`](crate::dwarf::distinct::table::Table).
    pub(super) fn structural(
        &mut self,
        number: u32,
        distinct: &Distinct,
        ids: &[u32],
    ) -> Result<u32> {
        let first = ids.first().copied().unwrap_or(0);
        let plain = |kind| Info::new(kind, 0, false).word();
        match distinct.shape {
            Shape::Pointer => self.cons(&[0, plain(Kind::Ptr), first]),
            Shape::Const => self.cons(&[0, plain(Kind::Const), first]),
            Shape::Volatile => self.cons(&[0, plain(Kind::Volatile), first]),
            Shape::Restrict => self.cons(&[0, plain(Kind::Restrict), first]),
            Shape::MemberPointer => self.member_pointer(number, distinct, first),
            Shape::Typedef => {
                let name = self.name(distinct.name)?;
                self.cons(&[name, plain(Kind::Typedef), first])
            }
            Shape::Base => self.base(number, distinct),
            Shape::Array => self.array(number, distinct, first),
            Shape::Discriminant => self.discriminant(distinct, first),
            Shape::Subrange => self.subrange(number, distinct, first),
            Shape::Prototype if distinct.is_function_value() => {
                // A function value of Go is a pointer to a closure, which starts with the code's address.
                let proto = self.prototype(distinct, ids)?;
                let code = self.cons(&[0, plain(Kind::Ptr), proto])?;
                self.cons(&[0, plain(Kind::Ptr), code])
            }
            Shape::Prototype => self.prototype(distinct, ids),
            Shape::Function => {
                let proto = self.prototype(distinct, ids)?;
                let name = self.name(distinct.name)?;
                let info = Info::new(Kind::Func, distinct.linkage(), false).word();
                self.cons(&[name, info, proto])
            }
            Shape::TypeTag => {
                let name = self.name(distinct.name)?;
                self.cons(&[name, plain(Kind::TypeTag), first])
            }
            // BTF may have no record of the tagged type.
            Shape::DeclTag if first == 0 => Ok(0),
            Shape::DeclTag => {
                let name = self.name(distinct.name)?;
                let Some(component) = self.component(distinct) else {
                    return Ok(0);
                };
                self.cons(&[name, plain(Kind::DeclTag), first, component])
            }
            Shape::Variable => {
                let name = self.name(distinct.name)?;
                self.cons(&[name, plain(Kind::Var), first, distinct.linkage()])
            }
            Shape::Struct | Shape::Union | Shape::Enum | Shape::Defined => {
                let words = self.nominal(number, distinct, ids)?;
                self.cons(&words)
            }
            Shape::Alias | Shape::Void => Ok(0),
        }
    }

    /// Returns the record of a structure, union, enumeration or typedef that is referred to by name.
    pub(super) fn nominal(
        &mut self,
        number: u32,
        distinct: &Distinct,
        ids: &[u32],
    ) -> Result<Vec<u32>> {
        match distinct.shape {
            Shape::Enum => self.enumeration(number, distinct),
            Shape::Defined => {
                let info = Info::new(Kind::Typedef, 0, false).word();
                let ty = ids.first().copied().unwrap_or(0);
                Ok(vec![self.name(distinct.name)?, info, ty])
            }
            Shape::Union => self.composite(Kind::Union, number, distinct, ids),
            // Only those four are referred to by name.
            Shape::Struct
            | Shape::Base
            | Shape::Pointer
            | Shape::MemberPointer
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Typedef
            | Shape::Discriminant
            | Shape::Array
            | Shape::Subrange
            | Shape::Prototype
            | Shape::Function
            | Shape::Variable
            | Shape::TypeTag
            | Shape::DeclTag
            | Shape::Alias
            | Shape::Void => self.composite(Kind::Struct, number, distinct, ids),
        }
    }

    /// Returns the index of a tagged part in the record, or `None` if the part was left out.
    fn component(&self, tag: &Distinct) -> Option<u32> {
        if tag.component() == WHOLE {
            return Some(WHOLE);
        }
        let distinct = match tag.ty.target() {
            RefTarget::Distinct(distinct) => Some(distinct),
            RefTarget::Tag(tag) => self.distinct_of(tag),
            RefTarget::Void => None,
        };
        let distinct = distinct.and_then(|distinct| self.table.types.get(distinct as usize))?;
        if distinct.shape == Shape::Function {
            return Some(tag.component());
        }
        let parts = self.table.parts_of(distinct);
        let most = most_place(parts);
        let repeated = self.repeated(distinct);
        let kept = |number: u32, part: &Part<RefId>| {
            self.lost(part, most).is_none() && !repeated.contains(&number)
        };
        let tagged = parts
            .get(tag.component() as usize)
            .filter(|part| kept(tag.component(), part))?;
        let before = (0u32..).zip(parts).filter(|(number, part)| {
            kept(*number, part)
                && (part.bit_offset(), *number) < (tagged.bit_offset(), tag.component())
        });
        u32::try_from(before.count()).ok()
    }

    /// Returns a size in bytes, cut to 32 bits.
    fn byte_size(&mut self, number: u32, size: u64) -> u32 {
        u32::try_from(size).unwrap_or_else(|_| {
            self.lose(number, u32::MAX, Reason::Size);
            u32::MAX
        })
    }

    /// Returns the record of a structure or union.
    fn composite(
        &mut self,
        kind: Kind,
        number: u32,
        distinct: &Distinct,
        ids: &[u32],
    ) -> Result<Vec<u32>> {
        let table = self.table;
        let parts = table.parts_of(distinct);
        let flag = has_bitfields(parts);
        let most = most_place(parts);
        let mut words = vec![
            self.name(distinct.name)?,
            0,
            self.byte_size(number, distinct.byte_size()),
        ];
        let mut count = 0u32;
        let repeated = self.repeated(distinct);
        let mut members: Vec<_> = (0u32..).zip(parts).zip(ids).collect();
        // The kernel wants members in the order of their offsets, which those of Rust and C++ need not have.
        if !parts.is_sorted_by_key(|part| part.bit_offset()) {
            members.sort_by_key(|((_, part), _)| part.bit_offset());
        }
        for ((index, part), ty) in members {
            if let Some(reason) = self.lost(part, most) {
                self.lose(number, index, reason);
                if is_beyond(distinct, part) {
                    self.lose(number, index, Reason::MemberTooLong);
                }
                continue;
            }
            if repeated.contains(&index) {
                continue;
            }
            let ty = &match part.note {
                Note::Item => self.cons(&[0, Info::new(Kind::Struct, 0, false).word(), 0])?,
                _ => *ty,
            };
            let place = u32::try_from(part.bit_offset()).unwrap_or(0);
            // The bits of an array at a whole byte are its bytes; that is no bitfield.
            let bits = match part.bits {
                bits if bits > 0 && place % 8 == 0 && self.is_array(*ty) => 0,
                bits => bits,
            };
            let place = if flag {
                u32::from(bits) << 24 | place
            } else {
                place
            };
            words.extend([self.name(part.name)?, *ty, place]);
            count += 1;
        }
        set_info(&mut words, Info::new(kind, count, flag));
        self.check_members(number, distinct, &mut words);
        Ok(words)
    }

    /// Returns the indices of the members of a structure that repeat another: rustc describes a variable that an async
    /// function holds over several awaits once for each.
    fn repeated(&self, distinct: &Distinct) -> HashSet<u32> {
        let parts = self.table.parts_of(distinct);
        let mut repeated = HashSet::new();
        if distinct.shape != Shape::Struct || parts.is_sorted_by(|a, b| a.word() < b.word()) {
            return repeated;
        }
        let composed = &self.table.composed;
        let mut known = HashSet::new();
        for (index, part) in (0u32..).zip(parts).filter(|(_, part)| !part.name.is_none()) {
            let name = self.files.bytes(part.name, composed);
            if !known.insert((part.word(), part.bits, name, part.ty.target())) {
                repeated.insert(index);
            }
        }
        repeated
    }

    /// Returns why a member is left out, if it is.
    fn lost(&self, part: &Part<RefId>, most: u64) -> Option<Reason> {
        if part.note == Note::Virtual {
            Some(Reason::VirtualBase)
        } else if part.note == Note::Unplaced || part.note == Note::NeedsStorage {
            Some(Reason::MemberPlace)
        } else if part.note == Note::WithinByte {
            Some(Reason::WithinByte)
        } else if part.bits > 255 {
            Some(Reason::Bitfield)
        } else if part.bit_offset() > most {
            Some(Reason::MemberBeyond)
        } else if part.bits > 0 && self.is_swapped(part.ty) {
            Some(Reason::SwappedBitfield)
        } else {
            None
        }
    }

    /// Returns whether the record with this id is an array.
    fn is_array(&self, id: u32) -> bool {
        let record = id.checked_sub(self.first_record);
        let info = record.and_then(|record| self.records.get(record).get(1));
        info.is_some_and(|info| Info::from_word(*info).kind() == Kind::Array)
    }

    /// Returns whether a type is a number in the byte order that is not the program's.
    fn is_swapped(&self, ty: RefId) -> bool {
        let mut ty = ty;
        // Types refer to types before them, so this ends.
        while let RefTarget::Distinct(number) = ty.target() {
            match self.table.types.get(number as usize) {
                Some(distinct) if distinct.shape == Shape::Base => {
                    return distinct.encoding() & OTHER_ENDIAN != 0;
                }
                Some(distinct)
                    if matches!(
                        distinct.shape,
                        Shape::Typedef | Shape::Const | Shape::Volatile | Shape::Subrange
                    ) =>
                {
                    ty = distinct.ty;
                }
                _ => return false,
            }
        }
        false
    }

    /// Returns the record of an enumeration.
    fn enumeration(&mut self, number: u32, distinct: &Distinct) -> Result<Vec<u32>> {
        let size = match distinct.byte_size() {
            1 | 2 | 4 | 8 => self.byte_size(number, distinct.byte_size()),
            0 => 4,
            _ => return self.odd_enumeration(number, distinct),
        };
        let signed = distinct.is_signed();
        let wide = size > 4;
        let mut words = vec![self.name(distinct.name)?, 0, size];
        let table = self.table;
        let parts = table.parts_of(distinct);
        for (index, part) in (0u32..).zip(parts) {
            let [a, b, c, d, e, f, g, h] = part.enumerator_value().to_le_bytes();
            let low = u32::from_le_bytes([a, b, c, d]);
            let high = u32::from_le_bytes([e, f, g, h]);
            words.extend([self.name(part.name)?, low]);
            if wide {
                words.push(high);
            } else if high != 0
                && !(signed && i32::try_from(part.enumerator_value().cast_signed()).is_ok())
            {
                self.lose(number, index, Reason::Enumerator);
            }
        }
        let kind = if wide { Kind::Enum64 } else { Kind::Enum };
        set_info(&mut words, Info::new(kind, distinct.count, signed));
        Ok(words)
    }

    /// Returns the id of the enumeration of a Rust discriminant, or that of the integer it is stored as if no
    /// enumeration has its size.
    fn discriminant(&mut self, distinct: &Distinct, integer: u32) -> Result<u32> {
        let table = self.table;
        let parts = table.parts_of(distinct);
        let size = match self.size_of(integer) {
            Some(size @ (1 | 2 | 4 | 8)) if !parts.is_empty() => size,
            _ => return Ok(integer),
        };
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let mut words = vec![self.name(distinct.name)?, 0, size];
        for part in parts {
            let [a, b, c, d, e, f, g, h] = part.enumerator_value().to_le_bytes();
            words.extend([self.name(part.name)?, u32::from_le_bytes([a, b, c, d])]);
            if size > 4 {
                words.push(u32::from_le_bytes([e, f, g, h]));
            }
        }
        let kind = if size > 4 { Kind::Enum64 } else { Kind::Enum };
        set_info(
            &mut words,
            Info::new(kind, distinct.count, distinct.is_signed()),
        );
        self.cons(&words)
    }

    /// Returns the record of an enumeration that ENUM and ENUM64 can't represent, such as one of 16 bytes: an integer
    /// of its size and name, or a structure without members if it is larger than integers can be.
    fn odd_enumeration(&mut self, number: u32, distinct: &Distinct) -> Result<Vec<u32>> {
        const MOST_INT_BYTES: u32 = 16;
        const SIGNED: u32 = 1 << 24;
        self.lose(number, u32::MAX, Reason::EnumSize);
        let size = self.byte_size(number, distinct.byte_size());
        let mut words = vec![self.name(distinct.name)?, 0, size];
        if size > MOST_INT_BYTES {
            set_info(&mut words, Info::new(Kind::Struct, 0, false));
            return Ok(words);
        }
        let sign = if distinct.is_signed() { SIGNED } else { 0 };
        words.push(sign | (size * 8));
        set_info(&mut words, Info::new(Kind::Int, 0, false));
        Ok(words)
    }

    /// Returns the id of a base type.
    fn base(&mut self, number: u32, distinct: &Distinct) -> Result<u32> {
        let (base, loss) = base_type(distinct.encoding(), distinct.byte_size());
        if let Some(reason) = loss {
            self.lose(number, u32::MAX, reason);
        }
        match base {
            BaseType::Int(size, encoding) => {
                let name = self.name(distinct.name)?;
                self.int(name, size, encoding)
            }
            BaseType::Float(size) => {
                let name = self.name(distinct.name)?;
                self.cons(&[name, Info::new(Kind::Float, 0, false).word(), size])
            }
            BaseType::Complex(size) => {
                let name = self.text(float_name(size))?;
                let float = self.cons(&[name, Info::new(Kind::Float, 0, false).word(), size])?;
                self.dimension(float, 2)
            }
            BaseType::Bytes(count) => self.bytes(count),
            BaseType::Characters(count) => {
                let name = self.text("char")?;
                let character = self.int(name, 1, IntEncoding::SIGNED)?;
                self.dimension(character, count)
            }
            BaseType::Empty => {
                let name = self.name(distinct.name)?;
                self.cons(&[name, Info::new(Kind::Struct, 0, false).word(), 0])
            }
        }
    }

    /// Returns the id of what represents a pointer to member: for data the distance from the object's start, for a
    /// function its address and the number to add to that of the object (Itanium C++ ABI, section 2.3).
    fn member_pointer(&mut self, number: u32, distinct: &Distinct, target: u32) -> Result<u32> {
        self.lose(number, u32::MAX, Reason::MemberPointer);
        let width = self.pointer_bytes;
        let name = self.text(if width == 8 { "long" } else { "int" })?;
        let distance = self.int(name, width, IntEncoding::SIGNED)?;
        if !self.is_function(distinct.ty) {
            return Ok(distance);
        }
        let pointer = self.cons(&[0, Info::new(Kind::Ptr, 0, false).word(), target])?;
        let (ptr, adj) = (self.text("ptr")?, self.text("adj")?);
        let info = Info::new(Kind::Struct, 2, false).word();
        let bits = width * 8;
        self.cons(&[0, info, width * 2, ptr, pointer, 0, adj, distance, bits])
    }

    /// Returns whether a type is a function's, perhaps by a typedef.
    fn is_function(&self, ty: RefId) -> bool {
        let mut ty = ty;
        // Types refer to types before them, so this ends.
        while let RefTarget::Distinct(number) = ty.target() {
            match self.table.types.get(number as usize) {
                Some(distinct) if distinct.shape == Shape::Prototype => return true,
                Some(distinct) if distinct.shape == Shape::Typedef => ty = distinct.ty,
                _ => return false,
            }
        }
        false
    }

    /// Returns the id of an INT.
    pub(super) fn int(&mut self, name: u32, size: u32, encoding: IntEncoding) -> Result<u32> {
        let data = u32::from(encoding.0) << 24 | size.saturating_mul(8);
        self.cons(&[name, Info::new(Kind::Int, 0, false).word(), size, data])
    }

    /// Returns the id of an array of one dimension. Its index is an `int`, as everywhere in BTF.
    pub(super) fn dimension(&mut self, element: u32, count: u32) -> Result<u32> {
        let name = self.text("int")?;
        let index = self.int(name, 4, IntEncoding::SIGNED)?;
        let info = Info::new(Kind::Array, 0, false).word();
        self.cons(&[0, info, 0, element, index, count])
    }

    /// Returns the id of a FUNC_PROTO.
    fn prototype(&mut self, distinct: &Distinct, ids: &[u32]) -> Result<u32> {
        let result = ids.first().copied().unwrap_or(0);
        let info = Info::new(Kind::FuncProto, distinct.count, false).word();
        let mut words = vec![0, info, result];
        let table = self.table;
        for (part, ty) in table.parts_of(distinct).iter().zip(ids.iter().skip(1)) {
            if part.note == Note::Varargs {
                words.extend([0, 0]);
            } else {
                words.extend([self.name(part.name)?, *ty]);
            }
        }
        self.cons(&words)
    }
}

/// Returns whether a part is a bitfield.
fn has_bitfields(parts: &[Part<RefId>]) -> bool {
    parts.iter().any(|part| (1..=255).contains(&part.bits))
}

/// Returns the largest bit offset that a member of a structure with these parts can have.
fn most_place(parts: &[Part<RefId>]) -> u64 {
    // In a structure with a bitfield, every member has an offset of 24 bits.
    if has_bitfields(parts) {
        MOST_BITFIELD_PLACE
    } else {
        u32::MAX.into()
    }
}

/// Returns whether a member that has an offset starts behind the end of its structure.
fn is_beyond(distinct: &Distinct, part: &Part<RefId>) -> bool {
    !distinct.is_unsized()
        && !matches!(
            part.note,
            Note::Unplaced | Note::NeedsStorage | Note::Virtual
        )
        && part.bit_offset() > distinct.byte_size().saturating_mul(8)
}

fn set_info(words: &mut [u32], info: Info) {
    if let Some(word) = words.get_mut(1) {
        *word = info.word();
    }
}
