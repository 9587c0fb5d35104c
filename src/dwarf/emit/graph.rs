//! Emitting the graph.
//!
//! Named types get their ids first, in the order in which they were found, so that all others can refer to them. The
//! records of unnamed types are made from the inside out, and each different record is kept once.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::table::{NO_TAG, RefId, RefTarget, Seen, Table};
use crate::dwarf::distinct::wanted::RootNames;
use crate::dwarf::emit::bind::{Binding, Meant, Variant};
use crate::dwarf::read::name::{Files, NameRef};
use crate::dwarf::report::{Degraded, Reason, TypeLoss};
use crate::error::{Error, Result};
use crate::graph::{Btf, GraphBuilder, Info, Kind};
use crate::id::TypeId;
use crate::target::PointerWidth;

/// The graph, and what is known of its types.
pub(crate) struct Emitted {
    pub graph: Btf,
    pub degraded: Vec<Degraded>,
    /// The same by type, sorted.
    pub losses: Vec<TypeLoss>,
    /// The first place of each type that has one, by id.
    pub seen: Vec<(TypeId, Seen)>,
    /// The addresses and ids of variables.
    pub variables: Vec<(u64, TypeId)>,
    /// The id of each variant.
    pub ids: Vec<TypeId>,
    /// The number of typedefs of templates that were left out.
    pub unused_typedefs: u64,
}

/// The state of emitting the graph.
pub(crate) struct Emit<'a> {
    pub(super) table: &'a Table,
    pub(super) binding: &'a Binding,
    pub(super) files: &'a Files<'a>,
    builder: GraphBuilder,
    /// The id of each variant of a named type.
    ids: Vec<u32>,
    /// The id of each type that is the same in all variants; `u32::MAX` if it has none yet.
    memo: Vec<u32>,
    /// Whether each type's references depend on the variant that contains it.
    pub(super) depends: Vec<bool>,
    /// Whether each variant is emitted.
    kept: Vec<bool>,
    /// The tags of roots that the program only declares.
    declared_roots: Vec<u32>,
    /// The number of the distinct type of each named type, in the order of their ids.
    named: Vec<u32>,
    /// The records that follow those of the named types.
    pub(super) records: Records,
    degraded: BTreeSet<Degraded>,
    /// The names and reasons that were listed, to list each once.
    listed: BTreeSet<(String, Reason)>,
    /// All losses, as they were met.
    losses: Vec<PendingLoss>,
    /// The named type whose record is being made, for reports.
    context: Context,
    unit_offsets: &'a [u64],
    /// The id of the first record that follows the named types.
    pub(super) first_record: u32,
    most_types: u32,
    pub(super) pointer_bytes: u32,
    /// The bytes that types were found to use, by id: see `used`.
    pub(super) used_bytes: HashMap<u32, u64>,
}

#[derive(Clone, Copy)]
struct Context {
    distinct: u32,
    /// The id; 0 if the type has none yet.
    id: u32,
    seen: Seen,
}

/// A loss of a type whose id may not be known yet.
#[derive(Clone, Copy)]
struct PendingLoss {
    distinct: u32,
    part: u32,
    reason: Reason,
    /// The named type that contains it.
    context: Context,
}

#[derive(Clone, Copy)]
struct Frame {
    distinct: u32,
    next: u32,
    /// The index of the first id of what it refers to.
    values: usize,
}

/// A list of different records.
pub(super) struct Records {
    words: Vec<u32>,
    /// The index of each record's first word, and that of the end.
    starts: Vec<u32>,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Records {
    pub fn get(&self, number: u32) -> &[u32] {
        let number = number as usize;
        match (self.starts.get(number), self.starts.get(number + 1)) {
            (Some(&start), Some(&end)) => self.words.get(start as usize..end as usize),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn cons(&mut self, words: &[u32]) -> Result<u32> {
        let hash = self.hasher.hash_one(words);
        if let Some(&number) = self.index.find(hash, |&number| self.get(number) == words) {
            return Ok(number);
        }
        let number = self.starts.len() - 1;
        self.words.extend_from_slice(words);
        let (Ok(number), Ok(end)) = (u32::try_from(number), u32::try_from(self.words.len())) else {
            return Err(Error::limit("the types have more than 16 GiB"));
        };
        self.starts.push(end);
        let Self {
            words,
            starts,
            index,
            hasher,
        } = self;
        index.insert_unique(hash, number, |&number| {
            let number = number as usize;
            let range = match (starts.get(number), starts.get(number + 1)) {
                (Some(&start), Some(&end)) => start as usize..end as usize,
                _ => 0..0,
            };
            hasher.hash_one(words.get(range).unwrap_or_default())
        });
        Ok(number)
    }
}

/// The required contents of the graph, and its bounds.
pub(crate) struct Wanted<'a> {
    /// The names of the wanted types.
    pub roots: &'a RootNames,
    /// Whether typedefs of templates are wanted even if nothing refers to them.
    pub all_typedefs: bool,
    pub most_types: u32,
    pub pointer_width: PointerWidth,
}

/// Emits the graph of all variants, or of those that the roots reach.
///
/// # Errors
/// `Limit` if the graph grows beyond the builder's limits.
pub(crate) fn emit(
    table: &Table,
    binding: &Binding,
    files: &Files<'_>,
    unit_offsets: &[u64],
    builder: GraphBuilder,
    wanted: &Wanted<'_>,
) -> Result<Emitted> {
    let mut emit = Emit {
        table,
        binding,
        files,
        builder,
        ids: Vec::new(),
        memo: vec![u32::MAX; table.types.len()],
        depends: Vec::new(),
        named: Vec::new(),
        kept: Vec::new(),
        declared_roots: Vec::new(),
        records: Records {
            words: Vec::new(),
            starts: vec![0],
            index: HashTable::new(),
            hasher: FixedState::default(),
        },
        degraded: BTreeSet::new(),
        listed: BTreeSet::new(),
        losses: Vec::new(),
        context: Context {
            distinct: 0,
            id: 0,
            seen: Seen::NEVER,
        },
        unit_offsets,
        first_record: 0,
        most_types: wanted.most_types,
        pointer_bytes: match wanted.pointer_width {
            PointerWidth::Four => 4,
            PointerWidth::Eight => 8,
        },
        used_bytes: HashMap::new(),
    };
    emit.find_dependent();
    let mut unused_typedefs = 0;
    emit.kept = if wanted.roots.is_all() && wanted.all_typedefs {
        vec![true; binding.variants.len()]
    } else if wanted.roots.is_all() {
        let kept = emit.without_unused();
        unused_typedefs = kept.iter().filter(|kept| !**kept).count() as u64;
        kept
    } else {
        let chosen = emit.roots(wanted.roots);
        emit.declared_roots = chosen.tags;
        emit.closure(&chosen.types)
    };
    emit.number();
    Ok(Emitted {
        unused_typedefs,
        ..emit.run()?
    })
}

impl Emit<'_> {
    /// Finds the unnamed types whose meaning depends on the variant that contains them. The types that a type refers to
    /// come before it.
    fn find_dependent(&mut self) {
        self.depends = Vec::with_capacity(self.table.types.len());
        for distinct in &self.table.types {
            let mut depends = false;
            for index in 0.. {
                let Some(reference) = self.table.reference(distinct, index) else {
                    break;
                };
                depends |= match reference.target() {
                    RefTarget::Void => false,
                    RefTarget::Distinct(distinct) => {
                        self.depends.get(distinct as usize) == Some(&true)
                    }
                    RefTarget::Tag(tag) => self.meant(tag) == Meant::Several,
                };
            }
            self.depends.push(depends);
        }
    }

    /// Returns the meaning of a name.
    pub(super) fn meant(&self, tag: u32) -> Meant {
        self.binding
            .meant
            .get(tag as usize)
            .copied()
            .unwrap_or(Meant::Nothing)
    }

    /// Returns the number of the type that a name means, if it has one meaning.
    pub(super) fn distinct_of(&self, tag: u32) -> Option<u32> {
        let Meant::One(variant) = self.meant(tag) else {
            return None;
        };
        let variant = self.binding.variants.get(variant as usize);
        variant.map(|variant| variant.distinct)
    }

    fn tag_of(&self, distinct: u32) -> u32 {
        let distinct = self.table.types.get(distinct as usize);
        distinct.map_or(NO_TAG, |distinct| distinct.tag)
    }

    /// Numbers the named types.
    fn number(&mut self) {
        let mut id = self.builder.next_id().get();
        for (variant, kept) in self.binding.variants.iter().zip(&self.kept) {
            if !kept || self.tag_of(variant.distinct) == NO_TAG {
                self.ids.push(0);
            } else {
                self.ids.push(id);
                self.named.push(variant.distinct);
                id += 1;
            }
        }
        self.first_record = id;
    }

    /// Returns the number of the distinct type with this id, if it is a named type.
    pub(super) fn named_variant(&self, id: u32) -> Option<u32> {
        let first = self.first_record - u32::try_from(self.named.len()).ok()?;
        self.named.get(id.checked_sub(first)? as usize).copied()
    }

    /// Declares the roots that the program only declares.
    fn declare_roots(&mut self) -> Result<()> {
        for tag in std::mem::take(&mut self.declared_roots) {
            self.declaration(tag)?;
        }
        Ok(())
    }

    /// Makes all records and freezes the graph.
    fn run(mut self) -> Result<Emitted> {
        let mut named: Vec<Vec<u32>> = Vec::new();
        let mut seen = Vec::new();
        let mut variables = Vec::new();
        let mut ids = Vec::with_capacity(self.ids.len());
        let binding = self.binding;
        for (variant, number) in binding.variants.iter().zip(0usize..) {
            if self.kept.get(number) != Some(&true) {
                ids.push(TypeId::VOID);
                continue;
            }
            let id = self.ids.get(number).copied().unwrap_or(0);
            self.context = Context {
                distinct: variant.distinct,
                id,
                seen: variant.seen,
            };
            if id == 0 {
                let id = self.id_of(RefId::distinct(variant.distinct), variant)?;
                ids.push(TypeId::new(id));
                if id > 0 {
                    seen.push((TypeId::new(id), variant.seen));
                }
                let distinct = self.table.types.get(variant.distinct as usize);
                if let Some(distinct) =
                    distinct.filter(|distinct| distinct.shape == Shape::Variable)
                {
                    variables.push((distinct.address(), TypeId::new(id)));
                }
            } else {
                named.push(self.named(variant)?);
                ids.push(TypeId::new(id));
                seen.push((TypeId::new(id), variant.seen));
            }
        }
        self.declare_roots()?;
        for record in &named {
            self.builder.record(record)?;
        }
        for number in 0..self.records.starts.len() - 1 {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            self.builder.record(self.records.get(number))?;
        }
        seen.sort_unstable();
        seen.dedup_by_key(|(id, _)| *id);
        let losses = self.losses_by_type();
        Ok(Emitted {
            graph: self.builder.freeze()?,
            losses,
            degraded: self.degraded.into_iter().collect(),
            seen,
            variables,
            ids,
            unused_typedefs: 0,
        })
    }

    /// Returns the record of a variant of a named type.
    fn named(&mut self, variant: &Variant) -> Result<Vec<u32>> {
        let table = self.table;
        let Some(distinct) = table.types.get(variant.distinct as usize) else {
            return Ok(Vec::new());
        };
        let mut ids = Vec::with_capacity(distinct.count as usize);
        let mut meaning = variant.meaning.iter();
        for index in 0.. {
            let Some(reference) = table.reference(distinct, index) else {
                break;
            };
            ids.push(self.evaluate(reference, &mut meaning)?);
        }
        self.report(variant.distinct);
        self.nominal(variant.distinct, distinct, &ids)
    }

    fn id_of(&mut self, reference: RefId, variant: &Variant) -> Result<u32> {
        self.evaluate(reference, &mut variant.meaning.iter())
    }

    /// Returns the id of a reference's target. `meaning` yields the meanings of ambiguous names, in order.
    fn evaluate<'m>(
        &mut self,
        start: RefId,
        meaning: &mut impl Iterator<Item = &'m Option<u32>>,
    ) -> Result<u32> {
        let table = self.table;
        let mut values: Vec<u32> = Vec::new();
        let mut frames: Vec<Frame> = Vec::new();
        self.enter(start, meaning, &mut values, &mut frames)?;
        while let Some(frame) = frames.last_mut() {
            let Frame {
                distinct: number,
                next,
                values: start,
            } = *frame;
            frame.next += 1;
            let Some(distinct) = table.types.get(number as usize) else {
                frames.pop();
                continue;
            };
            if let Some(reference) = table.reference(distinct, next) {
                self.enter(reference, meaning, &mut values, &mut frames)?;
                continue;
            }
            frames.pop();
            self.report(number);
            let ids = values.split_off(start);
            let id = self.structural(number, distinct, &ids)?;
            if self.depends.get(number as usize) == Some(&false)
                && let Some(memo) = self.memo.get_mut(number as usize)
            {
                *memo = id;
            }
            values.push(id);
        }
        Ok(values.pop().unwrap_or(0))
    }

    fn enter<'m>(
        &mut self,
        reference: RefId,
        meaning: &mut impl Iterator<Item = &'m Option<u32>>,
        values: &mut Vec<u32>,
        frames: &mut Vec<Frame>,
    ) -> Result<()> {
        match reference.target() {
            RefTarget::Void => values.push(0),
            RefTarget::Distinct(distinct) => match self.memo.get(distinct as usize) {
                Some(&id) if id != u32::MAX => values.push(id),
                _ => frames.push(Frame {
                    distinct,
                    next: 0,
                    values: values.len(),
                }),
            },
            RefTarget::Tag(tag) => {
                let variant = match self.meant(tag) {
                    Meant::Nothing => None,
                    Meant::One(variant) => Some(variant),
                    Meant::Several => meaning.next().copied().flatten(),
                };
                let id = variant.and_then(|variant| self.ids.get(variant as usize).copied());
                values.push(match id {
                    Some(id) => id,
                    None => self.declaration(tag)?,
                });
            }
        }
        Ok(())
    }

    /// Returns the id of a declaration.
    fn declaration(&mut self, tag: u32) -> Result<u32> {
        let Some(&tag) = self.table.tags.get(tag as usize) else {
            return Ok(0);
        };
        let name = self.name(tag.name)?;
        match tag.shape {
            Shape::Enum => {
                let size = match tag.declared_size {
                    1 => 1,
                    2 => 2,
                    8 => 8,
                    _ => 4,
                };
                self.cons(&[name, Info::new(Kind::Enum, 0, false).word(), size])
            }
            Shape::Defined => Ok(0),
            shape => {
                let info = Info::new(Kind::Fwd, 0, shape == Shape::Union);
                self.cons(&[name, info.word(), 0])
            }
        }
    }

    /// Returns the id of a record, which is added if it is new.
    pub(super) fn cons(&mut self, words: &[u32]) -> Result<u32> {
        let number = self.records.cons(words)?;
        if number >= self.most_types {
            return Err(Error::limit("there are more types than Limits::types"));
        }
        Ok(self.first_record + number)
    }

    /// Returns the string offset of a name.
    pub(super) fn name(&mut self, name: NameRef) -> Result<u32> {
        if name.is_none() {
            return Ok(0);
        }
        let bytes = self.files.bytes(name, &self.table.composed);
        Ok(self.builder.intern(bytes)?.get())
    }

    /// Returns the string offset of a text.
    pub(super) fn text(&mut self, text: &str) -> Result<u32> {
        Ok(self.builder.intern(text)?.get())
    }

    /// Reports what was lost when the type was interned.
    fn report(&mut self, distinct: u32) {
        let losses = &self.table.losses;
        let start = losses.partition_point(|loss| loss.distinct < distinct);
        for loss in losses.get(start..).unwrap_or_default() {
            if loss.distinct != distinct {
                break;
            }
            self.lose(distinct, loss.part, loss.reason);
        }
    }

    /// Returns all losses by type. One of an unnamed type that has no id of its own belongs to the named type around it.
    fn losses_by_type(&self) -> Vec<TypeLoss> {
        let text = |name: NameRef| {
            String::from_utf8_lossy(self.files.bytes(name, &self.table.composed)).into_owned()
        };
        let losses = self.losses.iter().filter_map(|loss| {
            let memo = self.memo.get(loss.distinct as usize).copied();
            let known = memo.filter(|id| *id != u32::MAX && *id != 0);
            let own = known
                .or_else(|| (loss.distinct == loss.context.distinct).then_some(loss.context.id));
            let id = own.unwrap_or(loss.context.id);
            let part = own.and_then(|_| {
                let distinct = self.table.types.get(loss.distinct as usize)?;
                self.table.parts_of(distinct).get(loss.part as usize)
            });
            (id != 0).then(|| TypeLoss {
                ty: TypeId::new(id),
                member: part.map_or(String::new(), |part| text(part.name)),
                reason: loss.reason,
            })
        });
        let mut losses: Vec<_> = losses.collect();
        losses.sort_unstable();
        losses.dedup();
        losses
    }

    /// Reports a loss of a type, at the place of the named type whose record is being made.
    pub(super) fn lose(&mut self, distinct: u32, part: u32, reason: Reason) {
        self.losses.push(PendingLoss {
            distinct,
            part,
            reason,
            context: self.context,
        });
        let name_of = |distinct: u32| {
            let distinct = self.table.types.get(distinct as usize)?;
            (!distinct.name.is_none()).then_some(distinct.name)
        };
        let text = |name: NameRef| {
            String::from_utf8_lossy(self.files.bytes(name, &self.table.composed)).into_owned()
        };
        let mut name = name_of(distinct)
            .or_else(|| name_of(self.context.distinct))
            .map(text)
            .unwrap_or_default();
        let parts = self.table.types.get(distinct as usize);
        let parts = parts.map(|distinct| self.table.parts_of(distinct));
        if let Some(part) = parts.and_then(|parts| parts.get(part as usize))
            && !part.name.is_none()
        {
            name.push('.');
            name.push_str(&text(part.name));
        }
        if !self.listed.insert((name.clone(), reason)) {
            return;
        }
        let Seen { unit, die } = self.context.seen;
        let unit = self.unit_offsets.get(unit as usize).copied().unwrap_or(0);
        self.degraded.insert(Degraded {
            die: unit + u64::from(die),
            name,
            reason,
        });
    }
}
