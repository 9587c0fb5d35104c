//! Where members and bitfields are (DWARF 5, section 5.7.6).

use gimli::constants as dw;

use crate::dwarf::read::{Attrs, Class, Cursor, Slot, index};
use crate::dwarf::unit::nodes::{Note, Part};
use crate::target::Endian;

/// The place of a member, in bytes: a constant, or an expression that adds a constant to the address.
/// `None` where it is neither.
fn place(attrs: &Attrs, unit: &[u8], endian: Endian) -> Option<u64> {
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

/// What an expression adds to the address it starts with.
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
    // Some compilers leave the sum out: the constant is the place.
    if cursor.is_at_end() || dw::DwOp(cursor.u8().ok()?) == dw::DW_OP_plus {
        return end(value, &cursor);
    }
    None
}

fn end(value: u64, cursor: &Cursor<'_>) -> Option<u64> {
    cursor.is_at_end().then_some(value)
}

/// Whether the entry is a static member, which is no part of the object.
fn is_static(attrs: &Attrs) -> bool {
    attrs.flag(Slot::Declaration)
        || (attrs.flag(Slot::External) && !attrs.has(Slot::MemberLocation))
}

/// The part for a member's entry, without name and type; `None` for a static one.
#[inline]
pub(super) fn part(attrs: &Attrs, unit: &[u8], endian: Endian) -> Option<Part> {
    let mut part = Part::default();
    // Nearly all members: a constant place, no bits.
    if let (Class::Unsigned, value) = attrs.get(Slot::MemberLocation)
        && !attrs.has(Slot::BitSize)
        && value >> 56 == 0
    {
        part.value = value * 8;
        return Some(part);
    }
    if is_static(attrs) {
        return None;
    }
    let bits = place(attrs, unit, endian).and_then(|place| place.checked_mul(8));
    let Some(bits) = bits.filter(|bits| bits >> 60 == 0) else {
        part.note = Note::Unplaced;
        return Some(part);
    };
    part.value = bits;
    if let Some(width) = attrs.number(Slot::BitSize).filter(|&width| width > 0) {
        bitfield(&mut part, width, attrs, endian);
    }
    Some(part)
}

fn bitfield(part: &mut Part, width: u64, attrs: &Attrs, endian: Endian) {
    let Ok(bits) = u16::try_from(width) else {
        part.note = Note::Unplaced;
        return;
    };
    part.bits = bits;
    if let Some(offset) = attrs.number(Slot::DataBitOffset) {
        match part.value.checked_add(offset) {
            Some(value) => part.value = value,
            None => part.note = Note::Unplaced,
        }
    } else if let Some(from_top) = attrs.number(Slot::BitOffset) {
        // Negative where a packed bitfield goes beyond its storage.
        let Ok(from_top) = i32::try_from(from_top.cast_signed()) else {
            part.note = Note::Unplaced;
            return;
        };
        part.from_top = from_top;
        match (endian, attrs.number(Slot::ByteSize)) {
            (Endian::Big, _) => match part.value.checked_add_signed(from_top.into()) {
                Some(value) => part.value = value,
                None => part.note = Note::Unplaced,
            },
            (Endian::Little, Some(storage)) => from_storage(part, storage),
            (Endian::Little, None) => part.note = Note::NeedsStorage,
        }
    }
}

/// Places a bitfield by DWARF 3's rule on a little-endian machine: its offset counts from the most
/// significant bit of its storage, to its own most significant bit (DWARF 3, section 5.5.6).
pub(crate) fn from_storage(part: &mut Part, storage: u64) {
    part.note = Note::None;
    let top = storage
        .checked_mul(8)
        .and_then(|bits| bits.checked_add(part.value));
    let down = -i64::from(part.from_top) - i64::from(part.bits);
    match top.and_then(|top| top.checked_add_signed(down)) {
        Some(value) => part.value = value,
        None => part.note = Note::Unplaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_are_places() {
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
        // gcc -gdwarf-3, `struct { int a : 3; int b : 5; }`: b has bit offset 24 in 4 bytes.
        let mut part = Part {
            bits: 5,
            from_top: 24,
            ..Part::default()
        };
        from_storage(&mut part, 4);
        assert_eq!((part.value, part.note), (3, Note::None));
        // Packed, 30 bits from bit 5 on: they end 3 bits beyond the storage.
        let mut part = Part {
            bits: 30,
            from_top: -3,
            ..Part::default()
        };
        from_storage(&mut part, 4);
        assert_eq!((part.value, part.note), (5, Note::None));
        part.value = 0;
        part.from_top = 32;
        from_storage(&mut part, 4);
        assert_eq!(part.note, Note::Unplaced);
    }
}
