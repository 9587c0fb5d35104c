//! Types out of any file that contains some: raw BTF, an ELF file with BTF or DWARF, and each of these compressed.

use std::path::Path;
#[cfg(feature = "dwarf")]
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

#[cfg(feature = "dwarf")]
use crate::debuginfo::{Missing, Search, find_debug_sections_of};
#[cfg(feature = "dwarf")]
use crate::dwarf::{self, Degraded, Sections};
#[cfg(feature = "dwarf")]
use crate::elf::debug_sections_in;
use crate::elf::notes::{build_id_in_notes, build_id_text};
use crate::elf::{BtfOptions, Compression, Elf, btf_in, has_btf, inflate, is_elf};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::id::TypeId;
use crate::limits::Limits;
#[cfg(feature = "dwarf")]
use crate::merge;
use crate::parse;
use crate::pipeline::declared::Declared;
use crate::pipeline::options::LoadOptions;
use crate::pipeline::target::{KERNEL_FILE, is_kernel_path};

/// The types of a file, and where they come from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The types.
    pub graph: Btf,
    /// The format that the types were read from.
    pub source: Source,
    /// The DWARF types that BTF can't represent, and what each became.
    #[cfg(feature = "dwarf")]
    pub degraded: Vec<Degraded>,
    /// The number of typedefs of templates that were left out
    /// ([`Conversion::unused_typedefs`](crate::dwarf::Conversion::unused_typedefs)).
    #[cfg(feature = "dwarf")]
    pub unused_typedefs: u64,
    /// The ids of the types that the compile unit of the requested function
    /// ([`ConvertOptions::function`](crate::dwarf::ConvertOptions::function)) defines.
    pub preferred: Vec<TypeId>,
    /// The other files in which debug information was found.
    #[cfg(feature = "dwarf")]
    pub files: Vec<PathBuf>,
    /// The files that belong to the debug information and were not found. Their types are missing.
    #[cfg(feature = "dwarf")]
    pub missing: Vec<Missing>,
    /// The build ID of the file that the types are of: the hex digits of GNU's, which linkers write; without one the text
    /// of Go's. `/sys/kernel/btf/vmlinux` has the running kernel's. `None` for other BTF that is in no ELF file.
    pub build_id: Option<String>,
    /// Notes on the choice of the source: a `.BTF` that couldn't be used, say.
    pub notes: Vec<String>,
    /// The debug information, if the types were converted from it and stand by themselves.
    pub(super) declared: Option<Arc<Declared>>,
}

impl Loaded {
    /// Returns a line for each file that belongs to the debug information and was not found.
    pub(super) fn missing_files(&self) -> impl Iterator<Item = String> {
        #[cfg(feature = "dwarf")]
        return self.missing.iter().map(ToString::to_string);
        #[cfg(not(feature = "dwarf"))]
        std::iter::empty()
    }

    /// Returns the definitions that a program has of a structure, union, enumeration, typedef or base type, in the order
    /// of their ids. Empty if the types are not from DWARF.
    #[must_use]
    pub fn definitions(&self, name: &str) -> Vec<Definition> {
        let Some(declared) = &self.declared else {
            return Vec::new();
        };
        let types = self.graph.named_or_spelled(name).unwrap_or_default();
        let types = types.into_iter().map(|ty| ty.id());
        types
            .filter_map(|id| {
                Some(Definition {
                    id,
                    place: declared.place(id)?,
                    function: declared.function(id),
                })
            })
            .collect()
    }

    pub(super) fn new(graph: Btf, source: Source) -> Self {
        Self {
            graph,
            source,
            #[cfg(feature = "dwarf")]
            degraded: Vec::new(),
            #[cfg(feature = "dwarf")]
            unused_typedefs: 0,
            preferred: Vec::new(),
            #[cfg(feature = "dwarf")]
            files: Vec::new(),
            #[cfg(feature = "dwarf")]
            missing: Vec::new(),
            build_id: None,
            notes: Vec::new(),
            declared: None,
        }
    }
}

/// One of several definitions that a program has of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Definition {
    /// The type's id.
    pub id: TypeId,
    /// The file and line of the declaration, or the unit if these are unknown.
    pub place: String,
    /// The name of a function whose unit has this definition and no other: it chooses the definition
    /// ([`ConvertOptions::function`](crate::dwarf::ConvertOptions::function)). `None` if no function does.
    pub function: Option<String>,
}

/// The format that types were read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Source {
    /// Raw BTF.
    RawBtf,
    /// The `.BTF` section of an ELF file.
    ElfBtf,
    /// The DWARF of an ELF file.
    Dwarf,
}

/// Loads the types of a file: raw BTF (such as `/sys/kernel/btf/vmlinux`), an ELF file with a `.BTF` section, an ELF
/// file with DWARF, or one of these compressed by gzip, xz or zstd.
///
/// The format is detected by the contents. `.BTF` is preferred to DWARF, unless [`LoadOptions::dwarf`] is set, a
/// function's unit is asked for, or the file has DWARF and its `.BTF` has no types or can't be read. DWARF takes the
/// feature `dwarf`, and compressed files take `zlib` (for gzip), `xz` or `zstd`.
///
/// ```
/// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
/// # let mut builder = GraphBuilder::new();
/// # builder.int("int", 4, IntEncoding::SIGNED)?;
/// # let bytes = btfkit::encode::encode(&builder.freeze()?)?;
/// use btfkit::pipeline::{LoadOptions, load};
/// let loaded = load(bytes, &LoadOptions::default())?;
/// assert!(loaded.graph.find(Kind::Int, "int").is_some());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Malformed` if the bytes are neither BTF nor an ELF file, or break their format; `NoDebugInfo` or `Stripped` for an
/// ELF file with neither BTF nor DWARF; `Limit`; `Unsupported`, also for a file that takes a feature that is off.
pub fn load(bytes: impl Into<Bytes>, options: &LoadOptions) -> Result<Loaded> {
    load_from(bytes.into(), options, |elf| from_dwarf(elf, None, options))
}

/// Loads the types of a file as [`load`] does, and finds debug information that is in other files: build-ID folders,
/// the debug link, the file that `dwz` moved shared entries to, split units.
/// [`find_debug_sections`](crate::debuginfo::find_debug_sections) lists the places.
///
/// BTF of the running kernel's modules, in `/sys/kernel/btf`, is split from the kernel's own: without
/// [`LoadOptions::base`], its base is `/sys/kernel/btf/vmlinux`.
///
/// ```no_run
/// use btfkit::pipeline::{LoadOptions, load_path};
/// let libc = load_path("/lib/x86_64-linux-gnu/libc.so.6", &LoadOptions::default())?;
/// println!("{} types from {:?}", libc.graph.len(), libc.files);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`load`] and [`find_debug_sections`](crate::debuginfo::find_debug_sections); `Io` if the file can't be read.
pub fn load_path(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Loaded> {
    let path = path.as_ref();
    if options.base.is_none() && is_kernel_path(path) && path != Path::new(KERNEL_FILE) {
        let options = options.clone().base(running_kernel(options)?);
        return load_file(path, &options);
    }
    let mut loaded = load_file(path, options)?;
    if path == Path::new(KERNEL_FILE) {
        let notes = std::fs::read(KERNEL_NOTES).ok();
        loaded.build_id = notes.and_then(build_id_in_notes);
    }
    Ok(loaded)
}

/// The file in which the running kernel shows its notes.
const KERNEL_NOTES: &str = "/sys/kernel/notes";

#[cfg(feature = "dwarf")]
fn load_file(path: &Path, options: &LoadOptions) -> Result<Loaded> {
    let default = Search::new();
    let search = options.search.as_ref().unwrap_or(&default);
    let bytes = search.read(path, &options.limits)?;
    load_from(bytes, options, |elf| {
        from_dwarf(elf, Some((search, path)), options)
    })
}

#[cfg(not(feature = "dwarf"))]
fn load_file(path: &Path, options: &LoadOptions) -> Result<Loaded> {
    load(std::fs::read(path)?, options)
}

/// Loads the running kernel's own types.
pub(super) fn running_kernel(options: &LoadOptions) -> Result<Btf> {
    let kernel = LoadOptions::new().limits(options.limits.clone());
    #[cfg(feature = "dwarf")]
    let kernel = LoadOptions {
        search: options.search.clone(),
        ..kernel
    };
    let kernel = load_file(Path::new(KERNEL_FILE), &kernel);
    kernel
        .map(|kernel| kernel.graph)
        .within(|| Place::File(KERNEL_FILE.to_owned()))
}

/// Loads the types of a file's BTF, or what `from_dwarf` makes of an ELF file without it.
fn load_from(
    bytes: Bytes,
    options: &LoadOptions,
    from_dwarf: impl FnOnce(&Elf) -> Result<Loaded>,
) -> Result<Loaded> {
    let bytes = unpacked(bytes, &options.limits)?;
    if is_elf(&bytes) {
        return from_elf(bytes, options, from_dwarf);
    }
    if !matches!(*bytes, [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..]) {
        return Err(Error::malformed(
            "this is neither BTF nor an ELF file, nor one of these compressed by gzip, xz or zstd",
        )
        .within(Place::Byte(0)));
    }
    if options.has_function() {
        return Err(no_units("raw BTF"));
    }
    let graph = split_or_not(options, &bytes, |base| {
        let parse_options = parse::ParseOptions {
            base,
            limits: options.limits.clone(),
            ..parse::ParseOptions::default()
        };
        parse::parse_with(bytes.clone(), &parse_options)
    })?;
    Ok(Loaded::new(graph, Source::RawBtf))
}

/// Reads BTF that may be split from the base.
///
/// BTF has no field that marks it as split. But the string table of self-contained BTF starts with the empty string,
/// and that of split BTF doesn't, so that reading split BTF without its base fails at once.
fn split_or_not(
    options: &LoadOptions,
    bytes: &[u8],
    read: impl Fn(Option<Btf>) -> Result<Btf>,
) -> Result<Btf> {
    match read(None) {
        Ok(graph) => Ok(graph),
        Err(_) if options.base.is_some() => read(options.base.clone()),
        Err(error) if is_split(bytes) => Err(Error::new(
            error.kind(),
            format!(
                "this is split BTF, whose base is missing: name it with --base FILE; for a kernel's module as a target, \
                use --module FILE beside the kernel's --target ({error})"
            ),
        )),
        Err(error) => Err(error),
    }
}

/// Returns whether BTF is split: its strings don't start with the empty one.
pub(super) fn is_split(bytes: &[u8]) -> bool {
    let big = bytes.starts_with(&[0xeb, 0x9f]);
    let word = |at: usize| {
        let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let word = if big {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        };
        usize::try_from(word).ok()
    };
    let first = || {
        let (header, offset, len) = (word(4)?, word(16)?, word(20)?);
        let at = header.checked_add(offset).filter(|_| len > 0)?;
        bytes.get(at).copied()
    };
    let has_magic = matches!(bytes, [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..]);
    has_magic && first().is_some_and(|first| first != 0)
}

/// Returns the error for types without units, where a function's unit is asked for.
#[cold]
fn no_units(what: &str) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!(
            "{what} doesn't tell which unit a type is from, so --function can't choose: name the program with its DWARF"
        ),
    )
}

fn from_elf(
    bytes: Bytes,
    options: &LoadOptions,
    from_dwarf: impl FnOnce(&Elf) -> Result<Loaded>,
) -> Result<Loaded> {
    let elf = Elf::parse(bytes)?;
    let loaded = from_parsed(&elf, options, from_dwarf)?;
    Ok(Loaded {
        build_id: build_id_text(&elf),
        ..loaded
    })
}

/// Reads the BTF or DWARF of an ELF file.
fn from_parsed(
    elf: &Elf,
    options: &LoadOptions,
    from_dwarf: impl FnOnce(&Elf) -> Result<Loaded>,
) -> Result<Loaded> {
    if options.dwarf || !has_btf(elf) {
        return from_dwarf(elf);
    }
    if options.has_function() {
        // Only DWARF has units.
        return from_dwarf(elf).map_err(|error| match error.kind() {
            ErrorKind::NoDebugInfo | ErrorKind::Stripped => no_units(".BTF without DWARF"),
            _ => error,
        });
    }
    let bytes = elf.find(".BTF").map(|btf| elf.data(btf, &options.limits));
    let bytes = bytes.and_then(Result::ok).unwrap_or_default();
    let from_btf = split_or_not(options, &bytes, |base| {
        let btf_options = BtfOptions {
            base,
            limits: options.limits.clone(),
        };
        btf_in(elf, &btf_options)
    });
    let why = match from_btf {
        Ok(graph) if !graph.is_empty() => return Ok(Loaded::new(graph, Source::ElfBtf)),
        Ok(_) => "it has no types".to_owned(),
        Err(ref error) => error.to_string(),
    };
    match (from_dwarf(elf), from_btf) {
        (Ok(mut loaded), _) => {
            loaded.notes.push(format!(
                "its .BTF can't be used: {why}; its DWARF is taken, as with --dwarf"
            ));
            Ok(loaded)
        }
        (Err(dwarf), Ok(graph)) if has_no_dwarf(&dwarf) => Ok(Loaded::new(graph, Source::ElfBtf)),
        // Its BTF is no answer, and its DWARF can't be read.
        (Err(dwarf), Ok(_)) => Err(dwarf),
        (Err(_), Err(error)) => Err(Error::new(
            error.kind(),
            format!(
                "{}; with --dwarf the file's DWARF is taken, if it or a debug file has any",
                error.message()
            ),
        )
        .within_all(error.places())),
    }
}

/// Returns whether there is no DWARF to be read, or nothing that reads it.
fn has_no_dwarf(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NoDebugInfo | ErrorKind::Stripped)
        || cfg!(not(feature = "dwarf"))
}

#[cfg(not(feature = "dwarf"))]
#[cold]
fn from_dwarf(_: &Elf, _: Option<()>, _: &LoadOptions) -> Result<Loaded> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "the file has no BTF: btfkit reads DWARF with its feature `dwarf`",
    ))
}

/// Converts the DWARF of an ELF file, and of the other files that it names, where these may be looked for.
#[cfg(feature = "dwarf")]
fn from_dwarf(elf: &Elf, path: Option<(&Search, &Path)>, options: &LoadOptions) -> Result<Loaded> {
    let own = options.search.as_ref().map(|search| (search, None));
    let search = path.map(|(search, path)| (search, Some(path))).or(own);
    match search {
        None => converted(debug_sections_in(elf, &options.limits)?, options),
        Some((search, path)) => {
            let found = find_debug_sections_of(elf, path, search, &options.limits)?;
            Ok(Loaded {
                files: found.files,
                missing: found.missing,
                ..converted(found.sections, options)?
            })
        }
    }
}

#[cfg(feature = "dwarf")]
fn converted(sections: Sections, options: &LoadOptions) -> Result<Loaded> {
    let conversion = dwarf::ConvertOptions {
        limits: options.limits.clone(),
        ..options.conversion.clone()
    };
    let mut converted = dwarf::convert(&sections, &conversion)?;
    if let Some(base) = &options.base {
        (converted.graph, converted.preferred) =
            over_base(converted.graph, &converted.preferred, base, &options.limits)?;
        return Ok(Loaded {
            degraded: converted.degraded,
            unused_typedefs: converted.unused_typedefs,
            preferred: converted.preferred,
            ..Loaded::new(converted.graph, Source::Dwarf)
        });
    }
    Ok(Loaded {
        degraded: converted.degraded.clone(),
        unused_typedefs: converted.unused_typedefs,
        preferred: converted.preferred.clone(),
        declared: Some(Arc::new(Declared::new(
            sections,
            converted.clone(),
            conversion,
        ))),
        ..Loaded::new(converted.graph, Source::Dwarf)
    })
}

/// Splits the graph from a base: types that the base has are removed. Returns also the new ids of the preferred types.
#[cfg(feature = "dwarf")]
fn over_base(
    graph: Btf,
    preferred: &[TypeId],
    base: &Btf,
    limits: &Limits,
) -> Result<(Btf, Vec<TypeId>)> {
    let split = merge::MergeOptions::split(base).limits(limits.clone());
    let merged = merge::merge([merge::Input::new("program", graph)], &split)?;
    let map = merged.types.first();
    let mut moved: Vec<TypeId> = preferred.iter().filter_map(|id| map?.get(*id)).collect();
    moved.sort_unstable();
    moved.dedup();
    Ok((merged.graph, moved))
}

/// Decompresses the bytes if they are compressed.
pub(super) fn unpacked(bytes: Bytes, limits: &Limits) -> Result<Bytes> {
    match Compression::detect(&bytes) {
        Some(format) => inflate(format, &bytes, limits.inflated(bytes.len())).map(Bytes::from),
        None => Ok(bytes),
    }
}
