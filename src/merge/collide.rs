//! Collisions: one name, types of different layout from different inputs; and what to do about them.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{GraphBuilder, Kind, Type, TypeGraph, essential_name};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::compact::compact;
use crate::merge::dedup::deduplicate;
use crate::merge::diff::{Change, FieldChange, Space, compare, contents, resolved, space};
use crate::merge::merger::{Merged, Origins};
use crate::merge::nodes::{count, set};
use crate::merge::options::Options;

/// A name that inputs use for types of different layout.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Collision {
    /// The type of the first input that has the name, in the merged graph.
    pub first: TypeId,
    /// Another input's type of the same name.
    pub other: TypeId,
    /// The number of the first input that has `first`.
    pub first_input: usize,
    /// The number of the first input that has `other`.
    pub other_input: usize,
    /// How `other` differs from `first`.
    pub change: Change,
}

/// What to do where inputs use one name for types of different layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Policy {
    /// Keep both. CO-RE relocations that meet two candidates are ambiguous for libbpf where an offset
    /// differs, so that such a graph suits those who ask by id or by input.
    #[default]
    Keep,
    /// Keep the type of the input with this number where it has one, and send references to the others'
    /// types there.
    Prefer(usize),
    /// Give the types of all inputs but the name's first a flavor, `struct file___label`, so that each name
    /// means one type, in a header for instance. libbpf's relocation ignores flavors of targets, too: for it
    /// both stay candidates, and [`Self::Prefer`] leaves one.
    Rename,
    /// Fail with the first collision.
    Fail,
}

impl Merged {
    /// The collisions among structures, unions, enumerations and typedefs, by name: types of one name that
    /// differ in layout and don't come from the same input. Not listed are types that differ only because
    /// others do, which includes that others have flavors, and typedefs that have different words for the same:
    /// other typedefs, qualifiers, names of integers or parameters;
    /// an input that has a name twice collides only with others.
    ///
    /// # Errors
    /// As [`compare`].
    pub fn collisions(&self, limits: &Limits) -> Result<Vec<Collision>> {
        let origins = self.origins();
        let mut names: BTreeMap<(&[u8], Space), Vec<TypeId>> = BTreeMap::new();
        for ty in self.graph.types() {
            if let Some(space) = space(ty).filter(|_| can_collide(ty.kind())) {
                let ids = names.entry((ty.name().as_bytes(), space)).or_default();
                ids.push(ty.id());
            }
        }
        let mut collisions = Vec::new();
        for ids in names.into_values().filter(|ids| ids.len() > 1) {
            collisions.extend(self.collisions_of(&ids, &origins, limits)?);
        }
        Ok(collisions)
    }

    /// The collisions among the types of one name.
    fn collisions_of(
        &self,
        ids: &[TypeId],
        origins: &Origins,
        limits: &Limits,
    ) -> Result<Vec<Collision>> {
        let input = |id: TypeId| origins.of(id).next();
        let Some((first_input, first)) = ids.iter().filter_map(|&id| Some((input(id)?, id))).min()
        else {
            return Ok(Vec::new());
        };
        let mut collisions = Vec::new();
        for &other in ids {
            let Some(other_input) = input(other) else {
                continue;
            };
            if other == first || origins.has(other, first_input) {
                continue;
            }
            let (a, b) = (self.graph.ty(first), self.graph.ty(other));
            if let Some(change) = compare(a, b, limits)?
                && is_of_layout(&change, a, b)
            {
                collisions.push(Collision {
                    first,
                    other,
                    first_input,
                    other_input,
                    change,
                });
            }
        }
        Ok(collisions)
    }

    /// Does what a policy says about the [collisions](Self::collisions), for those who want to see them first;
    /// [`Options::collisions`] does it at once.
    ///
    /// # Errors
    /// `Ambiguous`, with the type, where the policy is to fail; `Limit` beyond the options' limits.
    pub fn resolve(self, policy: Policy, options: &Options) -> Result<Self> {
        if policy == Policy::Keep {
            return Ok(self);
        }
        let collisions = self.collisions(&options.limits)?;
        let Some(first) = collisions.first() else {
            return Ok(self);
        };
        match policy {
            Policy::Keep => Ok(self),
            Policy::Fail => Err(self.refuse(first)),
            Policy::Rename => self.rename(&collisions, options),
            Policy::Prefer(input) => self.prefer(input, &collisions, options),
        }
    }

    #[cold]
    fn refuse(&self, collision: &Collision) -> Error {
        let label = |input: usize| self.labels.get(input).map_or("?", String::as_str);
        let change = &collision.change;
        Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{} {:?} of {} and of {} differ",
                change.kind,
                change.name,
                label(collision.first_input),
                label(collision.other_input)
            ),
        )
        .within(Place::Type(collision.other))
    }

    fn rename(mut self, collisions: &[Collision], options: &Options) -> Result<Self> {
        let mut builder = GraphBuilder::resume_with_limits(&self.graph, options.limits.clone());
        for collision in collisions {
            let label = self.labels.get(collision.other_input);
            let flavor: String = label
                .map_or("other", String::as_str)
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            // A flavor neither begins nor ends with what separates it.
            let flavor = match flavor.trim_matches('_') {
                "" => "other",
                flavor => flavor,
            };
            let name = format!("{}___{flavor}", collision.change.name);
            builder.rename(&self.graph, collision.other, &name)?;
        }
        self.graph = builder.freeze()?;
        Ok(self)
    }

    fn prefer(mut self, input: usize, collisions: &[Collision], options: &Options) -> Result<Self> {
        let keep = self.keep;
        let origins = self.origins();
        let end = count(self.graph.len()) + 1;
        let mut canonical: Vec<u32> = (0..end).collect();
        for collision in collisions {
            for (from, to) in [
                (collision.first, collision.other),
                (collision.other, collision.first),
            ] {
                if origins.has(to, input) && !origins.has(from, input) {
                    set(&mut canonical, from.get(), to.get());
                }
            }
        }
        let (graph, moved) = compact(self.graph, &canonical, keep, &options.limits)?;
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
}

/// Whether a difference is one of layout. Fields that only differ in the flavor of a type they name are the same
/// for CO-RE, and typedefs may have different words for the same.
fn is_of_layout(change: &Change, first: Type<'_>, other: Type<'_>) -> bool {
    let is_other_name = |ty| contents(ty).kind() == Kind::Typedef;
    let head = if is_other_name(first) && is_other_name(other) {
        without_flavors(&resolved(first)) != without_flavors(&resolved(other))
    } else {
        change.head.is_some()
    };
    let is_of_layout = |field: &FieldChange| match field {
        FieldChange::Changed { before, after } => {
            field.is_moved()
                || field.is_resized()
                || before.bitfield != after.bitfield
                || without_flavors(&before.ty) != without_flavors(&after.ty)
        }
        FieldChange::Added(_) | FieldChange::Removed(_) | FieldChange::Renamed { .. } => true,
    };
    head || !change.values.is_empty() || change.fields.iter().any(is_of_layout)
}

/// A type's text with the essential names of what it names.
fn without_flavors(text: &str) -> Vec<u8> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    text.as_bytes()
        .chunk_by(|a, b| is_name(a) == is_name(b))
        .flat_map(essential_name)
        .copied()
        .collect()
}

/// Whether a kind's name is one that CO-RE looks types up by, so that two of it are one too many.
fn can_collide(kind: Kind) -> bool {
    kind.is_composite() || kind.is_enum() || kind == Kind::Typedef
}

impl GraphBuilder {
    /// Gives an own type of the graph this builder goes on from another name.
    fn rename(&mut self, graph: &TypeGraph, id: TypeId, name: &str) -> Result<()> {
        let name = self.intern(name)?;
        if let Some(word) = self.resumed_words(graph, id).first_mut() {
            *word = name.get().to_ne_bytes();
        }
        Ok(())
    }
}
