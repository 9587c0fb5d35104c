//! Merging several graphs into one.

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Remap, Shift, StringMap};
use crate::merge::dedup::deduplicate;
use crate::merge::merged::Merged;
use crate::merge::options::MergeOptions;

/// A graph to merge, and its label in reports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Input {
    /// The label: the name of a program or file.
    pub label: String,
    /// The types.
    pub graph: Btf,
}

impl Input {
    /// Returns an input.
    #[must_use]
    pub fn new(label: impl Into<String>, graph: Btf) -> Self {
        Self {
            label: label.into(),
            graph,
        }
    }
}

/// Merges graphs: appends one after the other, and then, unless [`MergeOptions::dedup`] is off, merges equal types.
///
/// The ids of the first input don't change, unless the options give a base. Of an input that is split from the base of
/// the result, only its own types are appended; of one that is split from another base, the base's types as well. Inputs
/// are taken one by one and then dropped, so that an iterator that parses on demand needs memory for one at a time.
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
/// `Usage` without input, or if the byte orders differ; `Unsupported`, with input and type, for an unknown kind in any
/// input but the first; `Ambiguous` for a collision if the policy is to fail; `Limit` beyond [`Limits`](crate::Limits).
pub fn merge(inputs: impl IntoIterator<Item = Input>, options: &MergeOptions) -> Result<Merged> {
    let mut merger = Merger::new(options.clone());
    let mut inputs = inputs.into_iter();
    while let Some(input) = inputs.next() {
        merger.add(input)?;
        if inputs.size_hint().0 > 0 {
            // Here no other input is in memory.
            merger.squash_if_grown()?;
        }
    }
    merger.finish()
}

/// The fraction of the distinct types by which all types may grow before they are deduplicated on the way: one half.
const GROWTH: usize = 2;

/// The number of types below which memory is no concern.
const SMALL: usize = 1 << 16;

/// A merge in progress: [`merge`], one input at a time.
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
    /// The number of types after the first input, or after the last deduplication on the way.
    distinct: usize,
}

/// Maps an input's types to their current ids.
#[derive(Clone, Debug)]
enum Map {
    /// The types were appended, and not deduplicated since.
    Appended(Shift),
    /// The types were deduplicated on the way.
    Deduplicated(Remap),
}

impl Map {
    /// Returns the map followed by another one.
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
    /// Returns a merger without input.
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
        // Before appending, so that the last input is followed by only one pass.
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

    /// Deduplicates on the way if there are enough types.
    fn squash_if_grown(&mut self) -> Result<()> {
        let types = self.builder.as_ref().map_or(0, GraphBuilder::len);
        let most = self.distinct.saturating_add(self.distinct / GROWTH);
        if self.options.dedup && types > most.max(SMALL) {
            return self.squash();
        }
        Ok(())
    }

    /// Deduplicates on the way, so that memory is proportional to the distinct types and not to the inputs. Forward
    /// declarations stay: which type one stands for is not known before the last input.
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

    /// Starts with the first input, in its own memory if there is no base.
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

    /// Deduplicates the inputs, resolves collisions and freezes the result.
    ///
    /// # Errors
    /// As [`merge`].
    pub fn finish(self) -> Result<Merged> {
        let Some(mut builder) = self.builder else {
            return Err(Error::new(ErrorKind::Usage, "there is no input to merge"));
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
