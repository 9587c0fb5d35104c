//! Parameters as text for people.

use std::fmt;

use crate::pipeline::functions::parameter::{Location, LocationSource, Parameter, Piece, Slot};

/// A parameter in two pieces of text.
pub(super) struct Lines {
    pub name: String,
    pub location: String,
}

impl Lines {
    pub fn of(parameter: &Parameter) -> Self {
        let name = match parameter.name() {
            "" => parameter.ty().to_owned(),
            name => format!("{name}: {}", parameter.ty()),
        };
        let source = match parameter.source() {
            Some(LocationSource::Dwarf) => " (dwarf)",
            Some(LocationSource::Convention) => " (convention)",
            None => "",
        };
        Self {
            name,
            location: format!("{}{source}", parameter.location()),
        }
    }

    /// Returns the columns that the name takes.
    pub fn width(&self) -> usize {
        self.name.chars().count()
    }

    /// Returns the columns that the location takes.
    pub fn location_width(&self) -> usize {
        self.location.chars().count()
    }

    /// Returns both in one line, the location from a column on.
    pub fn side_by_side(&self, column: usize) -> String {
        format!("{:column$}  {}", self.name, self.location)
    }
}

/// `rdi, PT_REGS_PARM1(ctx)`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pieces(pieces) => {
                for (number, piece) in pieces.iter().enumerate() {
                    if number > 0 {
                        f.write_str("; ")?;
                    }
                    piece.fmt(f)?;
                }
                Ok(())
            }
            Self::Address(slot) => write!(f, "its address in {slot}"),
            Self::Empty => f.write_str("nowhere: it has no bytes"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

/// The slot, and the size if it isn't the whole value.
impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size {
            Some(size) => write!(f, "{size} bytes: {}", self.slot),
            None => self.slot.fmt(f),
        }
    }
}

/// The register's name, and how BPF reads it.
impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.in_bpf()) {
            (Self::Register(register), Some(bpf)) => write!(f, "{register}, {bpf}"),
            (Self::Register(register), None) => write!(f, "{register}, which BPF can't read"),
            (Self::Constant(value), _) => write!(f, "always {value}"),
            (Self::Nothing, _) => f.write_str("removed by the compiler"),
            (Self::Stack(_) | Self::Memory(..), Some(bpf)) => f.write_str(&bpf),
            (Self::Stack(_), None) => f.write_str("on the stack"),
            (Self::Memory(register, offset), None) => {
                write!(f, "in memory, {offset} bytes from {register}")
            }
        }
    }
}
