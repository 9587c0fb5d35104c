//! The names of Rust's own types.

use crate::graph::{Int, IntEncoding};
use crate::id::ByteSize;

/// The type that Rust has for an integer or floating-point number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scalar {
    /// A type of Rust.
    Own(&'static str),
    /// A floating-point type of this size, which the text defines as bytes with the type's alignment.
    Float(u64),
    /// Bytes, this many.
    Bytes(u64),
}

/// The sizes of [`Scalar::Float`], with the type's name and what it is made of.
pub(super) const FLOATS: &[(u64, &str, &str)] = &[
    (2, "btfkit_float2", "u16"),
    (12, "btfkit_float12", "[u32; 3]"),
    (16, "btfkit_float16", "u128"),
];

/// Returns the type of Rust for an integer.
pub(super) fn int(int: Int) -> Scalar {
    if int.encoding == IntEncoding::BOOL && int.size.0 == 1 {
        return Scalar::Own("bool");
    }
    number(int.size, int.encoding.is_signed())
}

/// Returns the type of Rust for a number of this size.
pub(super) const fn number(size: ByteSize, is_signed: bool) -> Scalar {
    Scalar::Own(match (size.0, is_signed) {
        (1, true) => "i8",
        (1, false) => "u8",
        (2, true) => "i16",
        (2, false) => "u16",
        (4, true) => "i32",
        (4, false) => "u32",
        (8, true) => "i64",
        (8, false) => "u64",
        (16, true) => "i128",
        (16, false) => "u128",
        (size, _) => return Scalar::Bytes(size),
    })
}

/// Returns the type of Rust for a floating-point number of this size.
pub(super) const fn float(size: ByteSize) -> Scalar {
    match size.0 {
        4 => Scalar::Own("f32"),
        8 => Scalar::Own("f64"),
        size @ (2 | 12 | 16) => Scalar::Float(size),
        size => Scalar::Bytes(size),
    }
}
