//! Functions as JSON.

use std::io::{self, Write};

use crate::error::Result;
use crate::pipeline::functions::find::FoundFunctions;
use crate::pipeline::functions::function::{Function, FunctionKind, InlinedCopy, SourcePlace};
use crate::pipeline::functions::parameter::{Location, LocationSource, Parameter, Piece, Slot};
use crate::pipeline::functions::register::Register;
use crate::render::json_string;

/// Writes functions as one line of JSON. The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "functions": [{
///     "asked": [string],                  the names that were asked for
///     "name": string,                     as the language writes it
///     "symbol": string | null, "version": string | null,
///     "default_version": boolean,         whether programs that are linked today take it
///     "aliases": [string],                other symbols at the address
///     "part_of": string | null,           the function's symbol, of a part or a copy
///     "suffix": string | null,            what the compiler added for it: ".cold"
///     "kind": "code" | "ifunc" | "imported" | "inlined" | "dropped" | "declared",
///     "address": number | null,
///     "file_offset": number | null,       what a uprobe takes
///     "size": number | null,              in bytes
///     "symbol_source": string | null,     ".symtab", ".dynsym" and so on
///     "libraries": [string],              that may have an imported function
///     "stubs": [{ "address": number, "file_offset": number | null }],
///     "unit": string | null, "file": string | null, "line": number | null,
///     "parameters": [{ "name": string, "type": string, "size": number | null,
///                      "source": "dwarf" | "convention" | null,
///                      "unknown": string | null,     why it isn't known where it is
///                      "by_address": boolean,        whether the pieces hold the value's address
///                      "pieces": [{ "register": string | null, "pt_regs": string | null,
///                                   "stack": number | null,      bytes from the stack pointer
///                                   "offset": number | null,     of the value in memory, from the register
///                                   "constant": number | null,
///                                   "size": number | null, "bpf": string | null }] }] | null,
///     "variadic": boolean, "results": [string],
///     "result_address": string | null,    how BPF reads where the result is to be written
///     "inlined": [{ "address": number | null, "file_offset": number | null,
///                   "ranges": [[number, number]],
///                   "caller": string, "within": string | null, "call_file": string | null, "call_line": number | null }] }],
///   "not_found": [{ "name": string, "nearest": [string] }],
///   "notes": [string] }
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn write_functions_json(found: &FoundFunctions, out: &mut impl Write) -> Result<()> {
    let mut json = Json(out);
    json.raw("{\"schema\":1,\"functions\":[")?;
    json.list(&found.functions, Json::function)?;
    json.raw("],\"not_found\":[")?;
    json.list(&found.not_found, |json, missing| {
        json.raw("{\"name\":")?;
        json.string(&missing.name)?;
        json.strings("nearest", &missing.nearest)?;
        json.raw("}")
    })?;
    json.raw("]")?;
    json.strings("notes", &found.notes)?;
    json.raw("}\n")?;
    Ok(())
}

struct Json<'w, W>(&'w mut W);

impl<W: Write> Json<'_, W> {
    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes())
    }

    fn string(&mut self, string: &str) -> io::Result<()> {
        json_string(self.0, string)
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut each: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.raw(",")?;
            }
            each(self, item)?;
        }
        Ok(())
    }

    /// Writes a key and a list of strings.
    fn strings(&mut self, key: &str, items: &[String]) -> io::Result<()> {
        write!(self.0, ",\"{key}\":[")?;
        self.list(items, |json, item| json.string(item))?;
        self.raw("]")
    }

    /// Writes a key, and a string or null.
    fn text(&mut self, key: &str, value: Option<&str>) -> io::Result<()> {
        write!(self.0, ",\"{key}\":")?;
        match value {
            Some(value) => self.string(value),
            None => self.raw("null"),
        }
    }

    /// Writes a key, and a number or null.
    fn number(&mut self, key: &str, value: Option<u64>) -> io::Result<()> {
        match value {
            Some(value) => write!(self.0, ",\"{key}\":{value}"),
            None => write!(self.0, ",\"{key}\":null"),
        }
    }

    fn function(&mut self, function: &Function) -> io::Result<()> {
        self.raw("{\"name\":")?;
        self.string(function.name())?;
        self.strings("asked", function.asked())?;
        self.text("symbol", function.symbol())?;
        self.text("version", function.version())?;
        write!(
            self.0,
            ",\"default_version\":{}",
            function.is_default_version()
        )?;
        self.strings("aliases", function.aliases())?;
        self.text("part_of", function.part_of().map(|(original, _)| original))?;
        self.text("suffix", function.part_of().map(|(_, suffix)| suffix))?;
        self.text("kind", Some(kind(function.kind())))?;
        self.number("address", function.address())?;
        self.number("file_offset", function.file_offset())?;
        self.number("size", function.size())?;
        let source = function.symbol_source().map(|source| source.to_string());
        self.text("symbol_source", source.as_deref())?;
        self.strings("libraries", function.libraries())?;
        self.raw(",\"stubs\":[")?;
        self.list(function.stubs(), |json, (address, offset)| {
            write!(json.0, "{{\"address\":{address}")?;
            json.number("file_offset", *offset)?;
            json.raw("}")
        })?;
        self.raw("]")?;
        self.text("unit", function.unit())?;
        self.place("file", "line", function.declared_at())?;
        match function.parameters() {
            None => self.raw(",\"parameters\":null")?,
            Some(parameters) => {
                self.raw(",\"parameters\":[")?;
                self.list(parameters, Self::parameter)?;
                self.raw("]")?;
            }
        }
        write!(self.0, ",\"variadic\":{}", function.is_variadic())?;
        self.strings("results", function.results())?;
        let address = function.result_address().and_then(Slot::in_bpf);
        self.text("result_address", address.as_deref())?;
        self.raw(",\"inlined\":[")?;
        self.list(function.inlined(), Self::inlined)?;
        self.raw("]}")
    }

    fn parameter(&mut self, parameter: &Parameter) -> io::Result<()> {
        self.raw("{\"name\":")?;
        self.string(parameter.name())?;
        self.text("type", Some(parameter.ty()))?;
        self.number("size", parameter.size())?;
        let source = parameter.source().map(|source| match source {
            LocationSource::Dwarf => "dwarf",
            LocationSource::Convention => "convention",
        });
        self.text("source", source)?;
        let (unknown, by_address, pieces) = match parameter.location() {
            Location::Unknown(why) => (Some(*why), false, Vec::new()),
            Location::Empty => (None, false, Vec::new()),
            Location::Address(slot) => (
                None,
                true,
                vec![Piece {
                    slot: *slot,
                    size: None,
                }],
            ),
            Location::Pieces(pieces) => (None, false, pieces.clone()),
        };
        self.text("unknown", unknown)?;
        write!(self.0, ",\"by_address\":{by_address},\"pieces\":[")?;
        self.list(&pieces, Self::piece)?;
        self.raw("]}")
    }

    fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        let (mut register, mut stack, mut offset, mut constant) = (None, None, None, None);
        match piece.slot {
            Slot::Register(it) => register = Some(it),
            Slot::Stack(at) => stack = Some(at),
            Slot::Memory(it, at) => (register, offset) = (Some(it), Some(at)),
            Slot::Constant(value) => constant = Some(value),
            Slot::Nothing => {}
        }
        self.raw("{\"bpf\":")?;
        match piece.slot.in_bpf() {
            Some(text) => self.string(&text)?,
            None => self.raw("null")?,
        }
        self.text("register", register.map(|it| it.to_string()).as_deref())?;
        let field = register.and_then(Register::pt_regs);
        self.text("pt_regs", field.as_deref())?;
        for (key, value) in [("stack", stack), ("offset", offset), ("constant", constant)] {
            match value {
                Some(value) => write!(self.0, ",\"{key}\":{value}")?,
                None => write!(self.0, ",\"{key}\":null")?,
            }
        }
        self.number("size", piece.size)?;
        self.raw("}")
    }

    fn place(&mut self, file: &str, line: &str, place: Option<&SourcePlace>) -> io::Result<()> {
        self.text(file, place.map(|place| &*place.file))?;
        self.number(line, place.map(|place| place.line).filter(|line| *line > 0))
    }

    fn inlined(&mut self, copy: &InlinedCopy) -> io::Result<()> {
        self.raw("{\"caller\":")?;
        self.string(copy.caller())?;
        self.text("within", copy.within())?;
        self.number("address", copy.address())?;
        self.number("file_offset", copy.file_offset())?;
        self.raw(",\"ranges\":[")?;
        self.list(copy.ranges(), |json, (start, end)| {
            write!(json.0, "[{start},{end}]")
        })?;
        self.raw("]")?;
        self.place("call_file", "call_line", copy.call_site())?;
        self.raw("}")
    }
}

/// Returns the word for a kind.
const fn kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Code => "code",
        FunctionKind::Ifunc => "ifunc",
        FunctionKind::Imported => "imported",
        FunctionKind::Inlined => "inlined",
        FunctionKind::Dropped => "dropped",
        FunctionKind::Declared => "declared",
    }
}
