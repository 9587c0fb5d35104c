//! Options of the search for functions.

#[cfg(feature = "dwarf")]
use crate::debuginfo::Search;
use crate::limits::Limits;

/// How to find functions.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FunctionOptions {
    #[cfg(feature = "dwarf")]
    /// The places searched for debug information that is not in the file itself. `None` means no other file for
    /// [`functions`](super::functions()), and [`Search::new`] for [`functions_path`](super::functions_path).
    pub search: Option<Search>,
    /// Bounds on the input.
    pub limits: Limits,
}

impl FunctionOptions {
    /// Returns the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[cfg(feature = "dwarf")]
    /// Sets the places searched for debug information in other files.
    #[must_use]
    pub fn search(mut self, search: Search) -> Self {
        self.search = Some(search);
        self
    }

    /// Sets the bounds on the input.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
