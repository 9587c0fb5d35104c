//! The names of the types that are asked for.

use std::borrow::Cow;

use crate::dwarf::key::{Key, Mixer};
use crate::graph::Name;
use crate::query::{c_spelling, essential_name, spelling_key};

/// The names asked for.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// The keys of the names as a whole, sorted.
    names: Vec<Key>,
    /// Whether a name with a flavor suffix is as good as the one without.
    flavors: bool,
    /// The names as C spells them, without `_` at the end.
    spellings: Vec<Vec<u8>>,
}

impl Roots {
    pub fn new(names: &[String], flavors: bool) -> Self {
        let mut keys: Vec<Key> = names.iter().map(|name| key(name.as_bytes())).collect();
        keys.sort_unstable();
        Self {
            names: keys,
            flavors,
            spellings: names
                .iter()
                .map(|name| spelling_key(&c_spelling(name.as_bytes())).to_vec())
                .collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the name is one of them; it ends with the first NUL.
    pub fn contains(&self, tail: &[u8]) -> bool {
        self.is_one(&self.names, tail)
    }

    /// Whether the name, of a language other than C, is one of them, or is spelled like one of them.
    pub fn contains_spelled(&self, tail: &[u8]) -> bool {
        if self.contains(tail) {
            return true;
        }
        let Cow::Owned(spelling) = c_spelling(Name::new(tail).as_bytes()) else {
            return false;
        };
        let key = spelling_key(&spelling);
        self.spellings.iter().any(|root| root == key)
    }

    fn is_one(&self, keys: &[Key], tail: &[u8]) -> bool {
        let is_one = |name: &[u8]| keys.binary_search(&key(name)).is_ok();
        if is_one(tail) {
            return true;
        }
        if !self.flavors {
            return false;
        }
        let end = tail.iter().position(|&byte| byte == 0);
        let name = tail.get(..end.unwrap_or(tail.len())).unwrap_or_default();
        let essential = essential_name(name);
        essential.len() < name.len() && is_one(essential)
    }
}

/// Whether C spells a name, which ends with the first NUL, like a root's.
pub(super) fn is_spelled(root: &str, tail: &[u8]) -> bool {
    match c_spelling(Name::new(tail).as_bytes()) {
        Cow::Owned(name) => spelling_key(&name) == spelling_key(&c_spelling(root.as_bytes())),
        Cow::Borrowed(_) => false,
    }
}

pub(super) fn key(tail: &[u8]) -> Key {
    Mixer::new(0).text(tail).finish()
}
