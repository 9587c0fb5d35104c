//! The types that are asked for by name, and all they reach.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::dwarf::collect::nodes::Node;
use crate::dwarf::distinct::key::{Key, Mixer};
use crate::dwarf::distinct::keys::UnitTypes;
use crate::dwarf::options::Roots;
use crate::graph::Name;
use crate::query::{
    self, InlineNamespaces, c_spelling, essential_name, spelling_key, written_spelling,
};

/// The names of the types that are asked for.
#[derive(Debug, Default)]
pub(crate) struct RootNames {
    /// Whether all types are asked for.
    all: bool,
    /// The keys of the names, sorted, and the number of each.
    names: Vec<(Key, usize)>,
    /// Whether a name with a flavor suffix counts as the one without.
    flavors: bool,
    /// The names as C spells them, without `_` at the end.
    spellings: Vec<Vec<u8>>,
}

impl RootNames {
    /// Returns the names of the roots.
    pub fn new(roots: &Roots, flavors: bool) -> Self {
        let names = roots.names();
        let keys = names.iter().map(|name| name_key(name.as_bytes()));
        let mut keys: Vec<(Key, usize)> = keys.zip(0..).collect();
        keys.sort_unstable();
        Self {
            all: roots.is_all(),
            names: keys,
            flavors,
            spellings: names
                .iter()
                .map(|name| spelling_key(&c_spelling(name.as_bytes())).to_vec())
                .collect(),
        }
    }

    /// Returns whether all types are asked for.
    pub const fn is_all(&self) -> bool {
        self.all
    }

    /// Returns whether a name, which ends with the first NUL, is one of them or is spelled in C like one of them. Those
    /// are marked in `found`.
    pub fn find(&self, tail: &[u8], found: &mut [bool]) -> bool {
        if self.find_exact(tail, found) {
            return true;
        }
        let name = Name::new(tail).as_bytes();
        let essential = essential_name(name);
        if self.flavors && essential.len() < name.len() && self.find_exact(essential, found) {
            return true;
        }
        let Cow::Owned(spelling) = c_spelling(name) else {
            return false;
        };
        let written = written_spelling(name);
        let (key, other) = (spelling_key(&spelling), spelling_key(&written));
        let mut any = false;
        for (root, found) in self.spellings.iter().zip(found) {
            if root == key || root == other {
                *found = true;
                any = true;
            }
        }
        any
    }

    /// Returns whether a name is one of them. Those are marked in `found`.
    fn find_exact(&self, tail: &[u8], found: &mut [bool]) -> bool {
        let key = name_key(tail);
        let start = self.names.partition_point(|(name, _)| *name < key);
        let same = self.names.get(start..).unwrap_or_default();
        let same = same.iter().take_while(|(name, _)| *name == key);
        let mut any = false;
        for (_, number) in same {
            any = true;
            if let Some(found) = found.get_mut(*number) {
                *found = true;
            }
        }
        any
    }

    /// Returns the number of roots.
    pub fn len(&self) -> usize {
        self.spellings.len()
    }

    /// Returns the roots that were not found, which may be names without `namespaces`.
    pub fn short(&self, found: &[bool], namespaces: InlineNamespaces) -> ShortRoots {
        let missing = self.spellings.iter().zip(found);
        let missing = missing.filter(|(_, found)| !**found);
        ShortRoots {
            spellings: missing.map(|(spelling, _)| spelling.clone()).collect(),
            namespaces,
        }
    }
}

/// The names that are asked for and that no type has in whole: they may leave out inline and anonymous namespaces.
pub(crate) struct ShortRoots {
    /// The names as C spells them, without `_` at the end.
    spellings: HashSet<Vec<u8>>,
    namespaces: InlineNamespaces,
}

impl ShortRoots {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spellings.is_empty()
    }

    /// Returns whether a name, which ends with the first NUL, becomes one of them without such namespaces.
    pub fn contains(&self, tail: &[u8]) -> bool {
        let short = self.namespaces.shorten(Name::new(tail).as_bytes());
        short
            .iter()
            .any(|short| self.spellings.contains(spelling_key(&c_spelling(short))))
    }
}

/// Returns whether C spells a name, which ends with the first NUL, like a root.
pub(crate) fn is_spelled(root: &str, tail: &[u8]) -> bool {
    query::is_spelled(Name::new(tail).as_bytes(), &c_spelling(root.as_bytes()))
}

/// Returns whether a name, which ends with the first NUL, is a root if inline and anonymous namespaces are left out.
pub(crate) fn is_short(root: &str, tail: &[u8], namespaces: &InlineNamespaces) -> bool {
    let root = c_spelling(root.as_bytes());
    let short = namespaces.shorten(Name::new(tail).as_bytes());
    short
        .iter()
        .any(|short| spelling_key(&c_spelling(short)) == spelling_key(&root))
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
