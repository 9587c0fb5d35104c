//! The entry point: options, and what was written.

use std::fmt::Write;

use crate::error::Result;
use crate::graph::Type;
use crate::id::ByteSize;
use crate::render::value::c::C;
use crate::render::value::json::Json;
use crate::render::value::options::{ValueFormat, ValueOptions};
use crate::render::value::sink::{Bounded, Lines, Sink, too_long};
use crate::render::value::walk::Walk;

/// What [`value`] wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Written {
    /// The bytes that belong to the value: its type's size, and all bytes if it ends in a flexible array. At most the
    /// number of bytes given.
    pub used: ByteSize,
    /// Whether the bytes end before a member does. Such members are `<truncated>` in C and null in JSON. Padding that is
    /// missing does no harm.
    pub is_truncated: bool,
}

/// Writes the bytes of a type as a value.
///
/// The bytes are in the byte order of the type's graph ([`Btf::endian`](crate::Btf::endian)). Nothing is allocated for a
/// field; `out` is usually a `String` that is used again.
///
/// | type | C | JSON |
/// |---|---|---|
/// | structure | `{.id = 7, .at = {.x = 1}}` | `{"id":7,"at":{"x":1}}` |
/// | anonymous member, base class | `{.a = 1, {.b = 2}}` | `{"a":1,"b":2}` |
/// | union | every member, like a structure | |
/// | Rust enumeration | the tag, and the variant that is alive | |
/// | array | `{1, 2}` | `[1,2]` |
/// | array of `char` | the text before the first NUL: `"abc\n"` | `"abc\n"`; bytes that are not UTF-8 become U+FFFD |
/// | flexible array at the end | the elements in the bytes that remain | |
/// | `char` | `'a'` | the number |
/// | other integer, bitfield | `-5` | `-5`; of more than 64 bits `"-5"` |
/// | `bool` | `true` | `true` |
/// | enumeration | `NAME`, `(A \| B \| 0x8)` for flags, or the number | `"NAME"`, `"A\|B\|0x8"`, or the number |
/// | pointer | `0x7ffe` | `"0x7ffe"` |
/// | floating-point number | the shortest text of the same value; a `long double` that is no `double` is exact, in hexadecimal | the nearest `double`; `"inf"`, `"-inf"`, `"nan"` |
///
/// As for gdb, an enumeration is one of flags if no enumerator has more than one bit set.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
/// use btfkit::render::{ValueFormat, ValueOptions, value};
/// use btfkit::{Bits, Endian};
///
/// # let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// let char = builder.int("char", 1, IntEncoding::SIGNED)?;
/// let name = builder.array(char, int, 4)?;
/// let members = [NewMember::new("pid", int), NewMember::new("comm", name).at(Bits(32))];
/// builder.composite(Kind::Struct, "event", 8, &members)?;
/// let graph = builder.freeze()?;
///
/// let event = graph.find(Kind::Struct, "event").unwrap();
/// let bytes = [42u32.to_ne_bytes(), *b"ssh\0"].concat();
/// let mut text = String::new();
/// value(event, &bytes, &ValueOptions::new(), &mut text)?;
/// assert_eq!(text, r#"{.pid = 42, .comm = "ssh"}"#);
///
/// text.clear();
/// let json = ValueOptions::new().format(ValueFormat::Json);
/// let written = value(event, &bytes[..4], &json, &mut text)?;
/// assert_eq!(text, r#"{"pid":42,"comm":null}"#);
/// assert!(written.is_truncated);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `NotFound` for a type without a size; `Malformed` for an endless chain of types; `Limit` where structures nest deeper
/// than [`Limits::depth`](crate::Limits::depth)'s default, or the value takes more than [`ValueOptions::output`] bytes;
/// `Io` where the writer fails. What was written before an error stays in `out`.
pub fn value(
    ty: Type<'_>,
    bytes: &[u8],
    options: &ValueOptions,
    out: &mut impl Write,
) -> Result<Written> {
    let mut bounded = Bounded {
        out,
        left: options.output,
        is_full: false,
    };
    let lines = Lines {
        many: options.lines,
        depth: 0,
    };
    let walked = match options.format {
        ValueFormat::C => walk(
            ty,
            bytes,
            options,
            C {
                out: &mut bounded,
                lines,
                is_behind: false,
            },
        ),
        ValueFormat::Json => walk(
            ty,
            bytes,
            options,
            Json {
                out: &mut bounded,
                lines,
                is_behind: false,
            },
        ),
    };
    match walked {
        Err(_) if bounded.is_full => Err(too_long()),
        walked => walked,
    }
}

fn walk(ty: Type<'_>, bytes: &[u8], options: &ValueOptions, sink: impl Sink) -> Result<Written> {
    let mut walk = Walk::new(ty, bytes, options, sink)?;
    walk.run()?;
    Ok(Written {
        used: walk.used(),
        is_truncated: walk.is_truncated(),
    })
}
