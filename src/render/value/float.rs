//! Floating-point numbers of all sizes.

use std::fmt;

use crate::render::value::options::LongDouble;
use crate::target::Endian;

/// A floating-point number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Float {
    /// Of at most 32 bits.
    Single(f32),
    Double(f64),
    /// Of more bits than a `f64` has.
    Extended(Extended),
}

/// A number that is `significand` · 2^`exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extended {
    is_negative: bool,
    significand: u128,
    exponent: i32,
    /// The number of bits of a significand.
    digits: u32,
}

impl Float {
    /// Decodes a number; returns `None` for a size without a format.
    pub fn decode(
        bytes: &[u8],
        endian: Endian,
        name: &[u8],
        long_double: Option<LongDouble>,
    ) -> Option<Self> {
        let mut ordered = [0u8; 16];
        let to = ordered.get_mut(..bytes.len())?;
        to.copy_from_slice(bytes);
        if endian == Endian::Big {
            to.reverse();
        }
        let bits = u128::from_le_bytes(ordered);
        match bytes.len() {
            2 => {
                let half = u16::try_from(bits).ok()?;
                let is_brain = name
                    .windows(4)
                    .any(|part| part == b"bf16" || part == b"BF16");
                Some(Self::Single(if is_brain {
                    f32::from_bits(u32::from(half) << 16)
                } else {
                    half_to_single(half)
                }))
            }
            4 => Some(Self::Single(f32::from_bits(u32::try_from(bits).ok()?))),
            8 => Some(Self::Double(f64::from_bits(u64::try_from(bits).ok()?))),
            10 | 12 => Some(x87(bits)),
            16 => {
                let is_quad = name.windows(8).any(|part| part == b"float128")
                    || name.windows(8).any(|part| part == b"Float128")
                    || endian == Endian::Big;
                let guess = if is_quad {
                    LongDouble::Binary128
                } else {
                    LongDouble::X87
                };
                Some(match long_double.filter(|_| !is_quad).unwrap_or(guess) {
                    LongDouble::X87 => x87(bits),
                    LongDouble::Binary128 => binary128(bits),
                })
            }
            _ => None,
        }
    }
}

/// Returns a number of IEEE's binary16 as one of binary32, which has all of them.
fn half_to_single(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10 & 0x1f);
    let fraction = u32::from(half & 0x3ff);
    match exponent {
        0 => {
            // 2^-24 is the least of them.
            let magnitude = f32::from(half & 0x3ff) * f32::from_bits(0x3380_0000);
            f32::from_bits(magnitude.to_bits() | sign)
        }
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// Decodes the x87's 80 bits: the significand has its highest bit written out.
fn x87(bits: u128) -> Float {
    let significand = bits & u128::from(u64::MAX);
    let exponent = i32::try_from(bits >> 64 & 0x7fff).unwrap_or(0);
    let is_negative = bits >> 79 & 1 == 1;
    if exponent == 0x7fff {
        return special(is_negative, significand << 65 == 0);
    }
    Extended {
        is_negative,
        significand,
        exponent: exponent.max(1) - 16383 - 63,
        digits: 64,
    }
    .narrowed()
}

/// Decodes IEEE's binary128.
fn binary128(bits: u128) -> Float {
    let fraction = bits & ((1 << 112) - 1);
    let exponent = i32::try_from(bits >> 112 & 0x7fff).unwrap_or(0);
    let is_negative = bits >> 127 == 1;
    if exponent == 0x7fff {
        return special(is_negative, fraction == 0);
    }
    let whole = if exponent == 0 { 0 } else { 1 << 112 };
    Extended {
        is_negative,
        significand: fraction | whole,
        exponent: exponent.max(1) - 16383 - 112,
        digits: 113,
    }
    .narrowed()
}

const fn special(is_negative: bool, is_infinite: bool) -> Float {
    Float::Double(match (is_infinite, is_negative) {
        (true, true) => f64::NEG_INFINITY,
        (true, false) => f64::INFINITY,
        (false, true) => -f64::NAN,
        (false, false) => f64::NAN,
    })
}

impl Extended {
    /// Returns the number as a `f64` if that is exact.
    fn narrowed(self) -> Float {
        let zeros = self.significand.trailing_zeros();
        let odd = self.significand.checked_shr(zeros).unwrap_or(0);
        let nearest = self.nearest();
        let is_exact = odd < 1 << 53 && nearest.is_normal();
        if is_exact || self.significand == 0 {
            Float::Double(nearest)
        } else {
            Float::Extended(self)
        }
    }

    /// Returns the nearest `f64`: infinite or 0 where it has none as large or as small.
    pub fn nearest(self) -> f64 {
        let sign = u64::from(self.is_negative) << 63;
        let length = 128 - self.significand.leading_zeros();
        if length == 0 {
            return f64::from_bits(sign);
        }
        // The exponent of the highest bit.
        let top = self.exponent + i32::try_from(length).unwrap_or(0) - 1;
        if top > 1023 {
            return f64::from_bits(sign | f64::INFINITY.to_bits());
        }
        // Bits of the significand that a `f64` keeps: fewer below the least normal number.
        let kept = if top >= -1022 { 53 } else { 53 - (-1022 - top) };
        let Ok(kept) = u32::try_from(kept) else {
            return f64::from_bits(sign);
        };
        let (mut rounded, mut exponent) = (self.significand, self.exponent);
        if length > kept {
            let drop = length - kept;
            let (half, rest) = (1u128 << (drop - 1), rounded & ((1u128 << (drop - 1)) - 1));
            let is_above = rounded & half != 0
                && (rest != 0 || rounded.checked_shr(drop).unwrap_or(0) & 1 == 1);
            rounded = rounded.checked_shr(drop).unwrap_or(0) + u128::from(is_above);
            exponent += i32::try_from(drop).unwrap_or(0);
        }
        // At most 54 bits, so that both factors are exact; the product is a `f64` or rounds up to infinity.
        let magnitude = u64::try_from(rounded).unwrap_or(0);
        let value = scaled(magnitude, exponent);
        f64::from_bits(value.to_bits() | sign)
    }

    /// Writes the number exactly, as C's hexadecimal floating constant.
    pub fn hex(self, out: &mut impl fmt::Write) -> fmt::Result {
        let sign = if self.is_negative { "-" } else { "" };
        // The highest bit is in front of the point, and whole digits are behind it.
        let length = 128 - self.significand.leading_zeros();
        let behind = length.saturating_sub(1);
        let digits = behind.div_ceil(4);
        let fraction = self.significand << (4 * digits - behind);
        let fraction = fraction & ((1u128 << (4 * digits)) - 1);
        let top = self.exponent + i32::try_from(behind).unwrap_or(0);
        let zeros = fraction.trailing_zeros().min(4 * digits) / 4;
        let width = usize::try_from(digits - zeros).unwrap_or(0);
        write!(out, "{sign}0x1")?;
        if width > 0 {
            write!(out, ".{:0width$x}", fraction >> (4 * zeros))?;
        }
        write!(out, "p{top:+}")
    }

    /// Returns the number of bits of a significand.
    pub const fn digits(self) -> u32 {
        self.digits
    }
}

/// Returns `magnitude` · 2^`exponent`, a `f64` if there is one of that value.
fn scaled(magnitude: u64, exponent: i32) -> f64 {
    let length = 64 - magnitude.leading_zeros();
    let Some(behind) = length.checked_sub(1) else {
        return 0.0;
    };
    let top = exponent + i32::try_from(behind).unwrap_or(0);
    if top > 1023 {
        return f64::INFINITY;
    }
    if top >= -1022 {
        let fraction = if behind <= 52 {
            magnitude << (52 - behind)
        } else {
            magnitude >> (behind - 52)
        };
        let biased = u64::try_from(top + 1023).unwrap_or(0);
        return f64::from_bits(biased << 52 | fraction & ((1 << 52) - 1));
    }
    // A subnormal number counts in units of 2^-1074.
    match u32::try_from(exponent + 1074) {
        Ok(up) => f64::from_bits(magnitude.checked_shl(up).unwrap_or(0)),
        Err(_) => f64::from_bits(
            magnitude
                .checked_shr((-1074 - exponent).unsigned_abs())
                .unwrap_or(0),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        let cases = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ];
        for (half, single) in cases {
            assert_eq!(
                half_to_single(half).to_bits(),
                f32::to_bits(single),
                "{half:#x}"
            );
        }
        assert!(half_to_single(0x7e00).is_nan());
        assert!(half_to_single(0x8000).is_sign_negative());
    }

    /// Every `f64` survives the way through 80 bits and through 128.
    #[test]
    fn doubles_in_wider_formats() {
        let mut seed = 7u64;
        for round in 0..200_000u64 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(round | 1);
            let value = f64::from_bits(seed);
            if !value.is_normal() {
                continue;
            }
            let fraction = u128::from(seed & ((1 << 52) - 1));
            let biased = u128::from(seed >> 52 & 0x7ff) + 16383 - 1023;
            let sign = u128::from(seed >> 63);
            let eighty = sign << 79 | biased << 64 | 1 << 63 | fraction << 11;
            let quad = sign << 127 | biased << 112 | fraction << 60;
            for float in [x87(eighty), binary128(quad)] {
                assert!(
                    matches!(float, Float::Double(same) if same == value),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn more_digits_than_a_double_has() {
        let text = |float| {
            let Float::Extended(wide) = float else {
                panic!("{float:?}");
            };
            let mut text = String::new();
            wide.hex(&mut text).unwrap();
            (text, wide.nearest())
        };
        // gcc's bytes of 3.14L on x86-64, and of 3.14Q.
        let pi = 0x4000_c8f5_c28f_5c28_f5c3u128;
        assert_eq!(
            text(x87(pi)),
            ("0x1.91eb851eb851eb86p+1".to_owned(), 314.0 / 100.0)
        );
        let pi = 0x4000_91eb_851e_b851_eb85_1eb8_51eb_851fu128;
        assert_eq!(
            text(binary128(pi)),
            (
                "0x1.91eb851eb851eb851eb851eb851fp+1".to_owned(),
                314.0 / 100.0
            )
        );
        // The least and the largest.
        let least = text(x87(1));
        assert_eq!(least, ("0x1p-16445".to_owned(), 0.0));
        let most = text(x87(0x7ffe_ffff_ffff_ffff_ffff));
        assert_eq!(
            most,
            ("0x1.fffffffffffffffep+16383".to_owned(), f64::INFINITY)
        );
        // Subnormal as a `f64`, exact as one.
        let subnormal = x87(u128::from(16383u32 - 1074) << 64 | 1 << 63);
        assert_eq!(text(subnormal), ("0x1p-1074".to_owned(), f64::from_bits(1)));
    }
}
