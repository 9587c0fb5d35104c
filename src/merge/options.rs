//! Options of merging.

use crate::graph::Btf;
use crate::limits::Limits;
use crate::merge::canonical::Rules;

/// Options for merging and deduplicating.
///
/// ```
/// use btfkit::merge::{MergeOptions, Policy};
/// let options = MergeOptions::new().collisions(Policy::Rename).sections(true);
/// assert!(options.dedup && options.sections);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MergeOptions {
    /// The graph that the result is split from. Its types are not copied: references to a type that equals one of
    /// them become references to that one. `None` means the base of the first input, if it has one.
    pub base: Option<Btf>,
    /// Whether equal types become one. Default: `true`.
    pub dedup: bool,
    /// Whether ids of the first input stay, even those of its duplicates and of forward declarations that another
    /// input completes. Default: `true`. Ignored with a [`base`](Self::base): types that the base has are removed,
    /// so ids shift.
    pub keep_first: bool,
    /// Whether forward declarations are replaced by the only complete type of their name, from whichever input.
    /// Default: `true`.
    pub forwards: bool,
    /// Whether equal variables, and data sections with equal variables at equal offsets, become one. Default:
    /// `false`, since two programs with the same variable have two of it.
    pub sections: bool,
    /// How to resolve collisions: types of one name but different layout, of two inputs or of an input and the
    /// [`base`](Self::base). Default: keep both.
    pub collisions: Policy,
    /// Bounds on the result.
    pub limits: Limits,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self {
            base: None,
            dedup: true,
            keep_first: true,
            forwards: true,
            sections: false,
            collisions: Policy::Keep,
            limits: Limits::default(),
        }
    }
}

impl MergeOptions {
    /// Returns the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the default options for a result that is split from `base`.
    #[must_use]
    pub fn split(base: &Btf) -> Self {
        Self::new().base(base.clone())
    }

    /// Sets the graph that the result is split from.
    #[must_use]
    pub fn base(mut self, base: Btf) -> Self {
        self.base = Some(base);
        self
    }

    /// Sets whether equal types become one.
    #[must_use]
    pub const fn dedup(mut self, yes: bool) -> Self {
        self.dedup = yes;
        self
    }

    /// Sets whether ids of the first input stay.
    #[must_use]
    pub const fn keep_first(mut self, yes: bool) -> Self {
        self.keep_first = yes;
        self
    }

    /// Sets whether forward declarations are replaced by complete types.
    #[must_use]
    pub const fn forwards(mut self, yes: bool) -> Self {
        self.forwards = yes;
        self
    }

    /// Sets whether equal variables and data sections become one.
    #[must_use]
    pub const fn sections(mut self, yes: bool) -> Self {
        self.sections = yes;
        self
    }

    /// Sets how to resolve collisions.
    #[must_use]
    pub const fn collisions(mut self, policy: Policy) -> Self {
        self.collisions = policy;
        self
    }

    /// Sets the bounds on the result.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(super) const fn rules(&self) -> Rules {
        Rules {
            sections: self.sections,
            forwards: self.forwards,
        }
    }
}

/// A way to resolve collisions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Policy {
    /// Keep both types. For libbpf, a CO-RE relocation with two candidates whose offsets differ is ambiguous, so such a
    /// graph suits look-ups by id or by input.
    #[default]
    Keep,
    /// Keep the type of the input with this index if it has one, and redirect references to the other types through a
    /// pointer, as a parameter or as a result. A type that contains another type by value (as a member or variable,
    /// through arrays, typedefs and qualifiers) keeps it, since its own layout depends on it; so do the tags of its
    /// members. Such a type stays beside the preferred one, and so do the base's types and those of a first input whose
    /// ids stay. [`Merged::collisions`](super::Merged::collisions) then lists them.
    Prefer(usize),
    /// Add a flavor to the name of each type but the first: `struct file___label`, or `struct file___label_2` if that
    /// name is taken. Each name then means one type, for instance in a header. libbpf ignores flavors of targets, so both
    /// types stay candidates for it.
    Rename,
    /// Fail at the first collision.
    Fail,
}
