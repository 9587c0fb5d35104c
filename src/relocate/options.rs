//! The options of the engine.

/// The options of [`resolve`](super::resolve).
///
/// ```
/// use btfkit::relocate::ResolveOptions;
/// let options = ResolveOptions::new().partial(true).skip("on_exit");
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ResolveOptions {
    /// Whether only what belongs to user programs is resolved, and the rest is left to the loader.
    pub partial: bool,
    /// The programs to resolve, by the names of their functions; all if empty. The relocations of others are left to
    /// the loader, except for those of functions in `.text`, which programs call. A program of a section `?…` that is
    /// named here is resolved like any other.
    pub programs: Vec<String>,
    /// The functions whose relocations are left to the loader.
    pub skip: Vec<String>,
}

impl ResolveOptions {
    /// Returns the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether only what belongs to user programs is resolved.
    #[must_use]
    pub const fn partial(mut self, yes: bool) -> Self {
        self.partial = yes;
        self
    }

    /// Adds a program to resolve, by the name of its function.
    #[must_use]
    pub fn program(mut self, name: impl Into<String>) -> Self {
        self.programs.push(name.into());
        self
    }

    /// Adds a function whose relocations are left to the loader.
    #[must_use]
    pub fn skip(mut self, name: impl Into<String>) -> Self {
        self.skip.push(name.into());
        self
    }
}
