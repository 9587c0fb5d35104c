//! The error type: kind, places and message.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::id::TypeId;

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a job can't be done, with the place in the input.
///
/// An error is one word wide. Branch on [`Error::kind`]. The text names the place from the outside in
/// (`prog.o: .BTF.ext: byte 0x30: …`). Expected outcomes, such as a relocation without a match, are values and never
/// errors.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, thiserror::Error)]
#[error("{}{message}", Prefix(places))]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    /// Outermost first.
    places: Vec<Place>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The kind of an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input breaks its format's rules.
    Malformed,
    /// The input uses something that this version doesn't know.
    Unsupported,
    /// The input asks for more than [`Limits`](crate::Limits) allow.
    Limit,
    /// The file has no debug information: it was compiled without.
    NoDebugInfo,
    /// The file had debug information, or symbols, and was stripped of them.
    Stripped,
    /// The file has no BTF.
    NoBtf,
    /// No type, member or file has the name.
    NotFound,
    /// Several types match, and they differ.
    Ambiguous,
    /// An instruction can't be patched, or doesn't have the value that its relocation record implies.
    Instruction,
    /// A value is too large for its field.
    Overflow,
    /// The caller's arguments are wrong or contradict each other.
    Usage,
    /// The operating system reported an error.
    Io,
}

/// A place in an input.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Place {
    /// A file, or the label of a target.
    File(String),
    /// One of several inputs of one type: its index in the list given, from 0.
    Input(usize),
    /// A module of a kernel: its index among the modules of the target, from 0.
    Module(usize),
    /// A section of an ELF file.
    Section(String),
    /// A byte of the innermost file or section before it, counted from its start.
    Byte(u64),
    /// A type.
    Type(TypeId),
    /// A CO-RE relocation: its index in its section, from 0.
    Relocation(u32),
    /// An instruction: its index in its section, from 0.
    Instruction(u64),
    /// A DIE: its offset in `.debug_info`.
    Die(u64),
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            places: Vec::new(),
            source: None,
        }))
    }

    #[cold]
    pub(crate) fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    #[cold]
    pub(crate) fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// Returns the error with a place around those it has.
    #[cold]
    #[must_use]
    pub fn within(mut self, place: Place) -> Self {
        self.0.places.insert(0, place);
        self
    }

    /// Returns the error with the places of another one.
    #[cold]
    #[must_use]
    pub(crate) fn within_all(mut self, places: &[Place]) -> Self {
        self.0.places = places.to_vec();
        self
    }

    #[cold]
    #[must_use]
    pub(crate) fn because(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the places, outermost first.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }

    /// Returns the message, without the places.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl From<std::io::Error> for Error {
    #[cold]
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, error.to_string()).because(error)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.0)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct Prefix<'a>(&'a [Place]);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|place| write!(f, "{place}: "))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) | Self::Section(name) => f.write_str(name),
            Self::Input(index) => write!(f, "input {index}"),
            Self::Module(index) => write!(f, "module {index}"),
            Self::Byte(offset) => write!(f, "byte {offset:#x}"),
            Self::Type(id) => write!(f, "type {id}"),
            Self::Relocation(number) => write!(f, "relocation #{number}"),
            Self::Instruction(number) => write!(f, "instruction {number}"),
            Self::Die(offset) => write!(f, "DIE {offset:#x}"),
        }
    }
}

/// Adds places to the error of a result.
pub(crate) trait Context<T> {
    /// Adds a place around those of the error, if there is one.
    fn within(self, place: impl FnOnce() -> Place) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn within(self, place: impl FnOnce() -> Place) -> Self {
        self.map_err(|error| error.within(place()))
    }
}
