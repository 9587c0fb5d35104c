//! An object to link.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, ErrorKind};
use crate::graph::{Btf, Ext, Name};

/// The types and `.BTF.ext` of an object to link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ObjectTypes {
    /// The name of the object in errors.
    pub label: String,
    /// The types of the object.
    pub graph: Btf,
    /// The `.BTF.ext` of the object, if it has one.
    pub ext: Option<Ext>,
    /// For each section of the object, by name, the byte offset at which its part of the joined section starts. Sections
    /// that are not listed start at 0.
    pub starts: HashMap<String, u32>,
    /// The sections whose contents an earlier object has as well, such as `license`: the object's variables there become
    /// the earlier object's variables at the same offsets.
    pub shared: HashSet<String>,
    /// The names of variables and functions that are weak symbols: another object's definition takes precedence.
    pub weak: HashSet<String>,
}

impl ObjectTypes {
    /// Returns an object whose sections all start at 0.
    #[must_use]
    pub fn new(label: impl Into<String>, graph: Btf, ext: Option<Ext>) -> Self {
        Self {
            label: label.into(),
            graph,
            ext,
            starts: HashMap::new(),
            shared: HashSet::new(),
            weak: HashSet::new(),
        }
    }

    /// Returns the byte offset of the object's part of a joined section.
    pub(super) fn start(&self, section: Name<'_>) -> u32 {
        let start = self.starts.get(section.to_string_lossy().as_ref());
        start.copied().unwrap_or(0)
    }

    /// Returns whether an earlier object has the contents of a section as well.
    pub(super) fn is_shared(&self, section: Name<'_>) -> bool {
        self.shared.contains(section.to_string_lossy().as_ref())
    }
}

#[cold]
pub(super) fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "the joined section goes beyond 4 GiB")
}
