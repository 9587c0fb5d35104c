//! Numbers out of bytes and bits, in either byte order.

use std::fmt;

use crate::target::Endian;

/// The most bits of a number.
pub(super) const WIDEST: u64 = 128;

/// An integer of up to 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Number {
    /// The bits, zero-extended.
    pub bits: u128,
    /// The number of bits.
    pub width: u32,
    pub is_signed: bool,
}

impl Number {
    /// Reads the bits from `start` on, counted as BTF does: from the lowest bit of each byte if the lowest byte comes
    /// first, else from the highest. Returns `None` where the bytes end before, or the number is too wide.
    pub fn read(
        bytes: &[u8],
        endian: Endian,
        start: u64,
        width: u64,
        is_signed: bool,
    ) -> Option<Self> {
        if width > WIDEST {
            return None;
        }
        let end = start.checked_add(width)?;
        let first = usize::try_from(start / 8).ok()?;
        let last = usize::try_from(end.div_ceil(8)).ok()?;
        let bytes = bytes.get(first..last)?;
        let shift = u32::try_from(start % 8).ok()?;
        let width = u32::try_from(width).ok()?;
        let bits = match endian {
            Endian::Little => little(bytes, shift),
            Endian::Big => big(bytes, shift, width),
        };
        Some(Self {
            bits: bits & mask(width),
            width,
            is_signed,
        })
    }

    /// Returns whether the number is negative.
    fn is_negative(self) -> bool {
        self.is_signed
            && self.width > 0
            && self.bits.checked_shr(self.width - 1).unwrap_or(0) & 1 == 1
    }

    /// Returns the value in two's complement of 128 bits.
    pub fn extended(self) -> u128 {
        if self.is_negative() {
            self.bits | !mask(self.width)
        } else {
            self.bits
        }
    }

    /// Returns whether the value is one of 64 bits, with a sign or without.
    pub fn fits_64_bits(self) -> bool {
        let value = self.extended();
        if self.is_negative() {
            i64::try_from(value.cast_signed()).is_ok()
        } else {
            u64::try_from(value).is_ok()
        }
    }

    /// Returns the number's place in an enumeration: 64 bits, extended by the sign.
    pub fn enumerator(self, is_signed: bool) -> u64 {
        let extended = Self { is_signed, ..self }.extended().to_le_bytes();
        let [low, _] = halves(extended);
        u64::from_le_bytes(low)
    }
}

fn halves(bytes: [u8; 16]) -> [[u8; 8]; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
    [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]]
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The 128-bit routines are slow.
        let value = self.extended();
        match (u64::try_from(value), i64::try_from(value.cast_signed())) {
            (Ok(value), _) => value.fmt(f),
            (Err(_), Ok(value)) if self.is_negative() => value.fmt(f),
            (Err(_), _) if self.is_negative() => value.cast_signed().fmt(f),
            (Err(_), _) => value.fmt(f),
        }
    }
}

const fn mask(width: u32) -> u128 {
    match 1u128.checked_shl(width) {
        Some(bit) => bit - 1,
        None => u128::MAX,
    }
}

/// Returns the bits above the lowest `shift` of a number of up to 17 bytes, the lowest byte first.
fn little(bytes: &[u8], shift: u32) -> u128 {
    let mut bits = 0u128;
    for (byte, place) in bytes.iter().zip((0u32..).step_by(8)) {
        let byte = u128::from(*byte);
        bits |= match place.checked_sub(shift) {
            Some(up) => byte.checked_shl(up).unwrap_or(0),
            None => byte >> (shift - place),
        };
    }
    bits
}

/// Returns `width` bits behind the highest `shift` of a number of up to 17 bytes, the highest byte first.
fn big(bytes: &[u8], shift: u32, width: u32) -> u128 {
    let mut bits = 0u128;
    // The lowest bits of the last byte may be behind the number.
    let mut behind = 8 * u32::try_from(bytes.len()).unwrap_or(0);
    behind = behind.saturating_sub(shift).saturating_sub(width);
    for (byte, place) in bytes.iter().rev().zip((0u32..).step_by(8)) {
        let byte = u128::from(*byte);
        bits |= match place.checked_sub(behind) {
            Some(up) => byte.checked_shl(up).unwrap_or(0),
            None => byte >> (behind - place),
        };
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit by bit, as the format's documentation counts.
    fn slow(bytes: &[u8], endian: Endian, start: u64, width: u64) -> u128 {
        let mut value = 0u128;
        for number in 0..width {
            let at = start + number;
            let byte = bytes[usize::try_from(at / 8).unwrap()];
            match endian {
                Endian::Little => value |= u128::from(byte >> (at % 8) & 1) << number,
                Endian::Big => value = value << 1 | u128::from(byte >> (7 - at % 8) & 1),
            }
        }
        value
    }

    #[test]
    fn bits_in_both_byte_orders() {
        let bytes: Vec<u8> = (0..24u32)
            .map(|n| (n * 167 + 13).to_le_bytes()[0])
            .collect();
        for endian in [Endian::Little, Endian::Big] {
            for start in 0..64 {
                for width in 0..=128 {
                    let read = Number::read(&bytes, endian, start, width, false).unwrap();
                    let expected = slow(&bytes, endian, start, width);
                    assert_eq!(read.bits, expected, "{endian:?} {start} {width}");
                }
            }
        }
        assert_eq!(Number::read(&bytes, Endian::Little, 185, 8, false), None);
        assert_eq!(Number::read(&bytes, Endian::Little, 0, 129, false), None);
    }

    #[test]
    fn signs() {
        let text = |bytes: &[u8], width, is_signed| {
            let number = Number::read(bytes, Endian::Little, 0, width, is_signed);
            number.unwrap().to_string()
        };
        assert_eq!(text(&[0xff], 8, true), "-1");
        assert_eq!(text(&[0xff], 8, false), "255");
        assert_eq!(text(&[0x07], 3, true), "-1");
        assert_eq!(text(&[0xff; 16], 128, true), "-1");
        assert_eq!(text(&[0xff; 16], 128, false), u128::MAX.to_string());
        let lowest = i128::MIN.to_le_bytes();
        assert_eq!(text(&lowest, 128, true), i128::MIN.to_string());
        assert_eq!(text(&[0; 8], 64, true), "0");
        assert_eq!(text(&[0], 0, true), "0");
    }
}
