//! The types that a text declares: those of some names, or all.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::render::order::{Item, Order, order};

/// Orders the declarations of the types with these names, or of all types if there are no names.
///
/// # Errors
/// `NotFound` and `Ambiguous` for names; those of [`order`].
pub(super) fn order_of<'g>(graph: &'g Btf, names: &[String]) -> Result<Order<'g>> {
    if names.is_empty() {
        order(graph, graph.own_types().map(Type::id))
    } else {
        order(graph, roots(graph, names)?)
    }
}

/// Returns the types with these names.
fn roots(graph: &Btf, names: &[String]) -> Result<Vec<TypeId>> {
    let mut roots = Vec::new();
    for name in names {
        let found = graph.named_or_spelled(name)?;
        let found = found.into_iter().filter(|ty| {
            ty.kind().is_composite()
                || ty.kind().is_enum()
                || matches!(ty.kind(), Kind::Typedef | Kind::Fwd)
        });
        let before = roots.len();
        roots.extend(found.map(Type::id));
        if roots.len() == before {
            let near = graph.nearest_names(name);
            let near = if near.is_empty() {
                String::new()
            } else {
                format!("; the nearest: {}", near.join(", "))
            };
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("no structure, union, enumeration or typedef is called {name}{near}"),
            ));
        }
    }
    Ok(roots)
}

/// Returns the types that are declared with a name, by id.
pub(super) fn named(graph: &Btf, order: &Order<'_>) -> Vec<TypeId> {
    let ids = order.items.iter().map(|item| match item {
        Item::Forward(id) | Item::Define(id) => *id,
    });
    let mut ids: Vec<TypeId> = ids.filter(|id| !graph.ty(*id).name().is_empty()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
