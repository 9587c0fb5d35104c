//! The text and what it takes to write it.

use std::collections::{HashSet, VecDeque};

use foldhash::fast::FixedState;

use crate::error::{Error, Result};
use crate::graph::{Btf, Type};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::render::extent::Shapes;
use crate::render::rust::ident;
use crate::render::rust::naming::Naming;
use crate::render::rust::note::{Note, NoteKind};

/// Bindings that are being written.
pub(super) struct Writer<'g, 'o> {
    pub graph: &'g Btf,
    pub shapes: &'o Shapes<'g>,
    /// Pointers that are written without the type that they point to.
    pub untyped: &'o HashSet<TypeId, FixedState>,
    pub naming: Naming<'g>,
    pub limits: &'o Limits,
    pub asserts: bool,
    pub out: String,
    pub notes: Vec<Note>,
    /// The types with a note of their own.
    pub noted: HashSet<TypeId, FixedState>,
    /// Bit `size` is set for the floating-point types that the text uses and Rust doesn't have.
    pub floats: u32,
    /// The type that is being written, and the names of it and of its field: types without a name are called by them.
    pub owner: TypeId,
    pub owner_name: Box<[u8]>,
    pub field_name: Box<[u8]>,
    /// Types without a name that are still to be written.
    pub queue: VecDeque<TypeId>,
}

impl<'g> Writer<'g, '_> {
    pub fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes an identifier.
    pub fn ident(&mut self, name: &[u8]) {
        self.out.push_str(&ident::written(name));
    }

    pub fn note(&mut self, id: TypeId, name: &[u8], kind: NoteKind) {
        self.notes.push(Note {
            id,
            name: String::from_utf8_lossy(name).into_owned(),
            kind,
        });
    }

    /// Adds a note on a type unless it has one.
    pub fn note_once(&mut self, ty: Type<'g>, kind: NoteKind) {
        if self.noted.insert(ty.id()) {
            self.note(ty.id(), ty.name().as_bytes(), kind);
        }
    }

    /// Checks the length of the text.
    ///
    /// # Errors
    /// `Limit` if it is too long.
    pub fn check(&self) -> Result<()> {
        self.check_len(self.out.len())
    }

    /// Checks a length that the text will have at least.
    ///
    /// # Errors
    /// `Limit` if it is too long.
    pub fn check_len(&self, bytes: usize) -> Result<()> {
        if bytes > self.limits.text_bytes as usize {
            return Err(Error::limit(
                "the text has more bytes than Limits::text_bytes",
            ));
        }
        Ok(())
    }

    /// Writes a text from the graph, as far as it can be in a comment.
    pub fn comment_text(&mut self, text: &[u8]) {
        const MOST: usize = 200;
        for &byte in text.iter().take(MOST) {
            let plain = byte == b' ' || byte.is_ascii_graphic();
            self.out.push(if plain { char::from(byte) } else { '.' });
        }
        if text.len() > MOST {
            self.push("...");
        }
    }

    /// Writes the check of a type's size.
    pub fn size_check(&mut self, name: &[u8], size: u64) {
        if self.asserts {
            self.push("const _: () = assert!(::core::mem::size_of::<");
            self.ident(name);
            self.push(&format!(">() == {size});\n"));
        }
    }
}
