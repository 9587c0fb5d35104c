//! Bitfields: bytes, and methods that return the values.

use crate::error::Result;
use crate::graph::{IntEncoding, View};
use crate::render::fields::Field;
use crate::render::rust::enumeration;
use crate::render::rust::scalar::{self, Scalar};
use crate::render::rust::writer::Writer;
use crate::target::Endian;

/// A bitfield and the bytes that it is in.
#[derive(Clone, Debug)]
pub(super) struct Getter<'g> {
    pub field: Field<'g>,
    pub name: Box<[u8]>,
    /// The name of the field with the bytes.
    pub storage: String,
    /// The offset in bytes of that field.
    pub base: u64,
}

impl<'g> Writer<'g, '_> {
    /// Writes the methods of a structure or union.
    ///
    /// # Errors
    /// `Limit` for too long a text.
    pub fn getters(&mut self, name: &[u8], getters: &[Getter<'g>], is_union: bool) -> Result<()> {
        if getters.is_empty() {
            return Ok(());
        }
        self.push("impl ");
        self.ident(name);
        self.push(" {\n");
        for getter in getters {
            self.check()?;
            self.getter(getter, is_union)?;
        }
        self.push("}\n");
        Ok(())
    }

    fn getter(&mut self, getter: &Getter<'g>, is_union: bool) -> Result<()> {
        self.field_name = getter.name.clone();
        let width = getter.field.width.unwrap_or(0);
        let Ok(ty) = self.graph.ty(getter.field.member.type_id).strip() else {
            return Ok(());
        };
        let bits = self.bits(getter, width);
        let mut is_enum = false;
        let (number, is_signed, is_bool) = match ty.view() {
            View::Int(int) => match scalar::int(int) {
                Scalar::Own(number) => (
                    number,
                    int.encoding.is_signed(),
                    int.encoding == IntEncoding::BOOL && number == "bool",
                ),
                Scalar::Float(_) | Scalar::Bytes(_) => return Ok(()),
            },
            View::Enum(all) => match enumeration::number(all) {
                Some(number) => {
                    is_enum = true;
                    (number, all.signedness.is_signed(), false)
                }
                None => return Ok(()),
            },
            View::Void
            | View::Ptr(_)
            | View::Array(_)
            | View::Struct(_)
            | View::Union(_)
            | View::Fwd(_)
            | View::Typedef(_)
            | View::Volatile(_)
            | View::Const(_)
            | View::Restrict(_)
            | View::Func(_)
            | View::FuncProto(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::Float(_)
            | View::DeclTag(_)
            | View::TypeTag(_)
            | View::Unknown(_) => return Ok(()),
        };
        let value = match (is_bool, is_signed, 64 - width.min(64)) {
            (true, ..) => format!("{bits} != 0"),
            (false, true, unused @ 0..64) => {
                format!("(({bits} << {unused}) as i64 >> {unused}) as {number}")
            }
            _ => format!("{bits} as {number}"),
        };
        self.push("    pub const ");
        self.push(if is_union { "unsafe fn " } else { "fn " });
        self.ident(&getter.name);
        self.push("(&self) -> ");
        if is_enum {
            self.named(ty);
        } else {
            self.push(number);
        }
        self.push(if is_union { " { unsafe { " } else { " { " });
        if is_enum {
            self.named(ty);
            self.push(&format!("({value})"));
        } else {
            self.push(&value);
        }
        self.push(if is_union { " } }\n" } else { " }\n" });
        Ok(())
    }

    /// Returns the expression for a bitfield's bits as a `u64`.
    fn bits(&self, getter: &Getter<'g>, width: u64) -> String {
        if width == 0 {
            return "0u64".to_owned();
        }
        let start = getter.field.start;
        let (first, last) = (start / 8, getter.field.end().div_ceil(8));
        let count = last - first;
        // Nine bytes, where 64 bits start inside a byte.
        let wide = if count > 8 { "u128" } else { "u64" };
        let is_big = self.graph.endian() == Endian::Big;
        let mut bytes = Vec::new();
        for number in 0..count {
            let place = if is_big { count - 1 - number } else { number };
            let (storage, index) = (&getter.storage, first + number - getter.base);
            bytes.push(format!(
                "(self.{storage}[{index}] as {wide}) << {}",
                place * 8
            ));
        }
        let shift = if is_big {
            count * 8 - start % 8 - width
        } else {
            start % 8
        };
        let mask = u64::MAX >> (64 - width.min(64));
        format!("((({}) >> {shift}) as u64 & {mask:#x})", bytes.join(" | "))
    }
}
