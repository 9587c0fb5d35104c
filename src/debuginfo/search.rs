//! The configuration of a search for debug files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::debuginfo::wanted::WantedFile;
use crate::error::Result;
use crate::limits::Limits;

/// The folder in which distributions install debug files.
const ROOT: &str = "/usr/lib/debug";

type Read = dyn Fn(&Path) -> io::Result<Bytes> + Send + Sync;
type Fetch = dyn Fn(&WantedFile) -> Result<Option<Bytes>> + Send + Sync;

/// The places searched for debug information that is not in the program's own file: folders, and a function of the
/// caller for anything else.
///
/// ```
/// use btfkit::debuginfo::{DebugFileKind, Search};
/// let search = Search::new()
///     .root("/srv/symbols")
///     .fetch_with(|wanted| match (&wanted.kind, &wanted.build_id) {
///         // Here a debuginfod client would ask its servers.
///         (DebugFileKind::Debug, Some(_id)) => Ok(None),
///         _ => Ok(None),
///     });
/// assert_eq!(search.roots().len(), 2);
/// ```
#[derive(Clone)]
pub struct Search {
    roots: Vec<PathBuf>,
    read: Option<Arc<Read>>,
    fetch: Option<Arc<Fetch>>,
}

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

impl Search {
    /// Returns a search of the program's folder and of `/usr/lib/debug`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            roots: vec![ROOT.into()],
            read: None,
            fetch: None,
        }
    }

    /// Adds a folder that is searched before those already added. It contains a folder `.build-id`, as
    /// `/usr/lib/debug` does.
    #[must_use]
    pub fn root(self, folder: impl Into<PathBuf>) -> Self {
        self.roots_first([folder.into()])
    }

    /// Adds folders that are searched, in this order, before those already added.
    #[must_use]
    pub fn roots_first(mut self, folders: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.roots.splice(..0, folders.into_iter().map(Into::into));
        self
    }

    /// Removes all folders added so far, `/usr/lib/debug` included.
    #[must_use]
    pub fn without_roots(mut self) -> Self {
        self.roots.clear();
        self
    }

    /// Returns the folders in the order in which they are searched.
    #[must_use]
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Sets the function that reads files, for instance by mapping them. The default is [`std::fs::read`].
    #[must_use]
    pub fn read_with(
        mut self,
        read: impl Fn(&Path) -> io::Result<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.read = Some(Arc::new(read));
        self
    }

    /// Sets the function that fetches files that are in no folder, for instance from a debuginfod server. It returns
    /// `None` if there is no such file. A fetched file is verified like any other candidate.
    #[must_use]
    pub fn fetch_with(
        mut self,
        fetch: impl Fn(&WantedFile) -> Result<Option<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        self.fetch = Some(Arc::new(fetch));
        self
    }

    /// Returns the bytes of a file.
    pub(crate) fn read(&self, path: &Path, limits: &Limits) -> io::Result<Bytes> {
        if let Some(read) = &self.read {
            return read(path);
        }
        let len = std::fs::metadata(path)?.len();
        if len > limits.section_bytes {
            return Err(io::Error::other(format!(
                "it has {len} bytes, more than Limits::section_bytes"
            )));
        }
        std::fs::read(path).map(Bytes::from)
    }

    pub(super) fn fetch(&self, wanted: &WantedFile) -> Result<Option<Bytes>> {
        match &self.fetch {
            Some(fetch) => fetch(wanted),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("roots", &self.roots)
            .finish_non_exhaustive()
    }
}
