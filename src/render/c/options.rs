//! How to write a header.

use crate::limits::Limits;

/// How to write a header.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeaderOptions {
    /// The names of the types to write, as [`Btf::named_or_spelled`](crate::Btf::named_or_spelled) takes them. If there are
    /// none, all types are written.
    pub names: Vec<String>,
    /// Whether BPF programs that include the header relocate their accesses (`preserve_access_index`). On by default.
    pub core: bool,
    /// Whether the header checks every size and every offset when it is compiled. Offsets of bitfields can't be checked:
    /// C has no way to ask for them.
    pub asserts: bool,
    /// The name of the include guard's macro. If a source includes two headers, they need different ones.
    pub guard: String,
    /// Bounds on the text.
    pub limits: Limits,
}

impl Default for HeaderOptions {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            core: true,
            asserts: false,
            guard: "__BTFKIT_TYPES_H__".to_owned(),
            limits: Limits::default(),
        }
    }
}

impl HeaderOptions {
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

    /// Sets whether BPF programs that include the header relocate their accesses.
    #[must_use]
    pub const fn core(mut self, yes: bool) -> Self {
        self.core = yes;
        self
    }

    /// Sets whether the header checks every size and offset when it is compiled.
    #[must_use]
    pub const fn asserts(mut self, yes: bool) -> Self {
        self.asserts = yes;
        self
    }

    /// Sets the name of the include guard's macro. What can't be in an identifier becomes `_`.
    #[must_use]
    pub fn guard(mut self, name: impl Into<String>) -> Self {
        self.guard = name.into();
        self
    }

    /// Sets the bounds on the text.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
