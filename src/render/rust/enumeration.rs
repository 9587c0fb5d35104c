//! Enumerations as newtypes with constants.

use crate::error::Result;
use crate::graph::{Enum, Type};
use crate::query::written_spelling;
use crate::render::names::{Taken, unique};
use crate::render::rust::ident;
use crate::render::rust::note::NoteKind;
use crate::render::rust::scalar::{self, Scalar};
use crate::render::rust::writer::Writer;

impl<'g> Writer<'g, '_> {
    /// Writes an enumeration: a newtype with a constant for each enumerator, or constants alone if there is no name.
    ///
    /// # Errors
    /// `Limit` for too long a text.
    pub fn enumeration(&mut self, ty: Type<'g>, name: Option<&[u8]>) -> Result<()> {
        let Some(enumeration) = ty.as_enum() else {
            return Ok(());
        };
        let Some(number) = number(enumeration) else {
            self.note_once(ty, NoteKind::Bytes);
            return Ok(());
        };
        let Some(name) = name else {
            return self.constants(ty, enumeration, number);
        };
        self.push("#[repr(transparent)]\n#[derive(Clone, Copy, PartialEq, Eq)]\npub struct ");
        self.ident(name);
        self.push(&format!("(pub {number});\n"));
        self.size_check(name, enumeration.size.0);
        if !enumeration.is_empty() {
            self.push("impl ");
            self.ident(name);
            self.push(" {\n");
            let mut taken = Taken::default();
            for enumerator in enumeration.enumerators() {
                let own = enumerator.name().as_bytes();
                let constant = unique(&mut taken, constant(own)).into_owned();
                self.push("    pub const ");
                self.constant_name(ty, own, &constant);
                let value = value(enumeration, enumerator.value);
                self.push(&format!(": Self = Self({value});\n"));
                self.check()?;
            }
            self.push("}\n");
        }
        self.push("\n");
        Ok(())
    }

    /// Writes the constants of an enumeration without a name.
    fn constants(&mut self, ty: Type<'g>, enumeration: Enum<'g>, number: &str) -> Result<()> {
        for enumerator in enumeration.enumerators() {
            let own = enumerator.name().as_bytes();
            let constant = unique(&mut self.naming.taken, constant(own)).into_owned();
            self.push("pub const ");
            self.constant_name(ty, own, &constant);
            let value = value(enumeration, enumerator.value);
            self.push(&format!(": {number} = {value};\n"));
            self.check()?;
        }
        self.push("\n");
        Ok(())
    }

    fn constant_name(&mut self, ty: Type<'g>, own: &[u8], name: &[u8]) {
        self.ident(name);
        if name != own {
            let renamed = String::from_utf8_lossy(name).into_owned();
            self.note(ty.id(), own, NoteKind::Renamed(renamed));
        }
    }
}

/// Returns the integer that an enumeration is; `None` for a size that no integer has.
pub(super) fn number(enumeration: Enum<'_>) -> Option<&'static str> {
    if enumeration.size.0 > 8 {
        return None;
    }
    match scalar::number(enumeration.size, enumeration.signedness.is_signed()) {
        Scalar::Own(name) => Some(name),
        Scalar::Float(_) | Scalar::Bytes(_) => None,
    }
}

/// Returns the name of an enumerator's constant, which may be in use.
fn constant(own: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    match ident::possible(written_spelling(own)) {
        name if name.is_empty() => b"nameless"[..].into(),
        name => name,
    }
}

/// Returns a value as far as it fits the enumeration's size.
fn value(enumeration: Enum<'_>, bits: u64) -> String {
    let unused = 64 - 8 * u32::try_from(enumeration.size.0.clamp(1, 8)).unwrap_or(8);
    if enumeration.signedness.is_signed() {
        (bits.cast_signed() << unused >> unused).to_string()
    } else {
        (bits << unused >> unused).to_string()
    }
}
