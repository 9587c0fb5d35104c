//! The space between fields.
//!
//! A bitfield is stored in a unit: the bytes, aligned to the size of its type, in which it starts. What is unused of the
//! unit before the next field starts is a bit hole. Whole bytes outside of units are a hole. These are pahole's terms.

/// The bits between two fields, or behind the last.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Between {
    /// The first bit of the unused part of a unit, and the number of bits.
    pub bits: (u64, u64),
    /// The first bit of the whole bytes, and the number of bits.
    pub bytes: (u64, u64),
    /// The same in the unit in which the next field starts.
    pub next_bits: (u64, u64),
}

/// Finds the gaps of one structure, field by field. Offsets are in bits from the structure's start.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    /// The end of the last field.
    end: u64,
    /// The end and the size of the unit that the last field is in, if it is a bitfield.
    unit: Option<(u64, u64)>,
}

impl Gaps {
    /// Adds a field that is no bitfield; returns the gap before it.
    pub fn field(&mut self, start: u64, bits: u64) -> Between {
        let between = self.up_to(start);
        let end = start.saturating_add(bits);
        // A field in another one, as a discriminant is in the variants, leaves the end where it is.
        if end >= self.end {
            self.unit = None;
            self.end = end;
        }
        between
    }

    /// Adds a bitfield, with the size of its type in bits; returns the gap before it.
    pub fn bitfield(&mut self, start: u64, width: u64, type_bits: u64) -> Between {
        let type_bits = type_bits.max(8);
        let unit_start = start - start % type_bits;
        let mut between = Between {
            bits: self.rest_of_unit(start),
            ..Between::default()
        };
        let mut at = self.end.max(between.bits.0.saturating_add(between.bits.1));
        if at < unit_start {
            between.bytes = (at, unit_start - at);
            at = unit_start;
        }
        between.next_bits = (at, start.saturating_sub(at));
        let end = start.saturating_add(width);
        // A unit reaches further if a field does: a packed bitfield is in two, and a larger type has a larger one.
        let (mut unit_end, mut unit_size) = self.unit.unwrap_or((0, 0));
        if end > unit_end || type_bits > unit_size {
            unit_size = type_bits;
            unit_end = unit_start.saturating_add(type_bits);
            if end > unit_end {
                unit_end = unit_end.saturating_add(type_bits);
            }
        }
        if end >= self.end {
            self.unit = Some((unit_end, unit_size));
            self.end = end;
        }
        between
    }

    /// Returns the gap between the last field and the end of the structure.
    pub fn finish(&self, size: u64) -> Between {
        self.up_to(size)
    }

    /// Returns the unused bits of the last bitfield's unit, as far as `start`.
    fn rest_of_unit(&self, start: u64) -> (u64, u64) {
        match self.unit {
            Some((unit_end, _)) => (self.end, unit_end.min(start).saturating_sub(self.end)),
            None => (self.end, 0),
        }
    }

    fn up_to(&self, start: u64) -> Between {
        let bits = self.rest_of_unit(start);
        let at = self.end.saturating_add(bits.1);
        // Without a unit, bits before a byte can only be those of a field that is no whole number of bytes.
        let bytes = (start / 8).saturating_sub(at / 8) * 8;
        Between {
            bits,
            bytes: (at - at % 8, bytes),
            next_bits: (start, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(between: Between) -> (u64, u64, u64) {
        (between.bits.1, between.bytes.1, between.next_bits.1)
    }

    #[test]
    fn holes_before_fields_and_in_units() {
        let mut gaps = Gaps::default();
        assert_eq!(sizes(gaps.field(0, 8)), (0, 0, 0));
        assert_eq!(sizes(gaps.field(32, 32)), (0, 24, 0));
        // `unsigned a : 3;`, then an int in the next unit.
        assert_eq!(sizes(gaps.bitfield(64, 3, 32)), (0, 0, 0));
        assert_eq!(sizes(gaps.field(96, 32)), (29, 0, 0));
        // A byte, and a bitfield with the second half of the same int.
        assert_eq!(sizes(gaps.field(128, 8)), (0, 0, 0));
        assert_eq!(sizes(gaps.bitfield(144, 16, 32)), (0, 0, 8));
        assert_eq!(sizes(gaps.finish(192)), (0, 32, 0));
    }

    #[test]
    fn a_field_in_another_leaves_no_hole() {
        let mut gaps = Gaps::default();
        gaps.field(0, 192);
        assert_eq!(sizes(gaps.field(0, 8)), (0, 0, 0));
        assert_eq!(sizes(gaps.finish(192)), (0, 0, 0));
    }

    #[test]
    fn a_byte_hole_before_a_unit() {
        let mut gaps = Gaps::default();
        gaps.field(0, 8);
        assert_eq!(sizes(gaps.bitfield(64, 1, 64)), (0, 56, 0));
        assert_eq!(sizes(gaps.finish(128)), (63, 0, 0));
    }
}
