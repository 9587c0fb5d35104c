//! The text and what it takes to write it.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::error::{Error, Result};
use crate::graph::{Btf, Type};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::render::c::declaration::Link;
use crate::render::c::note::{Note, NoteKind};
use crate::render::c::record::Frame;
use crate::render::extent::Shapes;
use crate::render::fields::Field;
use crate::render::names::{Names, Taken};

/// A header that is being written.
pub(super) struct Writer<'g, 'o> {
    pub graph: &'g Btf,
    pub shapes: &'o Shapes<'g>,
    pub untyped: &'o HashSet<TypeId, FixedState>,
    pub names: &'o Names<'g>,
    /// The names that aren't tags.
    pub taken: Taken<'g>,
    pub limits: &'o Limits,
    pub asserts: bool,
    pub out: Vec<u8>,
    pub notes: Vec<Note>,
    pub uses: Uses,
    /// The links of the declarations that are being written.
    pub links: Vec<Link<'g>>,
    /// The structures that are being written.
    pub frames: Vec<Frame<'g>>,
    /// The fields of those whose members can't just be written in order.
    pub fields: Vec<Field<'g>>,
    /// The checks of the item that is being written, and the path to the structure in it.
    pub checks: Vec<u8>,
    pub path: Vec<u8>,
    /// The number of padding members in the item, and of scopes.
    pub pads: u32,
    pub scopes: u64,
    pub scope: Scope,
}

/// What the header needs at its start.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Uses {
    /// Bit `size` is set for the floating-point types that not every compiler has.
    pub floats: u32,
    pub type_tags: bool,
    pub records: bool,
    /// A name that gcc's and clang's GNU modes define as a macro is used.
    pub macros: [bool; MACROS.len()],
}

/// Macros that GNU modes define without `_` in front, for some machines.
pub(super) const MACROS: [&str; 3] = ["linux", "unix", "i386"];

/// The names of members in the structures that are being written, by hash.
#[derive(Default)]
pub(super) struct Scope(HashTable<u64>);

impl Scope {
    pub fn clear(&mut self) {
        // Clearing takes time by capacity, so that one large structure would slow down all behind it.
        if self.0.capacity() > 64 {
            self.0 = HashTable::new();
        } else {
            self.0.clear();
        }
    }

    /// Adds a name to a scope. Returns its key, and whether it is new.
    pub fn add(&mut self, scope: u64, name: &[u8]) -> (u64, bool) {
        let key = FixedState::default().hash_one((scope, name));
        let found = self.0.entry(key, |other| *other == key, |other| *other);
        match found {
            hashbrown::hash_table::Entry::Occupied(_) => (key, false),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                entry.insert(key);
                (key, true)
            }
        }
    }

    pub fn remove(&mut self, key: u64) {
        if let Ok(entry) = self.0.find_entry(key, |other| *other == key) {
            entry.remove();
        }
    }
}

impl<'g> Writer<'g, '_> {
    pub fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes an identifier.
    pub fn ident(&mut self, name: &[u8]) {
        if name.len() <= 5 {
            for (used, text) in self.uses.macros.iter_mut().zip(MACROS) {
                *used |= name == text.as_bytes();
            }
        }
        self.out.extend_from_slice(name);
    }

    pub fn number(&mut self, mut number: u64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        for digit in digits.iter_mut().rev() {
            at -= 1;
            *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.out
            .extend_from_slice(digits.get(at..).unwrap_or_default());
    }

    pub fn indent(&mut self, depth: usize) {
        const TABS: &[u8; 16] = &[b'\t'; 16];
        // Deeper than that, nobody reads it.
        self.out
            .extend_from_slice(TABS.get(..depth.min(16)).unwrap_or_default());
    }

    pub fn note(&mut self, id: TypeId, name: &[u8], kind: NoteKind) {
        self.notes.push(Note {
            id,
            name: String::from_utf8_lossy(name).into_owned(),
            kind,
        });
    }

    /// Checks the length of the text.
    ///
    /// # Errors
    /// `Limit` if it is too long.
    pub fn check(&self) -> Result<()> {
        if self.out.len() + self.checks.len() > self.limits.text_bytes as usize {
            return Err(Error::limit(
                "the text has more bytes than Limits::text_bytes",
            ));
        }
        Ok(())
    }

    /// Writes a text from the graph, as far as it can be in a comment.
    pub fn comment_text(&mut self, text: &[u8]) {
        const MOST: usize = 200;
        let mut last = 0;
        for &byte in text.iter().take(MOST) {
            // Neither the end of a comment nor the start of one inside it, which compilers warn of.
            if matches!((last, byte), (b'*', b'/') | (b'/', b'*')) {
                self.out.push(b' ');
            }
            last = if byte == b' ' || byte.is_ascii_graphic() {
                byte
            } else {
                // Not `?`, of which two and another character are one.
                b'.'
            };
            self.out.push(last);
        }
        if text.len() > MOST {
            self.push("...");
        }
    }

    /// Writes the tag or name of a type, with its keyword.
    pub fn named(&mut self, ty: Type<'g>) {
        use crate::graph::{FwdKind, Kind};
        let keyword = match ty.kind() {
            Kind::Struct => "struct ",
            Kind::Union => "union ",
            Kind::Enum | Kind::Enum64 => "enum ",
            Kind::Fwd if ty.as_fwd() == Some(FwdKind::Union) => "union ",
            Kind::Fwd => "struct ",
            Kind::Void
            | Kind::Int
            | Kind::Ptr
            | Kind::Array
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Func
            | Kind::FuncProto
            | Kind::Var
            | Kind::Datasec
            | Kind::Float
            | Kind::DeclTag
            | Kind::TypeTag
            | Kind::Unknown(_) => "",
        };
        self.push(keyword);
        let names = self.names;
        self.ident(names.get(ty));
    }
}
