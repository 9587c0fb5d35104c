//! One input's types instead of others of their names.

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::graph::{Btf, GraphBuilder, Kind, Type, View, edges};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::compact::compact;
use crate::merge::dedup::deduplicate;
use crate::merge::merger::{Merged, Origins};
use crate::merge::nodes::{at, count, set};
use crate::merge::options::MergeOptions;

/// Of one name, the preferred input's types that another is compared with.
const MOST_PREFERRED: usize = 16;

impl Merged {
    /// Sends references to types that collide with the preferred input's to that input's, and lets go of those
    /// that nothing holds by value.
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
        // Types that differed only in what was replaced are the same now.
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

    /// For each type, the preferred input's that is to replace it, or itself. What is replaced is of an input
    /// that doesn't have the preferred type itself, and never of the base. An input's type of a name may be the
    /// base's, unless it has one of its own.
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
                // None have the base's.
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

/// Whether a type's layout rests on that of what it refers to.
fn holds(kind: Kind) -> bool {
    kind.is_composite() || is_word(kind) || matches!(kind, Kind::Array | Kind::Typedef)
}

/// Whether a type is another with a word before it.
const fn is_word(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag
    )
}

/// Whether a record's references are never sent elsewhere, in case the record stays. A tag of a member is one
/// of that type's member.
fn is_fixed(ty: Type<'_>) -> bool {
    match ty.view() {
        View::Struct(_) | View::Union(_) | View::Var(_) | View::Datasec(_) => true,
        View::DeclTag(tag) => tag.component.is_some(),
        _ => false,
    }
}

/// The types that must stay what they are, as one that stays holds them by value.
fn held(graph: &Btf, replaced: &[u32], keep: u32) -> Vec<bool> {
    let mut held = vec![false; replaced.len()];
    let stays = |id: TypeId| id.get() < keep || at(replaced, id.get()) == id.get();
    let roots = graph.own_types().filter(|ty| is_fixed(*ty));
    let mut open: Vec<TypeId> = roots.map(Type::id).filter(|&id| stays(id)).collect();
    while let Some(id) = open.pop() {
        for inner in edges::type_edges(graph.ty(id).record()) {
            if !at(&held, inner.get()) {
                set(&mut held, inner.get(), true);
                if holds(graph.ty(inner).kind()) {
                    open.push(inner);
                }
            }
        }
    }
    held
}

/// Sends references elsewhere, but for those of types that hold what they refer to.
fn redirect(graph: &Btf, replaced: &[u32], held: &[bool], limits: &Limits) -> Result<Btf> {
    let mut builder = GraphBuilder::resume_with_limits(graph, limits.clone());
    let mut twins = HashMap::new();
    for ty in graph.own_types() {
        if is_fixed(ty) || (holds(ty.kind()) && at(held, ty.id().get())) {
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

/// What a reference to `const struct s` goes to where one that holds it and one that doesn't share the record:
/// another record before the preferred type.
fn twin(
    graph: &Btf,
    builder: &mut GraphBuilder,
    start: TypeId,
    replaced: &[u32],
    held: &[bool],
    twins: &mut HashMap<TypeId, TypeId>,
) -> Result<TypeId> {
    let mut words = Vec::new();
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
            Some(to) if is_word(ty.kind()) && at(held, id.get()) => {
                // Met again, in a circle of qualifiers, it is itself.
                twins.insert(id, id);
                words.push(ty);
                id = to;
            }
            _ => break id,
        }
    };
    let (mut before, mut after) = (id, end);
    for ty in words.into_iter().rev() {
        if before != after {
            after = match ty.view() {
                View::TypeTag(_) => {
                    builder.type_tag(ty.name().as_bytes(), after, ty.info().flag())?
                }
                _ => builder.qualifier(ty.kind(), after)?,
            };
        } else {
            after = ty.id();
        }
        before = ty.id();
        twins.insert(before, after);
    }
    Ok(after)
}
