//! Essential names, and the index of a graph's types by name.

use crate::graph::{Btf, HashIndex, HashIndexBuilder, Kind, Type};

/// Returns a name without its flavor: `task_struct` for `task_struct___v2`.
///
/// The flavor starts at the last `___` that has a character other than `_` on both sides
/// (libbpf, `bpf_core_essential_name_len`).
///
/// ```
/// use btfkit::query::essential_name;
/// assert_eq!(essential_name(b"file___app"), b"file");
/// assert_eq!(essential_name(b"a____b"), b"a____b");
/// ```
#[must_use]
pub fn essential_name<N: AsRef<[u8]> + ?Sized>(name: &N) -> &[u8] {
    let name = name.as_ref();
    if !has_triple(name) {
        return name;
    }
    let split = name
        .windows(5)
        .rposition(|w| matches!(w, [a, b'_', b'_', b'_', b] if *a != b'_' && *b != b'_'));
    match split {
        Some(at) => name.get(..=at).unwrap_or(name),
        None => name,
    }
}

/// Returns whether there are three `_` in a row, which few names have. It is enough to look at every third byte: one of
/// any three in a row is among them.
fn has_triple(name: &[u8]) -> bool {
    let is_bar = |at: Option<usize>| at.and_then(|at| name.get(at)) == Some(&b'_');
    (2..name.len()).step_by(3).any(|at| {
        is_bar(Some(at)) && {
            let before = is_bar(at.checked_sub(1));
            let after = is_bar(at.checked_add(1));
            (before && (after || is_bar(at.checked_sub(2)))) || (after && is_bar(at.checked_add(2)))
        }
    })
}

/// Returns the flavor of a name, without the `___`; `None` for a name without.
#[must_use]
pub fn flavor<N: AsRef<[u8]> + ?Sized>(name: &N) -> Option<&[u8]> {
    let name = name.as_ref();
    name.get(essential_name(name).len()..)?
        .strip_prefix(b"___")
        .filter(|flavor| !flavor.is_empty())
}

/// Returns whether types of this kind are in the index. Functions, variables and the like make up half of a kernel's
/// types and are found by a scan: they are no root type of a relocation.
pub(super) const fn is_indexed(kind: Kind) -> bool {
    match kind {
        Kind::Int
        | Kind::Struct
        | Kind::Union
        | Kind::Enum
        | Kind::Fwd
        | Kind::Typedef
        | Kind::Float
        | Kind::Enum64 => true,
        Kind::Void
        | Kind::Ptr
        | Kind::Array
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Unknown(_) => false,
    }
}

/// Indexes a graph's own types by essential name.
fn index_names(graph: &Btf) -> HashIndex {
    let mut index = HashIndexBuilder::default();
    for (id, name, info) in graph.own_heads() {
        if is_indexed(info.kind()) && name.get() != 0 {
            let name = graph.string(name);
            let name = essential_name(name.as_bytes());
            if !name.is_empty() {
                index.add(name, id);
            }
        }
    }
    index.build()
}

impl Btf {
    /// Returns the graph's own types with this essential name, by id: integers, structures, unions, enumerations, forward
    /// declarations, typedefs and floating-point numbers.
    pub(crate) fn own_with_essential_name<'g>(
        &'g self,
        essential: &'g [u8],
    ) -> impl Iterator<Item = Type<'g>> + 'g {
        self.names_index(index_names)
            .ids(essential)
            .map(|id| self.ty(id))
            .filter(move |ty| essential_name(ty.name().as_bytes()) == essential)
    }

    /// Returns the graph's own types with this essential name, and of this kind if the kind is not in the index: these
    /// are found by a scan.
    pub(crate) fn own_of_kind_with_essential_name<'g>(
        &'g self,
        kind: Kind,
        essential: &'g [u8],
    ) -> Box<dyn Iterator<Item = Type<'g>> + 'g> {
        if is_indexed(kind) {
            return Box::new(self.own_with_essential_name(essential));
        }
        Box::new(self.own_types().filter(move |ty| {
            ty.kind() == kind && essential_name(ty.name().as_bytes()) == essential
        }))
    }

    /// Returns the types with exactly this name: those of the base first, then by id. Functions, variables, sections and
    /// attributes are left out: see [`Self::functions_named`].
    pub fn named<'g, N: AsRef<[u8]>>(
        &'g self,
        name: N,
    ) -> impl Iterator<Item = Type<'g>> + use<'g, N> {
        let key = HashIndex::key(essential_name(name.as_ref()));
        self.levels()
            .into_iter()
            .flat_map(move |level| level.names_index(index_names).ids_of(key))
            .map(|id| self.ty(id))
            .filter(move |ty| ty.name().as_bytes() == name.as_ref())
    }

    /// Returns the first type with exactly this name and kind.
    ///
    /// ```
    /// use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
    /// let mut builder = GraphBuilder::new();
    /// let id = builder.int("int", 4, IntEncoding::SIGNED)?;
    /// let graph = builder.freeze()?;
    /// assert_eq!(graph.find(Kind::Int, "int").map(|ty| ty.id()), Some(id));
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    #[must_use]
    pub fn find(&self, kind: Kind, name: impl AsRef<[u8]>) -> Option<Type<'_>> {
        let name = name.as_ref();
        if is_indexed(kind) {
            return self.named(name).find(|ty| ty.kind() == kind);
        }
        self.types_of(kind).find(|ty| ty.name().as_bytes() == name)
    }

    /// Returns the types of this kind in the order of their ids, the base's included. Scans all types.
    pub fn types_of(&self, kind: Kind) -> impl Iterator<Item = Type<'_>> + Clone {
        self.types().filter(move |ty| ty.kind() == kind)
    }

    /// Returns the functions with exactly this name. Scans all types.
    pub fn functions_named<'g, N: AsRef<[u8]>>(
        &'g self,
        name: N,
    ) -> impl Iterator<Item = Type<'g>> + use<'g, N> {
        self.types_of(Kind::Func)
            .filter(move |ty| ty.name().as_bytes() == name.as_ref())
    }

    /// Returns the graph after all its bases.
    pub(super) fn levels(&self) -> Vec<&Self> {
        let mut levels = vec![self];
        while let Some(base) = levels.last().and_then(|level| level.base()) {
            levels.push(base);
        }
        levels.reverse();
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked against libbpf's `bpf_core_essential_name_len`.
    #[test]
    fn essential_names() {
        let table = [
            ("", "", None),
            ("a", "a", None),
            ("a___b", "a", Some("b")),
            ("a____b", "a____b", None),
            ("a___", "a___", None),
            ("___a", "___a", None),
            ("a___b___c", "a___b", Some("c")),
            ("x___y____z", "x", Some("y____z")),
            ("x____y___z", "x____y", Some("z")),
            ("_a___b_", "_a", Some("b_")),
            ("file___app", "file", Some("app")),
            ("a__b", "a__b", None),
            ("a___b___", "a", Some("b___")),
            ("________", "________", None),
        ];
        for (name, essential, expected) in table {
            assert_eq!(
                essential_name(name.as_bytes()),
                essential.as_bytes(),
                "{name}"
            );
            assert_eq!(
                flavor(name.as_bytes()),
                expected.map(str::as_bytes),
                "{name}"
            );
        }
    }
}
