//! The types that are asked for by name, and all they reach.

use std::borrow::Cow;

use crate::dwarf::collect::nodes::Node;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::key::{Key, Mixer};
use crate::dwarf::distinct::keys::{NOMINAL, UnitTypes};
use crate::dwarf::read::name::{Composed, Files, NameRef};
use crate::graph::Name;
use crate::query::{c_spelling, essential_name, spelling_key};

/// The names of the types that are asked for.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    /// The keys of the names as a whole, sorted.
    names: Vec<Key>,
    /// The keys of all that follows a `::` in the names, and of the whole names, sorted.
    tails: Vec<Key>,
    /// Whether a name with a flavor suffix counts as the one without.
    flavors: bool,
    /// The names as C spells them, without `_` at the end.
    spellings: Vec<Vec<u8>>,
}

impl Roots {
    pub fn new(names: &[String], flavors: bool) -> Self {
        let sorted = |mut keys: Vec<Key>| {
            keys.sort_unstable();
            keys
        };
        let parts = |name: &str| -> Vec<Key> {
            let behind = name
                .match_indices("::")
                .map(|(at, colons)| at + colons.len());
            std::iter::once(0)
                .chain(behind)
                .filter_map(|at| name.get(at..))
                .map(|part| name_key(part.as_bytes()))
                .collect()
        };
        Self {
            names: sorted(names.iter().map(|name| name_key(name.as_bytes())).collect()),
            tails: sorted(names.iter().flat_map(|name| parts(name)).collect()),
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

    /// Returns whether a name, which ends with the first NUL, is one of them.
    pub fn contains(&self, tail: &[u8]) -> bool {
        self.is_one(&self.names, tail)
    }

    /// Returns whether a name is one of them, or is spelled in C like one of them.
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

    /// Returns whether a name may be the last part of a qualified name that is spelled in C like one of them.
    pub fn contains_spelled_tail(&self, tail: &[u8]) -> bool {
        let spelling = c_spelling(Name::new(tail).as_bytes());
        let key = spelling_key(&spelling);
        self.spellings.iter().any(|root| root.ends_with(key))
    }

    /// Returns whether a name is the last part of one of them.
    pub fn contains_tail(&self, tail: &[u8]) -> bool {
        self.is_one(&self.tails, tail)
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
    match c_spelling(Name::new(tail).as_bytes()) {
        Cow::Owned(name) => spelling_key(&name) == spelling_key(&c_spelling(root.as_bytes())),
        Cow::Borrowed(_) => false,
    }
}

/// Returns the key of a name, which ends with the first NUL.
pub(crate) fn name_key(tail: &[u8]) -> Key {
    Mixer::new(0).text(tail).finish()
}

/// Returns the key of the tag with this shape and name.
pub(crate) fn tag_key(files: &Files<'_>, shape: Shape, name: NameRef) -> Key {
    Mixer::new(NOMINAL | shape as u64)
        .text(files.tail(name, Composed::NONE))
        .finish()
}

/// Returns whether a node is one of the roots.
pub(crate) fn is_root(types: UnitTypes<'_>, roots: &Roots, node: &Node) -> bool {
    let can_be = node.shape.is_nominal()
        || matches!(
            node.shape,
            Shape::Base | Shape::Typedef | Shape::Function | Shape::Variable
        );
    can_be
        && !node.declaration
        && !node.name.is_none()
        && roots.contains_spelled(types.files.tail(node.name, &types.nodes.composed))
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
