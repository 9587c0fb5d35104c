//! What a header can't write as it is.

use std::fmt;

use crate::id::TypeId;
use crate::render::fields::Lost;

/// A type, field or enumerator that is not in the header as the graph has it.
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
    /// It has this name, because an earlier one has its own.
    Renamed(String),
    /// Another type's name is spelled alike in C, so that relocation can't tell them apart without an alias.
    Alike,
    /// The field is left out, and its bytes are padding.
    Left(Lost),
    /// The type is an array of bytes.
    Bytes,
    /// The pointer is a `void *`: the type that it points to can't be declared before it.
    Untyped,
    /// The enumeration has no enumerators, and got one of this name, because C has no empty enumerations.
    Empty(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, name) = (self.id, &self.name);
        match &self.kind {
            NoteKind::Renamed(to) => write!(
                f,
                "type {id}: {name:?} is called {to}, because an earlier one has its name"
            ),
            NoteKind::Alike => write!(
                f,
                "type {id}: C spells {name:?} like the name of another type: relocation takes neither without an alias"
            ),
            NoteKind::Left(lost) => {
                write!(
                    f,
                    "type {id}: the field {name:?} is left out: {}",
                    lost.text()
                )
            }
            NoteKind::Bytes => write!(
                f,
                "type {id}: {name:?} is written as bytes: C has no such type"
            ),
            NoteKind::Untyped => write!(
                f,
                "type {id}: the pointer {name:?} is a void *: C can't declare what it points to before it"
            ),
            NoteKind::Empty(one) => write!(
                f,
                "type {id}: the enumeration {name:?} is empty, and got the enumerator {one}"
            ),
        }
    }
}
