//! Merging several graphs into one.

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Appended, GraphBuilder, Remap, StringMap, TypeGraph};
use crate::id::TypeId;
use crate::merge::dedup::deduplicate;
use crate::merge::options::Options;

/// A graph to be merged, with the name it goes by in reports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Input {
    /// What to call it: a program's or a file's name.
    pub label: String,
    /// Its types.
    pub graph: TypeGraph,
}

impl Input {
    /// An input.
    #[must_use]
    pub fn new(label: impl Into<String>, graph: TypeGraph) -> Self {
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
    pub graph: TypeGraph,
    /// The inputs' labels, in their order.
    pub labels: Vec<String>,
    /// For each input, where each of its types went.
    pub types: Vec<Remap>,
    /// For each input, where each of its strings went. With the types' map it brings a `.BTF.ext` along:
    /// see [`Ext::remap`](crate::graph::Ext::remap).
    pub strings: Vec<StringMap>,
}

impl Merged {
    /// For each type of the graph, by id and without `void`, the numbers of the inputs that have it.
    #[must_use]
    pub fn origins(&self) -> Origins {
        let words = self.types.len().div_ceil(64);
        let mut bits = vec![0u64; (self.graph.len() + 1) * words];
        for (input, map) in self.types.iter().enumerate() {
            for (_, new) in map.iter() {
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
/// Inputs are taken by value and let go of one by one, so that a caller that keeps no handle pays for their
/// memory once. The ids of the first input stay. An input that is split from the result's base has only its
/// own types appended; one that is split from another base brings the base's types along.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
/// use btfkit::merge::{Input, Options, merge};
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
///     &Options::default(),
/// )?;
/// assert_eq!(merged.graph.len(), 2);
/// let handle = merged.graph.find(Kind::Typedef, "handle").unwrap();
/// assert_eq!(merged.types[1].get(id), Some(handle.id()));
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Usage` without input, or where the byte orders differ; `Unsupported`, with input and type, for a kind
/// this version doesn't know, in any input but the first; `Limit` beyond [`Limits`](crate::Limits).
pub fn merge(inputs: impl IntoIterator<Item = Input>, options: &Options) -> Result<Merged> {
    let mut inputs: Vec<Input> = inputs.into_iter().collect();
    inputs.reverse();
    let Some(Input { label, graph }) = inputs.pop() else {
        return Err(Error::new(ErrorKind::Usage, "there is nothing to merge"));
    };
    let mut labels = vec![label];
    let (mut builder, mut straight, first) = start(graph, &inputs, options)
        .within(|| Place::File(labels.first().cloned().unwrap_or_default()))?;
    let keep = if options.keep_first {
        builder.next_id().get()
    } else {
        0
    };
    let (mut types, mut strings) = (vec![first.types], vec![first.strings]);
    while let Some(Input { label, graph }) = inputs.pop() {
        let appended = builder
            .append(&graph)
            .within(|| Place::File(label.clone()))?;
        labels.push(label);
        types.push(appended.types);
        strings.push(appended.strings);
    }
    straight &= builder.has_unique_strings();
    let mut graph = builder.freeze()?;
    if options.dedup {
        let done = deduplicate(graph, straight, keep, options)?;
        types.iter_mut().for_each(|map| map.follow(&done.types));
        strings.iter_mut().for_each(|map| map.follow(&done.strings));
        graph = done.graph;
    }
    Ok(Merged {
        graph,
        labels,
        types,
        strings,
    })
}

/// A builder with the first input in it, whether all names there so far are straight, and the input's maps.
fn start(
    first: TypeGraph,
    others: &[Input],
    options: &Options,
) -> Result<(GraphBuilder, bool, Appended)> {
    let (type_bytes, string_bytes) = others.iter().fold((0, 0), |(types, strings), input| {
        (
            types + input.graph.words().len() * 4,
            strings + input.graph.string_section().len(),
        )
    });
    if let Some(base) = &options.base {
        let mut builder = GraphBuilder::split_with_limits(base, options.limits.clone());
        let own_bytes = first.words().len() * 4;
        builder.reserve(
            type_bytes + own_bytes,
            string_bytes + first.string_section().len(),
        );
        let appended = builder.append(&first)?;
        return Ok((builder, base.has_straight_names(), appended));
    }
    let straight = first.has_straight_names();
    let mut builder = GraphBuilder::resume_with_limits(&first, options.limits.clone());
    let appended = Appended::identity(first.len());
    drop(first);
    builder.reserve(type_bytes, string_bytes);
    Ok((builder, straight, appended))
}
