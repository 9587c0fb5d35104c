//! Values as JSON.

use std::fmt::{self, Write};

use crate::graph::Name;
use crate::render::value::enumerators::{Called, Flag, called, flags};
use crate::render::value::float::Float;
use crate::render::value::number::Number;
use crate::render::value::sink::{Lines, Scalar, Shape, Sink};
use crate::render::value::text::json_escaped;

/// Writes `{"id":7,"name":"abc","list":[1,2]}`.
pub(super) struct Json<'w, W> {
    pub out: &'w mut W,
    pub lines: Lines,
    /// Whether something stands before the next member or element.
    pub is_behind: bool,
}

impl<W: Write> Json<'_, W> {
    fn separate(&mut self) -> fmt::Result {
        if std::mem::replace(&mut self.is_behind, true) {
            self.out.write_str(",")?;
        }
        self.lines.start(self.out)
    }

    fn string(&mut self, bytes: &[u8]) -> fmt::Result {
        self.out.write_str("\"")?;
        json_escaped(bytes, self.out)?;
        self.out.write_str("\"")
    }

    /// Writes a number; as a string if it has more than 64 bits.
    fn number(&mut self, number: Number) -> fmt::Result {
        if number.fits_64_bits() {
            write!(self.out, "{number}")
        } else {
            write!(self.out, "\"{number}\"")
        }
    }

    fn float(&mut self, float: Float) -> fmt::Result {
        let value = match float {
            Float::Single(value) if value.is_finite() => return write!(self.out, "{value:?}"),
            Float::Single(value) => f64::from(value),
            Float::Double(value) => value,
            Float::Extended(wide) => wide.nearest(),
        };
        if value.is_finite() {
            write!(self.out, "{value:?}")
        } else if value.is_nan() {
            self.string(b"nan")
        } else {
            self.string(if value > 0.0 { b"inf" } else { b"-inf" })
        }
    }
}

impl<W: Write> Sink for Json<'_, W> {
    fn open(&mut self, shape: Shape) -> fmt::Result {
        let bracket = match shape {
            Shape::Structure => "{",
            Shape::List => "[",
            Shape::Anonymous => return Ok(()),
        };
        self.lines.depth += 1;
        self.is_behind = false;
        self.out.write_str(bracket)
    }

    fn close(&mut self, shape: Shape) -> fmt::Result {
        let bracket = match shape {
            Shape::Structure => "}",
            Shape::List => "]",
            Shape::Anonymous => return Ok(()),
        };
        self.lines.depth = self.lines.depth.saturating_sub(1);
        if std::mem::replace(&mut self.is_behind, true) {
            self.lines.start(self.out)?;
        }
        self.out.write_str(bracket)
    }

    fn member(&mut self, name: Name<'_>, is_anonymous: bool) -> fmt::Result {
        if is_anonymous {
            return Ok(());
        }
        self.separate()?;
        self.string(name.as_bytes())?;
        self.out.write_str(if self.lines.many { ": " } else { ":" })
    }

    fn element(&mut self) -> fmt::Result {
        self.separate()
    }

    fn scalar(&mut self, scalar: Scalar<'_, '_>) -> fmt::Result {
        match scalar {
            Scalar::Number(number) => self.number(number),
            Scalar::Bool(number) => match number.bits {
                0 => self.out.write_str("false"),
                1 => self.out.write_str("true"),
                _ => self.number(number),
            },
            Scalar::Char(number) => self.number(number),
            Scalar::Text(text) => self.string(text),
            Scalar::Enum(values, number) => match called(&values, number) {
                Called::Name(name) => self.string(name.as_bytes()),
                Called::Nothing => self.number(number),
                Called::Flags => {
                    self.out.write_str("\"")?;
                    for (index, flag) in flags(&values, number).enumerate() {
                        if index > 0 {
                            self.out.write_str("|")?;
                        }
                        match flag {
                            Flag::Name(name) => json_escaped(name.as_bytes(), self.out)?,
                            Flag::Bits(bits) => write!(self.out, "{bits:#x}")?,
                        }
                    }
                    self.out.write_str("\"")
                }
            },
            Scalar::Float(float) => self.float(float),
            Scalar::Pointer(number) => write!(self.out, "\"{:#x}\"", number.bits),
            Scalar::Bytes(bytes) => {
                self.out.write_str("\"")?;
                for byte in bytes {
                    write!(self.out, "{byte:02x}")?;
                }
                self.out.write_str("\"")
            }
            Scalar::NoValue | Scalar::Truncated => self.out.write_str("null"),
        }
    }
}
