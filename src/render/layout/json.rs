//! A layout as JSON.

use std::io::{self, Write};

use crate::error::Result;
use crate::graph::Kind;
use crate::query::c_spelling;
use crate::render::json_string;
use crate::render::layout::row::{Gap, LayoutField, Row, StructLayout, Totals};

/// Writes a layout as one line of JSON. The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "kind": "struct" | "union",
///   "name": string,
///   "spelling": string,                        the name in C spelling
///   "id": number,
///   "size": number,
///   "rows": [
///     { "row": "field", "name": string, "type": string, "offset": number, "size": number,
///       "bit": number | null,                  of a bitfield: its first bit in the byte at "offset"
///       "width": number | null,                of a bitfield: its bits
///       "rows": [...] }                        only where the field's own fields are shown
///     | { "row": "hole" | "bit_hole" | "padding" | "bit_padding",
///         "offset": number, "bit": number, "bits": number }],
///   "totals": { "members": number, "sum_members": number, "sum_bitfield_bits": number,
///               "holes": number, "sum_holes": number, "bit_holes": number, "sum_bit_hole_bits": number,
///               "padding": number, "bit_padding": number } }
/// ```
///
/// Offsets are in bytes from the start of the outermost structure. Other sizes than those called bits are in bytes.
///
/// # Errors
/// `Io` if the writer fails.
pub fn layout_json(layout: &StructLayout<'_>, out: &mut impl Write) -> Result<()> {
    let keyword = if layout.ty.kind() == Kind::Union {
        "union"
    } else {
        "struct"
    };
    write!(out, "{{\"schema\":1,\"kind\":\"{keyword}\",\"name\":")?;
    let name = layout.ty.name();
    json_string(out, &name.to_string_lossy())?;
    out.write_all(b",\"spelling\":")?;
    json_string(out, &String::from_utf8_lossy(&c_spelling(name.as_bytes())))?;
    write!(
        out,
        ",\"id\":{},\"size\":{},\"rows\":[",
        layout.ty.id().get(),
        layout.size
    )?;
    rows(layout, out)?;
    totals(&layout.totals, out)?;
    out.write_all(b"}\n")?;
    Ok(())
}

fn rows(layout: &StructLayout<'_>, out: &mut impl Write) -> io::Result<()> {
    let (mut depth, mut is_first) = (0, true);
    for row in &layout.rows {
        let own = match row {
            Row::Field(field) => field.depth,
            Row::Gap(gap) => gap.depth,
        };
        for _ in own..depth {
            out.write_all(b"]}")?;
            is_first = false;
        }
        depth = own;
        if !std::mem::replace(&mut is_first, false) {
            out.write_all(b",")?;
        }
        match row {
            Row::Field(row) => {
                field(row, out)?;
                if row.inner.is_some() {
                    out.write_all(b",\"rows\":[")?;
                    depth = depth.saturating_add(1);
                    is_first = true;
                } else {
                    out.write_all(b"}")?;
                }
            }
            Row::Gap(row) => gap(row, out)?,
        }
    }
    for _ in 0..depth {
        out.write_all(b"]}")?;
    }
    out.write_all(b"]")
}

/// Writes a field without the brace at its end.
fn field(field: &LayoutField<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\"row\":\"field\",\"name\":")?;
    json_string(out, &field.name.to_string_lossy())?;
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
        Some(width) => write!(out, ",\"bit\":{},\"width\":{width}", offset.0 % 8),
        None => out.write_all(b",\"bit\":null,\"width\":null"),
    }
}

fn gap(gap: &Gap, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{{\"row\":\"{}\",\"offset\":{},\"bit\":{},\"bits\":{}}}",
        gap.kind.name(),
        gap.offset.bytes(),
        gap.offset.0 % 8,
        gap.size
    )
}

fn totals(totals: &Totals, out: &mut impl Write) -> io::Result<()> {
    let Totals {
        members,
        sum_members,
        sum_bitfields,
        holes,
        sum_holes,
        bit_holes,
        sum_bit_holes,
        padding,
        bit_padding,
    } = totals;
    write!(
        out,
        ",\"totals\":{{\"members\":{members},\"sum_members\":{sum_members},\
         \"sum_bitfield_bits\":{sum_bitfields},\"holes\":{holes},\"sum_holes\":{sum_holes},\
         \"bit_holes\":{bit_holes},\"sum_bit_hole_bits\":{sum_bit_holes},\
         \"padding\":{padding},\"bit_padding\":{bit_padding}}}"
    )
}
