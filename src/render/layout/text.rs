//! A layout as text, in pahole's form.

use std::fmt;

use crate::graph::{Kind, Type};
use crate::id::Bits;
use crate::query::c_spelling;
use crate::render::layout::row::{Gap, GapKind, LayoutField, Row, StructLayout, Totals};

/// The column of names, and that of offsets: pahole's.
const NAMES: usize = 26;
const OFFSETS: usize = 49;

impl fmt::Display for StructLayout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(f, self.ty)?;
        let mut text = Text {
            f,
            open: Vec::new(),
            line: self.cache_line.0,
            lines: 0,
        };
        for row in &self.rows {
            match row {
                Row::Field(field) => text.field(field)?,
                Row::Gap(gap) => text.gap(gap)?,
            }
        }
        text.close_to(0)?;
        totals(f, self)?;
        f.write_str("};\n")
    }
}

/// Writes the first line, with the name itself if C can't write it.
fn head(f: &mut fmt::Formatter<'_>, ty: Type<'_>) -> fmt::Result {
    let name = c_spelling(ty.name().as_bytes());
    let spelled = String::from_utf8_lossy(&name);
    f.write_str(keyword(ty))?;
    if !spelled.is_empty() {
        write!(f, " {spelled}")?;
    }
    f.write_str(" {")?;
    if ty.name() != *spelled {
        write!(f, " /* {} */", Comment(&ty.name().to_string_lossy()))?;
    }
    writeln!(f)
}

fn keyword(ty: Type<'_>) -> &'static str {
    if ty.kind() == Kind::Union {
        "union"
    } else {
        "struct"
    }
}

/// A text in a comment, which it does not end.
struct Comment<'t>(&'t str);

impl fmt::Display for Comment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.split("*/").enumerate() {
            if number > 0 {
                f.write_str("* /")?;
            }
            f.write_str(part)?;
        }
        Ok(())
    }
}

struct Text<'f, 'b, 'l, 'g> {
    f: &'f mut fmt::Formatter<'b>,
    /// The fields whose own fields are being written, the outermost first.
    open: Vec<&'l LayoutField<'g>>,
    /// The size of a cache line.
    line: u64,
    /// The cache lines whose start has been written.
    lines: u64,
}

impl<'l, 'g> Text<'_, '_, 'l, 'g> {
    fn field(&mut self, field: &'l LayoutField<'g>) -> fmt::Result {
        self.close_to(field.depth as usize)?;
        if field.depth == 0 {
            self.boundary(field.offset)?;
        }
        if let Some(inner) = field.inner {
            self.indent()?;
            head(self.f, inner)?;
            self.open.push(field);
            return Ok(());
        }
        let name = c_spelling(field.name.as_bytes());
        let (ty, mut declarator) = field.ty.declaration_parts(&String::from_utf8_lossy(&name));
        if let Some(width) = field.bitfield {
            declarator.push_str(&format!(":{width}"));
        }
        self.line(&ty, &declarator, field)
    }

    /// Writes a field's line: type, declarator, offset and size.
    fn line(&mut self, ty: &str, declarator: &str, field: &LayoutField<'_>) -> fmt::Result {
        self.indent()?;
        let indent = 8 * self.open.len();
        let names = NAMES.saturating_sub(indent);
        let mut line = if declarator.is_empty() {
            format!("{ty};")
        } else {
            format!("{ty:<names$} {declarator};")
        };
        let width = OFFSETS.saturating_sub(indent);
        let length = line.chars().count();
        line.extend(std::iter::repeat_n(
            ' ',
            width.saturating_sub(length).max(1),
        ));
        self.f.write_str(&line)?;
        let place = field.offset.bytes();
        match field.bitfield {
            Some(_) => {
                let (unit, bit) = bit_in_unit(field);
                writeln!(self.f, "/* {unit:>5}:{bit:>2} {:>4} */", field.size)
            }
            None => writeln!(self.f, "/* {place:>5} {:>5} */", field.size),
        }
    }

    /// Writes the ends of structures until only this many are open.
    fn close_to(&mut self, depth: usize) -> fmt::Result {
        while self.open.len() > depth {
            let Some(field) = self.open.pop() else { break };
            let name = c_spelling(field.name.as_bytes());
            let (_, declarator) = field.ty.declaration_parts(&String::from_utf8_lossy(&name));
            let end = if declarator.is_empty() {
                "}".to_owned()
            } else {
                format!("}} {declarator}")
            };
            self.line(&end, "", field)?;
        }
        Ok(())
    }

    fn gap(&mut self, gap: &Gap) -> fmt::Result {
        self.close_to(gap.depth as usize)?;
        if gap.depth == 0 && matches!(gap.kind, GapKind::Padding | GapKind::BitPadding) {
            // The totals have it.
            return Ok(());
        }
        writeln!(self.f)?;
        self.indent()?;
        let (bytes, bits) = (gap.size.bytes().0, gap.size.0);
        match gap.kind {
            GapKind::Hole => writeln!(self.f, "/* XXX {} hole */", Count(bytes, "byte"))?,
            GapKind::BitHole => writeln!(self.f, "/* XXX {} hole */", Count(bits, "bit"))?,
            GapKind::Padding => writeln!(self.f, "/* {} padding */", Count(bytes, "byte"))?,
            GapKind::BitPadding => writeln!(self.f, "/* {} padding */", Count(bits, "bit"))?,
        }
        if matches!(gap.kind, GapKind::Hole | GapKind::BitHole) {
            writeln!(self.f)?;
        }
        Ok(())
    }

    /// Writes that a cache line starts at or before this offset, if that is new.
    fn boundary(&mut self, offset: Bits) -> fmt::Result {
        let at = offset.bytes().0;
        let Some(number) = at.checked_div(self.line) else {
            return Ok(());
        };
        if number <= self.lines {
            return Ok(());
        }
        self.lines = number;
        let (start, since) = (number.saturating_mul(self.line), at % self.line);
        self.indent()?;
        write!(
            self.f,
            "/* --- cacheline {number} boundary ({start} bytes) "
        )?;
        if since > 0 {
            write!(self.f, "was {since} bytes ago ")?;
        }
        self.f.write_str("--- */\n")
    }

    fn indent(&mut self) -> fmt::Result {
        for _ in 0..=self.open.len() {
            self.f.write_str("\t")?;
        }
        Ok(())
    }
}

/// A number of things, with the plural.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, word) = self;
        let plural = if *number == 1 { "" } else { "s" };
        write!(f, "{number} {word}{plural}")
    }
}

/// Returns the byte at which a bitfield's storage starts, and the bitfield's first bit in it.
fn bit_in_unit(field: &LayoutField<'_>) -> (u64, u64) {
    let bits = field.size.bits().map_or(8, |bits| bits.0.max(8));
    let bit = field.offset.0 % bits;
    ((field.offset.0 - bit) / 8, bit)
}

fn totals(f: &mut fmt::Formatter<'_>, layout: &StructLayout<'_>) -> fmt::Result {
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
    } = layout.totals;
    let size = layout.size;
    let line = layout.cache_line.0;
    write!(f, "\n\t/* size: {size}")?;
    if line > 0 {
        write!(f, ", cachelines: {}", size.0.div_ceil(line))?;
    }
    writeln!(f, ", members: {members} */")?;
    let has_holes = holes > 0 || bit_holes > 0;
    if has_holes && sum_members.0 > 0 {
        write!(f, "\t/* sum members: {sum_members}")?;
        if holes > 0 {
            write!(f, ", holes: {holes}, sum holes: {sum_holes}")?;
        }
        writeln!(f, " */")?;
    }
    if has_holes && sum_bitfields.0 > 0 {
        write!(f, "\t/* sum bitfield members: {sum_bitfields} bits")?;
        if bit_holes > 0 {
            write!(
                f,
                ", bit holes: {bit_holes}, sum bit holes: {sum_bit_holes} bits"
            )?;
        }
        writeln!(f, " */")?;
    }
    if padding.0 > 0 {
        writeln!(f, "\t/* padding: {padding} */")?;
    }
    if bit_padding.0 > 0 {
        writeln!(f, "\t/* bit padding: {bit_padding} bits */")?;
    }
    match size.0.checked_rem(line) {
        None | Some(0) => Ok(()),
        Some(last) => writeln!(f, "\t/* last cacheline: {last} bytes */"),
    }
}
