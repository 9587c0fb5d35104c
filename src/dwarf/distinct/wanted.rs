//! The types that are asked for by name, and all they reach.

use std::borrow::Cow;

use crate::dwarf::collect::nodes::Node;
use crate::dwarf::distinct::key::{Key, Mixer};
use crate::dwarf::distinct::keys::UnitTypes;
use crate::graph::Name;
use crate::query::{self, c_spelling, essential_name, spelling_key, written_spelling};

/// The names of the types that are asked for.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    /// The keys of the names, sorted.
    names: Vec<Key>,
    /// Whether a name with a flavor suffix counts as the one without.
    flavors: bool,
    /// The names as C spells them, without `_` at the end.
    spellings: Vec<Vec<u8>>,
}

impl Roots {
    /// Returns the roots with these names.
    pub fn new(names: &[String], flavors: bool) -> Self {
        let mut keys: Vec<Key> = names.iter().map(|name| name_key(name.as_bytes())).collect();
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

    /// Returns whether there are no roots, so that all types are wanted.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns whether a name, which ends with the first NUL, is one of them.
    pub fn contains(&self, tail: &[u8]) -> bool {
        self.is_one(&self.names, tail)
    }

    /// Returns whether a name is one of them, or is spelled in C like one of them.
    pub fn contains_spelled(&self, tail: &[u8]) -> bool {
        if self.contains(tail) {
            return true;
        }
        let name = Name::new(tail).as_bytes();
        let Cow::Owned(spelling) = c_spelling(name) else {
            return false;
        };
        let is_root = |spelling: &[u8]| {
            let key = spelling_key(spelling);
            self.spellings.iter().any(|root| root == key)
        };
        is_root(&spelling) || is_root(&written_spelling(name))
    }

    fn is_one(&self, keys: &[Key], tail: &[u8]) -> bool {
        let is_one = |name: &[u8]| keys.binary_search(&name_key(name)).is_ok();
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

/// Returns whether C spells a name, which ends with the first NUL, like a root.
pub(crate) fn is_spelled(root: &str, tail: &[u8]) -> bool {
    query::is_spelled(Name::new(tail).as_bytes(), &c_spelling(root.as_bytes()))
}

/// Returns the key of a name, which ends with the first NUL.
pub(crate) fn name_key(tail: &[u8]) -> Key {
    Mixer::new(0).text(tail).finish()
}

/// Returns for each node whether it is one of the starts or reachable from one.
pub(crate) fn reached(types: UnitTypes<'_>, starts: impl Fn(u32, &Node) -> bool) -> Vec<bool> {
    let mut reached = vec![false; types.nodes.nodes.len()];
    let mut stack: Vec<u32> = (0u32..)
        .zip(&types.nodes.nodes)
        .filter(|(number, node)| starts(*number, node))
        .map(|(number, _)| number)
        .collect();
    while let Some(number) = stack.pop() {
        match reached.get_mut(number as usize) {
            Some(reached) if !*reached => *reached = true,
            _ => continue,
        }
        let Some(node) = types.nodes.get(number) else {
            continue;
        };
        let references = (0..).map_while(|index| types.nodes.reference(node, index));
        stack.extend(references.filter_map(|reference| types.nodes.follow(reference)));
    }
    reached
}
