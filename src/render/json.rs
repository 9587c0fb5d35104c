//! bpftool's JSON: one object with the list of the types.

use std::io::{self, Write};

use crate::error::Result;
use crate::graph::{Name, Type};
use crate::render::listing::{Remark, Sink, Value, kind_name, list, name_of};

/// Writes types as `bpftool --json btf dump file FILE` does, to the byte. The writer should be buffered.
///
/// The output is `{"types":[…]}` and a newline. Each type has `id`, `kind` and `name`, and the fields of its kind. If
/// bpftool's own JSON is invalid (because a name is not UTF-8, or has a control character), this one is valid.
/// Like bpftool, it prints the values of an unsigned ENUM from 2³¹ on as if they were signed, then as
/// unsigned 64-bit numbers.
///
/// # Errors
/// `Io` if the writer fails.
pub fn json<'g>(types: impl IntoIterator<Item = Type<'g>>, out: &mut impl Write) -> Result<()> {
    let mut json = Json { out, first: true };
    json.out.write_all(b"{\"types\":[")?;
    for ty in types {
        list(ty, &mut json)?;
    }
    json.out.write_all(b"]}\n")?;
    Ok(())
}

struct Json<'w, W> {
    out: &'w mut W,
    /// Whether the next key or element is the first of its object or list.
    first: bool,
}

impl<W: Write> Json<'_, W> {
    fn comma(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.first) {
            self.out.write_all(b",")?;
        }
        Ok(())
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        self.comma()?;
        write!(self.out, "\"{key}\":")
    }

    fn string(&mut self, string: &str) -> io::Result<()> {
        json_string(self.out, string)
    }
}

/// Writes a string as JSON: quoted and escaped.
pub(crate) fn json_string(out: &mut impl Write, string: &str) -> io::Result<()> {
    let is_special = |c: char| c < ' ' || c == '"' || c == '\\';
    out.write_all(b"\"")?;
    for part in string.split_inclusive(is_special) {
        let Some(special) = part.chars().next_back().filter(|c| is_special(*c)) else {
            out.write_all(part.as_bytes())?;
            continue;
        };
        let plain = part.strip_suffix(special).unwrap_or(part);
        out.write_all(plain.as_bytes())?;
        match special {
            '\t' => out.write_all(b"\\t")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\u{c}' => out.write_all(b"\\f")?,
            '\u{8}' => out.write_all(b"\\b")?,
            '"' | '\\' => write!(out, "\\{special}")?,
            control => write!(out, "\\u{:04x}", u32::from(control))?,
        }
    }
    out.write_all(b"\"")
}

impl<W: Write> Sink for Json<'_, W> {
    fn start(&mut self, ty: Type<'_>) -> io::Result<()> {
        self.element()?;
        self.number("id", u64::from(ty.id().get()))?;
        self.word("kind", kind_name(ty.kind()))?;
        self.name(name_of(ty))
    }

    fn number(&mut self, key: &str, value: u64) -> io::Result<()> {
        self.key(key)?;
        write!(self.out, "{value}")
    }

    fn signed(&mut self, key: &str, value: i64) -> io::Result<()> {
        self.key(key)?;
        write!(self.out, "{value}")
    }

    fn word(&mut self, key: &str, value: &str) -> io::Result<()> {
        self.key(key)?;
        write!(self.out, "\"{value}\"")
    }

    fn list(&mut self, key: &str) -> io::Result<()> {
        self.key(key)?;
        self.first = true;
        self.out.write_all(b"[")
    }

    fn element(&mut self) -> io::Result<()> {
        self.comma()?;
        self.first = true;
        self.out.write_all(b"{")
    }

    fn name(&mut self, name: Option<Name<'_>>) -> io::Result<()> {
        self.key("name")?;
        match name {
            Some(name) => self.string(&name.to_string_lossy()),
            None => self.string("(anon)"),
        }
    }

    fn value(&mut self, value: Value) -> io::Result<()> {
        // bpftool passes the 32 bits on as a signed number.
        let narrow = |bits: u64| {
            let [a, b, c, d, ..] = bits.to_le_bytes();
            i64::from(i32::from_le_bytes([a, b, c, d]))
        };
        match (value.signed, value.wide) {
            (true, _) => self.signed("val", value.bits.cast_signed()),
            (false, true) => self.number("val", value.bits),
            (false, false) => self.number("val", narrow(value.bits).cast_unsigned()),
        }
    }

    fn end_element(&mut self) -> io::Result<()> {
        self.first = false;
        self.out.write_all(b"}")
    }

    fn end_list(&mut self) -> io::Result<()> {
        self.first = false;
        self.out.write_all(b"]")
    }

    fn end(&mut self) -> io::Result<()> {
        self.end_element()
    }

    fn remark(&mut self, _: Remark<'_>) -> io::Result<()> {
        Ok(())
    }
}
