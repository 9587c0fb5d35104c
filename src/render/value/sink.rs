//! What a format is told about a value.

use std::fmt::{self, Write};

use crate::error::{Error, ErrorKind};
use crate::graph::{Enum, Name};
use crate::render::value::float::Float;
use crate::render::value::number::Number;

/// The shape of a value that has others in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A structure or union.
    Structure,
    /// An anonymous member: its members are those of the structure around it.
    Anonymous,
    /// An array.
    List,
}

/// A value without others in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar<'g, 'b> {
    Number(Number),
    /// A number that is a truth value.
    Bool(Number),
    /// A byte that is a character.
    Char(Number),
    /// The bytes of a character array up to the first NUL.
    Text(&'b [u8]),
    /// A number that is signed if the enumeration is.
    Enum(Enum<'g>, Number),
    Float(Float),
    Pointer(Number),
    /// An integer or floating-point number of an odd size, in the order of the bytes.
    Bytes(&'b [u8]),
    /// A type without a value.
    NoValue,
    /// The bytes end before the value does.
    Truncated,
}

/// A format.
pub(super) trait Sink {
    fn open(&mut self, shape: Shape) -> fmt::Result;
    fn close(&mut self, shape: Shape) -> fmt::Result;
    /// Starts a member; an anonymous one has no name.
    fn member(&mut self, name: Name<'_>, is_anonymous: bool) -> fmt::Result;
    /// Starts an element of an array.
    fn element(&mut self) -> fmt::Result;
    fn scalar(&mut self, scalar: Scalar<'_, '_>) -> fmt::Result;
}

/// A writer that stops after so many bytes.
pub(super) struct Bounded<'w, W> {
    pub out: &'w mut W,
    /// The bytes that may still be written.
    pub left: u64,
    /// Whether more was to be written than may be.
    pub is_full: bool,
}

impl<W: Write> Write for Bounded<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.left.checked_sub(text.len() as u64) {
            Some(left) => {
                self.left = left;
                self.out.write_str(text)
            }
            None => {
                self.is_full = true;
                Err(fmt::Error)
            }
        }
    }
}

/// Where lines break, and how far they are indented.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines {
    /// Whether there are any but one.
    pub many: bool,
    pub depth: usize,
}

impl Lines {
    /// Starts a line.
    pub fn start(self, out: &mut impl Write) -> fmt::Result {
        if self.many {
            out.write_str("\n")?;
            for _ in 0..self.depth {
                out.write_str("    ")?;
            }
        }
        Ok(())
    }
}

#[cold]
pub(super) fn too_long() -> Error {
    Error::limit("the value takes more bytes than ValueOptions::output")
}

#[cold]
pub(super) fn writer_failed(_: std::fmt::Error) -> Error {
    Error::new(ErrorKind::Io, "the writer failed")
}
