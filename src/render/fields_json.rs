//! Fields with their offsets, as JSON.

use std::io::Write;

use crate::error::Result;
use crate::id::ByteSize;
use crate::query::Field;
use crate::render::json_string;

/// Writes fields of a structure, each with the path by which it was found and why it can't be trusted, as one line of
/// JSON. The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "struct": string,                          the name that was asked for
///   "size": number,                            of the structure, in bytes
///   "fields": [{ "path": string,
///                "type": string,
///                "offset": number,             in bytes
///                "size": number,               of the type, in bytes
///                "bit": number | null,         of a bitfield: its first bit in the byte at "offset"
///                "width": number | null,       of a bitfield: its bits
///                "doubt": string | null }] }   why the field can't be trusted
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn fields_json(
    name: &str,
    size: ByteSize,
    fields: &[(&str, Field<'_>, Option<String>)],
    out: &mut impl Write,
) -> Result<()> {
    out.write_all(b"{\"schema\":1,\"struct\":")?;
    json_string(out, name)?;
    write!(out, ",\"size\":{size},\"fields\":[")?;
    for (number, (path, field, doubt)) in fields.iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        out.write_all(b"{\"path\":")?;
        json_string(out, path)?;
        out.write_all(b",\"type\":")?;
        json_string(out, &field.ty.to_string())?;
        let offset = field.offset;
        write!(
            out,
            ",\"offset\":{},\"size\":{}",
            offset.bytes(),
            field.size
        )?;
        match field.bitfield {
            Some(width) => write!(out, ",\"bit\":{},\"width\":{width}", offset.0 % 8)?,
            None => out.write_all(b",\"bit\":null,\"width\":null")?,
        }
        out.write_all(b",\"doubt\":")?;
        match doubt {
            Some(why) => json_string(out, why)?,
            None => out.write_all(b"null")?,
        }
        out.write_all(b"}")?;
    }
    out.write_all(b"]}\n")?;
    Ok(())
}
