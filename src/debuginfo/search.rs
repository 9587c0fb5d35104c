//! Where debug information is looked for, apart from the program's own file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::debuginfo::wanted::Request;
use crate::error::Result;
use crate::limits::Limits;

/// Where distributions put debug files.
const ROOT: &str = "/usr/lib/debug";

type Read = dyn Fn(&Path) -> io::Result<Bytes> + Send + Sync;
type Fetch = dyn Fn(&Request) -> Result<Option<Bytes>> + Send + Sync;

/// Where debug information is looked for, apart from the program's own file: folders, and a fetcher of the
/// caller's for anything else.
///
/// ```
/// use btfkit::debuginfo::{DebugFile, Search};
/// let search = Search::new()
///     .root("/srv/symbols")
///     .fetch_with(|request| match (&request.kind, &request.build_id) {
///         // Here a debuginfod client would ask its servers.
///         (DebugFile::Debug, Some(_id)) => Ok(None),
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
    /// The program's folder and `/usr/lib/debug`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            roots: vec![ROOT.into()],
            read: None,
            fetch: None,
        }
    }

    /// Looks under this folder, too, before those there were: one with `.build-id` in it, as `/usr/lib/debug`
    /// has.
    #[must_use]
    pub fn root(self, folder: impl Into<PathBuf>) -> Self {
        self.roots_first([folder.into()])
    }

    /// Looks under these folders, in this order, before those there were.
    #[must_use]
    pub fn roots_first(mut self, folders: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.roots.splice(..0, folders.into_iter().map(Into::into));
        self
    }

    /// Looks under no folder but those added after this.
    #[must_use]
    pub fn without_roots(mut self) -> Self {
        self.roots.clear();
        self
    }

    /// The folders, in the order in which they are looked under.
    #[must_use]
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Reads files this way, for instance by mapping them; [`std::fs::read`] otherwise.
    #[must_use]
    pub fn read_with(
        mut self,
        read: impl Fn(&Path) -> io::Result<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.read = Some(Arc::new(read));
        self
    }

    /// Asks for what is in no folder, for instance a debuginfod server. `None` says that it isn't there. What
    /// comes is verified as any other file is.
    #[must_use]
    pub fn fetch_with(
        mut self,
        fetch: impl Fn(&Request) -> Result<Option<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        self.fetch = Some(Arc::new(fetch));
        self
    }

    /// The bytes of a file.
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

    pub(super) fn fetch(&self, request: &Request) -> Result<Option<Bytes>> {
        match &self.fetch {
            Some(fetch) => fetch(request),
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
