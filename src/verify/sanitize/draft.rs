//! The records of a graph while they change.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::graph::{Btf, GraphBuilder, Info, Kind};
use crate::id::TypeId;
use crate::limits::Limits;

/// The records of a graph, with those that changed and those that were added. Names are offsets in the builder's string
/// table.
#[derive(Debug)]
pub(super) struct Draft {
    base: Option<Btf>,
    first_id: u32,
    /// All words, and where each record starts.
    words: Vec<u32>,
    starts: Vec<u32>,
    changed: BTreeMap<u32, Vec<u32>>,
    added: Vec<Vec<u32>>,
    /// The added structures by size, and the added integers by size.
    structures: HashMap<u32, u32>,
    integers: HashMap<u32, u32>,
    /// Has the strings, and no types.
    pub strings: GraphBuilder,
}

impl Draft {
    /// Takes the records of a graph. `name` gives each name a string of the builder.
    pub fn new(
        graph: &Btf,
        limits: &Limits,
        wide: bool,
        mut name: impl FnMut(&mut GraphBuilder, Kind, NameOf<'_>) -> Result<u32>,
    ) -> Result<Self> {
        let mut strings = match graph.base() {
            Some(base) => GraphBuilder::split_with_limits(base, limits.clone()),
            None => GraphBuilder::with_limits(limits.clone()),
        };
        strings.set_endian(graph.endian()).set_wide(wide);
        if let Some(width) = graph.known_pointer_width() {
            strings.set_pointer_width(width);
        }
        let mut words = Vec::with_capacity(graph.words().len());
        let mut starts = Vec::with_capacity(graph.own_len());
        for ty in graph.own_types() {
            let start = words.len();
            starts.push(u32::try_from(start).unwrap_or(u32::MAX));
            words.extend(ty.record_words());
            let kind = ty.kind();
            let id = ty.id().get();
            let Some(record) = words.get_mut(start..) else {
                continue;
            };
            // A number of elements without elements, which the builder has no room for.
            let has_elements = kind.shape().is_some_and(|shape| shape.elem > 0);
            if !has_elements
                && ty.info().is_wide()
                && !wide
                && let Some(word) = record.get_mut(1)
            {
                *word = Info::new(kind, 0, ty.info().flag()).word();
            }
            for at in name_words(record) {
                if let Some(word) = record.get_mut(at) {
                    let text = graph.string(crate::StrId::new(*word));
                    let of = NameOf {
                        id,
                        part: at.checked_sub(3),
                        text: text.as_bytes(),
                    };
                    *word = name(&mut strings, kind, of)?;
                }
            }
        }
        Ok(Self {
            base: graph.base().cloned(),
            first_id: graph.first_id().get(),
            words,
            starts,
            changed: BTreeMap::new(),
            added: Vec::new(),
            structures: HashMap::new(),
            integers: HashMap::new(),
            strings,
        })
    }

    /// Returns the record of an own type.
    pub fn get(&self, id: u32) -> Option<&[u32]> {
        if let Some(changed) = self.changed.get(&id) {
            return Some(changed);
        }
        let index = id.checked_sub(self.first_id)? as usize;
        if let Some(added) = index.checked_sub(self.starts.len()) {
            return self.added.get(added).map(Vec::as_slice);
        }
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1);
        let end = end.map_or(self.words.len(), |end| *end as usize);
        self.words.get(start..end)
    }

    /// Returns the kind of a type, own or the base's.
    pub fn kind(&self, id: u32) -> Kind {
        match self.get(id) {
            Some(record) => kind(record),
            None => self
                .base
                .as_ref()
                .map_or(Kind::Void, |base| base.ty(TypeId::new(id)).kind()),
        }
    }

    /// Returns the word of an own record; 0 where there is none.
    pub fn word(&self, id: u32, at: usize) -> u32 {
        let word = self.get(id).and_then(|record| record.get(at));
        word.copied().unwrap_or(0)
    }

    /// Replaces a record.
    pub fn set(&mut self, id: u32, record: Vec<u32>) {
        self.changed.insert(id, record);
    }

    /// Replaces a word of a record.
    pub fn set_word(&mut self, id: u32, at: usize, word: u32) {
        if let Some(record) = self.get(id) {
            let mut record = record.to_vec();
            if let Some(place) = record.get_mut(at) {
                *place = word;
            }
            self.set(id, record);
        }
    }

    /// Returns the ids of the own types.
    pub fn ids(&self) -> std::ops::Range<u32> {
        let count = self.starts.len() + self.added.len();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.first_id..self.first_id.saturating_add(count)
    }

    fn add(&mut self, record: Vec<u32>) -> u32 {
        let id = self.ids().end;
        self.added.push(record);
        id
    }

    /// Returns an anonymous structure of this size.
    pub fn structure(&mut self, size: u32) -> u32 {
        if let Some(&id) = self.structures.get(&size) {
            return id;
        }
        let info = Info::new(Kind::Struct, 0, false).word();
        let id = self.add(vec![0, info, size]);
        self.structures.insert(size, id);
        id
    }

    /// Returns an integer of this size.
    pub fn integer(&mut self, size: u32, name: &str) -> Result<u32> {
        if let Some(&id) = self.integers.get(&size) {
            return Ok(id);
        }
        let name = self.strings.intern(name)?.get();
        let info = Info::new(Kind::Int, 0, false).word();
        let id = self.add(vec![name, info, size, size * 8]);
        self.integers.insert(size, id);
        Ok(id)
    }

    /// Returns the graph of the records.
    pub fn graph(&self) -> Result<Btf> {
        let mut builder = self.strings.clone();
        for id in self.ids() {
            if let Some(record) = self.get(id) {
                builder.record(record)?;
            }
        }
        builder.freeze()
    }
}

/// A name of a record.
#[derive(Clone, Copy)]
pub(super) struct NameOf<'t> {
    pub id: u32,
    /// The word of the part that has the name, counted behind the head; `None` for the type's own name.
    pub part: Option<usize>,
    pub text: &'t [u8],
}

/// Returns the kind of a record.
pub(super) fn kind(record: &[u32]) -> Kind {
    info(record).kind()
}

/// Returns the info word of a record.
pub(super) fn info(record: &[u32]) -> Info {
    Info::from_word(record.get(1).copied().unwrap_or(0))
}

/// Returns the words of a record that are names.
fn name_words(record: &[u32]) -> impl Iterator<Item = usize> + use<> {
    let shape = kind(record).shape();
    let step = shape.map_or(0, |shape| if shape.elem_name { shape.elem } else { 0 });
    let parts = (step > 0).then(|| (3..record.len()).step_by(usize::from(step)));
    std::iter::once(0).chain(parts.into_iter().flatten())
}
