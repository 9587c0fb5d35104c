//! `btfkit show`: bytes as a value.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use btfkit::Error;
use btfkit::graph::Type;
use btfkit::query::bare_name;
use btfkit::render::{LongDouble, ValueFormat, ValueOptions, Written, value};
use bytes::Bytes;
use clap::ValueEnum;

use crate::failure::Failure;
use crate::input::{read, types, with_nearest};
use crate::shared::Loading;
use crate::style::Style;

/// Show the bytes on standard input as a value of a type
///
/// `c` is a C initialiser: members by name, enumerators by name, character arrays as text, pointers in hexadecimal, and
/// every member of a union. If there are fewer bytes than the type has, the members that are missing are `<truncated>`
/// (`null` in JSON), and the exit status is 1. A flexible array at the end has the bytes that remain.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit show ./server session < session.bin\n\n\
With `--format json`, each value is a line {\"schema\": 1, \"type\": string, \"size\": number, \"value\": ..., \
\"truncated\": bool}. Members of anonymous members are members of the structure around them. Enumerators, flags (\"A|B\"), \
pointers (\"0x7ffe\") and numbers of more than 64 bits are strings, a `char` is a number, and what is missing is null.")]
pub struct Arguments {
    /// The file with the types
    file: PathBuf,

    /// The type: `session`, `struct session`, `int`
    #[arg(value_name = "TYPE")]
    name: String,

    /// C initialisers or JSON
    #[arg(long, value_name = "FORMAT", default_value = "c")]
    format: Format,

    /// Write each member and element on a line of its own
    #[arg(long)]
    lines: bool,

    /// The bytes are any number of values, one after the other
    #[arg(long)]
    all: bool,

    /// The bytes are given as hexadecimal digits; spaces, commas, `0x` and `\x` are skipped
    #[arg(long)]
    hex: bool,

    /// The format of floating-point numbers of 16 bytes, if it isn't the one of the machine that the byte order suggests
    #[arg(long, value_name = "FORMAT")]
    long_double: Option<Wide>,

    /// A function of the program: if several types share the name, those of the function's compile unit are preferred
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    #[command(flatten)]
    loading: Loading,
}

/// The format of a value.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// C's designated initialisers
    C,
    /// JSON
    Json,
}

/// A format of floating-point numbers of 16 bytes.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Wide {
    /// The 80 bits of the x87
    X87,
    /// IEEE's binary128
    Binary128,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    if arguments.file == Path::new("-") {
        return Err(Failure::Usage(
            "standard input has the bytes, so the types must be in a file".to_owned(),
        ));
    }
    let mut options = arguments.loading.options(style)?;
    options.conversion = options.conversion.root(bare_name(&arguments.name));
    options.conversion.function.clone_from(&arguments.function);
    let loaded = types(&arguments.file, &options, style)?;
    let fail = |error: Error| with_nearest(&arguments.file, error, &options);
    let name = &arguments.name;
    let ty = loaded
        .graph
        .written_once(name, &loaded.preferred)
        .map_err(fail)?;
    let size = ty.size().map_err(fail)?.0;
    let bytes = arguments.bytes()?;
    let mut out = BufWriter::new(io::stdout().lock());
    let step = if arguments.all { size } else { u64::MAX };
    if step == 0 {
        return Err(Failure::Refused(format!("{name} has no bytes")));
    }
    let mut rest = bytes.slice(..);
    let mut last = None;
    let mut text = String::new();
    while last.is_none() || !rest.is_empty() {
        let length = usize::try_from(step).map_or(rest.len(), |step| step.min(rest.len()));
        let one = rest.split_to(length);
        text.clear();
        let written = arguments.write(ty, &one, &mut text).map_err(fail)?;
        out.write_all(text.as_bytes()).map_err(Failure::stdout)?;
        last = Some((written, one.len() as u64));
    }
    out.flush().map_err(Failure::stdout)?;
    match last {
        Some((written, length)) if written.is_truncated => Err(Failure::Refused(format!(
            "{name} has {size} bytes, and standard input only {length} of them: the rest is <truncated>"
        ))),
        Some((written, length)) if written.used.0 < length => {
            style.note(&format!(
                "{} of {length} bytes are behind the value; with --all they are further values",
                length - written.used.0
            ));
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Arguments {
    /// Writes a value and the end of the line.
    fn write(&self, ty: Type<'_>, bytes: &[u8], text: &mut String) -> Result<Written, Error> {
        let mut options = ValueOptions::new().lines(self.lines);
        if let Some(wide) = self.long_double {
            options = options.long_double(match wide {
                Wide::X87 => LongDouble::X87,
                Wide::Binary128 => LongDouble::Binary128,
            });
        }
        if self.format == Format::C {
            let written = value(ty, bytes, &options, text)?;
            text.push('\n');
            return Ok(written);
        }
        let size = ty.size()?.0;
        let name = serde_json::Value::from(ty.to_string());
        text.push_str(&format!(
            "{{\"schema\":1,\"type\":{name},\"size\":{size},\"value\":"
        ));
        let written = value(ty, bytes, &options.format(ValueFormat::Json), text)?;
        text.push_str(&format!(",\"truncated\":{}}}\n", written.is_truncated));
        Ok(written)
    }

    /// Returns the bytes on standard input.
    fn bytes(&self) -> Result<Bytes, Failure> {
        let input = read(Path::new("-"))?;
        if self.hex {
            from_hex(&input)
        } else {
            Ok(input)
        }
    }
}

/// Returns the bytes that hexadecimal digits stand for.
fn from_hex(text: &[u8]) -> Result<Bytes, Failure> {
    let text = String::from_utf8_lossy(text);
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ':');
    let mut bytes = Vec::new();
    for word in text.replace("\\x", " ").split(is_between) {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let wrong = || {
            Failure::Refused(format!(
                "standard input: {word:?} is not a number of bytes in hexadecimal digits"
            ))
        };
        if digits.len() % 2 != 0 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        for at in (0..digits.len()).step_by(2) {
            let byte = u8::from_str_radix(&digits[at..at + 2], 16);
            bytes.push(byte.map_err(|_| wrong())?);
        }
    }
    Ok(bytes.into())
}
