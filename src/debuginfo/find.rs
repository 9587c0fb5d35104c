//! The debug information of a program, whichever files it is in.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::debuginfo::finder::{Candidate, Finder, plain};
use crate::debuginfo::link::{
    AltLink, BuildId, DebugLink, alt_link, build_id, debug_link, shared_id,
};
use crate::debuginfo::request::{DebugFile, Missing, Request};
use crate::debuginfo::search::Search;
use crate::dwarf::Sections;
use crate::elf::debug::{Part, has_units, nothing, own, take};
use crate::elf::file::Elf;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::limits::Limits;

/// A program's debug information, and the files it was found in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// The sections, those of other files included.
    pub sections: Sections,
    /// The other files, in the order in which they were found. What the search's fetcher brought has no path.
    pub files: Vec<PathBuf>,
    /// The files that belong to the program and were not found: their types are missing.
    pub missing: Vec<Missing>,
}

/// Finds a program's debug information, whichever way it is packaged.
///
/// `path` is where the program is; without it, nothing beside it is found. Debug information is taken from
/// where it is first found:
///
/// 1. the program's own file;
/// 2. its debug file: by its build id, `ROOT/.build-id/xx/yyyy.debug` under each of the search's roots; by its
///    `.gnu_debuglink`, in the program's folder, in the folder `.debug` there, and under each root followed by
///    the program's folder; by the search's fetcher. It must have the program's build id; where one of the two
///    has none, the link's CRC.
///
/// What belongs to it is added:
///
/// - the file that `dwz` moved shared entries to (`.gnu_debugaltlink`, or `.debug_sup`): by its name; by its
///   build id, under each root; under `ROOT/.dwz`; by the fetcher. It must have the build id that the link says;
/// - split units (`-gsplit-dwarf`): from the package `PROGRAM.dwp`, also beside the debug file and under
///   each root; then each from the `.dwo` file that its skeleton names, in the folder the skeleton names or
///   beside the program. Each must have the id its skeleton has.
///
/// ```no_run
/// use btfkit::Limits;
/// use btfkit::debuginfo::{Search, find_debug_sections};
/// let path = std::path::Path::new("/usr/bin/python3");
/// let program = bytes::Bytes::from(std::fs::read(path)?);
/// let search = Search::new().root("/opt/debug");
/// let found = find_debug_sections(&program, Some(path), &search, &Limits::default())?;
/// let types = btfkit::dwarf::convert(&found.sections, &btfkit::dwarf::ConvertOptions::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`debug_sections`](crate::elf::debug_sections), with the places that were looked at. `Stripped` also where the
/// file of `dwz`, or every split unit is missing (a few missing split units are listed in
/// [`Found::missing`]); what the fetcher returns; `Limit` beyond [`Limits::files`].
pub fn find_debug_sections(
    file: &Bytes,
    path: Option<&Path>,
    search: &Search,
    limits: &Limits,
) -> Result<Found> {
    find_debug_sections_of(&Elf::parse(file.clone())?, path, search, limits)
}

/// Finds the debug information of a program whose ELF headers were read.
///
/// # Errors
/// As [`find_debug_sections`].
pub(crate) fn find_debug_sections_of(
    elf: &Elf,
    path: Option<&Path>,
    search: &Search,
    limits: &Limits,
) -> Result<Found> {
    let mut finder = Finder::new(path, search, limits);
    let (mut sections, link) = match own(elf, limits)? {
        Some(sections) => (sections, alt_link(elf)),
        None => {
            let found = debug_file(elf, &mut finder)?;
            finder.debug = finder.files.first().cloned();
            found
        }
    };
    if let Some(link) = link {
        sections.alt = Some(Box::new(alternate(&link, &mut finder)?));
    }
    finder.split(&mut sections)?;
    Ok(Found {
        sections,
        files: finder.files,
        missing: finder.missing,
    })
}

/// Finds the sections of a program's debug file, and the file's link to that of dwz.
fn debug_file(elf: &Elf, finder: &mut Finder<'_>) -> Result<(Sections, Option<AltLink>)> {
    let (id, link) = (build_id(elf), debug_link(elf));
    let mut request = Request::new(DebugFile::Debug, finder.program.clone());
    request.build_id = id.clone();
    request.name = link.as_ref().map(|link| plain(&link.name));
    request.crc = link.as_ref().map(|link| link.crc);
    let mut candidates = Vec::new();
    if let Some(id) = &id {
        candidates.extend(finder.under_roots(&id.path()));
    }
    if let Some(link) = &link {
        candidates.extend(finder.beside(&link.name));
    }
    if id.is_none() && link.is_none() {
        return Err(nothing(elf));
    }
    let limits = finder.limits;
    let found = finder.find(request, candidates, |candidate| {
        let debug = Elf::parse(candidate.bytes.clone())?;
        verified(&candidate.bytes, &debug, id.as_ref(), link.as_ref())?;
        match own(&debug, limits)? {
            Some(sections) => Ok((sections, alt_link(&debug))),
            None => Err(Error::new(
                ErrorKind::NoDebugInfo,
                "it has no debug information",
            )),
        }
    })?;
    found.map_err(|missing| {
        let kind = nothing(elf).kind();
        let (what, next) = match kind {
            ErrorKind::NoDebugInfo => (
                "the file has no debug information",
                "compile and link the program with -g",
            ),
            _ => (
                "the file is stripped of debug information",
                "use the file from before `strip`",
            ),
        };
        Error::new(
            kind,
            format!("{what}, and {missing}: {next}, or install the package with its debug symbols"),
        )
    })
}

/// Whether a debug file is a program's.
fn verified(
    bytes: &Bytes,
    debug: &Elf,
    id: Option<&BuildId>,
    link: Option<&DebugLink>,
) -> Result<()> {
    match (id, build_id(debug), link) {
        (Some(id), Some(its), _) if *id == its => Ok(()),
        (Some(id), Some(its), _) => Err(Error::malformed(format!(
            "its build id is {its}, the program's {id}"
        ))),
        (_, _, Some(link)) => {
            let crc = crc32fast::hash(bytes);
            if crc == link.crc {
                return Ok(());
            }
            Err(Error::malformed(format!(
                "its CRC is {:#010x}, the link says {:#010x}",
                crc, link.crc
            )))
        }
        (Some(id), None, None) => Err(Error::malformed(format!(
            "it has no build id, the program's is {id}"
        ))),
        (None, _, None) => Err(Error::malformed("nothing says that it is the program's")),
    }
}

/// Finds the sections of the file that dwz moved shared entries to.
fn alternate(link: &AltLink, finder: &mut Finder<'_>) -> Result<Sections> {
    let mut request = Request::new(DebugFile::Alternate, finder.program.clone());
    request.build_id = Some(link.id.clone());
    request.name = Some(plain(&link.name));
    let mut candidates = finder.relative_to_debug_file(&link.name);
    candidates.extend(finder.under_roots(&link.id.path()));
    let name = link.name.rsplit(|byte| *byte == b'/').next();
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        candidates.extend(finder.under_roots(&Path::new(".dwz").join(plain(name))));
    }
    // Distributions keep them in folders below.
    if let Some(at) = memchr::memmem::rfind(&link.name, b".dwz/") {
        let tail = link.name.get(at..).unwrap_or_default();
        candidates.extend(finder.under_roots(&plain(tail)));
    }
    let limits = finder.limits;
    let found = finder.find(request, candidates, |candidate: &Candidate| {
        let elf = Elf::parse(candidate.bytes.clone())?;
        match shared_id(&elf) {
            Some(its) if its == link.id => {}
            Some(its) => {
                return Err(Error::malformed(format!(
                    "its build id is {its}, the link says {}",
                    link.id
                )));
            }
            None => {
                return Err(Error::malformed(format!(
                    "it has no build id, the link says {}",
                    link.id
                )));
            }
        }
        let sections = take(&elf, Part::Program, limits)?;
        if has_units(&sections) || !sections.str.is_empty() {
            return Ok(sections);
        }
        Err(Error::new(
            ErrorKind::NoDebugInfo,
            "it has no debug information",
        ))
    })?;
    found
        .map_err(|missing| {
            Error::new(
                ErrorKind::Stripped,
                format!("dwz moved a part of the debug information to another file, and {missing}: install the package with the program's debug symbols whole"),
            )
        })
        .within(|| Place::Section(".gnu_debugaltlink".into()))
}
