//! The search for functions.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
#[cfg(feature = "dwarf")]
use std::path::PathBuf;

use bytes::Bytes;

#[cfg(feature = "dwarf")]
use crate::debuginfo::{Missing, Search, find_debug_sections_of};
#[cfg(feature = "dwarf")]
use crate::dwarf::Sections;
#[cfg(feature = "dwarf")]
use crate::elf::debug_sections_in;
use crate::elf::demangle::demangle;
use crate::elf::{Elf, FunctionTable};
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "dwarf")]
use crate::pipeline::functions::debug::Debug;
use crate::pipeline::functions::function::Function;
use crate::pipeline::functions::options::FunctionOptions;
use crate::pipeline::functions::symbols::{self, Key};
use crate::pipeline::load::unpacked;
use crate::query::function_name::FunctionNames;
use crate::query::nearest::nearest;

/// The functions of a program that were asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundFunctions {
    /// The functions: those of the first name first, and those of one name by address.
    pub functions: Vec<Function>,
    /// The names that the program has no function of.
    pub not_found: Vec<NameNotFound>,
    /// The other files in which debug information was found.
    #[cfg(feature = "dwarf")]
    pub files: Vec<PathBuf>,
    /// The files that belong to the debug information and were not found.
    #[cfg(feature = "dwarf")]
    pub missing: Vec<Missing>,
    /// Notes on what could not be read, and what is therefore not known.
    pub notes: Vec<String>,
}

/// A name that the program has no function of.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NameNotFound {
    /// The name that was asked for.
    pub name: String,
    /// The nearest names of functions, three at most, the nearest first.
    pub nearest: Vec<String>,
}

/// Finds functions of a program or library by name.
///
/// A name is a symbol, with or without a version (`memcpy@GLIBC_2.2.5`); a name as the language writes it, with or without
/// the types of the parameters (`ns::Class::method`, `main.(*Server).handle`); the end of such a name (`Class::method`), if
/// no function has it as a whole; or a pattern, in which `*` stands for any text. Parts and copies of a function
/// (`handle.cold`) are found by its name as well. Names of C++ and Rust take the feature `demangle`.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/layouts/server1.gcc-dwarf5");
/// use btfkit::pipeline::{FunctionOptions, functions};
/// let found = functions(std::fs::read(path)?, &["handle"], &FunctionOptions::default())?;
/// let handle = &found.functions[0];
/// println!("{path}:{:#x}", handle.file_offset().unwrap());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Malformed` if the bytes are no ELF file, or its symbols can't be read; `Usage` if there are no names, or one is empty;
/// `Limit`. A name that isn't found is no error, and neither is a program without debug information.
pub fn functions(
    file: impl Into<Bytes>,
    names: &[impl AsRef<str>],
    options: &FunctionOptions,
) -> Result<FoundFunctions> {
    let names = checked(names)?;
    let elf = parsed(file.into(), options)?;
    #[cfg(feature = "dwarf")]
    let place = options.search.as_ref().map(|search| (search, None));
    #[cfg(not(feature = "dwarf"))]
    let place = None;
    find(elf, &names, place, options)
}

/// Finds functions as [`functions`] does, also by the debug information and symbols in other files.
///
/// # Errors
/// As [`functions`]; `Io` if the file can't be read.
pub fn functions_path(
    path: impl AsRef<Path>,
    names: &[impl AsRef<str>],
    options: &FunctionOptions,
) -> Result<FoundFunctions> {
    let (path, names) = (path.as_ref(), checked(names)?);
    #[cfg(feature = "dwarf")]
    {
        let default = Search::new();
        let search = options.search.as_ref().unwrap_or(&default);
        let elf = parsed(search.read(path, &options.limits)?, options)?;
        find(elf, &names, Some((search, Some(path))), options)
    }
    #[cfg(not(feature = "dwarf"))]
    find(
        parsed(std::fs::read(path)?.into(), options)?,
        &names,
        None,
        options,
    )
}

/// The places searched for other files.
#[cfg(feature = "dwarf")]
type SearchPlace<'a> = Option<(&'a Search, Option<&'a Path>)>;
#[cfg(not(feature = "dwarf"))]
type SearchPlace<'a> = Option<&'a ()>;

fn checked(names: &[impl AsRef<str>]) -> Result<FunctionNames> {
    if names.is_empty() || names.iter().any(|name| name.as_ref().trim().is_empty()) {
        return Err(Error::new(
            ErrorKind::Usage,
            "name the functions: symbols, names as the language writes them, or patterns with *",
        ));
    }
    Ok(FunctionNames::new(names))
}

fn parsed(file: Bytes, options: &FunctionOptions) -> Result<Elf> {
    Elf::parse(unpacked(file, &options.limits)?)
}

fn find(
    elf: Elf,
    names: &FunctionNames,
    place: SearchPlace<'_>,
    options: &FunctionOptions,
) -> Result<FoundFunctions> {
    let mut table = FunctionTable::of(elf, &options.limits)?;
    let mut list = FoundFunctions {
        functions: Vec::new(),
        not_found: Vec::new(),
        #[cfg(feature = "dwarf")]
        files: Vec::new(),
        #[cfg(feature = "dwarf")]
        missing: Vec::new(),
        notes: Vec::new(),
    };
    #[cfg(feature = "dwarf")]
    let sections = debug_sections(&mut table, place, options, &mut list)?;
    #[cfg(not(feature = "dwarf"))]
    let _ = (place, &mut table);
    let symbols = symbols::find(&table, names);
    #[cfg(feature = "dwarf")]
    let mut symbols = symbols;
    #[cfg(feature = "dwarf")]
    let debug = {
        let debug = Debug::new(&table, names, &symbols, sections.as_ref(), options)?;
        debug.add(&table, &mut symbols.found);
        list.notes.extend(debug.note());
        debug
    };
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    for (number, asked) in names.texts().enumerate() {
        let keys = symbols.found.items(number);
        if keys.is_empty() {
            list.not_found.push(NameNotFound {
                name: asked.to_owned(),
                nearest: nearest_names(&table, asked),
            });
        }
        for key in keys {
            let at = *numbers.entry(key.clone()).or_insert_with(|| {
                let function = function(&table, &symbols, &key);
                #[cfg(feature = "dwarf")]
                let function = debug.complete(&table, &key, function);
                list.functions.push(function);
                list.functions.len() - 1
            });
            if let Some(function) = list.functions.get_mut(at) {
                function.asked.push(asked.to_owned());
            }
        }
    }
    list.notes.extend(table.notes().iter().cloned());
    if table.is_debug_file() {
        list.notes.push(
            "this is a debug file, which has no code: give the program for file offsets".to_owned(),
        );
    } else if table.is_relocatable() {
        list.notes.push(
            "this is an object file: its functions get addresses and file offsets when it is linked"
                .to_owned(),
        );
    }
    Ok(list)
}

/// Finds the debug sections of a program, and adds the symbols of its debug file. A program without debug information
/// gets a note.
#[cfg(feature = "dwarf")]
fn debug_sections(
    table: &mut FunctionTable,
    place: SearchPlace<'_>,
    options: &FunctionOptions,
    list: &mut FoundFunctions,
) -> Result<Option<Sections>> {
    let found = match place {
        None => debug_sections_in(&table.elf, &options.limits).map(|sections| (sections, None)),
        Some((search, path)) => find_debug_sections_of(&table.elf, path, search, &options.limits)
            .map(|found| {
                list.files = found.files;
                list.missing = found.missing;
                (found.sections, found.debug_file)
            }),
    };
    match found {
        Ok((sections, debug_file)) => {
            if let Some(debug_file) = debug_file {
                table.add_debug_elf(&debug_file)?;
            }
            Ok(Some(sections))
        }
        Err(error) if matches!(error.kind(), ErrorKind::NoDebugInfo | ErrorKind::Stripped) => {
            list.notes.push(format!(
                "parameters, source lines and inlined copies are not known: {error}"
            ));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns what symbols tell about a function.
fn function(table: &FunctionTable, symbols: &symbols::Symbols, key: &Key) -> Function {
    match key {
        Key::Code(address) => {
            let chosen = symbols.chosen.get(address);
            let symbol = chosen.or_else(|| table.at(*address).first());
            match symbol {
                Some(symbol) => symbols::defined(table, symbol),
                None => symbols::nameless(table, *address),
            }
        }
        Key::Imported(number) => match table.imports().get(*number) {
            Some(import) => symbols::imported(table, import),
            None => Function::empty(),
        },
        Key::Described(_) => Function::empty(),
    }
}

/// Returns the names of functions that are nearest to one that isn't there.
fn nearest_names(table: &FunctionTable, wanted: &str) -> Vec<String> {
    let mut names = BTreeSet::new();
    let imports = table.imports().iter().map(|import| import.name());
    for symbol in table.iter().map(|symbol| symbol.name()).chain(imports) {
        match demangle(symbol.as_bytes()) {
            Some(demangled) => names.insert(demangled.name.into_bytes()),
            None => names.insert(symbol.as_bytes().to_vec()),
        };
    }
    let near = nearest(wanted.as_bytes(), names.iter().map(Vec::as_slice));
    near.into_iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}
