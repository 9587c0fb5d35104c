//! Structures and unions with their fields.

use crate::error::Result;
use crate::graph::{Kind, Type};
use crate::id::TypeId;
use crate::query::written_spelling;
use crate::render::fields::{Field, Lost, collect, is_bare, lanes};
use crate::render::names::{Taken, unique};
use crate::render::rust::bitfield::Getter;
use crate::render::rust::ident;
use crate::render::rust::note::NoteKind;
use crate::render::rust::writer::Writer;

/// A structure, union or part of one that is being written.
struct Body<'g> {
    name: Box<[u8]>,
    is_union: bool,
    packed: bool,
    /// The names of its fields.
    taken: Taken<'g>,
    /// The offset in bytes behind the last field.
    end: u64,
    /// The alignments that the fields give it, as in [`Extent`](crate::render::extent::Extent).
    low: u64,
    high: u64,
    /// The names and offsets to check.
    checks: Vec<(Box<[u8]>, u64)>,
    getters: Vec<Getter<'g>>,
    /// The number of padding fields, and of fields with bitfields.
    pads: u32,
    storages: u32,
}

/// A field with its name.
type Named<'f, 'g> = (&'f Field<'g>, &'f [u8]);

impl<'g> Writer<'g, '_> {
    /// Writes a structure or union of this name.
    ///
    /// # Errors
    /// `Limit` for too long a text, or too many fields.
    pub fn record(&mut self, ty: Type<'g>, name: &[u8]) -> Result<()> {
        let mut fields = Vec::new();
        collect(self.shapes, ty, &mut fields)?;
        let shape = self.shapes.get(ty.id());
        let mut taken = Taken::default();
        let names = self.field_names(ty.id(), &fields, &mut taken)?;
        let named =
            |(index, field): (usize, _)| (field, names.get(index).map_or(&b""[..], AsRef::as_ref));
        let all: Vec<Named<'_, 'g>> = fields.iter().enumerate().map(named).collect();
        let is_union = ty.kind() == Kind::Union || lanes(&fields) > 1;
        let mut body = self.open(name, is_union, shape.packed, taken);
        for (field, _) in all.iter().filter(|(field, _)| field.lost.is_some()) {
            self.lost(ty.id(), field);
        }
        let mut parts: Vec<(Box<[u8]>, Vec<Named<'_, 'g>>)> = Vec::new();
        let written = all
            .iter()
            .copied()
            .filter(|(field, _)| field.lost.is_none());
        if !is_union {
            self.fields(&mut body, written)?;
        } else if ty.kind() == Kind::Union {
            for one in written {
                self.part(&mut body, &mut parts, vec![one])?;
            }
        } else {
            for number in 0..lanes(&fields) {
                let part = written.clone().filter(|(field, _)| field.lane == number);
                self.part(&mut body, &mut parts, part.collect())?;
            }
        }
        let align = (1u64 << shape.low, 1u64 << shape.high);
        self.close(body, Some(u64::from(ty.size_word())), align)?;
        for (name, fields) in parts {
            let taken = Taken::default();
            let mut body = self.open(&name, false, shape.packed, taken);
            self.fields(&mut body, fields.into_iter())?;
            let align = (body.low, body.high);
            self.close(body, None, align)?;
        }
        Ok(())
    }

    /// Returns a name of its own for each field. Of several with one name, the one that relocation finds has it.
    fn field_names(
        &mut self,
        owner: TypeId,
        fields: &[Field<'g>],
        taken: &mut Taken<'g>,
    ) -> Result<Vec<Box<[u8]>>> {
        let mut names = vec![Box::default(); fields.len()];
        let mut ranked: Vec<_> = fields.iter().zip(&mut names).collect();
        ranked.sort_unstable_by_key(|(field, _)| field.rank);
        let mut nameless = Vec::new();
        let mut bytes = self.out.len();
        for (field, name) in ranked {
            let own = field.member.name().as_bytes();
            let possible = ident::possible(written_spelling(own));
            if possible.is_empty() {
                nameless.push(name);
                continue;
            }
            let plain = possible.clone();
            let given = unique(taken, possible);
            if given != plain {
                let renamed = String::from_utf8_lossy(&given).into_owned();
                self.note(owner, own, NoteKind::Renamed(renamed));
            }
            // Names that were one string each take their own memory.
            bytes = bytes.saturating_add(given.len());
            self.check_len(bytes)?;
            *name = given.into();
        }
        for (number, name) in nameless.into_iter().enumerate() {
            *name = unique(taken, format!("anon{number}").into_bytes().into()).into();
        }
        Ok(names)
    }

    fn open(&mut self, name: &[u8], is_union: bool, packed: bool, taken: Taken<'g>) -> Body<'g> {
        self.push(if packed {
            "#[repr(C, packed)]\n"
        } else {
            "#[repr(C)]\n"
        });
        self.push("#[derive(Clone, Copy)]\npub ");
        self.push(if is_union { "union " } else { "struct " });
        self.ident(name);
        self.push(" {\n");
        Body {
            name: name.into(),
            is_union,
            packed,
            taken,
            end: 0,
            low: 1,
            high: 1,
            checks: Vec::new(),
            getters: Vec::new(),
            pads: 0,
            storages: 0,
        }
    }

    /// Writes a comment in place of a field.
    fn lost(&mut self, owner: TypeId, field: &Field<'g>) {
        let name = field.member.name().as_bytes();
        let lost = field.lost.unwrap_or(Lost::NoSize);
        self.note(owner, name, NoteKind::Left(lost));
        self.push("    // ");
        self.comment_text(name);
        self.push(": left out, since ");
        self.push(lost.text());
        self.push("\n");
    }

    /// Writes one of several parts that overlap: its only field, or one of a structure that `parts` gets.
    fn part<'f>(
        &mut self,
        body: &mut Body<'g>,
        parts: &mut Vec<(Box<[u8]>, Vec<Named<'f, 'g>>)>,
        fields: Vec<Named<'f, 'g>>,
    ) -> Result<()> {
        self.check()?;
        match fields.as_slice() {
            [] => Ok(()),
            [(field, _)] if is_bare(field) => {
                let end = body.end;
                body.end = 0;
                self.fields(body, fields.into_iter())?;
                body.end = body.end.max(end);
                Ok(())
            }
            _ => {
                let number = parts.len();
                let field = unique(&mut body.taken, format!("part{number}").into_bytes().into());
                let name = [&body.name, b"__".as_slice(), &field].concat();
                let name = unique(&mut self.naming.taken, name.into()).into_owned();
                self.push("    pub ");
                self.ident(&field);
                self.push(": ");
                self.ident(&name);
                self.push(",\n");
                let ends = fields.iter().map(|(field, _)| field.end().div_ceil(8));
                let mut end = ends.max().unwrap_or(0);
                if !body.packed {
                    for (field, _) in fields.iter().filter(|(field, _)| field.width.is_none()) {
                        body.low = body.low.max(field.extent.low);
                        body.high = body.high.max(field.extent.high);
                    }
                    let highs = fields.iter().filter(|(field, _)| field.width.is_none());
                    let high = highs.map(|(field, _)| field.extent.high).max().unwrap_or(1);
                    end = end.next_multiple_of(high);
                }
                body.end = body.end.max(end);
                parts.push((name.into(), fields));
                Ok(())
            }
        }
    }

    /// Writes fields that don't overlap, in order.
    fn fields<'f>(
        &mut self,
        body: &mut Body<'g>,
        fields: impl Iterator<Item = Named<'f, 'g>>,
    ) -> Result<()>
    where
        'g: 'f,
    {
        // Bitfields that share bytes, and the bytes' end.
        let mut run: Vec<Named<'f, 'g>> = Vec::new();
        let mut run_end = 0;
        for (field, name) in fields {
            self.check()?;
            if field.width.is_some() {
                if !run.is_empty() && field.start / 8 > run_end {
                    self.storage(body, std::mem::take(&mut run), run_end);
                }
                run_end = field.end().div_ceil(8);
                run.push((field, name));
                continue;
            }
            self.storage(body, std::mem::take(&mut run), run_end);
            let (mut low, mut high) = (field.extent.low, field.extent.high);
            if body.packed {
                (low, high) = (1, 1);
            }
            self.advance(body, field.start / 8, low, high);
            self.push("    pub ");
            self.ident(name);
            self.push(": ");
            self.field_name = name.into();
            self.owner_name = body.name.clone();
            self.ty(field.member.type_id)?;
            self.push(",\n");
            body.checks.push((name.into(), field.start / 8));
            body.low = body.low.max(low);
            body.high = body.high.max(high);
            body.end = field.end().div_ceil(8);
        }
        self.storage(body, run, run_end);
        Ok(())
    }

    /// Writes the bytes of bitfields.
    fn storage(&mut self, body: &mut Body<'g>, run: Vec<Named<'_, 'g>>, end: u64) {
        let Some((first, _)) = run.first() else {
            return;
        };
        let base = first.start / 8;
        // Only a union's bitfields start behind its end.
        let base = if body.is_union { 0 } else { base.max(body.end) };
        self.advance(body, base, 1, 1);
        let storage = own_name(&mut body.taken, "_bitfield_", &mut body.storages);
        self.push(&format!(
            "    pub {storage}: [u8; {}],\n",
            end - base.min(end)
        ));
        body.checks.push((storage.as_bytes().into(), base));
        for (field, name) in run {
            body.getters.push(Getter {
                field: *field,
                name: name.into(),
                storage: storage.clone(),
                base,
            });
        }
        body.end = end;
    }

    /// Writes padding up to a field unless rustc leaves it by itself.
    fn advance(&mut self, body: &mut Body<'g>, start: u64, low: u64, high: u64) {
        if body.is_union {
            return;
        }
        let natural = body.end.next_multiple_of(low.max(1));
        if natural != start || body.end.next_multiple_of(high.max(1)) != start {
            self.pad(body, start.saturating_sub(body.end));
        }
        body.end = start;
    }

    fn pad(&mut self, body: &mut Body<'g>, count: u64) {
        let name = own_name(&mut body.taken, "__pad", &mut body.pads);
        self.push(&format!("    pub {name}: [u8; {count}],\n"));
    }

    /// Ends a structure with the size and alignment that it must have, and writes its checks and methods.
    fn close(&mut self, mut body: Body<'g>, size: Option<u64>, align: (u64, u64)) -> Result<()> {
        let ends = (
            body.end.next_multiple_of(align.0),
            body.end.next_multiple_of(align.1),
        );
        let size = size.unwrap_or(ends.1);
        if ends != (size, size) {
            let count = if body.is_union {
                size
            } else {
                size - body.end.min(size)
            };
            self.pad(&mut body, count);
        }
        if (body.low, body.high) != align {
            let element = match align.1 {
                2 => "u16",
                4 => "u32",
                8 => "u64",
                16 => "u128",
                _ => "u8",
            };
            let name = own_name(&mut body.taken, "_align", &mut 0);
            self.push(&format!("    pub {name}: [{element}; 0],\n"));
        } else if body.is_union && body.end == 0 && size == 0 {
            self.push("    pub _empty: [u8; 0],\n");
        }
        self.push("}\n");
        if self.asserts {
            self.size_check(&body.name, size);
            for (field, offset) in &body.checks {
                self.push("const _: () = assert!(::core::mem::offset_of!(");
                self.ident(&body.name);
                self.push(", ");
                self.ident(field);
                self.push(&format!(") == {offset});\n"));
                self.check()?;
            }
        }
        self.getters(&body.name, &body.getters, body.is_union)?;
        self.push("\n");
        Ok(())
    }
}

/// Returns a name that no field has: a stem with a number.
fn own_name(taken: &mut Taken<'_>, stem: &str, number: &mut u32) -> String {
    loop {
        let name = format!("{stem}{number}");
        *number += 1;
        if !taken.contains_key(name.as_bytes()) {
            taken.insert(name.clone().into_bytes().into(), 1);
            return name;
        }
    }
}
