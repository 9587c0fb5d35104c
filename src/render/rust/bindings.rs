//! Whole bindings: what they declare, in order, and what is around it.

use std::collections::{HashSet, VecDeque};

use foldhash::fast::FixedState;

use crate::error::Result;
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::query::flavor;
use crate::render::order::Item;
use crate::render::roots::{named, order_of};
use crate::render::rust::naming::Naming;
use crate::render::rust::note::{Note, NoteKind};
use crate::render::rust::options::RustOptions;
use crate::render::rust::scalar::FLOATS;
use crate::render::rust::writer::Writer;

/// Bindings, and what they can't write as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Bindings {
    /// The text: a module of Rust.
    pub text: String,
    /// What is not in the bindings as the graph has it.
    pub notes: Vec<Note>,
}

impl Bindings {
    /// Returns the number of notes of each kind, with what they say.
    #[must_use]
    pub fn counts(&self) -> Vec<(usize, &'static str)> {
        let of = |kind: fn(&NoteKind) -> bool| {
            let notes = self.notes.iter();
            notes.filter(|note| kind(&note.kind)).count()
        };
        let counts = [
            (
                of(|kind| matches!(kind, NoteKind::Renamed(_))),
                "types, fields or enumerators have another name, because theirs is in use or Rust can't write it",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Left(_))),
                "fields are left out, because Rust can't write them",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Bytes)),
                "types are written as bytes, because Rust has no such types",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Untyped)),
                "types have pointers that are *mut c_void, because they lead back to their own types",
            ),
        ];
        counts.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

/// Writes types as Rust.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
/// use btfkit::render::rust::{RustOptions, bindings};
/// let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// builder.composite(Kind::Struct, "ns::Foo<int>", 4, &[NewMember::new("type", int)])?;
/// let bindings = bindings(&builder.freeze()?, &RustOptions::new().asserts(true))?;
/// assert!(bindings.text.contains("pub struct ns__Foo_int_ {\n    pub r#type: i32,\n}\n"));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `NotFound` for a name that no type has; `Ambiguous` for the spelling of several names; `Malformed` for types that
/// contain themselves; `Limit` for a text longer than [`Limits::text_bytes`](crate::Limits::text_bytes).
pub fn bindings(graph: &Btf, options: &RustOptions) -> Result<Bindings> {
    let order = order_of(graph, &options.names)?;
    let mut writer = Writer {
        graph,
        shapes: &order.shapes,
        untyped: &order.untyped,
        naming: Naming::new(graph, &named(graph, &order)),
        limits: &options.limits,
        asserts: options.asserts,
        out: String::new(),
        notes: Vec::new(),
        noted: HashSet::default(),
        floats: 0,
        owner: TypeId::VOID,
        owner_name: Box::default(),
        field_name: Box::default(),
        queue: VecDeque::new(),
    };
    writer.push(
        "// Written by btfkit from a program's types.\n\
        #![allow(non_camel_case_types, non_snake_case, non_upper_case_globals, dead_code, unused_parens, improper_ctypes_definitions)]\n\
        #![allow(clippy::all)]\n\n",
    );
    let mut forwards = Vec::new();
    // The names of the structures and unions that are defined.
    let mut defined: HashSet<Box<[u8]>, FixedState> = HashSet::default();
    for item in &order.items {
        match *item {
            Item::Forward(id) => forwards.push(id),
            Item::Define(id) => {
                let ty = graph.ty(id);
                if ty.kind().is_composite() {
                    defined.extend(writer.naming.get(ty).map(Into::into));
                }
                writer.define(ty)?;
            }
        }
        while let Some(id) = writer.queue.pop_front() {
            writer.define(graph.ty(id))?;
        }
    }
    for id in forwards {
        let ty = graph.ty(id);
        let Some(name) = writer.naming.get(ty).map(<[u8]>::to_vec) else {
            continue;
        };
        if defined.insert(name.clone().into()) {
            writer.opaque(ty, &name)?;
        }
    }
    writer.floats();
    writer.check()?;
    Ok(Bindings {
        text: writer.out,
        notes: writer.notes,
    })
}

impl<'g> Writer<'g, '_> {
    /// Writes a type of its own.
    fn define(&mut self, ty: Type<'g>) -> Result<()> {
        self.check()?;
        if ty.kind() == Kind::Typedef {
            return self.typedef(ty);
        }
        let name = self.naming.get(ty).map(<[u8]>::to_vec);
        self.own_name(ty);
        self.owner = ty.id();
        if ty.kind().is_enum() {
            return self.enumeration(ty, name.as_deref());
        }
        self.record(ty, &name.unwrap_or_default())
    }

    fn typedef(&mut self, ty: Type<'g>) -> Result<()> {
        if let Some(target) = self.naming.titled(ty.id()) {
            return self.define(self.graph.ty(target));
        }
        if self.naming.is_through(ty.id()) {
            return Ok(());
        }
        self.own_name(ty);
        self.owner = ty.id();
        self.owner_name = self.naming.get(ty).unwrap_or_default().into();
        self.field_name = b"target"[..].into();
        let name = self.owner_name.clone();
        self.push("pub type ");
        self.ident(&name);
        self.push(" = ");
        let target = ty.referent().unwrap_or(ty);
        match target.as_func_proto() {
            Some(proto) => self.bare_function(proto)?,
            None => self.ty(target.id())?,
        }
        self.push(";\n\n");
        Ok(())
    }

    /// Writes a structure or union of which only the name is known.
    fn opaque(&mut self, ty: Type<'g>, name: &[u8]) -> Result<()> {
        self.check()?;
        self.own_name(ty);
        self.push("#[repr(C)]\n#[derive(Clone, Copy)]\npub struct ");
        self.ident(name);
        self.push(" {\n    _opaque: [u8; 0],\n}\n\n");
        Ok(())
    }

    /// Writes the type's own name as a comment, if the text has another.
    fn own_name(&mut self, ty: Type<'g>) {
        if !self.naming.is_given(ty.id()) {
            return;
        }
        self.push("// ");
        self.comment_text(ty.name().as_bytes());
        self.push("\n");
        let given = self.naming.get(ty).unwrap_or_default();
        if flavor(given).is_some() {
            let given = String::from_utf8_lossy(given).into_owned();
            self.note(ty.id(), ty.name().as_bytes(), NoteKind::Renamed(given));
        }
    }

    /// Writes the floating-point types that Rust doesn't have.
    fn floats(&mut self) {
        for (size, name, of) in FLOATS {
            if self.floats & 1 << size != 0 {
                self.push(&format!(
                    "/// The bytes of a floating-point number that Rust has no type for.\n\
                    #[repr(transparent)]\n#[derive(Clone, Copy)]\npub struct {name}(pub {of});\n\n"
                ));
            }
        }
    }
}
