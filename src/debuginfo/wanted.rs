//! Files that belong to a program's debug information: what is wanted, and what became of it.

use std::fmt;
use std::path::PathBuf;

use crate::debuginfo::build_id::BuildId;

/// What a file has of a program's debug information.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum DebugFile {
    /// All that was stripped from the program.
    Debug,
    /// What `dwz` found in several programs, and moved there from all of them.
    Alternate,
    /// One split unit: a `.dwo` file.
    Split,
    /// All split units of the program: a `.dwp` package.
    Package,
}

/// A file that is wanted: what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Request {
    /// What the file is for.
    pub kind: DebugFile,
    /// The program that it is wanted for, as far as known.
    pub program: Option<PathBuf>,
    /// The build id it must have. A debuginfod server is asked for `/buildid/ID/debuginfo`.
    pub build_id: Option<BuildId>,
    /// The name that the program (or its debug file) has for it, a path perhaps. It comes from the file and
    /// may be anything.
    pub name: Option<PathBuf>,
    /// The CRC-32 it must have where there is no build id to compare.
    pub crc: Option<u32>,
    /// The id that a split unit shares with its skeleton.
    pub dwo_id: Option<u64>,
}

impl Request {
    pub(super) const fn new(kind: DebugFile, program: Option<PathBuf>) -> Self {
        Self {
            kind,
            program,
            build_id: None,
            name: None,
            crc: None,
            dwo_id: None,
        }
    }
}

/// A file that was not found, and where it was looked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Missing {
    /// What was wanted.
    pub request: Request,
    /// Where it is not: the path, or `None` for what the search's fetcher brought, and why that isn't it.
    pub tried: Vec<(Option<PathBuf>, String)>,
}

/// Why nearly every place is not the one.
pub(super) const NOT_THERE: &str = "not there";

/// Places that a message names at the most.
const NAMED: usize = 8;

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.request;
        f.write_str(match request.kind {
            DebugFile::Debug => "its debug file",
            DebugFile::Alternate => "the file of dwz",
            DebugFile::Split => "a split unit",
            DebugFile::Package => "the package of split units",
        })?;
        if let Some(name) = &request.name {
            write!(f, " {}", Shown(name))?;
        }
        if let Some(id) = &request.build_id {
            write!(f, " (build id {id})")?;
        }
        if let Some(id) = request.dwo_id {
            write!(f, " (id {id:#018x})")?;
        }
        f.write_str(" was not found")?;
        let tried = self.tried.iter().take(NAMED);
        let (absent, wrong): (Vec<_>, Vec<_>) = tried.partition(|(_, why)| why == NOT_THERE);
        for (number, (path, _)) in absent.into_iter().enumerate() {
            f.write_str(if number == 0 { "; not at " } else { ", " })?;
            path.iter().try_for_each(|path| Shown(path).fmt(f))?;
        }
        for (path, why) in wrong {
            match path {
                Some(path) => write!(f, "; not {}: {why}", Shown(path))?,
                None => write!(f, "; not what was fetched: {why}")?,
            }
        }
        match self.tried.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and at {more} more places"),
        }
    }
}

/// A path for people. It may come from a file, so what could do something to a terminal is spelled out.
pub(super) struct Shown<'a>(pub &'a PathBuf);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.to_string_lossy().chars() {
            if letter.is_control() {
                write!(f, "{}", letter.escape_default())?;
            } else {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}
