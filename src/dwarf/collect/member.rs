//! The offsets of members and bitfields (DWARF 5, section 5.7.6): `DW_AT_data_member_location`,
//! `DW_AT_data_bit_offset`, and `DW_AT_bit_offset` of DWARF 2 and 3.

use gimli::constants as dw;

use crate::dwarf::collect::nodes::{Node, Nodes, Ref};
use crate::dwarf::collect::types::{Note, Part, Shape};
use crate::dwarf::read::name::NameRef;
use crate::dwarf::read::{Attrs, Class, Cursor, Slot, index};
use crate::target::Endian;

/// Returns the offset of a member in bytes: a constant, or an expression that adds a constant to the address. Returns
/// `None` if it is neither.
fn byte_offset(attrs: &Attrs, unit: &[u8], endian: Endian) -> Option<u64> {
    match attrs.get(Slot::MemberLocation) {
        (Class::Absent, _) => Some(0),
        (Class::Unsigned | Class::Signed, value) => Some(value),
        (Class::Block, value) => {
            let start = index(value >> 32);
            let len = index(value & 0xffff_ffff);
            constant(unit.get(start..start.checked_add(len)?)?, endian)
        }
        _ => None,
    }
}

/// Returns the number that an expression adds to the address it starts with.
fn constant(expression: &[u8], endian: Endian) -> Option<u64> {
    let mut cursor = Cursor::new(expression, endian, 0);
    let value = match dw::DwOp(cursor.u8().ok()?) {
        dw::DW_OP_plus_uconst => return end(cursor.uleb().ok()?, &cursor),
        dw::DW_OP_constu => cursor.uleb().ok()?,
        dw::DW_OP_consts => cursor.sleb().ok()?,
        dw::DW_OP_const1u => cursor.u8().ok()?.into(),
        dw::DW_OP_const2u => cursor.u16().ok()?.into(),
        dw::DW_OP_const4u => cursor.u32().ok()?.into(),
        dw::DW_OP_const8u => cursor.u64().ok()?,
        dw::DwOp(op) if (dw::DW_OP_lit0.0..=dw::DW_OP_lit31.0).contains(&op) => {
            u64::from(op - dw::DW_OP_lit0.0)
        }
        _ => return None,
    };
    // Some compilers leave the sum out: the constant is the offset.
    if cursor.is_at_end() || dw::DwOp(cursor.u8().ok()?) == dw::DW_OP_plus {
        return end(value, &cursor);
    }
    None
}

fn end(value: u64, cursor: &Cursor<'_>) -> Option<u64> {
    cursor.is_at_end().then_some(value)
}

/// Returns whether the DIE is a static member, which is no part of the object.
fn is_static(attrs: &Attrs) -> bool {
    attrs.flag(Slot::Declaration)
        || (attrs.flag(Slot::External) && !attrs.has(Slot::MemberLocation))
}

/// Returns the part for a member, without name and type; `None` for a static member.
#[inline]
pub(super) fn part(attrs: &Attrs, unit: &[u8], endian: Endian) -> Option<Part<Ref>> {
    let mut part = Part::member(NameRef::NONE, Ref::VOID, 0);
    // Nearly all members have a constant offset and are no bitfields.
    if let (Class::Unsigned, value) = attrs.get(Slot::MemberLocation)
        && !attrs.has(Slot::BitSize)
        && !attrs.has(Slot::DataBitOffset)
        && value >> 56 == 0
    {
        part.set_bit_offset(value * 8);
        return Some(part);
    }
    if is_static(attrs) {
        return None;
    }
    let bits = byte_offset(attrs, unit, endian).and_then(|bytes| bytes.checked_mul(8));
    let Some(bits) = bits.filter(|bits| bits >> 60 == 0) else {
        part.note = Note::Unplaced;
        return Some(part);
    };
    part.set_bit_offset(bits);
    if let Some(width) = attrs.number(Slot::BitSize).filter(|&width| width > 0) {
        bitfield(&mut part, width, attrs, endian);
    } else if let Some(offset) = attrs.number(Slot::DataBitOffset) {
        // Without a width of its own, a member is as wide as its type (DWARF 5, section 5.7.6).
        part.note = Note::NeedsWidth;
        place_at(&mut part, bits.checked_add(offset));
    }
    Some(part)
}

/// Places a bitfield of `width` bits. `part` has the offset of its storage.
fn bitfield(part: &mut Part<Ref>, width: u64, attrs: &Attrs, endian: Endian) {
    let Ok(bits) = u16::try_from(width) else {
        part.note = Note::Unplaced;
        return;
    };
    part.bits = bits;
    if let Some(offset) = attrs.number(Slot::DataBitOffset) {
        place_at(part, part.bit_offset().checked_add(offset));
    } else if let Some(from_top) = attrs.number(Slot::BitOffset) {
        // The offset is negative if a packed bitfield goes beyond its storage.
        let Ok(from_top) = i32::try_from(from_top.cast_signed()) else {
            part.note = Note::Unplaced;
            return;
        };
        let start = part.bit_offset();
        if endian == Endian::Big {
            place_at(part, start.checked_add_signed(from_top.into()));
            return;
        }
        // Both are below 2^60.
        let down = i64::from(from_top) + i64::from(bits);
        part.set_bit_offset(start.wrapping_add_signed(-down));
        part.note = Note::NeedsStorage;
        let storage = attrs.number(Slot::ByteSize);
        if storage.is_some() {
            add_storage(part, storage);
        }
    }
}

/// Sets a member's bit offset, or notes that it has none.
fn place_at(part: &mut Part<Ref>, bit_offset: Option<u64>) {
    match bit_offset {
        Some(bits) => part.set_bit_offset(bits),
        None => part.note = Note::Unplaced,
    }
}

/// Places a bitfield by DWARF 3's rule on a little-endian machine: its offset counts from the most significant bit
/// of its storage to its own most significant bit (DWARF 3, section 5.5.6). Until now the part's offset is relative
/// to the end of the storage, which has `storage` bytes.
fn add_storage(part: &mut Part<Ref>, storage: Option<u64>) {
    let bits = storage.and_then(|bytes| bytes.checked_mul(8));
    let down = part.bit_offset().cast_signed();
    part.note = Note::None;
    part.set_bit_offset(0);
    place_at(part, bits.and_then(|bits| bits.checked_add_signed(down)));
}

/// Completes the layouts that depend on other types: places the bitfields whose storage or width is that of their type,
/// and sets the sizes that are those of other types. Follows at most `chain` typedefs and qualifiers.
pub(crate) fn place_bitfields(nodes: &mut Nodes, chain: u32) {
    if !nodes.incomplete_layouts {
        return;
    }
    for index in 0..nodes.nodes.len() {
        if let Some(node) = nodes.nodes.get(index)
            && is_sized_by_type(node)
            && let Some(size) = storage(nodes, node.ty, chain)
            && let Some(node) = nodes.nodes.get_mut(index)
        {
            node.set_byte_size(size);
            if node.shape != Shape::Enum {
                node.set_unsized(false);
            }
        }
    }
    for index in 0..nodes.parts.len() {
        let Some(&(mut part)) = nodes.parts.get(index) else {
            break;
        };
        match part.note {
            Note::NeedsStorage => {
                let storage = storage(nodes, part.ty, chain);
                add_storage(&mut part, storage);
            }
            Note::NeedsWidth => set_width(&mut part, nodes, chain),
            Note::MayBeItem => {
                part.note = match is_function_pointer(nodes, part.ty) {
                    true => Note::Item,
                    false => Note::None,
                }
            }
            _ => continue,
        }
        if let Some(place) = nodes.parts.get_mut(index) {
            *place = part;
        }
    }
}

/// Returns whether the size of a structure, union or enumeration is that of the type it refers to.
fn is_sized_by_type(node: &Node) -> bool {
    !node.declaration
        && node.ty != Ref::VOID
        && match node.shape {
            Shape::Struct | Shape::Union => node.is_unsized(),
            Shape::Enum => node.byte_size() == 0,
            _ => false,
        }
}

/// Returns whether a type is a pointer to a function.
fn is_function_pointer(nodes: &Nodes, reference: Ref) -> bool {
    let behind = |reference| nodes.get(nodes.follow(reference)?);
    behind(reference)
        .filter(|pointer| pointer.shape == Shape::Pointer)
        .and_then(|pointer| behind(pointer.ty))
        .is_some_and(|target| target.shape == Shape::Prototype)
}

/// Sets the width of a member that has an offset in bits and no width of its own. A member of whole bytes is no bitfield.
fn set_width(part: &mut Part<Ref>, nodes: &Nodes, chain: u32) {
    let is_at_byte = part.bit_offset().is_multiple_of(8);
    part.note = Note::None;
    match width(nodes, part.ty, chain) {
        Some(bits) if !is_at_byte || !bits.is_multiple_of(8) => part.bits = bits,
        None if !is_at_byte => part.note = Note::WithinByte,
        _ => {}
    }
}

/// Returns the width of a number in bits. Follows at most `chain` types.
fn width(nodes: &Nodes, reference: Ref, chain: u32) -> Option<u16> {
    let mut reference = reference;
    for _ in 0..chain {
        let number = nodes.follow(reference)?;
        let node = nodes.get(number)?;
        match node.shape {
            Shape::Base => {
                let found = nodes
                    .widths
                    .binary_search_by_key(&number, |(node, _)| *node);
                let own = found.ok().and_then(|index| nodes.widths.get(index));
                return match own {
                    Some((_, bits)) => Some(*bits),
                    None => u16::try_from(node.byte_size().checked_mul(8)?).ok(),
                };
            }
            Shape::Enum if node.ty == Ref::VOID => {
                return u16::try_from(node.byte_size().checked_mul(8)?).ok();
            }
            Shape::Enum
            | Shape::Typedef
            | Shape::Defined
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Discriminant
            | Shape::Alias => reference = node.ty,
            _ => return None,
        }
    }
    None
}

/// Returns the size of a base type or enumeration in bytes. Follows at most `chain` typedefs and qualifiers.
fn storage(nodes: &Nodes, reference: Ref, chain: u32) -> Option<u64> {
    let mut reference = reference;
    for _ in 0..chain {
        let node = nodes.get(nodes.follow(reference)?)?;
        match node.shape {
            Shape::Enum if node.byte_size() == 0 && node.ty != Ref::VOID => reference = node.ty,
            Shape::Base | Shape::Enum | Shape::Subrange => return Some(node.byte_size()),
            Shape::Typedef
            | Shape::Defined
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Discriminant
            | Shape::Alias => reference = node.ty,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_are_offsets() {
        let cases: &[(&[u8], Option<u64>)] = &[
            (&[0x23, 0x88, 0x01], Some(0x88)),
            (&[0x10, 16, 0x22], Some(16)),
            (&[0x08, 200, 0x22], Some(200)),
            (&[0x34], Some(4)),
            (&[0x34, 0x22], Some(4)),
            (&[0x23, 8, 0x06], None),
            (&[0x06], None),
            (&[], None),
            (&[0x23], None),
        ];
        for (expression, expected) in cases {
            assert_eq!(
                constant(expression, Endian::Little),
                *expected,
                "{expression:x?}"
            );
        }
    }

    #[test]
    fn bits_counted_from_the_top() {
        let placed = |bits: i64, from_top: i64| {
            let down = 0u64.wrapping_add_signed(-(bits + from_top));
            let mut part = Part::member(NameRef::NONE, Ref::VOID, down);
            add_storage(&mut part, Some(4));
            (part.bit_offset(), part.note)
        };
        // gcc -gdwarf-3, `struct { int a : 3; int b : 5; }`: b has bit offset 24 in 4 bytes.
        assert_eq!(placed(5, 24), (3, Note::None));
        // Packed, 30 bits from bit 5 on: they end 3 bits beyond the storage.
        assert_eq!(placed(30, -3), (5, Note::None));
        assert_eq!(placed(30, 32).1, Note::Unplaced);
    }
}
