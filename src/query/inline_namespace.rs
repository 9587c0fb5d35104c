//! Names without inline and anonymous namespaces.
//!
//! C++ code that names a type may leave out inline namespaces (C++17, `[namespace.def]`) and anonymous ones
//! (`[namespace.unnamed]`): `std::__cxx11::list` is written `std::list`. DWARF has the whole name. So a look-up that finds
//! no type by its whole name is repeated without these namespaces.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::graph::{Btf, HashIndex, HashIndexBuilder, Name, Type};
use crate::query::c_spelling;
use crate::query::name::is_indexed;
use crate::query::spelling::spelling_key;

/// The scope that stands for an anonymous namespace, as compilers and debuggers write it.
const ANONYMOUS: &[u8] = b"(anonymous namespace)::";

/// The most namespaces of one name of which each may be left out or not. Of more, all are left out.
const MOST_CHOICES: usize = 4;

/// The inline namespaces of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct InlineNamespaces {
    /// Their qualified names, each with `::` at its end.
    scopes: Vec<Vec<u8>>,
}

/// A part of a name that may be left out.
struct Removable {
    start: usize,
    end: usize,
    /// The number of its namespace; the anonymous ones have one together.
    namespace: usize,
}

impl InlineNamespaces {
    /// Returns the namespaces with these qualified names.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let scopes = names.into_iter();
        Self {
            scopes: scopes.map(|name| [name.as_ref(), b"::"].concat()).collect(),
        }
    }

    /// Returns the namespaces of a graph and its bases.
    fn of(graph: &Btf) -> Self {
        let mut names = BTreeSet::new();
        for level in graph.levels() {
            names.extend(level.inline_namespaces());
        }
        Self::new(names)
    }

    /// Returns what a name is without inline and anonymous namespaces. Each namespace is left out everywhere in the name
    /// or nowhere. The name itself is not among the results, so most names have none.
    pub fn shorten(&self, name: &[u8]) -> Vec<Vec<u8>> {
        if memmem::find(name, b"::").is_none() {
            return Vec::new();
        }
        let parts = self.removable(name);
        let mut namespaces: Vec<usize> = parts.iter().map(|part| part.namespace).collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        if namespaces.is_empty() {
            return Vec::new();
        }
        if namespaces.len() > MOST_CHOICES {
            return vec![without(name, &parts, |_| true)];
        }
        let chosen = 1u32..1 << namespaces.len();
        let shortened = chosen.map(|chosen| {
            without(name, &parts, |namespace| {
                let place = namespaces.binary_search(&namespace);
                place.is_ok_and(|place| chosen >> place & 1 == 1)
            })
        });
        shortened.filter(|name| !name.is_empty()).collect()
    }

    /// Returns the parts of a name that may be left out, in order.
    fn removable(&self, name: &[u8]) -> Vec<Removable> {
        let anonymous = memmem::find_iter(name, ANONYMOUS);
        let mut parts: Vec<Removable> = anonymous
            .map(|start| Removable {
                start,
                end: start + ANONYMOUS.len(),
                namespace: usize::MAX,
            })
            .collect();
        for (namespace, scope) in self.scopes.iter().enumerate() {
            let inner = scope.len() - last_part(scope).len();
            // A scope starts where no other name ends: `ns::v1` is no part of `other::ns::v1`.
            let starts = memmem::find_iter(name, scope).filter(|start| {
                let before = start.checked_sub(1).and_then(|before| name.get(before));
                before.is_none_or(|byte| {
                    !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b':')
                })
            });
            parts.extend(starts.map(|start| Removable {
                start: start + inner,
                end: start + scope.len(),
                namespace,
            }));
        }
        parts.sort_unstable_by_key(|part| part.start);
        parts
    }
}

/// Returns the innermost namespace of a scope that ends with `::`, with the `::`.
fn last_part(scope: &[u8]) -> &[u8] {
    let name = scope.strip_suffix(b"::").unwrap_or(scope);
    match memmem::rfind(name, b"::") {
        Some(before) => scope.get(before + 2..).unwrap_or(scope),
        None => scope,
    }
}

/// Returns a name without the parts whose namespaces are to be left out.
fn without(name: &[u8], parts: &[Removable], is_left_out: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut short = Vec::with_capacity(name.len());
    let mut from = 0;
    for part in parts.iter().filter(|part| is_left_out(part.namespace)) {
        short.extend_from_slice(name.get(from..part.start).unwrap_or_default());
        from = from.max(part.end);
    }
    short.extend_from_slice(name.get(from..).unwrap_or_default());
    short
}

/// Indexes a graph's own types by the keys of how C spells their names without inline and anonymous namespaces.
fn index_shortened(graph: &Btf) -> HashIndex {
    let namespaces = InlineNamespaces::of(graph);
    let mut index = HashIndexBuilder::default();
    for (id, name, info) in graph.own_heads() {
        if is_indexed(info.kind()) && name.get() != 0 {
            for short in namespaces.shorten(graph.string(name).as_bytes()) {
                index.add(spelling_key(&c_spelling(&short)), id);
            }
        }
    }
    index.build()
}

impl Btf {
    /// Returns the types whose names without inline and anonymous namespaces are `name`, or are spelled in C like it:
    /// those of the base first, then by id. They may have different names.
    pub(crate) fn shortened<'g>(&'g self, name: &[u8]) -> Vec<Type<'g>> {
        let spelling = c_spelling(name);
        let key = spelling_key(&spelling);
        let namespaces = InlineNamespaces::of(self);
        let is_called = |ty: &Type<'_>| {
            let mut short = namespaces.shorten(ty.name().as_bytes()).into_iter();
            short.any(|short| spelling_key(&c_spelling(&short)) == key)
        };
        let levels = self.levels().into_iter();
        let ids = levels.flat_map(|level| level.shortened_index(index_shortened).ids(key));
        let mut ids: Vec<_> = ids.collect();
        // A name that can be shortened in several ways may come out the same.
        ids.dedup();
        let types = ids.into_iter().map(|id| self.ty(id));
        types.filter(is_called).collect()
    }

    /// Returns a graph in which each of these names is a type's own: a type that the name means only if inline and
    /// anonymous namespaces are left out gets it as an alias ([`Self::with_aliases`]). So the name stays when the graph is
    /// written. Names that mean no type are ignored.
    ///
    /// # Errors
    /// `Ambiguous` where types of different names are meant.
    pub fn with_short_names(
        &self,
        names: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> crate::Result<Self> {
        let mut aliases: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for name in names {
            let name = Name::new(name.as_ref());
            let types = self.named_or_spelled(name)?;
            let Some(ty) = types.first().filter(|ty| !is_whole(ty.name(), name)) else {
                continue;
            };
            let alias = (name.as_bytes().to_vec(), ty.name().as_bytes().to_vec());
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        self.with_aliases(aliases)
    }
}

/// Returns whether a type's name is the one asked for, or spelled in C like it.
fn is_whole(name: Name<'_>, asked: Name<'_>) -> bool {
    let (name, asked) = (c_spelling(name.as_bytes()), c_spelling(asked.as_bytes()));
    spelling_key(&name) == spelling_key(&asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorten(namespaces: &[&str], name: &str) -> Vec<String> {
        let short = InlineNamespaces::new(namespaces).shorten(name.as_bytes());
        let mut short: Vec<String> = short
            .into_iter()
            .map(|name| String::from_utf8(name).unwrap())
            .collect();
        short.sort();
        short
    }

    #[test]
    fn each_namespace_is_left_out_everywhere_or_nowhere() {
        let nested = &["ns::v1", "ns::v1::v2"][..];
        assert_eq!(shorten(nested, "ns::v1::I"), ["ns::I"]);
        assert_eq!(
            shorten(nested, "ns::v1::v2::J<ns::v1::I>"),
            ["ns::J<ns::I>", "ns::v1::J<ns::v1::I>", "ns::v2::J<ns::I>"]
        );
        assert_eq!(shorten(&["top"], "top::T"), ["T"]);
        assert_eq!(
            shorten(
                &["std::__1"],
                "std::__1::list<char, std::__1::allocator<char> >"
            ),
            ["std::list<char, std::allocator<char> >"]
        );
        assert_eq!(shorten(&[], "ns::(anonymous namespace)::B"), ["ns::B"]);
    }

    #[test]
    fn other_namespaces_stay() {
        for name in [
            "ns::v1",
            "other::ns::v1::I",
            "ns::v10::I",
            "my_ns::v1::I",
            "ns::I",
            "I",
            "",
        ] {
            assert!(shorten(&["ns::v1"], name).is_empty(), "{name}");
        }
    }

    #[test]
    fn many_namespaces_are_left_out_together() {
        let names = ["a::v", "b::v", "c::v", "d::v", "e::v"];
        assert_eq!(
            shorten(&names, "P<a::v::A, b::v::A, c::v::A, d::v::A, e::v::A>"),
            ["P<a::A, b::A, c::A, d::A, e::A>"]
        );
    }
}
