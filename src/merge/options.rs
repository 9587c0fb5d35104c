//! How to merge.

use crate::graph::Btf;
use crate::limits::Limits;
use crate::merge::classes::Rules;
use crate::merge::collide::Policy;

/// How to merge and deduplicate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MergeOptions {
    /// The graph that the result is split from. Its types are not copied; what equals one of them becomes
    /// a reference to it. `None`: the base of the first input, if it has one.
    pub base: Option<Btf>,
    /// Whether types that are the same become one. Default: yes.
    pub dedup: bool,
    /// Whether ids of the first input stay as they are, even those of types it has twice and of forward
    /// declarations that another input completes. Default: yes. Over a [`base`](Self::base) they can't, as
    /// what the base has goes.
    pub keep_first: bool,
    /// Whether forward declarations become the one complete type of their name, from whichever input.
    /// Default: yes.
    pub forwards: bool,
    /// Whether equal variables, and data sections with equal variables at equal offsets, become one.
    /// Default: no, as two programs with the same variable have two of it.
    pub sections: bool,
    /// What to do where inputs, or an input and the [`base`](Self::base), use one name for types of different
    /// layout. Default: keep both.
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
    /// The defaults, for a result split from this base.
    #[must_use]
    pub fn split(base: &Btf) -> Self {
        Self {
            base: Some(base.clone()),
            ..Self::default()
        }
    }

    pub(super) const fn rules(&self) -> Rules {
        Rules {
            sections: self.sections,
            forwards: self.forwards,
        }
    }
}
