//! Values as C's designated initialisers.

use std::fmt::{self, Write};

use crate::graph::Name;
use crate::render::value::enumerators::{Called, Flag, called, flags};
use crate::render::value::float::Float;
use crate::render::value::sink::{Lines, Scalar, Shape, Sink};
use crate::render::value::text::escaped;

/// Writes `{.id = 7, .name = "abc", .list = {1, 2}}`.
pub(super) struct C<'w, W> {
    pub out: &'w mut W,
    pub lines: Lines,
    /// Whether something stands before the next member or element.
    pub is_behind: bool,
}

impl<W: Write> C<'_, W> {
    fn separate(&mut self) -> fmt::Result {
        let space = if self.lines.many { "" } else { " " };
        if std::mem::replace(&mut self.is_behind, true) {
            write!(self.out, ",{space}")?;
        }
        self.lines.start(self.out)
    }
}

impl<W: Write> Sink for C<'_, W> {
    fn open(&mut self, _: Shape) -> fmt::Result {
        self.out.write_str("{")?;
        self.lines.depth += 1;
        self.is_behind = false;
        Ok(())
    }

    fn close(&mut self, _: Shape) -> fmt::Result {
        self.lines.depth = self.lines.depth.saturating_sub(1);
        if std::mem::replace(&mut self.is_behind, true) {
            self.lines.start(self.out)?;
        }
        self.out.write_str("}")
    }

    fn member(&mut self, name: Name<'_>, _: bool) -> fmt::Result {
        self.separate()?;
        if name.is_empty() {
            return Ok(());
        }
        self.out.write_str(".")?;
        write_name(self.out, name)?;
        self.out.write_str(" = ")
    }

    fn element(&mut self) -> fmt::Result {
        self.separate()
    }

    fn scalar(&mut self, scalar: Scalar<'_, '_>) -> fmt::Result {
        let out = &mut *self.out;
        match scalar {
            Scalar::Number(number) => write!(out, "{number}"),
            Scalar::Bool(number) => match number.bits {
                0 => out.write_str("false"),
                1 => out.write_str("true"),
                _ => write!(out, "{number}"),
            },
            Scalar::Char(number) => {
                let [byte, ..] = number.bits.to_le_bytes();
                out.write_str("'")?;
                escaped(&[byte], '\'', out)?;
                out.write_str("'")
            }
            Scalar::Text(text) => {
                out.write_str("\"")?;
                escaped(text, '"', out)?;
                out.write_str("\"")
            }
            Scalar::Enum(values, number) => match called(&values, number) {
                Called::Name(name) => write_name(out, name),
                Called::Nothing => write!(out, "{number}"),
                Called::Flags => {
                    out.write_str("(")?;
                    for (index, flag) in flags(&values, number).enumerate() {
                        if index > 0 {
                            out.write_str(" | ")?;
                        }
                        match flag {
                            Flag::Name(name) => write_name(out, name)?,
                            Flag::Bits(bits) => write!(out, "{bits:#x}")?,
                        }
                    }
                    out.write_str(")")
                }
            },
            Scalar::Float(float) => write_float(float, out),
            Scalar::Pointer(number) => write!(out, "{:#x}", number.bits),
            Scalar::Bytes(bytes) => {
                out.write_str("{")?;
                for (number, byte) in bytes.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    write!(out, "{comma}{byte:#04x}")?;
                }
                out.write_str("}")
            }
            Scalar::NoValue => out.write_str("<no value>"),
            Scalar::Truncated => out.write_str("<truncated>"),
        }
    }
}

/// Writes a name byte by byte; one that is not UTF-8 with U+FFFD.
fn write_name<W: Write>(out: &mut W, name: Name<'_>) -> fmt::Result {
    match name.to_str() {
        Some(name) => out.write_str(name),
        None => write!(out, "{name}"),
    }
}

fn write_float(float: Float, out: &mut impl Write) -> fmt::Result {
    match float {
        Float::Single(value) if value.is_finite() => write!(out, "{value:?}"),
        Float::Double(value) if value.is_finite() => write!(out, "{value:?}"),
        Float::Single(value) => write_special(f64::from(value), out),
        Float::Double(value) => write_special(value, out),
        Float::Extended(wide) => {
            wide.hex(out)?;
            out.write_str(if wide.digits() > 64 { "Q" } else { "L" })?;
            match wide.nearest() {
                value if value.is_normal() => write!(out, " /* {value:?} */"),
                _ => Ok(()),
            }
        }
    }
}

fn write_special(value: f64, out: &mut impl Write) -> fmt::Result {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let name = if value.is_nan() { "NAN" } else { "INFINITY" };
    write!(out, "{sign}{name}")
}
