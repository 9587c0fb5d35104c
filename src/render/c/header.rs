//! A whole header: what it declares, in order, and what is around it.

use crate::error::{Error, Result};
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::render::c::base::FLOATS;
use crate::render::c::note::{Note, NoteKind};
use crate::render::c::options::HeaderOptions;
use crate::render::c::writer::{MACROS, Scope, Uses, Writer};
use crate::render::names::{NameSpaces, Names, unique};
use crate::render::order::Item;
use crate::render::roots::{named, order_of};

/// A header, and what it can't write as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Header {
    /// The text.
    pub text: String,
    /// What is not in the header as the graph has it.
    pub notes: Vec<Note>,
}

impl Header {
    /// Returns the number of notes of each kind, with what they say.
    #[must_use]
    pub fn counts(&self) -> Vec<(usize, &'static str)> {
        let of = |kind: fn(&NoteKind) -> bool| {
            self.notes
                .iter()
                .filter(move |note| kind(&note.kind))
                .count()
        };
        let counts = [
            (
                of(|kind| matches!(kind, NoteKind::Renamed(_))),
                "types or enumerators have a flavor (NAME___2), because an earlier one has the name",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Alike)),
                "types are spelled alike in C, so that relocation takes none of them without an alias",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Left(_))),
                "fields are left out, because C can't write them",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Bytes)),
                "types are written as bytes, because C has no such types",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Untyped)),
                "pointers are void *, because C can't declare what they point to before them",
            ),
            (
                of(|kind| matches!(kind, NoteKind::Empty(_))),
                "enumerations are empty, and got an enumerator, because C has no empty ones",
            ),
        ];
        counts.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

/// Writes types as a C header.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
/// use btfkit::render::c::{HeaderOptions, header};
/// let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// builder.composite(Kind::Struct, "ns::Foo<int>", 4, &[NewMember::new("value", int)])?;
/// let header = header(&builder.freeze()?, &HeaderOptions::new().asserts(true))?;
/// assert!(header.text.contains("struct ns__Foo_int_ {\n\tint value;\n};\n"));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `NotFound` for a name that no type has; `Ambiguous` for the spelling of several names; `Malformed` for types that
/// contain themselves; `Limit` for a text longer than [`Limits::text_bytes`](crate::Limits::text_bytes), and for
/// structures nested deeper than [`Limits::depth`](crate::Limits::depth).
pub fn header(graph: &Btf, options: &HeaderOptions) -> Result<Header> {
    let order = order_of(graph, &options.names)?;
    let mut spaces = NameSpaces::default();
    for (_, name, _) in FLOATS {
        unique(&mut spaces.others, name.as_bytes().into());
    }
    let mut names = Names::new(graph);
    names.assign(named(graph, &order).iter().copied(), &mut spaces);
    let mut writer = Writer {
        graph,
        shapes: &order.shapes,
        untyped: &order.untyped,
        names: &names,
        taken: spaces.others,
        limits: &options.limits,
        asserts: options.asserts,
        out: Vec::new(),
        notes: Vec::new(),
        uses: Uses::default(),
        links: Vec::new(),
        frames: Vec::new(),
        fields: Vec::new(),
        checks: Vec::new(),
        path: Vec::new(),
        pads: 0,
        scopes: 0,
        scope: Scope::default(),
    };
    for item in &order.items {
        writer.item(*item)?;
    }
    writer.finish(options)
}

impl<'g> Writer<'g, '_> {
    fn item(&mut self, item: Item) -> Result<()> {
        self.check()?;
        match item {
            Item::Forward(id) => {
                let ty = self.graph.ty(id);
                self.named(ty);
                self.push(";\n\n");
                Ok(())
            }
            Item::Define(id) => {
                let ty = self.graph.ty(id);
                self.own_name(ty);
                match ty.kind() {
                    Kind::Typedef => self.typedef(ty)?,
                    kind if kind.is_enum() => self.enum_item(ty)?,
                    _ => {
                        self.record(ty)?;
                        self.push(";\n");
                        self.checks_of(ty, None)?;
                    }
                }
                self.out.push(b'\n');
                Ok(())
            }
        }
    }

    /// Writes the type's own name as a comment, if the text has another.
    fn own_name(&mut self, ty: Type<'g>) {
        if !self.names.is_given(ty.id()) {
            return;
        }
        self.push("/* ");
        self.comment_text(ty.name().as_bytes());
        self.push(" */\n");
        let names = self.names;
        let given = names.get(ty);
        if crate::query::flavor(given).is_some() {
            let given = String::from_utf8_lossy(given).into_owned();
            self.note(ty.id(), ty.name().as_bytes(), NoteKind::Renamed(given));
        }
        if names.alike.binary_search(&ty.id()).is_ok() {
            self.note(ty.id(), ty.name().as_bytes(), NoteKind::Alike);
        }
    }

    fn enum_item(&mut self, ty: Type<'g>) -> Result<()> {
        let enumeration = ty.as_enum();
        if let Some(size) = enumeration.map(|enumeration| enumeration.size.0)
            && !matches!(size, 1 | 2 | 4 | 8)
        {
            self.note(ty.id(), ty.name().as_bytes(), NoteKind::Bytes);
            return Ok(());
        }
        // C23 has these as keywords.
        let mut enumerators = enumeration.into_iter().flat_map(|all| all.enumerators());
        let is_bool = enumerators.any(|one| one.name() == "true" || one.name() == "false");
        self.guarded(is_bool, |this| {
            this.enumeration(ty, 0)?;
            this.push(";\n");
            Ok(())
        })?;
        if !ty.name().is_empty() {
            self.checks_of(ty, None)?;
        }
        Ok(())
    }

    fn typedef(&mut self, ty: Type<'g>) -> Result<()> {
        let target = ty.referent_id().unwrap_or(TypeId::VOID);
        let names = self.names;
        let name = names.get(ty);
        let mut has_body = false;
        self.guarded(name == b"bool", |this| {
            this.push("typedef ");
            this.note_untyped(ty.id(), target, ty.name().as_bytes());
            if let Some(body) = this.declaration(target, name, 0)? {
                has_body = true;
                this.record(body)?;
                this.behind_body(target, name)?;
            }
            this.push(";\n");
            Ok(())
        })?;
        if has_body {
            self.checks_of(ty, ty.referent())?;
        }
        Ok(())
    }

    /// Writes what C before 2023 needs and C since then has itself.
    fn guarded(&mut self, guard: bool, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if guard {
            self.push("#if !defined(__cplusplus) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 202311L)\n");
        }
        write(self)?;
        if guard {
            self.push("#endif\n");
        }
        Ok(())
    }

    /// Writes the checks of an item: its size, and the offsets collected. `body` is the type that a typedef names.
    fn checks_of(&mut self, ty: Type<'g>, body: Option<Type<'g>>) -> Result<()> {
        if !self.asserts {
            return Ok(());
        }
        let checks = std::mem::take(&mut self.checks);
        let Some(extent) = self.shapes.extent(ty.id()) else {
            return Ok(());
        };
        self.push("_Static_assert(sizeof(");
        self.named(ty);
        self.push(") == ");
        self.number(extent.size);
        self.push(", \"size\");\n");
        // The fields of an array's or pointer's elements have no offset in the typedef.
        let is_record =
            body.is_none_or(|body| body.strip().is_ok_and(|body| body.kind().is_composite()));
        if is_record {
            for line in checks.split_inclusive(|byte| *byte == b'\n') {
                let mut parts = line.splitn(2, |byte| *byte == b'@');
                self.out.extend_from_slice(parts.next().unwrap_or_default());
                self.named(ty);
                self.out.extend_from_slice(parts.next().unwrap_or_default());
                self.check()?;
            }
        }
        self.checks = checks;
        self.checks.clear();
        Ok(())
    }

    /// Puts the start and the end around what was written.
    fn finish(mut self, options: &HeaderOptions) -> Result<Header> {
        let body = std::mem::take(&mut self.out);
        self.out.reserve_exact(body.len() + 4096);
        let guard = guard(&options.guard);
        self.push("/* Written by btfkit from a program's types. */\n");
        for define in ["#ifndef ", "#define "] {
            self.push(define);
            self.push(&guard);
            self.out.push(b'\n');
        }
        self.out.push(b'\n');
        let macros: Vec<&str> = MACROS
            .into_iter()
            .zip(self.uses.macros)
            .filter_map(|(name, used)| used.then_some(name))
            .collect();
        for name in &macros {
            self.push(&format!("#pragma push_macro(\"{name}\")\n#undef {name}\n"));
        }
        if options.core && self.uses.records {
            self.push(
                "#if defined(__bpf__) && defined(__clang__) && !defined(BPF_NO_PRESERVE_ACCESS_INDEX)\n\
                #pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n\
                #endif\n\n",
            );
        }
        if self.uses.type_tags {
            self.push(
                "#if defined(__bpf__) && defined(__clang__)\n\
                #define __btfkit_type_tag(tag) __attribute__((btf_type_tag(tag)))\n\
                #define __btfkit_type_attr(attr) __attribute__((attr))\n\
                #else\n\
                #define __btfkit_type_tag(tag)\n\
                #define __btfkit_type_attr(attr)\n\
                #endif\n\n",
            );
        }
        for (size, _, definition) in FLOATS {
            if self.uses.floats & 1 << size != 0 {
                self.push("/* Bytes for compilers without such a type, as for BPF. Fields of it don't relocate there. */\n");
                self.push(definition);
                self.out.push(b'\n');
            }
        }
        self.out.extend_from_slice(&body);
        if options.core && self.uses.records {
            self.push(
                "#if defined(__bpf__) && defined(__clang__) && !defined(BPF_NO_PRESERVE_ACCESS_INDEX)\n\
                #pragma clang attribute pop\n\
                #endif\n",
            );
        }
        for name in &macros {
            self.push(&format!("#pragma pop_macro(\"{name}\")\n"));
        }
        self.push("#endif\n");
        self.check()?;
        let text = String::from_utf8(self.out)
            .map_err(|_| Error::malformed("a name in the header isn't ASCII"))?;
        Ok(Header {
            text,
            notes: self.notes,
        })
    }
}

/// Returns an identifier of these characters.
fn guard(name: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(word).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() {
        format!("_{name}")
    } else {
        name
    }
}
