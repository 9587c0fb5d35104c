//! Where the types of one graph went in another.

use crate::id::TypeId;

/// Old id → new id, for each id of a graph that was copied, renumbered or reduced.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Remap {
    /// Indexed by old id; [`GONE`] where the type has no successor. Entry 0 is `void`.
    ids: Vec<u32>,
}

/// No id: graphs have fewer types than that.
const GONE: u32 = u32::MAX;

fn id(entry: u32) -> Option<TypeId> {
    (entry != GONE).then_some(TypeId::new(entry))
}

impl Remap {
    /// A map for a graph with this many types (without `void`), in which nothing has a successor yet.
    #[must_use]
    pub fn new(types: usize) -> Self {
        let mut ids = vec![GONE; types + 1];
        if let Some(void) = ids.first_mut() {
            *void = 0;
        }
        Self { ids }
    }

    /// The map in which every id stays.
    #[must_use]
    pub fn identity(types: usize) -> Self {
        let last = u32::try_from(types).unwrap_or(GONE - 1);
        Self {
            ids: (0..=last).collect(),
        }
    }

    /// The successor of a type; `None` where it has none or is not of the graph.
    #[must_use]
    pub fn get(&self, old: TypeId) -> Option<TypeId> {
        self.ids.get(old.index()).copied().and_then(id)
    }

    /// Sets the successor of a type of the graph. Whether there is such a type.
    pub fn set(&mut self, old: TypeId, new: TypeId) -> bool {
        match self.ids.get_mut(old.index()) {
            Some(entry) => {
                *entry = new.get();
                true
            }
            None => false,
        }
    }

    /// How many types the old graph has, without `void`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len().saturating_sub(1)
    }

    /// Whether the old graph has no type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Old and new id of every type that has a successor, by old id, without `void`.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, TypeId)> + '_ {
        (0u32..)
            .zip(&self.ids)
            .skip(1)
            .filter_map(|(old, new)| Some((TypeId::new(old), id(*new)?)))
    }

    /// The map that does this one and then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let mut both = self.clone();
        both.follow(next);
        both
    }

    /// Makes this map do what it does and then `next`.
    pub fn follow(&mut self, next: &Self) {
        for entry in &mut self.ids {
            *entry = id(*entry)
                .and_then(|id| next.get(id))
                .map_or(GONE, TypeId::get);
        }
    }
}

impl FromIterator<TypeId> for Remap {
    /// The map whose successors these are, by old id, from `void` on.
    fn from_iter<I: IntoIterator<Item = TypeId>>(ids: I) -> Self {
        Self {
            ids: ids.into_iter().map(TypeId::get).collect(),
        }
    }
}
