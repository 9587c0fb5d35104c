//! The BTF of base types (DWARF 5, section 5.1 and table 7.11).

use gimli::constants as dw;

use crate::dwarf::collect::types::{
    BIASED, CHARACTERS, OPAQUE, OTHER_ENDIAN, POINTER_OF_OTHER_WIDTH,
};
use crate::dwarf::report::Reason;
use crate::graph::IntEncoding;

/// The BTF of a base type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BaseType {
    Int(u32, IntEncoding),
    Float(u32),
    /// An array of two floating-point numbers of this size in bytes.
    Complex(u32),
    /// An array of this many bytes.
    Bytes(u32),
    /// An array of this many characters.
    Characters(u32),
    /// A structure without members.
    Empty,
}

/// Returns the BTF of a base type with this encoding and size in bytes, and what is lost.
pub(crate) fn base_type(encoding: u32, size: u64) -> (BaseType, Option<Reason>) {
    let Ok(size) = u32::try_from(size) else {
        return (BaseType::Bytes(u32::MAX), Some(Reason::Size));
    };
    if size == 0 {
        return (BaseType::Empty, None);
    }
    let flags = encoding & (OTHER_ENDIAN | BIASED);
    let encoding = encoding & !flags;
    match encoding {
        OPAQUE => return (BaseType::Bytes(size), Some(Reason::UnknownType)),
        CHARACTERS => return (BaseType::Characters(size), None),
        _ => {}
    }
    let (base, loss) = plain(encoding, size);
    let loss = loss.or(match flags {
        0 => None,
        BIASED => Some(Reason::Bias),
        _ => Some(Reason::ByteOrder),
    });
    (base, loss)
}

/// Returns the BTF of a base type with an encoding of DWARF and a size in bytes that is not 0.
fn plain(encoding: u32, size: u32) -> (BaseType, Option<Reason>) {
    let is_pointer = encoding == POINTER_OF_OTHER_WIDTH;
    let encoding = dw::DwAte(u8::try_from(encoding).unwrap_or(0));
    let (wanted, loss) = match encoding {
        _ if is_pointer => (IntEncoding::UNSIGNED, Some(Reason::PointerWidth)),
        dw::DW_ATE_boolean => (IntEncoding::BOOL, None),
        dw::DW_ATE_signed | dw::DW_ATE_signed_char => (IntEncoding::SIGNED, None),
        dw::DW_ATE_unsigned
        | dw::DW_ATE_unsigned_char
        | dw::DW_ATE_address
        | dw::DW_ATE_UTF
        | dw::DW_ATE_UCS
        | dw::DW_ATE_ASCII => (IntEncoding::UNSIGNED, None),
        dw::DW_ATE_float | dw::DW_ATE_imaginary_float => {
            return match size {
                2 | 4 | 8 | 12 | 16 => (BaseType::Float(size), None),
                _ => (BaseType::Bytes(size), Some(Reason::OddSize)),
            };
        }
        dw::DW_ATE_complex_float => {
            return match size {
                4 | 8 | 16 | 24 | 32 => (BaseType::Complex(size / 2), Some(Reason::Complex)),
                _ => (BaseType::Bytes(size), Some(Reason::OddSize)),
            };
        }
        dw::DW_ATE_decimal_float => (IntEncoding::UNSIGNED, Some(Reason::Decimal)),
        dw::DW_ATE_signed_fixed => (IntEncoding::SIGNED, Some(Reason::Fixed)),
        dw::DW_ATE_unsigned_fixed => (IntEncoding::UNSIGNED, Some(Reason::Fixed)),
        _ => (IntEncoding::UNSIGNED, Some(Reason::Encoding)),
    };
    match size {
        1 | 2 | 4 | 8 | 16 => (BaseType::Int(size, wanted), loss),
        _ => (BaseType::Bytes(size), Some(Reason::OddSize)),
    }
}

/// Returns the name that C has for a floating-point number of this size on most machines.
pub(crate) const fn float_name(size: u32) -> &'static str {
    match size {
        2 => "_Float16",
        4 => "float",
        8 => "double",
        _ => "long double",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_kept() {
        let cases = [
            (5, 4, BaseType::Int(4, IntEncoding::SIGNED), None),
            (6, 1, BaseType::Int(1, IntEncoding::SIGNED), None),
            (2, 1, BaseType::Int(1, IntEncoding::BOOL), None),
            (7, 16, BaseType::Int(16, IntEncoding::UNSIGNED), None),
            (4, 16, BaseType::Float(16), None),
            (4, 12, BaseType::Float(12), None),
            (3, 16, BaseType::Complex(8), Some(Reason::Complex)),
            (
                0xf,
                8,
                BaseType::Int(8, IntEncoding::UNSIGNED),
                Some(Reason::Decimal),
            ),
            (7, 3, BaseType::Bytes(3), Some(Reason::OddSize)),
            (7, 0, BaseType::Empty, None),
            (
                POINTER_OF_OTHER_WIDTH,
                4,
                BaseType::Int(4, IntEncoding::UNSIGNED),
                Some(Reason::PointerWidth),
            ),
            (
                0x99,
                2,
                BaseType::Int(2, IntEncoding::UNSIGNED),
                Some(Reason::Encoding),
            ),
        ];
        for (encoding, size, kind, loss) in cases {
            assert_eq!(
                base_type(encoding, size),
                (kind, loss),
                "{encoding:#x} {size}"
            );
        }
    }
}
