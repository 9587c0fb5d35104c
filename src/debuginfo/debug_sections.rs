//! The debug sections of a program, whichever files they are in.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::debuginfo::build_id::{BuildId, build_id};
use crate::debuginfo::file_finder::{Candidate, FileFinder, path_of};
use crate::debuginfo::links::{
    DebugLink, SupplementaryLink, debug_link, supplementary_id, supplementary_link,
};
use crate::debuginfo::search::Search;
use crate::debuginfo::wanted::{DebugFileKind, Missing, WantedFile};
use crate::dwarf::Sections;
use crate::elf::debug::{Part, function_symbols, has_units, nothing, own, take};
use crate::elf::file::Elf;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::limits::Limits;

/// A program's debug sections, and the files in which they were found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DebugSections {
    /// The sections, including those of other files.
    pub sections: Sections,
    /// The other files, in the order in which they were found. Fetched files have no path and are not listed.
    pub files: Vec<PathBuf>,
    /// The files that belong to the program and were not found. Their types are missing.
    pub missing: Vec<Missing>,
    /// The program's debug file, if its debug information is there.
    pub(crate) debug_file: Option<Elf>,
}

/// Finds a program's debug sections, however they are packaged.
///
/// `path` is the path of the program. Without it, files beside the program are not found. The debug sections are those of
/// the first of these files that exists and has some:
///
/// 1. the program's own file;
/// 2. its debug file: by its build ID, at `ROOT/.build-id/xx/yyyy.debug` under each of the search's roots; by its
///    `.gnu_debuglink`, in the program's folder, in the folder `.debug` there, and under each root followed by
///    the program's folder; from the search's fetcher. It must have the program's build ID or, if one of the two
///    has none, the CRC of the debug link.
///
/// These are added:
///
/// - the supplementary file, to which `dwz` moved shared entries (`.gnu_debugaltlink`, or `.debug_sup`): by its name; by
///   its build ID, under each root; under `ROOT/.dwz`; from the fetcher. It must have the build ID given by the link;
/// - split units (`-gsplit-dwarf`): from the package `PROGRAM.dwp`, also beside the debug file and under
///   each root; then each from the `.dwo` file that its skeleton unit names, in the folder that the skeleton names or
///   beside the program. Each must have the DWO ID of its skeleton.
///
/// ```no_run
/// use btfkit::Limits;
/// use btfkit::debuginfo::{Search, find_debug_sections};
/// let path = std::path::Path::new("/usr/bin/python3");
/// let program = std::fs::read(path)?;
/// let search = Search::new().root("/opt/debug");
/// let found = find_debug_sections(program, Some(path), &search, &Limits::default())?;
/// let types = btfkit::dwarf::convert(&found.sections, &btfkit::dwarf::ConvertOptions::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`debug_sections`](crate::elf::debug_sections), with the paths that were tried. `Stripped` also if the
/// supplementary file or every split unit is missing; if only some split units are missing, they are listed in
/// [`DebugSections::missing`]. The fetcher's error; `Limit` beyond [`Limits::files`].
pub fn find_debug_sections(
    file: impl Into<Bytes>,
    path: Option<&Path>,
    search: &Search,
    limits: &Limits,
) -> Result<DebugSections> {
    find_debug_sections_of(&Elf::parse(file.into())?, path, search, limits)
}

/// Finds the debug sections of a program whose ELF headers are parsed already.
///
/// # Errors
/// As [`find_debug_sections`].
pub(crate) fn find_debug_sections_of(
    elf: &Elf,
    path: Option<&Path>,
    search: &Search,
    limits: &Limits,
) -> Result<DebugSections> {
    let mut finder = FileFinder::new(path, search, limits);
    let (mut sections, link, debug_file) = match own(elf, limits)? {
        Some(sections) => (sections, supplementary_link(elf), None),
        None => {
            let (mut sections, link, debug) = debug_file(elf, &mut finder)?;
            sections.symbols.extend(&function_symbols(elf));
            finder.debug = finder.files.first().cloned();
            (sections, link, Some(debug))
        }
    };
    if let Some(link) = link {
        sections.alt = Some(Box::new(supplementary(&link, &mut finder)?));
    }
    finder.split(&mut sections)?;
    Ok(DebugSections {
        sections,
        files: finder.files,
        missing: finder.missing,
        debug_file,
    })
}

/// Finds a program's debug file: its sections, its link to its supplementary file, and its headers.
fn debug_file(
    elf: &Elf,
    finder: &mut FileFinder<'_>,
) -> Result<(Sections, Option<SupplementaryLink>, Elf)> {
    let (id, link) = (build_id(elf), debug_link(elf));
    let mut wanted = WantedFile::new(DebugFileKind::Debug, finder.program.clone());
    wanted.build_id = id.clone();
    wanted.name = link.as_ref().map(|link| path_of(&link.name));
    wanted.crc = link.as_ref().map(|link| link.crc);
    let mut candidates = Vec::new();
    if let Some(id) = &id {
        candidates.extend(finder.under_roots(&id.path()));
    }
    if let Some(link) = &link {
        candidates.extend(finder.debug_link_paths(&link.name));
    }
    if id.is_none() && link.is_none() {
        return Err(nothing(elf));
    }
    let limits = finder.limits;
    let found = finder.find(wanted, candidates, |candidate| {
        let debug = Elf::parse(candidate.bytes.clone())?;
        verify(&candidate.bytes, &debug, id.as_ref(), link.as_ref())?;
        match own(&debug, limits)? {
            Some(sections) => {
                let link = supplementary_link(&debug);
                Ok((sections, link, debug))
            }
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

/// Refuses a debug file that is not the program's.
fn verify(
    bytes: &Bytes,
    debug: &Elf,
    id: Option<&BuildId>,
    link: Option<&DebugLink>,
) -> Result<()> {
    match (id, build_id(debug), link) {
        (Some(id), Some(its), _) if *id == its => Ok(()),
        (Some(id), Some(its), _) => Err(Error::malformed(format!(
            "its build ID is {its}, the program's is {id}"
        ))),
        (_, _, Some(link)) => {
            let crc = crc32fast::hash(bytes);
            if crc == link.crc {
                return Ok(());
            }
            Err(Error::malformed(format!(
                "its CRC is {:#010x}, that of the debug link is {:#010x}",
                crc, link.crc
            )))
        }
        (Some(id), None, None) => Err(Error::malformed(format!(
            "it has no build ID, the program's is {id}"
        ))),
        (None, _, None) => Err(Error::malformed(
            "neither a build ID nor a CRC tells whether it is the program's",
        )),
    }
}

/// Finds the sections of the supplementary file.
fn supplementary(link: &SupplementaryLink, finder: &mut FileFinder<'_>) -> Result<Sections> {
    let mut wanted = WantedFile::new(DebugFileKind::Supplementary, finder.program.clone());
    wanted.build_id = Some(link.id.clone());
    wanted.name = Some(path_of(&link.name));
    let mut candidates = finder.relative_to_debug_file(&link.name);
    candidates.extend(finder.under_roots(&link.id.path()));
    let name = link.name.rsplit(|byte| *byte == b'/').next();
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        candidates.extend(finder.under_roots(&Path::new(".dwz").join(path_of(name))));
    }
    // Distributions keep supplementary files in folders below `.dwz`.
    if let Some(at) = memchr::memmem::rfind(&link.name, b".dwz/") {
        let tail = link.name.get(at..).unwrap_or_default();
        candidates.extend(finder.under_roots(&path_of(tail)));
    }
    let limits = finder.limits;
    let found = finder.find(wanted, candidates, |candidate: &Candidate| {
        let elf = Elf::parse(candidate.bytes.clone())?;
        match supplementary_id(&elf) {
            Some(its) if its == link.id => {}
            Some(its) => {
                return Err(Error::malformed(format!(
                    "its build ID is {its}, that of the link is {}",
                    link.id
                )));
            }
            None => {
                return Err(Error::malformed(format!(
                    "it has no build ID, that of the link is {}",
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
                format!("dwz moved a part of the debug information to another file, and {missing}: install the whole package with the program's debug symbols"),
            )
        })
        .within(|| Place::Section(".gnu_debugaltlink".into()))
}
