//! `btfkit offset`: offsets and sizes of fields.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::graph::Kind;
use btfkit::pipeline::Loaded;
use btfkit::query::{Field, PointerInPath, bare_name};
use btfkit::{Error, ErrorKind, render};

use crate::failure::{Failure, into_io};
use crate::input::{types, with_nearest};
use crate::shared::{Loading, TextOrJson};
use crate::style::Style;

/// Print offsets and sizes of a structure's fields
///
/// Each field has a line: path, byte offset, size in bytes, and for a bitfield its bit offset in that byte and its width
/// in bits. Members of anonymous members are found by their own names. Without a path, the structure's size is printed.
/// A path through a pointer is refused, because the target of the pointer is elsewhere; the message has the command for the rest.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit offset ./server session id 'hops[2].port'")]
pub struct Arguments {
    /// The file with the types
    file: PathBuf,

    /// The structure, union or typedef, without `struct`
    #[arg(value_name = "STRUCT")]
    name: String,

    /// Fields, such as a.b[2].c
    #[arg(value_name = "FIELD.PATH[2]")]
    paths: Vec<String>,

    /// Text or JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    /// A function of the program: if several types share the name, those of the function's compile unit are preferred
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    #[command(flatten)]
    loading: Loading,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let mut options = arguments.loading.options(style)?;
    options.conversion = options.conversion.root(bare_name(&arguments.name));
    options.conversion.function.clone_from(&arguments.function);
    let loaded = types(&arguments.file, &options, style)?;
    let (graph, preferred) = (&loaded.graph, &loaded.preferred);
    let name = &arguments.name;
    let fail = |error: Error| match error.kind() {
        ErrorKind::Ambiguous => ambiguous(arguments, error, &loaded),
        _ => with_nearest(&arguments.file, error, &options),
    };
    let doubtful = |path: &str, why: &str| {
        style.warnings([format!("{path}: it can't be trusted: {why}")]);
    };
    let sized = || {
        let (size, doubt) = loaded.size_of(name).map_err(fail)?;
        if let Some(why) = doubt {
            style.warnings([format!("{name}: the size can't be trusted: {why}")]);
        }
        Ok::<_, Failure>(size)
    };
    let mut fields = Vec::new();
    for path in &arguments.paths {
        let (field, doubt) = loaded.field(name, path).map_err(|error| {
            let Ok(Some(pointer)) = graph.pointer_in_path(name, path, preferred) else {
                return fail(error);
            };
            let to_pointer = pointer.path.strip_prefix(name.as_str());
            let to_pointer = to_pointer.map_or("", |path| path.trim_start_matches('.'));
            if let Ok((_, Some(why))) = loaded.field(name, to_pointer) {
                doubtful(to_pointer, &why);
            }
            arguments.behind(&pointer)
        })?;
        if let Some(why) = &doubt {
            doubtful(path, why);
        }
        fields.push((path.as_str(), field, doubt));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.format == TextOrJson::Json {
        let size = sized()?;
        render::fields_json(name, size, &fields, &mut out)
            .map_err(|error| Failure::stdout(into_io(error)))?;
    } else if arguments.paths.is_empty() {
        let size = sized()?;
        writeln!(out, "{name}  size {size}").map_err(Failure::stdout)?;
    } else {
        for (path, field, _) in &fields {
            print(path, field, &mut out).map_err(Failure::stdout)?;
        }
    }
    out.flush().map_err(Failure::stdout)
}

/// Returns the failure of a name that several types have: with the place of each, and the function that chooses it.
fn ambiguous(arguments: &Arguments, error: Error, loaded: &Loaded) -> Failure {
    let definitions = loaded.definitions(&arguments.name);
    if definitions.is_empty() {
        return Failure::at(&arguments.file, error);
    }
    let definitions = definitions.into_iter();
    let definitions = definitions.map(|definition| match definition.function {
        Some(function) => format!("{} (--function {function})", definition.place),
        None => definition.place,
    });
    let definitions: Vec<_> = definitions.collect();
    let file = arguments.file.display();
    Failure::Refused(format!("{file}: {error}: {}", definitions.join(", ")))
}

impl Arguments {
    /// Returns the failure of a path through a pointer, with the command for what is behind it.
    fn behind(&self, pointer: &PointerInPath<'_>) -> Failure {
        let file = self.file.display();
        let (path, pointee, ahead) = (&pointer.path, pointer.pointee, pointer.ahead.0);
        let at = pointer.field.offset.bytes();
        let ahead = if ahead > 0 {
            format!(", go {ahead} bytes ahead")
        } else {
            String::new()
        };
        let is_pointer = format!("{file}: {path} is a pointer to {pointee}, at offset {at}");
        let bare = pointee.strip().unwrap_or(pointee);
        let has_fields = bare.kind().is_composite() || matches!(bare.kind(), Kind::Ptr | Kind::Fwd);
        if !pointer.rest.is_empty() && !has_fields && bare.as_array().is_none() {
            return Failure::Refused(format!("{is_pointer}: that has no {}", pointer.rest));
        }
        let mut message = format!("{is_pointer}: read the pointer{ahead}");
        if pointer.rest.is_empty() {
            message.push_str("; what is wanted is there");
        } else if pointee.name().is_empty() {
            message.push_str(&format!(", and look for {} there", pointer.rest));
        } else {
            message.push_str(&format!(
                ", and add the offset of the rest:\n  btfkit offset {} {} {}",
                quoted(&file.to_string()),
                quoted(&pointee.to_string()),
                quoted(&pointer.rest)
            ));
        }
        Failure::Refused(message)
    }
}

/// Quotes a word for a shell, if it needs that.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_./-:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn print(path: &str, field: &Field, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{path}  offset {}  size {}",
        field.offset.bytes(),
        field.size
    )?;
    match field.bitfield {
        Some(width) => writeln!(out, "  bit {}  width {width}", field.offset.0 % 8),
        None => writeln!(out),
    }
}
