//! How to write bindings.

use crate::limits::Limits;

/// How to write bindings.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct RustOptions {
    /// The names of the types to write, as [`Btf::named_or_spelled`](crate::Btf::named_or_spelled) takes them. If there are
    /// none, all types are written.
    pub names: Vec<String>,
    /// Whether rustc checks every size and every offset when it compiles the bindings.
    pub asserts: bool,
    /// Bounds on the text.
    pub limits: Limits,
}

impl RustOptions {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the name of a type to write.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Sets the names of the types to write.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether rustc checks every size and offset when it compiles the bindings.
    #[must_use]
    pub const fn asserts(mut self, yes: bool) -> Self {
        self.asserts = yes;
        self
    }

    /// Sets the bounds on the text.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
