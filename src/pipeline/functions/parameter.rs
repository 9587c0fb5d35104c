//! Parameters, and where they are when a function is entered.

use crate::pipeline::functions::register::Register;

/// A parameter of a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) size: Option<u64>,
    pub(super) location: Location,
    pub(super) source: Option<LocationSource>,
}

/// Where a value is when a function is entered: before its first instruction, as a uprobe sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Location {
    /// The value is in these pieces, one after the other.
    Pieces(Vec<Piece>),
    /// The value is in memory, and its address is here.
    Address(Slot),
    /// The value has no bytes, and is passed nowhere.
    Empty,
    /// It is not known, for this reason.
    Unknown(&'static str),
}

/// A piece of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Piece {
    /// Where the piece is.
    pub slot: Slot,
    /// The size in bytes; `None` if the piece is the whole value.
    pub size: Option<u64>,
}

/// A register or other thing that a piece of a value is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Slot {
    /// A register.
    Register(Register),
    /// Memory: bytes from the stack pointer.
    Stack(i64),
    /// Memory: bytes from the address in a register.
    Memory(Register, i64),
    /// The value is always the same.
    Constant(i64),
    /// The compiler removed the piece.
    Nothing,
}

/// What a location was concluded from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LocationSource {
    /// DWARF says it (`DW_AT_location`).
    Dwarf,
    /// It follows from the types and the language's calling convention.
    Convention,
}

impl Parameter {
    /// Returns the name; empty for a parameter without one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type, as the language writes it.
    #[must_use]
    pub fn ty(&self) -> &str {
        &self.ty
    }

    /// Returns the size in bytes.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Returns where the parameter is when the function is entered.
    #[must_use]
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// Returns what the location was concluded from; `None` if it is unknown.
    #[must_use]
    pub const fn source(&self) -> Option<LocationSource> {
        self.source
    }
}

impl Location {
    /// Returns the location as one in a function that isn't called as C calls.
    pub(super) fn not_of_c(self) -> Self {
        match self {
            Self::Pieces(pieces) => Self::Pieces(
                pieces
                    .into_iter()
                    .map(|piece| Piece {
                        slot: piece.slot.not_of_c(),
                        ..piece
                    })
                    .collect(),
            ),
            Self::Address(slot) => Self::Address(slot.not_of_c()),
            Self::Empty | Self::Unknown(_) => self,
        }
    }

    /// Returns a value in one piece.
    pub(super) fn one(slot: Slot) -> Self {
        Self::Pieces(vec![Piece { slot, size: None }])
    }
}

impl Slot {
    const fn not_of_c(self) -> Self {
        match self {
            Self::Register(register) => Self::Register(register.not_of_c()),
            Self::Memory(register, offset) => Self::Memory(register.not_of_c(), offset),
            Self::Stack(_) | Self::Constant(_) | Self::Nothing => self,
        }
    }

    /// Returns how a BPF program that is attached to the function reads the slot: `PT_REGS_PARM1(ctx)`, `ctx->ax`,
    /// `user memory at PT_REGS_SP(ctx) + 8`. Returns `None` if it can't.
    #[must_use]
    pub fn in_bpf(self) -> Option<String> {
        let register = |register: Register| match register.parameter_number() {
            Some(number) => Some(format!("PT_REGS_PARM{number}(ctx)")),
            None => register.pt_regs().map(|field| format!("ctx->{field}")),
        };
        match self {
            Self::Register(it) => register(it),
            Self::Stack(offset) => Some(format!("user memory at PT_REGS_SP(ctx) + {offset}")),
            Self::Memory(it, offset) => {
                let it = register(it)?;
                Some(match offset {
                    0 => format!("user memory at {it}"),
                    offset => format!("user memory at {it} + {offset}"),
                })
            }
            Self::Constant(value) => Some(value.to_string()),
            Self::Nothing => None,
        }
    }
}
