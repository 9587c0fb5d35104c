//! `btfkit function`: where functions are, for uprobes.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use btfkit::ErrorKind;
use btfkit::pipeline::{
    FoundFunctions, FunctionOptions, functions, functions_path, write_functions_json,
};

use crate::failure::{Failure, into_io};
use crate::input::read;
use crate::progress::Progress;
use crate::shared::DebugRoots;
use crate::style::Style;

/// Show where functions are, for uprobes: file offset, address, aliases, inlined copies
///
/// NAME is a symbol (`malloc`, `memcpy@GLIBC_2.2.5`, `_ZN2ns3Map3getEi`), a name as the language writes it with or without
/// the types of the parameters (`ns::Map::get`, `main.(*Server).handle`), the end of such a name (`Map::get`), or a pattern
/// with `*`. The file offset is what a uprobe takes. It is that of FILE even if symbols and debug information are in
/// other files.
///
/// If a name isn't found, the exit status is 1.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit function ./server handle 'ns::Session::*'")]
pub struct Arguments {
    /// The program or library
    file: PathBuf,

    /// Functions: symbols, names as the language writes them, patterns with *
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// How to print the functions
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    debug: DebugRoots,
}

#[derive(Clone, Copy, clap::ValueEnum, Debug)]
enum Format {
    /// A few lines for each function
    Text,
    /// One line of JSON
    Json,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let options = FunctionOptions::new().search(arguments.debug.search());
    let progress = Progress::start(
        format!("reading the functions of {}", arguments.file.display()),
        style,
    );
    let found = if arguments.file == Path::new("-") {
        functions(read(&arguments.file)?, &arguments.names, &options)
    } else {
        functions_path(&arguments.file, &arguments.names, &options)
    };
    drop(progress);
    let found = found.map_err(|error| match error.kind() {
        ErrorKind::Usage => Failure::from(error),
        _ => Failure::at(&arguments.file, error),
    })?;
    let file = arguments.file.display();
    style.incomplete(found.notes.iter().map(|note| format!("{file}: {note}")));
    style.incomplete(
        found
            .missing
            .iter()
            .map(|missing| format!("{file}: {missing}")),
    );
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match arguments.format {
        Format::Text => text(&found, &mut out),
        Format::Json => write_functions_json(&found, &mut out).map_err(into_io),
    };
    written
        .and_then(|()| out.flush())
        .map_err(Failure::stdout)?;
    missing(&found, &arguments.file)
}

fn text(found: &FoundFunctions, out: &mut impl Write) -> io::Result<()> {
    for (number, function) in found.functions.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        write!(out, "{function}")?;
    }
    Ok(())
}

/// Returns the failure that names which weren't found are.
fn missing(found: &FoundFunctions, file: &Path) -> Result<(), Failure> {
    let lines: Vec<String> = found.not_found.iter().map(ToString::to_string).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "{}: {}",
        file.display(),
        lines.join("\n")
    )))
}
