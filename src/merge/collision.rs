//! Collisions: one name, types of different layout from different inputs; and what to do about them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Kind, Type};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::diff::{Change, FieldChange, Space, compare, contents, resolved, space};
use crate::merge::merger::{Merged, Origins};
use crate::merge::options::MergeOptions;
use crate::query::essential_name;

/// A name that inputs use for types of different layout.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Collision {
    /// The base's type of the name or, if it has none, that of the first input that has one; in the merged
    /// graph.
    pub first: TypeId,
    /// Another input's type of the same name.
    pub other: TypeId,
    /// The number of the first input that has `first`; `None` for the base.
    pub first_input: Option<usize>,
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
    /// Keep the type of the input with this number where it has one, and send to it what refers to the
    /// others' types through a pointer or as a parameter or result. What holds another's type by value (as a
    /// member, a variable, through arrays, typedefs and qualifiers) keeps it, as its own layout rests on it; so
    /// do the tags of its members. Such a type stays beside the preferred one, and so do the base's types and
    /// those of a first input whose ids stay: [`Merged::collisions`] tells which do.
    Prefer(usize),
    /// Give the types of all inputs but the name's first a flavor, `struct file___label`, so that each name
    /// means one type, in a header for instance; a number follows where that name is taken. libbpf's relocation ignores flavors of targets, too: for it
    /// both stay candidates.
    Rename,
    /// Fail with the first collision.
    Fail,
}

impl Merged {
    /// The collisions among structures, unions, enumerations and typedefs, by name: types of one name that
    /// differ in layout and don't come from the same input. The result's base counts as an input of its own,
    /// also for inputs that are split from it. Not listed are types that differ only because others do, which
    /// includes that others have flavors, and typedefs that have different words for the same: other typedefs,
    /// qualifiers, names of integers or parameters; an input that has a name twice collides only with others.
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

    /// The types that share a name that they may collide in, the base's among them, by name.
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

    /// The collisions among the types of one name.
    fn collisions_of(
        &self,
        ids: &[TypeId],
        origins: &Origins,
        limits: &Limits,
    ) -> Result<Vec<Collision>> {
        // The base's types come first, and are `None`'s.
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

    /// How a type differs from another in layout.
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

    /// Does what a policy says about the [collisions](Self::collisions), for those who want to see them first;
    /// [`MergeOptions::collisions`] does it at once.
    ///
    /// # Errors
    /// `Ambiguous`, with the type, where the policy is to fail; `Limit` beyond the options' limits.
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

    /// What to call an input, or the base, in a report.
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
        // How often a name was wanted, so that the next try doesn't start over.
        let mut wanted: HashMap<String, u32> = HashMap::new();
        let mut builder = GraphBuilder::resume_with_limits(&self.graph, options.limits.clone());
        for collision in collisions {
            let label = self.label(Some(collision.other_input));
            let plain = format!("{}___{}", collision.change.name, flavor(label));
            let times = wanted.entry(plain.clone()).or_insert(0);
            let name = loop {
                *times += 1;
                let name = match *times {
                    1 => plain.clone(),
                    times => format!("{plain}_{times}"),
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

/// A label as a flavor, which neither begins nor ends with what separates it.
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
    fn rename(&mut self, graph: &Btf, id: TypeId, name: &str) -> Result<()> {
        let name = self.intern(name)?;
        if let Some(word) = self.resumed_words(graph, id).first_mut() {
            *word = name.get().to_ne_bytes();
        }
        Ok(())
    }
}
