//! A layout as values: rows and totals.

use crate::graph::{Name, Type};
use crate::id::{Bits, ByteSize};

/// The layout of a structure or union ([`layout`](super::layout)).
///
/// `{}` writes it as pahole does, with names in C spelling ([`c_spelling`](crate::query::c_spelling)).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StructLayout<'g> {
    /// The structure or union, without typedefs and qualifiers.
    pub ty: Type<'g>,
    /// The size.
    pub size: ByteSize,
    /// The size of a cache line; 0 if they are left out of the text.
    pub cache_line: ByteSize,
    /// The fields and gaps by offset. The rows of a field's own fields follow it, one level deeper.
    pub rows: Vec<Row<'g>>,
    /// The totals of the outermost level.
    pub totals: Totals,
}

/// A row of a layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Row<'g> {
    /// A field.
    Field(LayoutField<'g>),
    /// Space without a field.
    Gap(Gap),
}

/// A field of a layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LayoutField<'g> {
    /// The number of structures around the field, the outermost left out.
    pub depth: u32,
    /// The name, which is empty for anonymous members and for base classes.
    pub name: Name<'g>,
    /// The type.
    pub ty: Type<'g>,
    /// The offset from the start of the outermost structure. Inside of an array, it is that of the first element.
    pub offset: Bits,
    /// The size of the type, 0 if it has none.
    pub size: ByteSize,
    /// The width, if the field is a bitfield.
    pub bitfield: Option<Bits>,
    /// The structure or union whose rows follow, one level deeper; `None` if the field's own fields are not shown.
    pub inner: Option<Type<'g>>,
}

/// Space in a structure that no field uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Gap {
    /// The number of structures around the gap, the outermost left out.
    pub depth: u32,
    /// The meaning of the space.
    pub kind: GapKind,
    /// The offset from the start of the outermost structure.
    pub offset: Bits,
    /// The size.
    pub size: Bits,
}

/// The meaning of space that no field uses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum GapKind {
    /// Whole bytes before a field.
    Hole,
    /// The unused bits of a bitfield's storage, before a field.
    BitHole,
    /// Whole bytes behind the last field.
    Padding,
    /// The unused bits of a bitfield's storage, behind the last field.
    BitPadding,
}

impl GapKind {
    /// Returns the kind's name in text and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::BitHole => "bit_hole",
            Self::Padding => "padding",
            Self::BitPadding => "bit_padding",
        }
    }
}

/// The totals of a structure: its own fields and gaps, without those of the structures in it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Totals {
    /// The number of fields.
    pub members: u64,
    /// The bytes of fields that are no bitfields.
    pub sum_members: ByteSize,
    /// The bits of bitfields.
    pub sum_bitfields: Bits,
    /// The number of holes.
    pub holes: u64,
    /// The bytes of holes.
    pub sum_holes: ByteSize,
    /// The number of bit holes.
    pub bit_holes: u64,
    /// The bits of bit holes.
    pub sum_bit_holes: Bits,
    /// The bytes behind the last field.
    pub padding: ByteSize,
    /// The unused bits of the storage of a bitfield that is the last field.
    pub bit_padding: Bits,
}

impl Totals {
    pub(super) const fn add_field(&mut self, field: &LayoutField<'_>) {
        self.members += 1;
        match field.bitfield {
            Some(bits) => self.sum_bitfields.0 = self.sum_bitfields.0.saturating_add(bits.0),
            None => self.sum_members.0 = self.sum_members.0.saturating_add(field.size.0),
        }
    }

    pub(super) const fn add_gap(&mut self, gap: &Gap) {
        let size = gap.size;
        match gap.kind {
            GapKind::Hole => {
                self.holes += 1;
                self.sum_holes.0 = self.sum_holes.0.saturating_add(size.bytes().0);
            }
            GapKind::BitHole => {
                self.bit_holes += 1;
                self.sum_bit_holes.0 = self.sum_bit_holes.0.saturating_add(size.0);
            }
            GapKind::Padding => self.padding = size.bytes(),
            GapKind::BitPadding => self.bit_padding = size,
        }
    }
}
