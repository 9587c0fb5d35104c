//! The BTF record of a class.

use crate::dwarf::base::{BaseType, OTHER_ENDIAN, base_type, float_name};
use crate::dwarf::report::Reason;
use crate::dwarf::unit::nodes::{Note, Shape};
use crate::dwarf::unit::tags::WHOLE;
use crate::dwarf::whole::emit::Emit;
use crate::dwarf::whole::table::{Class, Piece, RefId, RefTarget};
use crate::error::Result;
use crate::graph::{Info, IntEncoding, Kind};

/// The largest place of a member of a structure with bitfields, in bits.
const MOST_BITFIELD_PLACE: u64 = 0xff_ffff;

impl Emit<'_> {
    /// Makes the record of a class without a name to go by, or what stands for it; answers its id.
    /// `ids` are those of what it refers to, in the order of [`Table::reference`](super::table::Table).
    pub(super) fn structural(&mut self, number: u32, class: &Class, ids: &[u32]) -> Result<u32> {
        let first = ids.first().copied().unwrap_or(0);
        let plain = |kind| Info::new(kind, 0, false).word();
        match class.shape {
            Shape::Pointer => self.cons(&[0, plain(Kind::Ptr), first]),
            Shape::Const => self.cons(&[0, plain(Kind::Const), first]),
            Shape::Volatile => self.cons(&[0, plain(Kind::Volatile), first]),
            Shape::Restrict => self.cons(&[0, plain(Kind::Restrict), first]),
            Shape::MemberPointer => self.member_pointer(number, class, first),
            Shape::Typedef => {
                let name = self.name(class.name)?;
                self.cons(&[name, plain(Kind::Typedef), first])
            }
            Shape::Base => self.base(number, class),
            Shape::Array => self.array(number, class, first),
            Shape::Tag => self.tag(class, first),
            Shape::Subrange => self.subrange(number, class, first),
            Shape::Prototype if class.size > 0 => {
                // Go's functions are values: a pointer to a closure, which starts with the code's address.
                let proto = self.prototype(class, ids)?;
                let code = self.cons(&[0, plain(Kind::Ptr), proto])?;
                self.cons(&[0, plain(Kind::Ptr), code])
            }
            Shape::Prototype => self.prototype(class, ids),
            Shape::Function => {
                let proto = self.prototype(class, ids)?;
                let name = self.name(class.name)?;
                let info = Info::new(Kind::Func, class.aux, false).word();
                self.cons(&[name, info, proto])
            }
            Shape::TypeTag => {
                let name = self.name(class.name)?;
                self.cons(&[name, plain(Kind::TypeTag), first])
            }
            // What is tagged may be nothing BTF can say.
            Shape::DeclTag if first == 0 => Ok(0),
            Shape::DeclTag => {
                let name = self.name(class.name)?;
                let Some(component) = self.component(class) else {
                    return Ok(0);
                };
                self.cons(&[name, plain(Kind::DeclTag), first, component])
            }
            Shape::Variable => {
                let name = self.name(class.name)?;
                self.cons(&[name, plain(Kind::Var), first, class.aux])
            }
            Shape::Struct | Shape::Union | Shape::Enum | Shape::Defined => {
                let words = self.nominal(number, class, ids)?;
                self.cons(&words)
            }
            Shape::Alias | Shape::Void => Ok(0),
        }
    }

    /// The record of a structure, union or enumeration.
    pub(super) fn nominal(&mut self, number: u32, class: &Class, ids: &[u32]) -> Result<Vec<u32>> {
        match class.shape {
            Shape::Enum => self.enumeration(number, class),
            Shape::Defined => {
                let info = Info::new(Kind::Typedef, 0, false).word();
                let ty = ids.first().copied().unwrap_or(0);
                Ok(vec![self.name(class.name)?, info, ty])
            }
            Shape::Union => self.composite(Kind::Union, number, class, ids),
            _ => self.composite(Kind::Struct, number, class, ids),
        }
    }

    /// The number that a tagged part has in the record; `None` where it was left out.
    fn component(&self, tag: &Class) -> Option<u32> {
        if tag.aux == WHOLE {
            return Some(WHOLE);
        }
        let class = match tag.ty.target() {
            RefTarget::Class(class) => Some(class),
            RefTarget::Entity(entity) => self.class_of(entity),
            RefTarget::Void => None,
        };
        let class = class.and_then(|class| self.table.classes.get(class as usize))?;
        if class.shape == Shape::Function {
            return Some(tag.aux);
        }
        let pieces = self.table.pieces_of(class);
        let most = most_place(pieces);
        let kept = |piece: &Piece| self.lost(piece, most).is_none();
        let tagged = pieces.get(tag.aux as usize).filter(|piece| kept(piece))?;
        let before = (0u32..).zip(pieces).filter(|(number, piece)| {
            kept(piece) && (piece.value, *number) < (tagged.value, tag.aux)
        });
        u32::try_from(before.count()).ok()
    }

    fn size(&mut self, number: u32, size: u64) -> u32 {
        u32::try_from(size).unwrap_or_else(|_| {
            self.lose(number, u32::MAX, Reason::Size);
            u32::MAX
        })
    }

    fn composite(
        &mut self,
        kind: Kind,
        number: u32,
        class: &Class,
        ids: &[u32],
    ) -> Result<Vec<u32>> {
        let table = self.table;
        let pieces = table.pieces_of(class);
        let flag = has_bitfields(pieces);
        let most = most_place(pieces);
        let mut words = vec![self.name(class.name)?, 0, self.size(number, class.size)];
        let mut count = 0u32;
        let mut members: Vec<_> = (0u32..).zip(pieces).zip(ids).collect();
        // The kernel wants them in the order of their places. In C they are; Rust and C++ place them as they like.
        if !pieces.is_sorted_by_key(|piece| piece.value) {
            members.sort_by_key(|((_, piece), _)| piece.value);
        }
        for ((index, piece), ty) in members {
            if let Some(reason) = self.lost(piece, most) {
                self.lose(number, index, reason);
                continue;
            }
            let place = u32::try_from(piece.value).unwrap_or(0);
            // Of an array at a whole byte the bits are its bytes, which is not what a bitfield is.
            let bits = match piece.bits {
                bits if bits > 0 && place % 8 == 0 && self.is_array(*ty) => 0,
                bits => bits,
            };
            let place = if flag {
                u32::from(bits) << 24 | place
            } else {
                place
            };
            words.extend([self.name(piece.name)?, *ty, place]);
            count += 1;
        }
        set_info(&mut words, Info::new(kind, count, flag));
        self.check_members(number, class, &mut words);
        Ok(words)
    }

    /// Returns why a member is left out, if it is.
    fn lost(&self, piece: &Piece, most: u64) -> Option<Reason> {
        if piece.note == Note::Virtual {
            Some(Reason::VirtualBase)
        } else if piece.note == Note::Unplaced || piece.note == Note::NeedsStorage {
            Some(Reason::MemberPlace)
        } else if piece.bits > 255 {
            Some(Reason::Bitfield)
        } else if piece.value > most {
            Some(Reason::MemberBeyond)
        } else if piece.bits > 0 && self.is_swapped(piece.ty) {
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
        // The table's classes refer to those before them, so this ends.
        while let RefTarget::Class(number) = ty.target() {
            match self.table.classes.get(number as usize) {
                Some(class) if class.shape == Shape::Base => return class.aux & OTHER_ENDIAN != 0,
                Some(class)
                    if matches!(
                        class.shape,
                        Shape::Typedef | Shape::Const | Shape::Volatile | Shape::Subrange
                    ) =>
                {
                    ty = class.ty;
                }
                _ => return false,
            }
        }
        false
    }

    fn enumeration(&mut self, number: u32, class: &Class) -> Result<Vec<u32>> {
        let size = match class.size {
            1 | 2 | 4 | 8 => self.size(number, class.size),
            0 => 4,
            _ => return self.odd_enumeration(number, class),
        };
        let signed = class.aux & 1 == 1;
        let wide = size > 4;
        let mut words = vec![self.name(class.name)?, 0, size];
        let table = self.table;
        let pieces = table.pieces_of(class);
        for (index, piece) in (0u32..).zip(pieces) {
            let [a, b, c, d, e, f, g, h] = piece.value.to_le_bytes();
            let low = u32::from_le_bytes([a, b, c, d]);
            let high = u32::from_le_bytes([e, f, g, h]);
            words.extend([self.name(piece.name)?, low]);
            if wide {
                words.push(high);
            } else if high != 0 && !(signed && i32::try_from(piece.value.cast_signed()).is_ok()) {
                self.lose(number, index, Reason::Enumerator);
            }
        }
        let kind = if wide { Kind::Enum64 } else { Kind::Enum };
        set_info(&mut words, Info::new(kind, class.count, signed));
        Ok(words)
    }

    /// Makes the enumeration of the tag of Rust's variants; the integer it is stored as, where that is no size of one.
    fn tag(&mut self, class: &Class, integer: u32) -> Result<u32> {
        let table = self.table;
        let pieces = table.pieces_of(class);
        let size = match self.size_of(integer) {
            Some(size @ (1 | 2 | 4 | 8)) if !pieces.is_empty() => size,
            _ => return Ok(integer),
        };
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let mut words = vec![self.name(class.name)?, 0, size];
        for piece in pieces {
            let [a, b, c, d, e, f, g, h] = piece.value.to_le_bytes();
            words.extend([self.name(piece.name)?, u32::from_le_bytes([a, b, c, d])]);
            if size > 4 {
                words.push(u32::from_le_bytes([e, f, g, h]));
            }
        }
        let kind = if size > 4 { Kind::Enum64 } else { Kind::Enum };
        set_info(&mut words, Info::new(kind, class.count, class.aux == 1));
        self.cons(&words)
    }

    /// An enumeration that ENUM and ENUM64 can't have, such as one of 16 bytes: an integer of its size and name, or
    /// a structure without members where it is larger than integers are.
    fn odd_enumeration(&mut self, number: u32, class: &Class) -> Result<Vec<u32>> {
        const MOST_INT_BYTES: u32 = 16;
        const SIGNED: u32 = 1 << 24;
        self.lose(number, u32::MAX, Reason::EnumSize);
        let size = self.size(number, class.size);
        let mut words = vec![self.name(class.name)?, 0, size];
        if size > MOST_INT_BYTES {
            set_info(&mut words, Info::new(Kind::Struct, 0, false));
            return Ok(words);
        }
        let sign = if class.aux & 1 == 1 { SIGNED } else { 0 };
        words.push(sign | (size * 8));
        set_info(&mut words, Info::new(Kind::Int, 0, false));
        Ok(words)
    }

    fn base(&mut self, number: u32, class: &Class) -> Result<u32> {
        let (base, loss) = base_type(class.aux, class.size);
        if let Some(reason) = loss {
            self.lose(number, u32::MAX, reason);
        }
        match base {
            BaseType::Int(size, encoding) => {
                let name = self.name(class.name)?;
                self.int(name, size, encoding)
            }
            BaseType::Float(size) => {
                let name = self.name(class.name)?;
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
                let name = self.name(class.name)?;
                self.cons(&[name, Info::new(Kind::Struct, 0, false).word(), 0])
            }
        }
    }

    /// A pointer to a member: to data its distance from the object's start; to a function the function and
    /// what to add to the object's address (Itanium C++ ABI, section 2.3).
    fn member_pointer(&mut self, number: u32, class: &Class, target: u32) -> Result<u32> {
        self.lose(number, u32::MAX, Reason::MemberPointer);
        let width = self.pointer_bytes;
        let name = self.text(if width == 8 { "long" } else { "int" })?;
        let distance = self.int(name, width, IntEncoding::SIGNED)?;
        if !self.is_function(class.ty) {
            return Ok(distance);
        }
        let pointer = self.cons(&[0, Info::new(Kind::Ptr, 0, false).word(), target])?;
        let (ptr, adj) = (self.text("ptr")?, self.text("adj")?);
        let info = Info::new(Kind::Struct, 2, false).word();
        let bits = width * 8;
        self.cons(&[0, info, width * 2, ptr, pointer, 0, adj, distance, bits])
    }

    /// Whether a type is a function's, perhaps by another name.
    fn is_function(&self, ty: RefId) -> bool {
        let mut ty = ty;
        // The table's classes refer to those before them, so this ends.
        while let RefTarget::Class(number) = ty.target() {
            match self.table.classes.get(number as usize) {
                Some(class) if class.shape == Shape::Prototype => return true,
                Some(class) if class.shape == Shape::Typedef => ty = class.ty,
                _ => return false,
            }
        }
        false
    }

    pub(super) fn int(&mut self, name: u32, size: u32, encoding: IntEncoding) -> Result<u32> {
        let data = u32::from(encoding.0) << 24 | size.saturating_mul(8);
        self.cons(&[name, Info::new(Kind::Int, 0, false).word(), size, data])
    }

    /// An array of one dimension. Its index is an `int`, as everywhere in BTF.
    pub(super) fn dimension(&mut self, element: u32, count: u32) -> Result<u32> {
        let name = self.text("int")?;
        let index = self.int(name, 4, IntEncoding::SIGNED)?;
        let info = Info::new(Kind::Array, 0, false).word();
        self.cons(&[0, info, 0, element, index, count])
    }

    fn prototype(&mut self, class: &Class, ids: &[u32]) -> Result<u32> {
        let result = ids.first().copied().unwrap_or(0);
        let info = Info::new(Kind::FuncProto, class.count, false).word();
        let mut words = vec![0, info, result];
        let table = self.table;
        for (piece, ty) in table.pieces_of(class).iter().zip(ids.iter().skip(1)) {
            if piece.note == Note::Varargs {
                words.extend([0, 0]);
            } else {
                words.extend([self.name(piece.name)?, *ty]);
            }
        }
        self.cons(&words)
    }
}

fn has_bitfields(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| (1..=255).contains(&piece.bits))
}

/// Where a member of a structure with these can be at most.
fn most_place(pieces: &[Piece]) -> u64 {
    // With one bitfield in it, a structure has 24 bits for every member's place.
    if has_bitfields(pieces) {
        MOST_BITFIELD_PLACE
    } else {
        u32::MAX.into()
    }
}

fn set_info(words: &mut [u32], info: Info) {
    if let Some(word) = words.get_mut(1) {
        *word = info.word();
    }
}
