//! bpftool's raw listing: one line for each type and for each member.

use std::io::{self, Write};

use crate::error::Result;
use crate::graph::{Name, Type};
use crate::render::listing::{Remark, Sink, Value, kind_name, list, name_of};

/// Writes types as `bpftool btf dump file FILE` does, to the byte. The writer should be buffered.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding};
/// let mut builder = GraphBuilder::new();
/// builder.int("int", 4, IntEncoding::SIGNED)?;
/// let graph = builder.freeze()?;
/// let mut text = Vec::new();
/// btfkit::render::raw(graph.own_types(), &mut text)?;
/// assert_eq!(text, b"[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n");
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn raw<'g>(types: impl IntoIterator<Item = Type<'g>>, out: &mut impl Write) -> Result<()> {
    let mut text = Text { out, bare: false };
    for ty in types {
        list(ty, &mut text)?;
    }
    Ok(())
}

struct Text<'w, W> {
    out: &'w mut W,
    /// Whether the line is still empty: an entry of a data section doesn't start with a name.
    bare: bool,
}

impl<W: Write> Text<'_, W> {
    /// Writes a name in quotes, byte by byte.
    fn quoted(&mut self, name: Option<Name<'_>>) -> io::Result<()> {
        self.out.write_all(b"'")?;
        self.out
            .write_all(name.map_or(b"(anon)", |name| name.as_bytes()))?;
        self.out.write_all(b"'")
    }
}

impl<W: Write> Sink for Text<'_, W> {
    fn start(&mut self, ty: Type<'_>) -> io::Result<()> {
        write!(self.out, "{} {} ", ty.id(), kind_name(ty.kind()))?;
        self.quoted(name_of(ty))
    }

    fn number(&mut self, key: &str, value: u64) -> io::Result<()> {
        let space = if std::mem::take(&mut self.bare) {
            ""
        } else {
            " "
        };
        write!(self.out, "{space}{key}={value}")
    }

    fn signed(&mut self, key: &str, value: i64) -> io::Result<()> {
        write!(self.out, " {key}={value}")
    }

    fn word(&mut self, key: &str, value: &str) -> io::Result<()> {
        write!(self.out, " {key}={value}")
    }

    fn list(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn element(&mut self) -> io::Result<()> {
        self.bare = true;
        self.out.write_all(b"\n\t")
    }

    fn name(&mut self, name: Option<Name<'_>>) -> io::Result<()> {
        self.bare = false;
        self.quoted(name)
    }

    fn value(&mut self, value: Value) -> io::Result<()> {
        match (value.wide, value.signed) {
            (false, true) => write!(self.out, " val={}", value.bits.cast_signed()),
            (false, false) => write!(self.out, " val={}", value.bits),
            (true, true) => write!(self.out, " val={}LL", value.bits.cast_signed()),
            (true, false) => write!(self.out, " val={}ULL", value.bits),
        }
    }

    fn end_element(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end_list(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    fn remark(&mut self, remark: Remark<'_>) -> io::Result<()> {
        match remark {
            Remark::Comma => self.out.write_all(b","),
            Remark::Of(ty) => {
                write!(self.out, " ({} ", kind_name(ty.kind()))?;
                self.quoted(name_of(ty))?;
                self.out.write_all(b")")
            }
        }
    }
}
