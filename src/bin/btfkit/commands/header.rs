//! `btfkit header`: types as a C header for a probe.

use std::path::{Path, PathBuf};

use btfkit::render::c::{Header, HeaderOptions, header};
use btfkit::render::helpers::BPF_HELPERS;
use btfkit::render::rust::{Bindings, RustOptions, bindings};
use clap::ValueEnum;

use crate::failure::Failure;
use crate::input::{types, with_nearest};
use crate::output;
use crate::shared::Loading;
use crate::style::Style;

/// Write types as a C header or as Rust bindings for a probe
///
/// The header compiles with gcc, clang and `clang -target bpf`. Names that C can't write are spelled in C, and are
/// found by relocation all the same. What C can't write has a comment in the
/// header, and is counted on standard error.
///
/// Rust bindings are a module that needs `core` alone: `repr(C)` structures, newtypes for enumerations, and methods for
/// bitfields.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit header ./server --type session --type config -o server.h\n  \
    btfkit header ./server --lang rust --type session --asserts -o server.rs\n  \
    btfkit header --helpers -o btfkit.bpf.h")]
pub struct Arguments {
    /// The file with the types
    #[arg(required_unless_present = "helpers")]
    file: Option<PathBuf>,

    /// Write btfkit.bpf.h instead: macros by which a probe reads a program's fields, bitfields, strings and vectors
    #[arg(long, conflicts_with_all = ["file", "names", "lang", "no_core", "asserts", "debug_root", "dwarf", "base"])]
    helpers: bool,

    /// Write only types of these names, and those that they contain; types behind pointers are only declared
    #[arg(long = "type", value_name = "NAME", num_args = 1..)]
    names: Vec<String>,

    /// The language to write
    #[arg(long, value_name = "LANG", default_value = "c")]
    lang: Lang,

    /// Leave out what makes BPF programs relocate their accesses; Rust has no such thing
    #[arg(long)]
    no_core: bool,

    /// Check every size and offset when the header is compiled, except for those of bitfields
    #[arg(long)]
    asserts: bool,

    #[command(flatten)]
    loading: Loading,

    /// File for the header; - is standard output
    #[arg(long, short, value_name = "OUT.h", default_value = "-")]
    output: PathBuf,
}

/// The language of a header.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Lang {
    /// A C header
    C,
    /// Rust bindings
    Rust,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let Some(file) = &arguments.file else {
        return output::write(&arguments.output, BPF_HELPERS.as_bytes());
    };
    if arguments.lang == Lang::Rust {
        let options = RustOptions::new()
            .names(&arguments.names)
            .asserts(arguments.asserts);
        let bindings = rendered_rust(file, &options, &arguments.loading, style)?;
        return output::write(&arguments.output, bindings.text.as_bytes());
    }
    let named = if output::is_stdout(&arguments.output) {
        file
    } else {
        &arguments.output
    };
    let options = HeaderOptions::new()
        .names(&arguments.names)
        .core(!arguments.no_core)
        .asserts(arguments.asserts)
        .guard(guard(named));
    let header = rendered(file, &options, &arguments.loading, style)?;
    output::write(&arguments.output, header.text.as_bytes())
}

/// Loads the types of a file and writes them as C.
pub fn rendered(
    file: &Path,
    options: &HeaderOptions,
    loading: &Loading,
    style: Style,
) -> Result<Header, Failure> {
    let mut load = loading.options(style)?;
    for name in &options.names {
        load.conversion = load.conversion.root(name);
    }
    let graph = types(file, &load, style)?.graph;
    let header = header(&graph, options).map_err(|error| with_nearest(file, error, &load))?;
    for (count, text) in header.counts() {
        style.note(&format!("{}: {count} {text}", file.display()));
    }
    Ok(header)
}

/// Loads the types of a file and writes them as Rust.
pub fn rendered_rust(
    file: &Path,
    options: &RustOptions,
    loading: &Loading,
    style: Style,
) -> Result<Bindings, Failure> {
    let mut load = loading.options(style)?;
    for name in &options.names {
        load.conversion = load.conversion.root(name);
    }
    let graph = types(file, &load, style)?.graph;
    let bindings = bindings(&graph, options).map_err(|error| with_nearest(file, error, &load))?;
    for (count, text) in bindings.counts() {
        style.note(&format!("{}: {count} {text}", file.display()));
    }
    Ok(bindings)
}

/// Returns the name of the include guard for a file: `__SERVER_H__`.
pub fn guard(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    format!("__{}_H__", stem.to_uppercase())
}
