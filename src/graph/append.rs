//! Appends whole graphs to a builder: one copy of the records, one pass over their ids and names.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::builder::{GraphBuilder, joined_strings, unknown};
use crate::graph::edges;
use crate::graph::kind::Kind;
use crate::graph::remap::Remap;
use crate::graph::store::Btf;
use crate::graph::string_map::StringMap;
use crate::graph::strings::StringTable;
use crate::id::TypeId;

/// The new ids and string offsets of an appended graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appended {
    /// The ids in the builder, by the graph's ids, its base's included.
    pub types: Remap,
    /// The string offsets in the builder, by those of the graph.
    pub strings: StringMap,
}

/// The new ids of a graph, run by run: a [`Remap`] in a few words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shift {
    /// The old id of each run's first type and its new id; old ids ascend. Ids before the first run stay.
    runs: Vec<(u32, u32)>,
    /// One more than the highest old id.
    end: u32,
}

impl Shift {
    /// Returns the map for a graph that the builder starts with.
    pub fn identity(graph: &Btf) -> Self {
        Self {
            runs: Vec::new(),
            end: graph.end_id(),
        }
    }

    #[inline]
    fn get(&self, old: u32) -> u32 {
        let run = self.runs.iter().rev().find(|(first, _)| old >= *first);
        run.map_or(old, |(first, new)| new + (old - first))
    }

    pub fn to_remap(&self) -> Remap {
        (0..self.end)
            .map(|old| TypeId::new(self.get(old)))
            .collect()
    }
}

impl GraphBuilder {
    /// Appends every type of a graph, in order. Strings that the builder has already are not added again.
    ///
    /// Every level of the graph is copied, except for those that are the builder's base, too: their ids stay. Ids and
    /// string offsets that the builder returned before stay. The graph's inline namespaces are added to the builder's.
    ///
    /// # Errors
    /// `Limit` beyond [`Limits`](crate::Limits); `Unsupported`, with the type, for an unknown
    /// kind, because the ids in its records can't be found; `Usage` where the byte order differs.
    pub fn append(&mut self, graph: &Btf) -> Result<Appended> {
        let (shift, strings) = self.append_runs(graph)?;
        Ok(Appended {
            types: shift.to_remap(),
            strings,
        })
    }

    /// Appends as [`Self::append`] does, and returns the new ids run by run.
    pub(crate) fn append_runs(&mut self, graph: &Btf) -> Result<(Shift, StringMap)> {
        if graph.endian() != self.endian() {
            return Err(Error::new(
                ErrorKind::Usage,
                "the graphs describe machines of different byte order",
            ));
        }
        let mut levels = Vec::new();
        let mut level = Some(graph);
        while let Some(graph) = level.filter(|graph| !self.has_base(graph)) {
            levels.push(graph);
            level = graph.base();
        }
        levels.reverse();
        let mut shift = Shift {
            runs: Vec::with_capacity(levels.len()),
            end: graph.end_id(),
        };
        let mut new = self.next_id().get();
        for level in &levels {
            shift.runs.push((level.first_id().get(), new));
            new = u32::try_from(level.own_len())
                .ok()
                .and_then(|len| new.checked_add(len))
                .ok_or_else(|| Error::limit("type ids go beyond 32 bits"))?;
        }
        let strings = self.append_strings(graph, level.map_or(0, Btf::end_str))?;
        let to_come = levels.iter().map(|level| level.record_bytes().len()).sum();
        self.strings_mut().forget_index(to_come);
        for level in levels {
            self.add_inline_namespaces(level);
            self.append_level(level, |old| shift.get(old), &strings)?;
        }
        Ok((shift, strings))
    }

    fn append_strings(&mut self, graph: &Btf, first: u32) -> Result<StringMap> {
        let section = joined_strings(graph);
        let table = self.strings_mut();
        // Types of the same program or kernel from another file: the builder has the strings at the same offsets.
        if table.starts_with(&section) && graph.has_straight_names() {
            return Ok(StringMap::identity());
        }
        let section = section.get(first as usize..).unwrap_or_default();
        StringMap::new(first, section, |string| table.intern(string))
    }

    fn append_level(
        &mut self,
        graph: &Btf,
        map: impl Fn(u32) -> u32,
        strings: &StringMap,
    ) -> Result<()> {
        let start = self.append_records(graph)?;
        let mut rest = self.words_from(start);
        let mut any_middle = false;
        for ty in graph.own_types() {
            let Some((record, after)) = rest.split_at_mut_checked(ty.record().len()) else {
                break;
            };
            rest = after;
            if let Kind::Unknown(number) = ty.kind() {
                return Err(unknown(ty.id(), number));
            }
            // Checked when the graph was made: no id and no offset is out of bounds.
            let Ok(()) = edges::rewrite::<std::convert::Infallible>(
                record,
                |id| Ok(TypeId::new(map(id.get()))),
                |string| {
                    let (string, is_middle) = strings.find(string).unwrap_or_default();
                    any_middle |= is_middle;
                    Ok(string)
                },
            );
        }
        if any_middle {
            self.straighten_names(graph, start)?;
        }
        Ok(())
    }

    /// Interns names that are the end of another string, so that equal names have equal offsets. Compilers don't
    /// write such names; other tools may, to save bytes.
    #[cold]
    fn straighten_names(&mut self, graph: &Btf, start: usize) -> Result<()> {
        let mut types = self.take_types();
        let (words, _) = types.as_chunks_mut::<4>();
        let mut rest = words.get_mut(start..).unwrap_or_default();
        for ty in graph.own_types() {
            let Some((record, after)) = rest.split_at_mut_checked(ty.record().len()) else {
                break;
            };
            rest = after;
            edges::rewrite(record, Ok, |name| self.strings_mut().straighten(name))?;
        }
        self.put_types(types);
        Ok(())
    }
}

impl Btf {
    /// Returns whether no name, the base's included, starts in the middle of a string. If this holds and
    /// [no string is there twice](Self::has_unique_strings), equal names have equal offsets.
    pub(crate) fn has_straight_names(&self) -> bool {
        let strings = joined_strings(self);
        let mut straight = true;
        let mut level = Some(self);
        while let Some(graph) = level {
            for ty in graph.own_types() {
                edges::each_name(ty.record(), |name| {
                    let before = (name as usize).checked_sub(1);
                    straight &= before.is_none_or(|at| strings.get(at) == Some(&0));
                });
            }
            level = graph.base();
        }
        straight
    }

    /// Returns whether no string is there twice, the base's included.
    pub(crate) fn has_unique_strings(&self) -> bool {
        let base = self.base().map(joined_strings).unwrap_or_default();
        StringTable::resume(base, self.string_section().to_vec(), u32::MAX).is_unique()
    }
}
