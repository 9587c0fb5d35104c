//! Files that belong to a program's debug information: wanted ones and missing ones.

use std::fmt;
use std::path::PathBuf;

use crate::debuginfo::build_id::BuildId;

/// The part of a program's debug information that a file contains.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum DebugFileKind {
    /// A debug file: everything that was stripped from the program.
    Debug,
    /// A supplementary file, to which `dwz` moved the entries that several programs share.
    Supplementary,
    /// A `.dwo` file: one split unit.
    Split,
    /// A `.dwp` package: all split units of the program.
    Package,
}

/// A file that is searched for, described by what is known about it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct WantedFile {
    /// The kind of file.
    pub kind: DebugFileKind,
    /// The program whose debug information the file contains, if its path is known.
    pub program: Option<PathBuf>,
    /// The build ID that the file must have. A debuginfod server is asked for `/buildid/ID/debuginfo`.
    pub build_id: Option<BuildId>,
    /// The name or path of the file, as the program or its debug file gives it. It comes from the input and is not
    /// validated.
    pub name: Option<PathBuf>,
    /// The CRC-32 that the file must have if there is no build ID to compare.
    pub crc: Option<u32>,
    /// The DWO ID that a split unit shares with its skeleton unit.
    pub dwo_id: Option<u64>,
}

impl WantedFile {
    pub(super) const fn new(kind: DebugFileKind, program: Option<PathBuf>) -> Self {
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

/// A file that was not found, and the candidates that were tried.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Missing {
    /// The file that was searched for.
    pub wanted: WantedFile,
    /// The candidates: the path, or `None` for a file from the search's fetcher, and the reason why it is not the wanted
    /// file.
    pub tried: Vec<(Option<PathBuf>, String)>,
}

/// The most frequent reason: the file doesn't exist.
pub(super) const NOT_THERE: &str = "not there";

/// The number of candidates that a message names.
const NAMED: usize = 8;

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = &self.wanted;
        f.write_str(match wanted.kind {
            DebugFileKind::Debug => "its debug file",
            DebugFileKind::Supplementary => "the supplementary file of dwz",
            DebugFileKind::Split => "a split unit",
            DebugFileKind::Package => "the package of split units",
        })?;
        if let Some(name) = &wanted.name {
            write!(f, " {}", Shown(name))?;
        }
        if let Some(id) = &wanted.build_id {
            write!(f, " (build ID {id})")?;
        }
        if let Some(id) = wanted.dwo_id {
            write!(f, " (DWO ID {id:#018x})")?;
        }
        f.write_str(" was not found")?;
        let tried = self.tried.iter().take(NAMED);
        let (absent, others): (Vec<_>, Vec<_>) = tried.partition(|(_, why)| why == NOT_THERE);
        for (number, (path, _)) in absent.into_iter().enumerate() {
            f.write_str(if number == 0 { "; not at " } else { ", " })?;
            path.iter().try_for_each(|path| Shown(path).fmt(f))?;
        }
        for (path, why) in others {
            match path {
                Some(path) => write!(f, "; not {}: {why}", Shown(path))?,
                None => write!(f, "; not the fetched file: {why}")?,
            }
        }
        match self.tried.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// A path for display. It may come from the input, so control characters are escaped.
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
