//! What bindings can't write as it is.

use std::fmt;

use crate::id::TypeId;
use crate::render::fields::Lost;

/// A type, field or enumerator that is not in the bindings as the graph has it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Note {
    /// The type.
    pub id: TypeId,
    /// The name of the type, field or enumerator in the graph.
    pub name: String,
    /// What became of it.
    pub kind: NoteKind,
}

/// What became of a type, field or enumerator.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NoteKind {
    /// It has this name, because an earlier one has its own or Rust reserves it.
    Renamed(String),
    /// The field is left out, and its bytes are padding.
    Left(Lost),
    /// The type is an array of bytes, or a structure of bytes with the type's alignment.
    Bytes,
    /// A pointer in the type is a `*mut c_void`: the type that it points to contains the pointer's own type.
    Untyped,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, name) = (self.id, &self.name);
        match &self.kind {
            NoteKind::Renamed(to) => write!(
                f,
                "type {id}: {name:?} is called {to}, because its own name is in use"
            ),
            NoteKind::Left(lost) => write!(
                f,
                "type {id}: the field {name:?} is left out: {}",
                lost.text()
            ),
            NoteKind::Bytes => write!(
                f,
                "type {id}: {name:?} is written as bytes: Rust has no such type"
            ),
            NoteKind::Untyped => write!(
                f,
                "type {id}: a pointer in {name:?} is a *mut c_void: it leads back to its own type"
            ),
        }
    }
}
