//! Preferring one input's types to other types of the same names.

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::graph::{Btf, GraphBuilder, Kind, Type, View, edges};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::compact::compact;
use crate::merge::dedup::deduplicate;
use crate::merge::merged::{Merged, Origins};
use crate::merge::nodes::{at, count, set};
use crate::merge::options::MergeOptions;

/// The number of the preferred input's types of one name with which another type is compared.
const MOST_PREFERRED: usize = 16;

impl Merged {
    /// Redirects references from types that collide with the preferred input's types to these, and drops those that no
    /// remaining type contains by value.
    pub(super) fn prefer(mut self, input: usize, options: &MergeOptions) -> Result<Self> {
        let keep = self.keep;
        let mut canonical = self.replaced(input, &options.limits)?;
        let held = held(&self.graph, &canonical, keep);
        let graph = redirect(&self.graph, &canonical, &held, &options.limits)?;
        for (node, is_held) in (0..).zip(held) {
            if is_held {
                set(&mut canonical, node, node);
            }
        }
        canonical.extend(count(canonical.len())..=count(graph.len()));
        let (graph, moved) = compact(graph, &canonical, keep, &options.limits)?;
        // Types that differed only in replaced types are equal now.
        let straight = graph.has_straight_names() && graph.has_unique_strings();
        let done = deduplicate(graph, straight, keep, options)?;
        for map in &mut self.types {
            map.follow(&moved);
            map.follow(&done.types);
        }
        for map in &mut self.strings {
            map.follow(&done.strings);
        }
        self.graph = done.graph;
        Ok(self)
    }

    /// Returns, for each type, the preferred input's type that replaces it, or itself. Only types of inputs that don't
    /// have the preferred type are replaced, and never types of the base. An input that is split from the base has the
    /// base's type of a name, unless it has one of its own.
    fn replaced(&self, input: usize, limits: &Limits) -> Result<Vec<u32>> {
        let (origins, with_base) = (self.origins(), self.origins_from(TypeId::VOID));
        let mut canonical: Vec<u32> = (0..=count(self.graph.len())).collect();
        for ids in self.of_one_name() {
            let having = |origins: &Origins| -> Vec<TypeId> {
                let ids = ids.iter().copied();
                ids.filter(|&id| origins.has(id, input)).collect()
            };
            let mut preferred = having(&origins);
            if preferred.is_empty() {
                preferred = having(&with_base);
            }
            let Some(&to) = preferred.first() else {
                continue;
            };
            let have: HashSet<usize> = preferred.iter().flat_map(|&id| origins.of(id)).collect();
            for from in ids {
                // Types of the base come from no input.
                if origins.of(from).all(|other| have.contains(&other)) {
                    continue;
                }
                let mut differs = true;
                for &id in preferred.iter().take(MOST_PREFERRED) {
                    differs = differs && self.layout_change(id, from, limits)?.is_some();
                }
                if differs {
                    set(&mut canonical, from.get(), to.get());
                }
            }
        }
        Ok(canonical)
    }
}

/// Returns whether the layout of a type of this kind depends on the types that it refers to.
fn contains_by_value(kind: Kind) -> bool {
    kind.is_composite() || is_qualifier(kind) || matches!(kind, Kind::Array | Kind::Typedef)
}

/// Returns whether a kind is a qualifier or a type tag.
const fn is_qualifier(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag
    )
}

/// Returns whether the references of a record are never redirected if the record stays. The tag of a member belongs to
/// the member of that very type.
fn is_fixed(ty: Type<'_>) -> bool {
    match ty.view() {
        View::Struct(_) | View::Union(_) | View::Var(_) | View::Datasec(_) => true,
        View::DeclTag(tag) => tag.component.is_some(),
        View::Void
        | View::Int(_)
        | View::Ptr(_)
        | View::Array(_)
        | View::Enum(_)
        | View::Fwd(_)
        | View::Typedef(_)
        | View::Volatile(_)
        | View::Const(_)
        | View::Restrict(_)
        | View::Func(_)
        | View::FuncProto(_)
        | View::Float(_)
        | View::TypeTag(_)
        | View::Unknown(_) => false,
    }
}

/// Returns, for each type, whether a type that stays contains it by value, so that it has to stay.
fn held(graph: &Btf, replaced: &[u32], keep: u32) -> Vec<bool> {
    let mut held = vec![false; replaced.len()];
    let stays = |id: TypeId| id.get() < keep || at(replaced, id.get()) == id.get();
    let roots = graph.own_types().filter(|ty| is_fixed(*ty));
    let mut open: Vec<TypeId> = roots.map(Type::id).filter(|&id| stays(id)).collect();
    while let Some(id) = open.pop() {
        for inner in edges::type_edges(graph.ty(id).record()) {
            if !at(&held, inner.get()) {
                set(&mut held, inner.get(), true);
                if contains_by_value(graph.ty(inner).kind()) {
                    open.push(inner);
                }
            }
        }
    }
    held
}

/// Redirects references, except those of types that contain by value what they refer to.
fn redirect(graph: &Btf, replaced: &[u32], held: &[bool], limits: &Limits) -> Result<Btf> {
    let mut builder = GraphBuilder::resume_with_limits(graph, limits.clone());
    let mut twins = HashMap::new();
    for ty in graph.own_types() {
        if is_fixed(ty) || (contains_by_value(ty.kind()) && at(held, ty.id().get())) {
            continue;
        }
        let mut moved = false;
        let mut ids = Vec::new();
        for id in edges::type_edges(ty.record()) {
            let to = match at(replaced, id.get()) {
                same if same == id.get() => {
                    twin(graph, &mut builder, id, replaced, held, &mut twins)?
                }
                other => TypeId::new(other),
            };
            moved |= to != id;
            ids.push(to);
        }
        let len = ty.record().len();
        if let Some(record) = builder.resumed_words(graph, ty.id()).get_mut(..len)
            && moved
        {
            let mut ids = ids.into_iter();
            let Ok(()) = edges::rewrite::<std::convert::Infallible>(
                record,
                |id| Ok(ids.next().unwrap_or(id)),
                Ok,
            );
        }
    }
    builder.freeze()
}

/// Returns the new target of a reference to a qualified type, such as `const struct s`, whose record is shared by a type
/// that contains it by value and one that doesn't: a second chain of qualifiers that ends at the preferred type.
fn twin(
    graph: &Btf,
    builder: &mut GraphBuilder,
    start: TypeId,
    replaced: &[u32],
    held: &[bool],
    twins: &mut HashMap<TypeId, TypeId>,
) -> Result<TypeId> {
    let mut qualifiers = Vec::new();
    let mut id = start;
    let end = loop {
        let ty = graph.ty(id);
        if let Some(&known) = twins.get(&id) {
            break known;
        }
        let replacement = at(replaced, id.get());
        if replacement != id.get() {
            break TypeId::new(replacement);
        }
        match ty.referent_id() {
            Some(to) if is_qualifier(ty.kind()) && at(held, id.get()) => {
                // In a cycle of qualifiers, the type maps to itself.
                twins.insert(id, id);
                qualifiers.push(ty);
                id = to;
            }
            _ => break id,
        }
    };
    let (mut before, mut after) = (id, end);
    for ty in qualifiers.into_iter().rev() {
        if before != after {
            after = if ty.kind() == Kind::TypeTag {
                builder.type_tag(ty.name().as_bytes(), after, ty.info().flag())?
            } else {
                builder.qualifier(ty.kind(), after)?
            };
        } else {
            after = ty.id();
        }
        before = ty.id();
        twins.insert(before, after);
    }
    Ok(after)
}
