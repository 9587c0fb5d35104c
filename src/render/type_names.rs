//! Names of types with kind and size.

use std::io::Write;

use crate::error::Result;
use crate::graph::{Kind, Type};
use crate::query::c_spelling;
use crate::render::json_string;

/// Returns the kind in one lower-case word: `struct`, `typedef`, `enum` for an enumeration of either width.
#[must_use]
pub const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Void => "void",
        Kind::Int => "int",
        Kind::Ptr => "ptr",
        Kind::Array => "array",
        Kind::Struct => "struct",
        Kind::Union => "union",
        Kind::Enum | Kind::Enum64 => "enum",
        Kind::Fwd => "fwd",
        Kind::Typedef => "typedef",
        Kind::Volatile => "volatile",
        Kind::Const => "const",
        Kind::Restrict => "restrict",
        Kind::Func => "func",
        Kind::FuncProto => "func_proto",
        Kind::Var => "var",
        Kind::Datasec => "datasec",
        Kind::Float => "float",
        Kind::DeclTag => "decl_tag",
        Kind::TypeTag => "type_tag",
        Kind::Unknown(_) => "unknown",
    }
}

/// Writes a line for each type: kind, size in bytes (`-` without one), id and name. The writer should be buffered.
///
/// # Errors
/// `Io` if the writer fails.
pub fn names<'g>(types: impl IntoIterator<Item = Type<'g>>, out: &mut impl Write) -> Result<()> {
    for ty in types {
        let kind = kind_word(ty.kind());
        match ty.size() {
            Ok(size) => write!(out, "{kind:<8}{:>8}", size.0)?,
            Err(_) => write!(out, "{kind:<8}{:>8}", "-")?,
        }
        writeln!(out, "  {:<9} {}", ty.id().to_string(), ty.name())?;
    }
    Ok(())
}

/// Writes the same as one line of JSON. The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "types": [{ "id": number,
///               "kind": string,                "struct", "typedef" and so on
///               "name": string,
///               "spelling": string,            the name in C spelling
///               "size": number | null }] }     in bytes; null for a type without one
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn names_json<'g>(
    types: impl IntoIterator<Item = Type<'g>>,
    out: &mut impl Write,
) -> Result<()> {
    out.write_all(b"{\"schema\":1,\"types\":[")?;
    for (number, ty) in types.into_iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        let kind = kind_word(ty.kind());
        write!(
            out,
            "{{\"id\":{},\"kind\":\"{kind}\",\"name\":",
            ty.id().get()
        )?;
        json_string(out, &ty.name().to_string_lossy())?;
        out.write_all(b",\"spelling\":")?;
        let spelling = c_spelling(ty.name().as_bytes());
        json_string(out, &String::from_utf8_lossy(&spelling))?;
        match ty.size() {
            Ok(size) => write!(out, ",\"size\":{size}}}")?,
            Err(_) => out.write_all(b",\"size\":null}")?,
        }
    }
    out.write_all(b"]}\n")?;
    Ok(())
}
