//! Collisions: types of one name but different layout, from different inputs; and policies for them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Kind, Type};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::diff::{Change, FieldChange, Space, compare, resolved, space, type_with_fields};
use crate::merge::merged::{Merged, Origins};
use crate::merge::options::{MergeOptions, Policy};
use crate::query::essential_name;

/// Two types of one name but different layout, from two inputs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Collision {
    /// The type of the base or, if the base has none of that name, of the first input that has one. The id is one of the
    /// merged graph.
    pub first: TypeId,
    /// The type of the same name of another input.
    pub other: TypeId,
    /// The index of the first input that has `first`; `None` for the base.
    pub first_input: Option<usize>,
    /// The index of the first input that has `other`.
    pub other_input: usize,
    /// The difference from `first` to `other`.
    pub change: Change,
}

impl Merged {
    /// Returns the collisions among structures, unions, enumerations and typedefs, by name: types of one name that
    /// differ in layout and don't come from the same input. The base of the result counts as an input of its own, even
    /// for inputs that are split from it.
    ///
    /// Types that differ only because other types differ, or because other types have flavors, are not listed. Neither
    /// are typedefs that spell the same type differently: through other typedefs, qualifiers, or names of integers or
    /// parameters. Two types of one input don't collide with each other.
    ///
    /// # Errors
    /// As [`compare`].
    pub fn collisions(&self, limits: &Limits) -> Result<Vec<Collision>> {
        let origins = self.origins();
        let mut collisions = Vec::new();
        for ids in self.of_one_name() {
            collisions.extend(self.collisions_of(&ids, &origins, limits)?);
        }
        Ok(collisions)
    }

    /// Returns the groups of types that share a name and can collide, the base's included, by name.
    pub(super) fn of_one_name(&self) -> impl Iterator<Item = Vec<TypeId>> {
        let mut names: BTreeMap<(&[u8], Space), Vec<TypeId>> = BTreeMap::new();
        for ty in self.graph.types() {
            if let Some(space) = space(ty).filter(|_| can_collide(ty.kind())) {
                let ids = names.entry((ty.name().as_bytes(), space)).or_default();
                ids.push(ty.id());
            }
        }
        names.into_values().filter(|ids| ids.len() > 1)
    }

    /// Returns the collisions among the types of one name.
    fn collisions_of(
        &self,
        ids: &[TypeId],
        origins: &Origins,
        limits: &Limits,
    ) -> Result<Vec<Collision>> {
        // `None` is the base, whose types come first.
        let input = |id: TypeId| match id < self.graph.first_id() {
            true => Some(None),
            false => origins.of(id).next().map(Some),
        };
        let Some((first_input, first)) = ids.iter().filter_map(|&id| Some((input(id)?, id))).min()
        else {
            return Ok(Vec::new());
        };
        let mut collisions = Vec::new();
        for &other in ids {
            let Some(Some(other_input)) = input(other) else {
                continue;
            };
            if other == first || first_input.is_some_and(|input| origins.has(other, input)) {
                continue;
            }
            if let Some(change) = self.layout_change(first, other, limits)? {
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

    /// Returns how a type differs from another if they differ in layout.
    pub(super) fn layout_change(
        &self,
        first: TypeId,
        other: TypeId,
        limits: &Limits,
    ) -> Result<Option<Change>> {
        let (a, b) = (self.graph.ty(first), self.graph.ty(other));
        match compare(a, b, limits)? {
            Some(change) if is_of_layout(&change, a, b) => Ok(Some(change)),
            _ => Ok(None),
        }
    }

    /// Resolves the [collisions](Self::collisions) by a policy. [`MergeOptions::collisions`] does so while merging; this
    /// is for callers that look at the collisions first.
    ///
    /// # Errors
    /// `Ambiguous`, with the type, if the policy is to fail; `Limit` beyond the options' limits.
    pub fn resolve(self, policy: Policy, options: &MergeOptions) -> Result<Self> {
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
            Policy::Prefer(input) => self.prefer(input, options),
        }
    }

    /// Returns the label of an input, or `the base` for `None`.
    #[must_use]
    pub fn label(&self, input: Option<usize>) -> &str {
        match input {
            Some(input) => self.labels.get(input).map_or("?", String::as_str),
            None => "the base",
        }
    }

    #[cold]
    fn refuse(&self, collision: &Collision) -> Error {
        let change = &collision.change;
        Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{} {:?} of {} and of {} differ",
                change.kind,
                change.name,
                self.label(collision.first_input),
                self.label(Some(collision.other_input))
            ),
        )
        .within(Place::Type(collision.other))
    }

    fn rename(mut self, collisions: &[Collision], options: &MergeOptions) -> Result<Self> {
        let mut taken: HashSet<Vec<u8>> = self
            .graph
            .types()
            .map(|ty| ty.name().as_bytes().to_vec())
            .collect();
        // How often a name was requested, so that the next attempt doesn't start over.
        let mut requests: HashMap<String, u32> = HashMap::new();
        let mut builder = GraphBuilder::resume_with_limits(&self.graph, options.limits.clone());
        for collision in collisions {
            let label = self.label(Some(collision.other_input));
            let flavored = format!("{}___{}", collision.change.name, flavor(label));
            let times = requests.entry(flavored.clone()).or_insert(0);
            let name = loop {
                *times += 1;
                let name = match *times {
                    1 => flavored.clone(),
                    times => format!("{flavored}_{times}"),
                };
                if taken.insert(name.as_bytes().to_vec()) {
                    break name;
                }
            };
            builder.rename(&self.graph, collision.other, &name)?;
        }
        self.graph = builder.freeze()?;
        Ok(self)
    }
}

/// Returns a label as a flavor, which neither begins nor ends with an underscore.
fn flavor(label: &str) -> String {
    let flavor: String = label
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    match flavor.trim_matches('_') {
        "" => "other".to_owned(),
        flavor => flavor.to_owned(),
    }
}

/// Returns whether a difference is one of layout. For CO-RE, fields are equal if their types differ only in flavors, and
/// typedefs are equal if they spell the same type differently.
fn is_of_layout(change: &Change, first: Type<'_>, other: Type<'_>) -> bool {
    let is_typedef = |ty| type_with_fields(ty).kind() == Kind::Typedef;
    let whole = if is_typedef(first) && is_typedef(other) {
        without_flavors(&resolved(first)) != without_flavors(&resolved(other))
    } else {
        change.whole.is_some()
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
    whole || !change.values.is_empty() || change.fields.iter().any(is_of_layout)
}

/// Returns a type's text with each name replaced by its essential name.
fn without_flavors(text: &str) -> Vec<u8> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    text.as_bytes()
        .chunk_by(|a, b| is_name(a) == is_name(b))
        .flat_map(essential_name)
        .copied()
        .collect()
}

/// Returns whether CO-RE looks up types of this kind by name, so that two of one name are ambiguous.
fn can_collide(kind: Kind) -> bool {
    kind.is_composite() || kind.is_enum() || kind == Kind::Typedef
}

impl GraphBuilder {
    /// Renames a type of the graph that this builder resumes.
    fn rename(&mut self, graph: &Btf, id: TypeId, name: &str) -> Result<()> {
        let name = self.intern(name)?;
        if let Some(word) = self.resumed_words(graph, id).first_mut() {
            *word = name.get().to_ne_bytes();
        }
        Ok(())
    }
}
