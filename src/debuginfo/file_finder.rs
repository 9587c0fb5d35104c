//! The state of one search: candidates for the files of a program's debug information, within limits.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::debuginfo::search::Search;
use crate::debuginfo::wanted::{Missing, NOT_THERE, WantedFile};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The state of the search for the files of one program.
pub(super) struct FileFinder<'s> {
    search: &'s Search,
    pub limits: &'s Limits,
    /// The path of the program.
    pub program: Option<PathBuf>,
    /// The folders of the program: that of the given path, and that of the path without symbolic links.
    folders: Vec<PathBuf>,
    /// The path of the program's debug file, if one was found.
    pub debug: Option<PathBuf>,
    /// The paths of the files that were found.
    pub files: Vec<PathBuf>,
    pub missing: Vec<Missing>,
    /// The paths, without symbolic links, of the files that were opened: none is opened twice.
    opened: HashSet<PathBuf>,
    /// The number of files searched for.
    searched: u32,
    /// The total size in bytes of candidates that didn't match.
    refused_bytes: u64,
}

/// A file that may be the wanted one.
pub(super) struct Candidate {
    pub path: Option<PathBuf>,
    pub bytes: Bytes,
}

impl<'s> FileFinder<'s> {
    pub fn new(path: Option<&Path>, search: &'s Search, limits: &'s Limits) -> Self {
        let mut finder = Self {
            search,
            limits,
            program: path.map(Path::to_owned),
            folders: Vec::new(),
            debug: None,
            files: Vec::new(),
            missing: Vec::new(),
            opened: HashSet::new(),
            searched: 0,
            refused_bytes: 0,
        };
        if let Some(path) = path {
            let as_called = std::path::absolute(path).ok();
            for path in as_called.into_iter().chain(path.canonicalize()) {
                let folder = path.parent().map(Path::to_owned);
                finder
                    .folders
                    .extend(folder.filter(|folder| !finder.folders.contains(folder)));
            }
        }
        finder
    }

    /// Returns the path under each root.
    pub fn under_roots(&self, path: &Path) -> Vec<PathBuf> {
        let roots = self.search.roots().iter();
        roots.map(|root| root.join(path)).collect()
    }

    /// Returns the paths at which a file named by a debug link may be.
    pub fn debug_link_paths(&self, name: &[u8]) -> Vec<PathBuf> {
        let name = path_of(name);
        let mut paths = Vec::new();
        for folder in &self.folders {
            paths.extend([folder.join(&name), folder.join(".debug").join(&name)]);
        }
        paths.extend(self.mirrored(&name));
        paths
    }

    /// Returns the paths of a file in the program's folder, under each root.
    pub fn mirrored(&self, name: &Path) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for root in self.search.roots() {
            for folder in &self.folders {
                let below = folder.strip_prefix("/").unwrap_or(folder);
                paths.push(root.join(below).join(name));
            }
        }
        paths
    }

    /// Returns a path that the debug file gives, relative to the folder of that file without symbolic links. If the
    /// program contains its debug information itself, it is relative to the program's folder.
    pub fn relative_to_debug_file(&self, name: &[u8]) -> Vec<PathBuf> {
        let name = path_of(name);
        let real = self.debug.as_ref().map(|file| file.canonicalize());
        let folder = match real {
            Some(Ok(file)) => file.parent().map(Path::to_owned),
            Some(Err(_)) => None,
            // The last folder is the one without symbolic links.
            None => self.folders.last().cloned(),
        };
        match folder {
            Some(folder) => vec![folder.join(name)],
            None if name.is_absolute() => vec![name],
            None => Vec::new(),
        }
    }

    /// Returns the folders of the program and of its debug file.
    pub fn folders(&self) -> Vec<PathBuf> {
        let debug = self.debug.as_ref().and_then(|file| file.parent());
        let folders = self.folders.iter().map(PathBuf::as_path).chain(debug);
        folders.map(Path::to_owned).collect()
    }

    /// Returns the paths that become that of a package of split units when `.dwp` is appended: those of the program and
    /// of its debug file.
    pub fn stems(&self) -> Vec<PathBuf> {
        let mut stems: Vec<PathBuf> = self.program.iter().cloned().collect();
        stems.extend(
            self.program
                .iter()
                .filter_map(|path| path.canonicalize().ok()),
        );
        let debug = self.debug.as_ref();
        stems.extend(debug.cloned());
        stems.extend(debug.and_then(|file| file.canonicalize().ok()));
        stems
    }

    /// Tries the candidates in order, and then the search's fetcher. Returns what `take` makes of the first candidate
    /// that it accepts, or the reasons why it refused each.
    ///
    /// # Errors
    /// The fetcher's error; `Limit` if too many files or bytes were tried.
    pub fn find<T>(
        &mut self,
        wanted: WantedFile,
        candidates: Vec<PathBuf>,
        mut take: impl FnMut(&Candidate) -> Result<T>,
    ) -> Result<std::result::Result<T, Missing>> {
        self.searched = self.searched.saturating_add(1);
        if self.searched > self.limits.files {
            return Err(Error::limit(format!(
                "the debug information is in more than {} files (Limits::files)",
                self.limits.files
            )));
        }
        let mut tried = Vec::new();
        let mut seen = HashSet::new();
        for path in candidates {
            if !seen.insert(path.clone()) {
                continue;
            }
            let candidate = match self.open(&path) {
                Ok(bytes) => Candidate {
                    path: Some(path),
                    bytes,
                },
                Err(why) => {
                    tried.push((Some(path), why.into_owned()));
                    continue;
                }
            };
            match take(&candidate) {
                Ok(it) => {
                    self.files.extend(candidate.path);
                    return Ok(Ok(it));
                }
                Err(error) => tried.push(self.refuse(candidate, &error)?),
            }
        }
        if let Some(bytes) = self.search.fetch(&wanted)? {
            let candidate = Candidate { path: None, bytes };
            match take(&candidate) {
                Ok(it) => return Ok(Ok(it)),
                Err(error) => tried.push(self.refuse(candidate, &error)?),
            }
        }
        Ok(Err(Missing { wanted, tried }))
    }

    fn refuse(&mut self, candidate: Candidate, error: &Error) -> Result<(Option<PathBuf>, String)> {
        self.refused_bytes = self
            .refused_bytes
            .saturating_add(candidate.bytes.len() as u64);
        if self.refused_bytes > self.limits.section_bytes {
            return Err(Error::limit(
                "the candidates that are not the program's debug files have more bytes than Limits::section_bytes",
            ));
        }
        Ok((candidate.path, error.to_string()))
    }

    /// Returns the bytes of a file, or why it can't be read. The path may come from the input: only regular files are
    /// opened.
    fn open(&mut self, path: &Path) -> Result<Bytes, Cow<'static, str>> {
        let not_there = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NOT_THERE.into(),
            _ => Cow::Owned(error.to_string()),
        };
        let about = std::fs::metadata(path).map_err(not_there)?;
        if !about.is_file() {
            return Err("not a regular file".into());
        }
        let real = path.canonicalize().map_err(not_there)?;
        if !self.opened.insert(real) {
            return Err("tried before".into());
        }
        self.search.read(path, self.limits).map_err(not_there)
    }
}

/// Returns the path that bytes of the input are.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
    }
}
