//! Looking for the files of one program's debug information, with an eye on how much is looked at.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::debuginfo::search::Search;
use crate::debuginfo::wanted::{Missing, NOT_THERE, Request};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The state of a search.
pub(super) struct Finder<'s> {
    search: &'s Search,
    pub limits: &'s Limits,
    /// The program.
    pub program: Option<PathBuf>,
    /// The folders the program is in: as it was called, and without symbolic links.
    folders: Vec<PathBuf>,
    /// The program's debug file, where it has one.
    pub debug: Option<PathBuf>,
    /// The other files that were found.
    pub files: Vec<PathBuf>,
    pub missing: Vec<Missing>,
    /// Files that were opened, by their real paths: none is opened twice.
    opened: HashSet<PathBuf>,
    /// Requests so far, and bytes of files that turned out to be others'.
    requests: u32,
    wasted: u64,
}

/// A file that may be the one that is wanted.
pub(super) struct Candidate {
    pub path: Option<PathBuf>,
    pub bytes: Bytes,
}

impl<'s> Finder<'s> {
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
            requests: 0,
            wasted: 0,
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

    /// A path under each root.
    pub fn under_roots(&self, path: &Path) -> Vec<PathBuf> {
        let roots = self.search.roots().iter();
        roots.map(|root| root.join(path)).collect()
    }

    /// Where a file of this name may be that a debug link names.
    pub fn beside(&self, name: &[u8]) -> Vec<PathBuf> {
        let name = plain(name);
        let mut paths = Vec::new();
        for folder in &self.folders {
            paths.extend([folder.join(&name), folder.join(".debug").join(&name)]);
        }
        paths.extend(self.mirrored(&name));
        paths
    }

    /// The program's folder with a file in it, under each root.
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

    /// A path as the debug file names it: from the folder that file really is in; the program's, where the
    /// program has its debug information itself.
    pub fn relative_to_debug_file(&self, name: &[u8]) -> Vec<PathBuf> {
        let name = plain(name);
        let real = self.debug.as_ref().map(|file| file.canonicalize());
        let folder = match real {
            Some(Ok(file)) => file.parent().map(Path::to_owned),
            Some(Err(_)) => None,
            // The last one is without symbolic links.
            None => self.folders.last().cloned(),
        };
        match folder {
            Some(folder) => vec![folder.join(name)],
            None if name.is_absolute() => vec![name],
            None => Vec::new(),
        }
    }

    /// The folders of the program and of its debug file.
    pub fn folders(&self) -> Vec<PathBuf> {
        let debug = self.debug.as_ref().and_then(|file| file.parent());
        let folders = self.folders.iter().map(PathBuf::as_path).chain(debug);
        folders.map(Path::to_owned).collect()
    }

    /// The files whose names with something behind them are those of a package of split units: the program and
    /// its debug file.
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

    /// Tries candidates in their order, and then the search's fetcher. The first one that `take` makes something
    /// of is it; what `take` says of the others is kept.
    ///
    /// # Errors
    /// What the fetcher returns; `Limit` where too much was looked at.
    pub fn find<T>(
        &mut self,
        request: Request,
        candidates: Vec<PathBuf>,
        mut take: impl FnMut(&Candidate) -> Result<T>,
    ) -> Result<std::result::Result<T, Missing>> {
        self.requests = self.requests.saturating_add(1);
        if self.requests > self.limits.files {
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
        if let Some(bytes) = self.search.fetch(&request)? {
            let candidate = Candidate { path: None, bytes };
            match take(&candidate) {
                Ok(it) => return Ok(Ok(it)),
                Err(error) => tried.push(self.refuse(candidate, &error)?),
            }
        }
        Ok(Err(Missing { request, tried }))
    }

    fn refuse(&mut self, candidate: Candidate, error: &Error) -> Result<(Option<PathBuf>, String)> {
        self.wasted = self.wasted.saturating_add(candidate.bytes.len() as u64);
        if self.wasted > self.limits.section_bytes {
            return Err(Error::limit(
                "the files that were taken for the program's debug information, and are not, have more than Limits::section_bytes",
            ));
        }
        Ok((candidate.path, error.to_string()))
    }

    /// The bytes of a file, or why there are none. The path may come from a file: whatever isn't a plain file
    /// isn't opened.
    fn open(&mut self, path: &Path) -> Result<Bytes, Cow<'static, str>> {
        let not_there = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NOT_THERE.into(),
            _ => Cow::Owned(error.to_string()),
        };
        let about = std::fs::metadata(path).map_err(not_there)?;
        if !about.is_file() {
            return Err("no file".into());
        }
        let real = path.canonicalize().map_err(not_there)?;
        if !self.opened.insert(real) {
            return Err("looked at before".into());
        }
        self.search.read(path, self.limits).map_err(not_there)
    }
}

/// A path as it stands in a file.
pub(super) fn plain(bytes: &[u8]) -> PathBuf {
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
