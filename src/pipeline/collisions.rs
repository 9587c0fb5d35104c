//! Types of a merged graph that share a name and differ in layout.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use crate::graph::{Kind, Type, View};
use crate::id::TypeId;
use crate::merge::Merged;

/// Types of one name with different layouts, from different inputs of a merge.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Collision {
    /// The name, with the word C puts in front: `struct file`.
    pub name: String,
    /// The layouts, in the order of their first ids.
    pub layouts: Vec<Layout>,
}

/// One of the layouts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Layout {
    /// The first type with this layout, in the merged graph.
    pub id: TypeId,
    /// The labels of the inputs that have it.
    pub from: Vec<String>,
    /// The layout in a few words: size, and how many members.
    pub summary: String,
}

/// The types of a merged graph that share a name and differ in layout: in size, or in name, place or width of
/// a member, or in an enumerator. Types that differ only in what their members refer to are not among them, nor
/// are types that one input by itself has twice.
#[must_use]
pub fn collisions(merged: &Merged) -> Vec<Collision> {
    let mut groups: HashMap<(Sort, &[u8]), Vec<Variant<'_>>> = HashMap::new();
    // Which variant of its group a layout is.
    let mut known: HashMap<(Sort, &[u8], u64), usize> = HashMap::new();
    let hasher = FixedState::default();
    let origins = merged.origins();
    for ty in merged.graph.types() {
        let (Some(sort), name) = (Sort::of(ty.kind()), ty.name().as_bytes()) else {
            continue;
        };
        if name.is_empty() {
            continue;
        }
        let group = groups.entry((sort, name)).or_default();
        let number = *known
            .entry((sort, name, layout_hash(ty, &hasher)))
            .or_insert(group.len());
        if number == group.len() {
            group.push(Variant {
                ty,
                from: BTreeSet::new(),
            });
        }
        if let Some(variant) = group.get_mut(number) {
            variant.from.extend(origins.of(ty.id()));
        }
    }
    let mut found: Vec<_> = groups
        .into_iter()
        .filter(|(_, variants)| are_of_several(variants))
        .map(|((sort, _), variants)| collision(sort, &variants, merged))
        .collect();
    found.sort_by_key(|collision| collision.layouts.first().map(|layout| layout.id));
    found
}

/// A layout, and the numbers of the inputs that have it.
struct Variant<'g> {
    ty: Type<'g>,
    from: BTreeSet<usize>,
}

/// Which types of one name are for one thing: C has a name space for tags and one for the rest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    Struct,
    Union,
    Enum,
    Plain,
}

impl Sort {
    const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Struct => Some(Self::Struct),
            Kind::Union => Some(Self::Union),
            Kind::Enum | Kind::Enum64 => Some(Self::Enum),
            Kind::Int | Kind::Float | Kind::Typedef => Some(Self::Plain),
            Kind::Void
            | Kind::Ptr
            | Kind::Array
            | Kind::Fwd
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Func
            | Kind::FuncProto
            | Kind::Var
            | Kind::Datasec
            | Kind::DeclTag
            | Kind::TypeTag
            | Kind::Unknown(_) => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Struct => "struct ",
            Self::Union => "union ",
            Self::Enum => "enum ",
            Self::Plain => "",
        }
    }
}

/// Whether two layouts are of different inputs: of one input alone, they are its own matter.
fn are_of_several(variants: &[Variant<'_>]) -> bool {
    let Some((first, rest)) = variants.split_first() else {
        return false;
    };
    rest.iter()
        .any(|other| other.from != first.from || first.from.len() > 1)
}

/// A layout as a number. Two layouts with one number would only be missing from a report.
fn layout_hash(ty: Type<'_>, hasher: &FixedState) -> u64 {
    let mut hash = hasher.build_hasher();
    match ty.view() {
        View::Struct(composite) | View::Union(composite) => {
            composite.size.hash(&mut hash);
            for member in composite.members() {
                (member.name(), member.offset, member.bitfield).hash(&mut hash);
            }
        }
        View::Enum(enumeration) => {
            enumeration.size.hash(&mut hash);
            for enumerator in enumeration.enumerators() {
                (enumerator.name(), enumerator.value).hash(&mut hash);
            }
        }
        View::Int(int) => (1, int.size, int.encoding, int.offset, int.bits).hash(&mut hash),
        View::Float(size) => (2, size).hash(&mut hash),
        View::Typedef(_) => (3, width(ty)).hash(&mut hash),
        _ => {}
    }
    hash.finish()
}

/// What a typedef stands for, as far as its layout goes.
fn width(ty: Type<'_>) -> Option<(Kind, u64)> {
    let behind = ty.strip().ok()?;
    Some((behind.kind(), behind.size().map_or(0, |size| size.0)))
}

fn collision(sort: Sort, variants: &[Variant<'_>], merged: &Merged) -> Collision {
    let name = variants.first().map(|variant| variant.ty.name());
    let layout = |variant: &Variant<'_>| Layout {
        id: variant.ty.id(),
        from: variant
            .from
            .iter()
            .filter_map(|input| merged.labels.get(*input).cloned())
            .collect(),
        summary: summary(variant.ty),
    };
    Collision {
        name: format!("{}{}", sort.word(), name.unwrap_or_default()),
        layouts: variants.iter().map(layout).collect(),
    }
}

fn summary(ty: Type<'_>) -> String {
    let size = ty.size().map_or(0, |size| size.0);
    let count = |count: usize, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{size} bytes, {count} {what}{plural}")
    };
    match ty.view() {
        View::Struct(composite) | View::Union(composite) => count(composite.len(), "member"),
        View::Enum(enumeration) => count(enumeration.len(), "value"),
        View::Int(int) => format!("{size} bytes, {}", int.encoding),
        _ => format!("{size} bytes"),
    }
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        for (number, layout) in self.layouts.iter().enumerate() {
            let separator = if number == 0 { ": " } else { "; " };
            let from = layout.from.join(", ");
            write!(f, "{separator}{} in {from} {}", layout.summary, layout.id)?;
        }
        Ok(())
    }
}
