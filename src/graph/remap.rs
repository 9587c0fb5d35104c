//! The new ids of types that were copied, renumbered or reduced.

use crate::id::TypeId;

/// Old id → new id, for each id of a graph that was copied, renumbered or reduced.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Remap {
    /// Indexed by old id; [`GONE`] where the type has no successor. Entry 0 is `void`.
    ids: Vec<u32>,
}

/// The entry of a type without successor. No graph has that many types.
const GONE: u32 = u32::MAX;

fn id(entry: u32) -> Option<TypeId> {
    (entry != GONE).then_some(TypeId::new(entry))
}

impl Remap {
    /// Returns a map for a graph with this many types (without `void`), in which no type has a successor.
    #[must_use]
    pub fn new(types: usize) -> Self {
        let mut ids = vec![GONE; types + 1];
        if let Some(void) = ids.first_mut() {
            *void = 0;
        }
        Self { ids }
    }

    /// Returns the map of every id to itself.
    #[must_use]
    pub fn identity(types: usize) -> Self {
        let last = u32::try_from(types).unwrap_or(GONE - 1);
        Self {
            ids: (0..=last).collect(),
        }
    }

    /// Returns the successor of a type; `None` where it has none or is out of range.
    #[must_use]
    pub fn get(&self, old: TypeId) -> Option<TypeId> {
        self.ids.get(old.index()).copied().and_then(id)
    }

    /// Maps `old` to `new`. Returns `false` if `old` is out of range.
    pub fn set(&mut self, old: TypeId, new: TypeId) -> bool {
        match self.ids.get_mut(old.index()) {
            Some(entry) => {
                *entry = new.get();
                true
            }
            None => false,
        }
    }

    /// Returns the number of types of the old graph, without `void`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len().saturating_sub(1)
    }

    /// Returns whether the old graph has no type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the old and the new id of every type with a successor, by old id, without `void`.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, TypeId)> + '_ {
        (0u32..)
            .zip(&self.ids)
            .skip(1)
            .filter_map(|(old, new)| Some((TypeId::new(old), id(*new)?)))
    }

    /// Returns the map that applies this one and then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let mut both = self.clone();
        both.follow(next);
        both
    }

    /// Changes this map to apply itself and then `next`.
    pub fn follow(&mut self, next: &Self) {
        for entry in &mut self.ids {
            *entry = id(*entry)
                .and_then(|id| next.get(id))
                .map_or(GONE, TypeId::get);
        }
    }
}

impl FromIterator<TypeId> for Remap {
    /// Returns the map with these successors, by old id, from `void` on.
    fn from_iter<I: IntoIterator<Item = TypeId>>(ids: I) -> Self {
        Self {
            ids: ids.into_iter().map(TypeId::get).collect(),
        }
    }
}
