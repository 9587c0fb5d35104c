//! Merging several graphs into one.

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Remap, Shift, StringMap};
use crate::id::TypeId;
use crate::merge::dedup::deduplicate;
use crate::merge::options::MergeOptions;

/// A graph to be merged, with the name it goes by in reports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Input {
    /// What to call it: a program's or a file's name.
    pub label: String,
    /// Its types.
    pub graph: Btf,
}

impl Input {
    /// An input.
    #[must_use]
    pub fn new(label: impl Into<String>, graph: Btf) -> Self {
        Self {
            label: label.into(),
            graph,
        }
    }
}

/// What merging made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Merged {
    /// The types of all inputs.
    pub graph: Btf,
    /// The inputs' labels, in their order.
    pub labels: Vec<String>,
    /// For each input, where each of its types went.
    pub types: Vec<Remap>,
    /// For each input, where each of its strings went. With the types' map it brings a `.BTF.ext` along:
    /// see [`Ext::remap`](crate::graph::Ext::remap).
    pub strings: Vec<StringMap>,
    /// The end of the ids that stay.
    pub(super) keep: u32,
}

impl Merged {
    /// For each own type of the graph, by id, the numbers of the inputs that have it.
    #[must_use]
    pub fn origins(&self) -> Origins {
        self.origins_from(self.graph.first_id())
    }

    /// The inputs that have each type from this id on. From the first on, an input that is split from the base
    /// has all of the base's types.
    pub(super) fn origins_from(&self, first: TypeId) -> Origins {
        let words = self.types.len().div_ceil(64);
        let mut bits = vec![0u64; (self.graph.len() + 1) * words];
        for (input, map) in self.types.iter().enumerate() {
            for (_, new) in map.iter().filter(|(_, new)| *new >= first) {
                if let Some(word) = bits.get_mut(new.index() * words + input / 64) {
                    *word |= 1 << (input % 64);
                }
            }
        }
        Origins { words, bits }
    }
}

/// Which inputs each type of a merged graph comes from.
#[derive(Clone, Debug)]
pub struct Origins {
    /// Words a type.
    words: usize,
    bits: Vec<u64>,
}

impl Origins {
    /// The numbers of the inputs that have a type, ascending. None have types of the base.
    pub fn of(&self, id: TypeId) -> impl Iterator<Item = usize> + '_ {
        let start = id.index() * self.words;
        let words = self.bits.get(start..start + self.words);
        words
            .unwrap_or_default()
            .iter()
            .enumerate()
            .flat_map(|(index, &word)| {
                (0..64)
                    .filter(move |bit| word >> bit & 1 == 1)
                    .map(move |bit| index * 64 + bit)
            })
    }

    /// Whether an input has the type.
    #[must_use]
    pub fn has(&self, id: TypeId, input: usize) -> bool {
        input / 64 < self.words
            && self
                .bits
                .get(id.index() * self.words + input / 64)
                .is_some_and(|word| word >> (input % 64) & 1 == 1)
    }
}

/// Merges graphs: one after the other, then, unless the options say otherwise, types that are the same
/// become one.
///
/// The ids of the first input stay, unless the options give a base. An input that is split from the result's base has only its own types
/// appended; one that is split from another base brings the base's types along. Inputs are taken one by
/// one and let go of, so that an iterator that parses on demand needs memory for one at a time.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
/// use btfkit::merge::{Input, MergeOptions, merge};
///
/// let mut kernel = GraphBuilder::new();
/// kernel.int("int", 4, IntEncoding::SIGNED)?;
/// let mut program = GraphBuilder::new();
/// let int = program.int("int", 4, IntEncoding::SIGNED)?;
/// let id = program.typedef("handle", int)?;
/// let merged = merge(
///     [
///         Input::new("kernel", kernel.freeze()?),
///         Input::new("program", program.freeze()?),
///     ],
///     &MergeOptions::default(),
/// )?;
/// assert_eq!(merged.graph.len(), 2);
/// let handle = merged.graph.find(Kind::Typedef, "handle").unwrap();
/// assert_eq!(merged.types[1].get(id), Some(handle.id()));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Usage` without input, or where the byte orders differ; `Unsupported`, with input and type, for a kind
/// this version doesn't know, in any input but the first; `Ambiguous` for a collision where the policy is
/// to fail; `Limit` beyond [`Limits`](crate::Limits).
pub fn merge(inputs: impl IntoIterator<Item = Input>, options: &MergeOptions) -> Result<Merged> {
    let mut merger = Merger::new(options.clone());
    let mut inputs = inputs.into_iter();
    while let Some(input) = inputs.next() {
        merger.add(input)?;
        if inputs.size_hint().0 > 0 {
            // While there is no other input in memory.
            merger.squash_if_grown()?;
        }
    }
    merger.finish()
}

/// By how much of the distinct types all types may grow before they are deduplicated on the way: a half.
const GROWTH: usize = 2;

/// With fewer types than this, memory is no concern.
const SMALL: usize = 1 << 16;

/// Merges graphs that come one by one: [`merge`], step by step.
#[derive(Clone, Debug)]
pub struct Merger {
    options: MergeOptions,
    /// `None` before the first input.
    builder: Option<GraphBuilder>,
    /// Whether equal names have equal offsets so far.
    straight: bool,
    /// The end of the first input's ids.
    keep: u32,
    labels: Vec<String>,
    types: Vec<Map>,
    strings: Vec<StringMap>,
    /// Types after the first input, or after deduplicating on the way.
    distinct: usize,
}

/// Where an input's types went so far.
#[derive(Clone, Debug)]
enum Map {
    /// Appended and not touched since.
    Appended(Shift),
    /// Deduplicated on the way.
    Deduplicated(Remap),
}

impl Map {
    fn then(&self, next: &Remap) -> Remap {
        let mut map = self.to_remap();
        map.follow(next);
        map
    }

    fn to_remap(&self) -> Remap {
        match self {
            Self::Appended(shift) => shift.to_remap(),
            Self::Deduplicated(map) => map.clone(),
        }
    }
}

impl Merger {
    /// A merger without input.
    #[must_use]
    pub const fn new(options: MergeOptions) -> Self {
        Self {
            options,
            builder: None,
            straight: true,
            keep: 0,
            labels: Vec::new(),
            types: Vec::new(),
            strings: Vec::new(),
            distinct: 0,
        }
    }

    /// Appends an input.
    ///
    /// # Errors
    /// As [`merge`]. An input that fails leaves the merger in an unspecified state.
    pub fn add(&mut self, input: Input) -> Result<()> {
        // Here and not below, so that the last input is followed by one pass only.
        self.squash_if_grown()?;
        let Input { label, graph } = input;
        let (shift, strings) = match &mut self.builder {
            Some(builder) => builder.append_runs(&graph),
            None => self.start(graph),
        }
        .within(|| Place::File(label.clone()))?;
        if self.keep == 0 && self.options.keep_first && self.options.base.is_none() {
            self.keep = self.builder.as_ref().map_or(0, |b| b.next_id().get());
        }
        self.labels.push(label);
        self.types.push(Map::Appended(shift));
        self.strings.push(strings);
        let types = self.builder.as_ref().map_or(0, GraphBuilder::len);
        if self.distinct == 0 {
            self.distinct = types;
        }
        Ok(())
    }

    /// Deduplicates on the way where there is enough to.
    fn squash_if_grown(&mut self) -> Result<()> {
        let types = self.builder.as_ref().map_or(0, GraphBuilder::len);
        let most = self.distinct.saturating_add(self.distinct / GROWTH);
        if self.options.dedup && types > most.max(SMALL) {
            return self.squash();
        }
        Ok(())
    }

    /// Deduplicates on the way, so that memory follows the distinct types and not the inputs. Forward
    /// declarations stay: whether one stands for another type is not known before the last input.
    fn squash(&mut self) -> Result<()> {
        let Some(mut builder) = self.builder.take() else {
            return Ok(());
        };
        let straight = self.straight && builder.has_unique_strings();
        let mut options = self.options.clone();
        options.forwards = false;
        let done = deduplicate(builder.freeze()?, straight, self.keep, &options)?;
        for map in &mut self.types {
            *map = Map::Deduplicated(map.then(&done.types));
        }
        for map in &mut self.strings {
            map.follow(&done.strings);
        }
        self.distinct = done.graph.own_len();
        self.straight |= done.graph.base().is_none();
        self.builder = Some(GraphBuilder::resume_owned(done.graph, options.limits));
        Ok(())
    }

    fn start(&mut self, first: Btf) -> Result<(Shift, StringMap)> {
        let limits = self.options.limits.clone();
        if let Some(base) = &self.options.base {
            self.straight = base.has_straight_names();
            let builder = GraphBuilder::split_with_limits(base, limits);
            return self.builder.insert(builder).append_runs(&first);
        }
        self.straight = first.has_straight_names();
        let shift = Shift::identity(&first);
        self.builder = Some(GraphBuilder::resume_owned(first, limits));
        Ok((shift, StringMap::identity()))
    }

    /// Deduplicates what was added and freezes it.
    ///
    /// # Errors
    /// As [`merge`].
    pub fn finish(self) -> Result<Merged> {
        let Some(mut builder) = self.builder else {
            return Err(Error::new(ErrorKind::Usage, "there is nothing to merge"));
        };
        let straight = self.straight && builder.has_unique_strings();
        let mut strings = self.strings;
        let graph = builder.freeze()?;
        if !self.options.dedup {
            let types = self.types.iter().map(Map::to_remap).collect();
            return Ok(Merged {
                graph,
                labels: self.labels,
                types,
                strings,
                keep: self.keep,
            });
        }
        let done = deduplicate(graph, straight, self.keep, &self.options)?;
        strings.iter_mut().for_each(|map| map.follow(&done.strings));
        let types = self.types.iter().map(|map| map.then(&done.types));
        let merged = Merged {
            labels: self.labels,
            types: types.collect(),
            strings,
            graph: done.graph,
            keep: self.keep,
        };
        merged.resolve(self.options.collisions, &self.options)
    }
}
