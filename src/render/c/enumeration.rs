//! Enumerations of every size and sign.

use crate::error::Result;
use crate::graph::{Enum, Type};
use crate::query::written_spelling;
use crate::render::c::note::NoteKind;
use crate::render::c::writer::Writer;
use crate::render::names::unique;

impl<'g> Writer<'g, '_> {
    /// Writes an enumeration with its enumerators, without the `;`.
    ///
    /// # Errors
    /// `Limit` for too long a text.
    pub fn enumeration(&mut self, ty: Type<'g>, depth: usize) -> Result<()> {
        let Some(enumeration) = ty.as_enum() else {
            return Ok(());
        };
        self.push("enum ");
        if !ty.name().is_empty() {
            let names = self.names;
            self.ident(names.get(ty));
            self.out.push(b' ');
        }
        self.push("{\n");
        let mut range = Range::default();
        if enumeration.is_empty() {
            self.indent(depth + 1);
            self.placeholder(ty);
            range.add(0, false);
        }
        for enumerator in enumeration.enumerators() {
            let name = match written_spelling(enumerator.name().as_bytes()) {
                name if name.is_empty() => b"nameless"[..].into(),
                name => name,
            };
            let name = unique(&mut self.taken, name);
            self.indent(depth + 1);
            self.ident(&name);
            self.push(" = ");
            self.value(enumeration, enumerator.value, &mut range);
            self.push(",\n");
            if *name != *enumerator.name().as_bytes() {
                let renamed = String::from_utf8_lossy(&name).into_owned();
                self.note(
                    ty.id(),
                    enumerator.name().as_bytes(),
                    NoteKind::Renamed(renamed),
                );
            }
            self.check()?;
        }
        self.indent(depth);
        self.out.push(b'}');
        self.push(range.attribute(enumeration.size.0));
        Ok(())
    }

    /// Writes the enumerator of an enumeration without any.
    fn placeholder(&mut self, ty: Type<'g>) {
        let stem = if ty.name().is_empty() {
            format!("__enum_{}", ty.id().get())
        } else {
            format!("__{}_none", String::from_utf8_lossy(self.names.get(ty)))
        };
        let name = unique(&mut self.taken, stem.into_bytes().into());
        self.ident(&name);
        self.push(" = 0,\n");
        let one = String::from_utf8_lossy(&name).into_owned();
        self.note(ty.id(), ty.name().as_bytes(), NoteKind::Empty(one));
    }

    /// Writes a value, as far as it fits the enumeration's size.
    fn value(&mut self, enumeration: Enum<'_>, bits: u64, range: &mut Range) {
        let unused = 64 - 8 * u32::try_from(enumeration.size.0.clamp(1, 8)).unwrap_or(8);
        if enumeration.signedness.is_signed() {
            let value = bits.cast_signed() << unused >> unused;
            range.add(value.unsigned_abs(), value < 0);
            if value == i64::MIN {
                self.push("(-9223372036854775807LL - 1)");
                return;
            }
            if value < 0 {
                self.out.push(b'-');
            }
            self.number(value.unsigned_abs());
            if i32::try_from(value).is_err() {
                self.push("LL");
            }
        } else {
            let value = bits << unused >> unused;
            range.add(value, false);
            self.number(value);
            if u32::try_from(value).is_err() {
                self.push("ULL");
            } else if i32::try_from(value).is_err() {
                self.push("U");
            }
        }
    }
}

/// The range of an enumeration's values.
#[derive(Default)]
struct Range {
    /// The largest value, and the largest magnitude of a negative one.
    most: u64,
    least: u64,
}

impl Range {
    fn add(&mut self, magnitude: u64, negative: bool) {
        if negative {
            self.least = self.least.max(magnitude);
        } else {
            self.most = self.most.max(magnitude);
        }
    }

    /// Returns whether the values fit an integer of this many bits.
    fn fits(&self, bits: u32) -> bool {
        let half = 1u64 << (bits - 1);
        if self.least > 0 {
            self.least <= half && self.most < half
        } else {
            self.most >> (bits - 1) <= 1
        }
    }

    /// Returns the attribute that gives an enumeration its size; nothing if compilers do so by themselves.
    fn attribute(&self, size: u64) -> &'static str {
        match size {
            1 => " __attribute__((packed))",
            2 => " __attribute__((mode(HI)))",
            8 if self.fits(32) => " __attribute__((mode(DI)))",
            _ => "",
        }
    }
}
