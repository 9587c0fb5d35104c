//! Forward declarations and the complete types that they stand for.
//!
//! A *tag* is a name of structures and unions, which share one name space as in C, or a name of enumerations. A forward
//! declaration stands for the type of its tag if all complete types of the tag are in one class (libbpf's rule, see
//! `btf_dedup_resolve_fwd`). If two of them differ, it is unknown which one was meant, and the declaration stays.

use std::ops::Range;

use crate::graph::{Kind, Word};
use crate::merge::mixer::{info, kind};
use crate::merge::nodes::{Nodes, at, count};

/// The tags that have both a forward declaration and a complete type.
#[derive(Debug, Default)]
pub(super) struct Forwards {
    /// Sorted by tag, then complete types before forward declarations, then by node.
    entries: Vec<Entry>,
    /// The nodes below this one belong to the base.
    first_own: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    /// The offset of the name, and whether the tag is one of enumerations.
    tag: (u32, bool),
    is_forward: bool,
    node: u32,
}

/// A tag: the entries of its complete types and of its forward declarations.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    complete: Range<usize>,
    forward: Range<usize>,
}

impl Tag {
    /// Returns a number that identifies the tag, below [`Forwards::len`].
    pub fn number(&self) -> u32 {
        count(self.complete.start)
    }
}

/// Returns the name space in which the name of a type of this kind is a tag, if any: `true` for enumerations.
fn name_space(kind: Kind) -> Option<bool> {
    match kind {
        Kind::Struct | Kind::Union | Kind::Fwd => Some(false),
        Kind::Enum | Kind::Enum64 => Some(true),
        Kind::Void
        | Kind::Int
        | Kind::Ptr
        | Kind::Array
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::Float
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Unknown(_) => None,
    }
}

/// Returns whether the record only declares its tag: FWD, or an enumeration without enumerators.
pub(super) fn is_forward(record: &[Word]) -> bool {
    let info = info(record);
    info.kind() == Kind::Fwd || info.kind().is_enum() && info.vlen() == 0
}

/// Returns the tag of a record: its name and name space.
fn tag(record: &[Word]) -> Option<(u32, bool)> {
    let name = record.first().map(|word| u32::from_ne_bytes(*word))?;
    (name != 0)
        .then(|| name_space(kind(record)))
        .flatten()
        .map(|enumeration| (name, enumeration))
}

/// Returns whether a forward declaration can stand for a complete type: FWD distinguishes structures and unions, and
/// enumerations of both widths count as one kind.
fn fits(forward: &[Word], complete: &[Word]) -> bool {
    match kind(complete) {
        Kind::Struct => !info(forward).flag(),
        Kind::Union => info(forward).flag(),
        Kind::Void
        | Kind::Int
        | Kind::Ptr
        | Kind::Array
        | Kind::Enum
        | Kind::Fwd
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::Float
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Enum64
        | Kind::Unknown(_) => true,
    }
}

impl Forwards {
    /// Finds the tags. Types of the base, below `first_own`, can't change: a tag that the base declares without completing it
    /// stays declared there. But a type of the base that refers to it equals a type that refers to the complete one.
    pub fn new(nodes: &Nodes<'_>, first_own: u32) -> Self {
        let mut entries: Vec<Entry> = nodes
            .iter()
            .filter(|(_, record)| is_forward(record))
            .filter_map(|(node, record)| {
                Some(Entry {
                    tag: tag(record)?,
                    is_forward: true,
                    node,
                })
            })
            .collect();
        if entries.is_empty() {
            return Self::default();
        }
        entries.sort_unstable();
        let declared = entries.len();
        for (node, record) in nodes.iter() {
            let Some(tag) = tag(record).filter(|_| !is_forward(record)) else {
                continue;
            };
            let is_declared = entries
                .get(..declared)
                .is_some_and(|entries| entries.binary_search_by_key(&tag, |e| e.tag).is_ok());
            if is_declared {
                entries.push(Entry {
                    tag,
                    is_forward: false,
                    node,
                });
            }
        }
        entries.sort_unstable();
        let mut forwards = Self { entries, first_own };
        forwards.keep_usable();
        forwards
    }

    /// Drops the tags without a complete type.
    fn keep_usable(&mut self) {
        let mut kept = Vec::with_capacity(self.entries.len());
        for tag in self.tags() {
            let complete = self.complete(&tag);
            let forward = self.entries.get(tag.forward.clone()).unwrap_or_default();
            if !complete.is_empty() {
                kept.extend_from_slice(complete);
                kept.extend_from_slice(forward);
            }
        }
        self.entries = kept;
    }

    /// Returns whether the base declares a tag and doesn't complete it.
    pub fn is_open_in_base(&self, tag: &Tag) -> bool {
        let forward = self.entries.get(tag.forward.clone()).unwrap_or_default();
        let of_base = |entry: &Entry| entry.node < self.first_own;
        forward.iter().any(of_base) && !self.complete(tag).iter().any(of_base)
    }

    /// Returns the upper bound of the tags' numbers.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns every tag.
    pub fn tags(&self) -> impl Iterator<Item = Tag> + '_ {
        let mut start = 0;
        std::iter::from_fn(move || {
            let first = self.entries.get(start)?;
            let tag = self.tag_from(start, first.tag);
            start = tag.forward.end;
            Some(tag)
        })
    }

    fn tag_from(&self, start: usize, tag: (u32, bool)) -> Tag {
        let rest = self.entries.get(start..).unwrap_or_default();
        let complete = rest.partition_point(|e| (e.tag, e.is_forward) <= (tag, false));
        let all = rest.partition_point(|e| e.tag <= tag);
        Tag {
            complete: start..start + complete,
            forward: start + complete..start + all,
        }
    }

    /// Returns the tag of a complete type, if the tag has a forward declaration.
    pub fn tag_of(&self, record: &[Word]) -> Option<Tag> {
        if self.entries.is_empty() || is_forward(record) {
            return None;
        }
        let tag = tag(record)?;
        let start = self.entries.partition_point(|e| e.tag < tag);
        let first = self.entries.get(start)?;
        (first.tag == tag).then(|| self.tag_from(start, tag))
    }

    fn complete(&self, tag: &Tag) -> &[Entry] {
        self.entries.get(tag.complete.clone()).unwrap_or_default()
    }

    /// Returns the first complete type of a tag, if all its complete types have the same value in `table`.
    pub fn agreed<T: Copy + Default + PartialEq>(&self, tag: &Tag, table: &[T]) -> Option<u32> {
        let complete = self.complete(tag);
        let first = complete.first()?.node;
        let value = at(table, first);
        complete
            .iter()
            .all(|entry| at(table, entry.node) == value)
            .then_some(first)
    }

    /// Returns the complete types of a tag.
    pub fn complete_nodes(&self, tag: &Tag) -> impl Iterator<Item = u32> + '_ {
        let complete = self.entries.get(tag.complete.clone());
        complete.unwrap_or_default().iter().map(|entry| entry.node)
    }

    /// Returns the first complete type of a tag.
    pub fn first(&self, tag: &Tag) -> Option<u32> {
        self.complete(tag).first().map(|entry| entry.node)
    }

    /// Returns the forward declarations of a tag that can stand for this complete type.
    pub fn fitting<'f>(
        &'f self,
        tag: &Tag,
        nodes: &'f Nodes<'_>,
        complete: u32,
    ) -> impl Iterator<Item = u32> + 'f {
        let complete = nodes.record(complete);
        self.entries
            .get(tag.forward.clone())
            .unwrap_or_default()
            .iter()
            .map(|entry| entry.node)
            .filter(move |&node| fits(nodes.record(node), complete))
    }
}
