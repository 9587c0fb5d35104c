//! Rebasing: replacing the distilled base of split BTF by a real one.

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Kind, Remap, Type, View};
use crate::id::TypeId;
use crate::merge::distill::successor;

/// A split graph over another base.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rebased {
    /// The graph, split from the new base.
    pub graph: Btf,
    /// Maps each type of the original graph and its base to its new id.
    pub types: Remap,
}

/// Replaces the distilled base of a split graph by a real base.
///
/// Each type of the distilled base must be found in the real one: integers by name, size and encoding; floating-point
/// numbers and enumerations by name and size; forward declarations by the type that they declare, or by a declaration;
/// structures and unions by name, and also by size if the base has several of that name or a type of the graph contains
/// one by value. If no type of the graph contains it by value, a declaration in the base is enough.
///
/// # Errors
/// `NotFound`, with the type, if the base doesn't have it; `Ambiguous` if the base has several; `Usage` for a graph whose
/// base is not a distilled one.
pub fn rebase(graph: &Btf, base: &Btf) -> Result<Rebased> {
    let Some(distilled) = graph.base() else {
        return Err(Error::new(
            ErrorKind::Usage,
            "the graph is not split BTF: it has no base to replace",
        ));
    };
    let embedded = embedded(graph);
    let mut types = Remap::new(graph.len());
    for ty in distilled.types() {
        let by_value = embedded.get(ty.id().index()).is_some_and(|held| *held);
        types.set(ty.id(), find(ty, base, by_value)?);
    }
    let mut split = GraphBuilder::split(base);
    split.add_inline_namespaces(graph);
    for (new, ty) in (split.next_id().get()..).zip(graph.own_types()) {
        types.set(ty.id(), TypeId::new(new));
    }
    for ty in graph.own_types() {
        split.copy(ty, |id| successor(&types, id))?;
    }
    Ok(Rebased {
        graph: split.freeze()?,
        types,
    })
}

/// Returns, by id, whether the graph's own structures and unions contain a type of the base by value.
fn embedded(graph: &Btf) -> Vec<bool> {
    let mut held = vec![false; graph.first_id().index()];
    // Each typedef, qualifier and array is followed once, which bounds the work.
    let mut seen = vec![false; graph.len() + 1];
    let composites = graph.own_types().filter(|ty| ty.kind().is_composite());
    for member in composites.flat_map(Type::members) {
        let mut id = member.type_id;
        while let Some(seen) = seen.get_mut(id.index()).filter(|seen| !**seen) {
            *seen = true;
            let ty = graph.ty(id);
            id = match ty.view() {
                View::Array(array) => array.element_id,
                View::Typedef(to)
                | View::Const(to)
                | View::Volatile(to)
                | View::Restrict(to)
                | View::TypeTag(to) => to,
                View::Void
                | View::Int(_)
                | View::Ptr(_)
                | View::Struct(_)
                | View::Union(_)
                | View::Enum(_)
                | View::Fwd(_)
                | View::Func(_)
                | View::FuncProto(_)
                | View::Var(_)
                | View::Datasec(_)
                | View::Float(_)
                | View::DeclTag(_)
                | View::Unknown(_) => {
                    if let Some(held) = held.get_mut(id.index()) {
                        *held = true;
                    }
                    break;
                }
            };
        }
    }
    held
}

/// Finds a distilled type in a base.
fn find(ty: Type<'_>, base: &Btf, by_value: bool) -> Result<TypeId> {
    let same_size = |other: &Type<'_>| other.size_word() == ty.size_word();
    let named: Vec<Type<'_>> = base.named(ty.name().as_bytes()).collect();
    let of_kind = |kind: Kind| {
        named
            .iter()
            .copied()
            .filter(move |other| other.kind() == kind)
    };
    let found: Vec<Type<'_>> = match ty.kind() {
        Kind::Int => of_kind(Kind::Int)
            .filter(|other| other.as_int() == ty.as_int())
            .collect(),
        Kind::Float => of_kind(Kind::Float).filter(same_size).collect(),
        Kind::Enum => of_kind(Kind::Enum)
            .chain(of_kind(Kind::Enum64))
            .filter(same_size)
            .collect(),
        Kind::Struct | Kind::Union => {
            let several = named.iter().filter(|t| t.kind().is_composite()).count() > 1;
            let complete: Vec<_> = of_kind(ty.kind())
                .filter(|other| !(several || by_value) || same_size(other))
                .collect();
            if complete.is_empty() && !several && !by_value {
                // A pointer may point to a type that the base only declares.
                let is_union = ty.kind() == Kind::Union;
                of_kind(Kind::Fwd)
                    .filter(|other| other.info().flag() == is_union)
                    .collect()
            } else {
                complete
            }
        }
        Kind::Fwd => {
            let declared = if ty.info().flag() {
                Kind::Union
            } else {
                Kind::Struct
            };
            let complete: Vec<_> = of_kind(declared).collect();
            if complete.len() == 1 {
                complete
            } else {
                let same = |other: &Type<'_>| other.info() == ty.info();
                of_kind(Kind::Fwd).filter(same).collect()
            }
        }
        kind => {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("a distilled base contains no {kind}"),
            )
            .within(Place::Type(ty.id())));
        }
    };
    match found[..] {
        [one] => Ok(one.id()),
        [] => Err(Error::new(
            ErrorKind::NotFound,
            format!("the base has no matching {} {:?}", ty.kind(), ty.name()),
        )
        .within(Place::Type(ty.id()))),
        [one, other, ..] => Err(Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{} {:?} matches types {} and {} of the base",
                ty.kind(),
                ty.name(),
                one.id(),
                other.id()
            ),
        )
        .within(Place::Type(ty.id()))),
    }
}
