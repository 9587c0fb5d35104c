//! The names of C's own types.

use crate::graph::{Int, IntEncoding, Name};
use crate::target::PointerWidth;

/// The type that C has for an integer or floating-point number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scalar {
    /// A type of C on every machine that the types may be of.
    Own(&'static str),
    /// A floating-point type of this size that not every compiler has. The header defines it as bytes for those.
    Float(u8),
    /// Bytes, this many.
    Bytes(u64),
}

/// Returns the type of C for an integer.
///
/// `long` is written for integers of that name where it has 8 bytes. Elsewhere integers have a type of their size: what a
/// program of 32 bits calls `long` is `int` to a BPF program.
pub(super) fn int(name: Name<'_>, int: Int, pointer: PointerWidth) -> Scalar {
    let is_char = name == "char" || int.encoding == IntEncoding::CHAR;
    let signed = int.encoding.is_signed();
    Scalar::Own(match (int.size.0, signed) {
        (1, _) if int.encoding == IntEncoding::BOOL => "_Bool",
        (1, _) if is_char => "char",
        (1, true) => "signed char",
        (1, false) => "unsigned char",
        (2, true) => "short",
        (2, false) => "unsigned short",
        (4, true) => "int",
        (4, false) => "unsigned int",
        (8, _) if pointer == PointerWidth::Eight && is_long(name) => {
            if signed {
                "long"
            } else {
                "unsigned long"
            }
        }
        (8, true) => "long long",
        (8, false) => "unsigned long long",
        (16, true) => "__int128",
        (16, false) => "unsigned __int128",
        (size, _) => return Scalar::Bytes(size),
    })
}

fn is_long(name: Name<'_>) -> bool {
    matches!(
        name.as_bytes(),
        b"long" | b"long int" | b"unsigned long" | b"long unsigned int"
    )
}

/// Returns the type of C for a floating-point number of this size.
pub(super) const fn float(size: u64) -> Scalar {
    match size {
        2 => Scalar::Float(2),
        4 => Scalar::Own("float"),
        8 => Scalar::Own("double"),
        12 => Scalar::Float(12),
        16 => Scalar::Float(16),
        size => Scalar::Bytes(size),
    }
}

/// The sizes of [`Scalar::Float`], with the type's name and its definition.
pub(super) const FLOATS: &[(u8, &str, &str)] = &[
    (
        2,
        "btfkit_float2",
        "#if defined(__FLT16_MAX__)\ntypedef _Float16 btfkit_float2;\n#else\n\
         typedef struct { unsigned char bytes[2]; } __attribute__((aligned(2))) btfkit_float2;\n#endif\n",
    ),
    (
        12,
        "btfkit_float12",
        "#if __SIZEOF_LONG_DOUBLE__ == 12\ntypedef long double btfkit_float12;\n#else\n\
         typedef struct { unsigned char bytes[12]; } __attribute__((aligned(4))) btfkit_float12;\n#endif\n",
    ),
    (
        16,
        "btfkit_float16",
        "#if __SIZEOF_LONG_DOUBLE__ == 16\ntypedef long double btfkit_float16;\n#else\n\
         typedef struct { unsigned char bytes[16]; } __attribute__((aligned(16))) btfkit_float16;\n#endif\n",
    ),
];
