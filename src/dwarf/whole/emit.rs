//! From classes to the graph.
//!
//! Named types get their ids first, in the order in which they were seen, so that whatever refers to them
//! can say their number. All else is made from the inside out and kept once for each different record.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::dwarf::names::{Files, NameRef};
use crate::dwarf::report::{Degraded, Reason};
use crate::dwarf::roots::Roots;
use crate::dwarf::unit::nodes::Shape;
use crate::dwarf::whole::bind::{Binding, Meant, Variant};
use crate::dwarf::whole::table::{NO_ENTITY, RefId, RefTarget, Seen, Table};
use crate::error::{Error, Result};
use crate::graph::{Btf, GraphBuilder, Info, Kind};
use crate::id::TypeId;
use crate::target::PointerWidth;

/// What a conversion comes to.
pub(crate) struct Emitted {
    pub graph: Btf,
    pub degraded: Vec<Degraded>,
    /// Where each type that has a place of its own was first seen, by id.
    pub seen: Vec<(TypeId, Seen)>,
    /// Variables: address and id.
    pub variables: Vec<(u64, TypeId)>,
    /// By variant.
    pub ids: Vec<TypeId>,
}

/// Makes the graph.
pub(crate) struct Emit<'a> {
    pub(super) table: &'a Table,
    pub(super) binding: &'a Binding,
    pub(super) files: &'a Files<'a>,
    builder: GraphBuilder,
    /// By variant: its id, for named types.
    ids: Vec<u32>,
    /// By class: its id, where it means the same everywhere.
    memo: Vec<u32>,
    /// By class: whether what it refers to depends on the variant.
    pub(super) depends: Vec<bool>,
    /// By variant: whether it is emitted.
    kept: Vec<bool>,
    /// By id of a named type, from the first: its class.
    named: Vec<u32>,
    /// Records that stand behind the named types.
    pub(super) records: Records,
    degraded: BTreeSet<Degraded>,
    /// Losses whose class was made: names and reasons, to list each once.
    listed: BTreeSet<(String, Reason)>,
    /// The named type that is being made, for reports.
    context: Context,
    unit_offsets: &'a [u64],
    /// The id of the first record behind the named types.
    pub(super) first_record: u32,
    most_types: u32,
    pub(super) pointer_bytes: u32,
}

#[derive(Clone, Copy)]
struct Context {
    class: u32,
    seen: Seen,
}

#[derive(Clone, Copy)]
struct Frame {
    class: u32,
    next: u32,
    /// Where the ids of what it refers to start.
    values: usize,
}

/// Records, each kept once.
pub(super) struct Records {
    words: Vec<u32>,
    /// Where each starts; one more for the end.
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

/// What the graph is to have.
pub(crate) struct Asked<'a> {
    /// The types that are wanted; all where there are none.
    pub roots: &'a Roots,
    pub most_types: u32,
    pub pointer_width: PointerWidth,
}

/// Makes the graph of all variants.
///
/// # Errors
/// `Limit` where the graph grows beyond the builder's limits.
pub(crate) fn emit(
    table: &Table,
    binding: &Binding,
    files: &Files<'_>,
    unit_offsets: &[u64],
    builder: GraphBuilder,
    asked: &Asked<'_>,
) -> Result<Emitted> {
    let mut emit = Emit {
        table,
        binding,
        files,
        builder,
        ids: Vec::new(),
        memo: vec![u32::MAX; table.classes.len()],
        depends: Vec::new(),
        named: Vec::new(),
        kept: Vec::new(),
        records: Records {
            words: Vec::new(),
            starts: vec![0],
            index: HashTable::new(),
            hasher: FixedState::default(),
        },
        degraded: BTreeSet::new(),
        listed: BTreeSet::new(),
        context: Context {
            class: 0,
            seen: Seen::NEVER,
        },
        unit_offsets,
        first_record: 0,
        most_types: asked.most_types,
        pointer_bytes: match asked.pointer_width {
            PointerWidth::Four => 4,
            PointerWidth::Eight => 8,
        },
    };
    emit.find_dependent();
    emit.kept = if asked.roots.is_empty() {
        vec![true; binding.variants.len()]
    } else {
        emit.closure(asked.roots)
    };
    emit.number();
    emit.run()
}

impl Emit<'_> {
    /// Finds the classes without a name whose meaning depends on the variant they are in. What a class
    /// refers to comes before it.
    fn find_dependent(&mut self) {
        self.depends = Vec::with_capacity(self.table.classes.len());
        for class in &self.table.classes {
            let mut depends = false;
            for index in 0.. {
                let Some(reference) = self.table.reference(class, index) else {
                    break;
                };
                depends |= match reference.target() {
                    RefTarget::Void => false,
                    RefTarget::Class(class) => self.depends.get(class as usize) == Some(&true),
                    RefTarget::Entity(entity) => self.meant(entity) == Meant::Several,
                };
            }
            self.depends.push(depends);
        }
    }

    pub(super) fn meant(&self, entity: u32) -> Meant {
        self.binding
            .meant
            .get(entity as usize)
            .copied()
            .unwrap_or(Meant::Nothing)
    }

    /// The class that a name means, where it means one.
    pub(super) fn class_of(&self, entity: u32) -> Option<u32> {
        let Meant::One(variant) = self.meant(entity) else {
            return None;
        };
        let variant = self.binding.variants.get(variant as usize);
        variant.map(|variant| variant.class)
    }

    fn entity_of(&self, class: u32) -> u32 {
        let class = self.table.classes.get(class as usize);
        class.map_or(NO_ENTITY, |class| class.entity)
    }

    /// Gives the named types their ids.
    fn number(&mut self) {
        let mut id = self.builder.next_id().get();
        for (variant, kept) in self.binding.variants.iter().zip(&self.kept) {
            if !kept || self.entity_of(variant.class) == NO_ENTITY {
                self.ids.push(0);
            } else {
                self.ids.push(id);
                self.named.push(variant.class);
                id += 1;
            }
        }
        self.first_record = id;
    }

    /// The class of the named type with this id.
    pub(super) fn named_variant(&self, id: u32) -> Option<u32> {
        let first = self.first_record - u32::try_from(self.named.len()).ok()?;
        self.named.get(id.checked_sub(first)? as usize).copied()
    }

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
            self.context = Context {
                class: variant.class,
                seen: variant.seen,
            };
            let id = self.ids.get(number).copied().unwrap_or(0);
            if id == 0 {
                let id = self.value(RefId::class(variant.class), variant)?;
                ids.push(TypeId::new(id));
                if id > 0 {
                    seen.push((TypeId::new(id), variant.seen));
                }
                let class = self.table.classes.get(variant.class as usize);
                if let Some(class) = class.filter(|class| class.shape == Shape::Variable) {
                    variables.push((class.size, TypeId::new(id)));
                }
            } else {
                named.push(self.named(variant)?);
                ids.push(TypeId::new(id));
                seen.push((TypeId::new(id), variant.seen));
            }
        }
        for record in &named {
            self.builder.record(record)?;
        }
        for number in 0..self.records.starts.len() - 1 {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            self.builder.record(self.records.get(number))?;
        }
        seen.sort_unstable();
        seen.dedup_by_key(|(id, _)| *id);
        Ok(Emitted {
            graph: self.builder.freeze()?,
            degraded: self.degraded.into_iter().collect(),
            seen,
            variables,
            ids,
        })
    }

    /// The record of a variant of a named type.
    fn named(&mut self, variant: &Variant) -> Result<Vec<u32>> {
        let table = self.table;
        let Some(class) = table.classes.get(variant.class as usize) else {
            return Ok(Vec::new());
        };
        let mut ids = Vec::with_capacity(class.count as usize);
        let mut meaning = variant.meaning.iter();
        for index in 0.. {
            let Some(reference) = table.reference(class, index) else {
                break;
            };
            ids.push(self.evaluate(reference, &mut meaning)?);
        }
        self.report(variant.class);
        self.nominal(variant.class, class, &ids)
    }

    fn value(&mut self, reference: RefId, variant: &Variant) -> Result<u32> {
        self.evaluate(reference, &mut variant.meaning.iter())
    }

    /// The id of what a reference leads to. `meaning` says, one after the other, what ambiguous names mean.
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
                class: number,
                next,
                values: start,
            } = *frame;
            frame.next += 1;
            let Some(class) = table.classes.get(number as usize) else {
                frames.pop();
                continue;
            };
            if let Some(reference) = table.reference(class, next) {
                self.enter(reference, meaning, &mut values, &mut frames)?;
                continue;
            }
            frames.pop();
            self.report(number);
            let ids = values.split_off(start);
            let id = self.structural(number, class, &ids)?;
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
            RefTarget::Class(class) => match self.memo.get(class as usize) {
                Some(&id) if id != u32::MAX => values.push(id),
                _ => frames.push(Frame {
                    class,
                    next: 0,
                    values: values.len(),
                }),
            },
            RefTarget::Entity(entity) => {
                let variant = match self.meant(entity) {
                    Meant::Nothing => None,
                    Meant::One(variant) => Some(variant),
                    Meant::Several => meaning.next().copied().flatten(),
                };
                let id = variant.and_then(|variant| self.ids.get(variant as usize).copied());
                values.push(match id {
                    Some(id) => id,
                    None => self.declaration(entity)?,
                });
            }
        }
        Ok(())
    }

    /// The record that only says that there is such a type.
    fn declaration(&mut self, entity: u32) -> Result<u32> {
        let Some(&entity) = self.table.entities.get(entity as usize) else {
            return Ok(0);
        };
        let name = self.name(entity.name)?;
        match entity.shape {
            Shape::Enum => {
                let size = match entity.declared_size {
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

    /// Adds a record behind the named types, or finds it; answers its id.
    pub(super) fn cons(&mut self, words: &[u32]) -> Result<u32> {
        let number = self.records.cons(words)?;
        if number >= self.most_types {
            return Err(Error::limit("there are more types than Limits::types"));
        }
        Ok(self.first_record + number)
    }

    /// The string offset of a name.
    pub(super) fn name(&mut self, name: NameRef) -> Result<u32> {
        if name.is_none() {
            return Ok(0);
        }
        let bytes = self.files.bytes(name, &self.table.made);
        Ok(self.builder.intern(bytes)?.get())
    }

    /// The string offset of a text.
    pub(super) fn text(&mut self, text: &str) -> Result<u32> {
        Ok(self.builder.intern(text)?.get())
    }

    /// Lists what was lost when the class was found.
    fn report(&mut self, class: u32) {
        let losses = &self.table.losses;
        let start = losses.partition_point(|loss| loss.class < class);
        for loss in losses.get(start..).unwrap_or_default() {
            if loss.class != class {
                break;
            }
            self.lose(class, loss.piece, loss.reason);
        }
    }

    /// Lists a loss of a class, at the named type that is being made.
    pub(super) fn lose(&mut self, class: u32, piece: u32, reason: Reason) {
        let name_of = |class: u32| {
            let class = self.table.classes.get(class as usize)?;
            (!class.name.is_none()).then_some(class.name)
        };
        let text = |name: NameRef| {
            String::from_utf8_lossy(self.files.bytes(name, &self.table.made)).into_owned()
        };
        let mut name = name_of(class)
            .or_else(|| name_of(self.context.class))
            .map(text)
            .unwrap_or_default();
        let pieces = self.table.classes.get(class as usize);
        let pieces = pieces.map(|class| self.table.pieces_of(class));
        if let Some(piece) = pieces.and_then(|pieces| pieces.get(piece as usize))
            && !piece.name.is_none()
        {
            name.push('.');
            name.push_str(&text(piece.name));
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
