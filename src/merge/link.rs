//! A static linker's share: the BTF and `.BTF.ext` of several BPF objects as one object's.
//!
//! A linker puts sections of one name behind each other and knows where each object's part starts. With
//! that, data sections are joined, records about instructions move along, declarations of variables and
//! functions find their definitions in other objects, and the ids that instructions carry
//! (`bpf_core_type_id_local`) are listed with what they have to become.

use std::collections::{BTreeMap, HashMap};

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{
    Ext, GraphBuilder, Kind, Records, Remap, SectionRecords, StringMap, TypeGraph, View,
};
use crate::id::{StrId, TypeId};
use crate::merge::dedup::dedup;
use crate::merge::merger::{Input, merge};
use crate::merge::options::Options;

/// `BPF_CORE_TYPE_ID_LOCAL`: the instruction holds the id of a type of its own object's.
const TYPE_ID_LOCAL: u32 = 6;

/// An object to be linked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Object {
    /// What to call it.
    pub label: String,
    /// Its types.
    pub graph: TypeGraph,
    /// Its `.BTF.ext`, if it has one.
    pub ext: Option<Ext>,
    /// For each of its sections, where its part of the joined section of that name starts, in bytes.
    /// Sections that are not here start at 0.
    pub starts: HashMap<String, u32>,
}

impl Object {
    /// An object whose sections all start at 0.
    #[must_use]
    pub fn new(label: impl Into<String>, graph: TypeGraph, ext: Option<Ext>) -> Self {
        Self {
            label: label.into(),
            graph,
            ext,
            starts: HashMap::new(),
        }
    }

    fn start(&self, section: StrId) -> u32 {
        let name = self.graph.string(section).to_string_lossy();
        self.starts.get(name.as_ref()).copied().unwrap_or(0)
    }
}

/// What linking made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linked {
    /// The types of all objects, deduplicated; one data section of each name.
    pub graph: TypeGraph,
    /// The records of all objects, if any has some.
    pub ext: Option<Ext>,
    /// For each object, where each of its types went. A data section of which nothing is left has no
    /// successor.
    pub types: Vec<Remap>,
    /// For each object, where each of its strings went.
    pub strings: Vec<StringMap>,
    /// For each object, the instructions that hold a type id of its own.
    pub local_ids: Vec<Vec<LocalId>>,
}

/// An instruction that holds the id of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalId {
    /// The name of its section, in the linked strings.
    pub section: StrId,
    /// The instruction, in bytes from the start of the joined section.
    pub insn_off: u32,
    /// The id it holds.
    pub before: TypeId,
    /// The id it has to hold.
    pub after: TypeId,
}

/// Merges what objects say about their types and code.
///
/// # Errors
/// As [`merge`](super::merge()); `Overflow` where a joined section goes beyond 4 GiB; `Unsupported` where
/// the objects' `.BTF.ext` records are of different size.
pub fn link(objects: &[Object], options: &Options) -> Result<Linked> {
    let mut options = options.clone();
    options.keep_first = false;
    options.sections = false;
    let inputs = objects.iter();
    let inputs = inputs.map(|object| Input::new(&*object.label, object.graph.clone()));
    let merged = merge(inputs, &options)?;
    let (mut types, mut strings) = (merged.types, merged.strings);
    let (graph, joined, joined_strings) = join(&merged.graph, objects, &types)?;
    let done = dedup(graph, &options)?;
    for map in &mut types {
        map.follow(&joined);
        map.follow(&done.types);
    }
    for map in &mut strings {
        map.follow(&joined_strings);
        map.follow(&done.strings);
    }
    let mut linked = Linked {
        graph: done.graph,
        ext: None,
        types,
        strings,
        local_ids: Vec::new(),
    };
    for (number, object) in objects.iter().enumerate() {
        linked
            .add_ext(number, object)
            .within(|| Place::File(object.label.clone()))?;
    }
    Ok(linked)
}

type Entries = (u32, Vec<(TypeId, u32, u32)>);

/// The merged graph with declarations sent to their definitions and one data section of each name.
fn join(
    merged: &TypeGraph,
    objects: &[Object],
    types: &[Remap],
) -> Result<(TypeGraph, Remap, StringMap)> {
    let defined = definitions(merged);
    let mut sections: BTreeMap<Vec<u8>, Entries> = BTreeMap::new();
    for (object, map) in objects.iter().zip(types) {
        for ty in object.graph.own_types() {
            let View::Datasec(section) = ty.view() else {
                continue;
            };
            let start = object.start(ty.name_id());
            let shift = |offset: u32| start.checked_add(offset).ok_or_else(overflow);
            let name = ty.name().as_bytes().to_vec();
            let (size, entries) = sections.entry(name).or_default();
            *size = (*size).max(shift(section.size)?);
            for entry in section.entries() {
                let var = map.get(entry.var).unwrap_or_default();
                if !defined.contains_key(&var) {
                    entries.push((var, shift(entry.offset)?, entry.size));
                }
            }
        }
    }
    let mut builder = match merged.base() {
        Some(base) => GraphBuilder::split(base),
        None => GraphBuilder::like(merged, crate::Limits::default()),
    };
    // All strings, as the records about code use some that no type does.
    let strings = StringMap::new(
        merged.base().map_or(0, TypeGraph::end_str),
        merged.string_section(),
        |string| builder.intern(string),
    )?;
    let mut map = Remap::new(merged.len());
    for id in (1..merged.first_id().get()).map(TypeId::new) {
        map.set(id, id);
    }
    let mut next = builder.next_id().get();
    let mut seen: HashMap<&[u8], TypeId> = HashMap::new();
    let mut kept = Vec::new();
    for ty in merged.own_types() {
        let new = TypeId::new(next);
        let is_section = ty.kind() == Kind::Datasec;
        let left = sections.get(ty.name().as_bytes()).map(|(_, left)| left);
        if is_section && left.is_some_and(Vec::is_empty) {
            // All it listed was declarations whose definitions are elsewhere.
            continue;
        }
        match seen.get(ty.name().as_bytes()).filter(|_| is_section) {
            Some(&first) => _ = map.set(ty.id(), first),
            None if defined.contains_key(&ty.id()) => {}
            None => {
                if is_section {
                    seen.insert(ty.name().as_bytes(), new);
                }
                map.set(ty.id(), new);
                kept.push(ty);
                next += 1;
            }
        }
    }
    for (&declared, &definition) in &defined {
        map.set(declared, map.get(definition).unwrap_or_default());
    }
    let id = |id: TypeId| Ok(map.get(id).unwrap_or_default());
    for ty in kept {
        match sections.get_mut(ty.name().as_bytes()) {
            Some((size, entries)) if ty.kind() == Kind::Datasec => {
                entries.sort_by_key(|(_, offset, _)| *offset);
                let entries: Vec<_> = entries
                    .iter()
                    .map(|&(var, offset, size)| Ok((id(var)?, offset, size)))
                    .collect::<Result<_>>()?;
                builder.datasec(ty.name().as_bytes(), *size, &entries)?;
            }
            _ => _ = builder.copy(ty, id)?,
        }
    }
    Ok((builder.freeze()?, map, strings))
}

/// Variables and functions that are only declared, each with the one global definition of its name.
fn definitions(graph: &TypeGraph) -> HashMap<TypeId, TypeId> {
    const GLOBAL: u32 = 1;
    const EXTERN: u32 = 2;
    let linkage = |view: View<'_>| match view {
        View::Var(var) => Some(var.linkage),
        View::Func(func) => Some(func.linkage),
        _ => None,
    };
    let mut definitions: HashMap<(Kind, &[u8]), Option<TypeId>> = HashMap::new();
    for ty in graph.own_types() {
        if linkage(ty.view()) == Some(GLOBAL) {
            // A second one makes it nobody's.
            definitions
                .entry((ty.kind(), ty.name().as_bytes()))
                .and_modify(|id| *id = None)
                .or_insert(Some(ty.id()));
        }
    }
    graph
        .own_types()
        .filter(|ty| linkage(ty.view()) == Some(EXTERN))
        .filter_map(|ty| {
            let definition = definitions.get(&(ty.kind(), ty.name().as_bytes()))?;
            Some((ty.id(), (*definition)?))
        })
        .collect()
}

#[cold]
fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "the joined section goes beyond 4 GiB")
}

impl Linked {
    fn add_ext(&mut self, number: usize, object: &Object) -> Result<()> {
        let mut local_ids = Vec::new();
        if let (Some(ext), Some(types), Some(strings)) = (
            &object.ext,
            self.types.get(number),
            self.strings.get(number),
        ) {
            let mut moved = ext.remap(types, strings)?;
            shift(&mut moved.funcs, &ext.funcs, object, |r| &mut r.insn_off)?;
            shift(&mut moved.lines, &ext.lines, object, |r| &mut r.insn_off)?;
            if let (Some(relos), Some(before)) = (&mut moved.relos, &ext.relos) {
                shift(relos, before, object, |r| &mut r.insn_off)?;
                for (section, old) in relos.sections.iter().zip(&before.sections) {
                    let pairs = section.records.iter().zip(&old.records);
                    let local = pairs.filter(|(relo, _)| relo.kind == TYPE_ID_LOCAL);
                    local_ids.extend(local.map(|(relo, old)| LocalId {
                        section: section.section,
                        insn_off: relo.insn_off,
                        before: old.type_id,
                        after: relo.type_id,
                    }));
                }
            }
            match &mut self.ext {
                None => self.ext = Some(moved),
                Some(all) => {
                    extend(&mut all.funcs, moved.funcs)?;
                    extend(&mut all.lines, moved.lines)?;
                    match (&mut all.relos, moved.relos) {
                        (Some(all), Some(relos)) => extend(all, relos)?,
                        (all @ None, relos) => *all = relos,
                        (Some(_), None) => {}
                    }
                }
            }
        }
        self.local_ids.push(local_ids);
        Ok(())
    }
}

/// Moves records to where their object's part of the section starts.
fn shift<T>(
    records: &mut Records<T>,
    before: &Records<T>,
    object: &Object,
    insn_off: impl Fn(&mut T) -> &mut u32,
) -> Result<()> {
    for (section, old) in records.sections.iter_mut().zip(&before.sections) {
        let start = object.start(old.section);
        for record in &mut section.records {
            let at = insn_off(record);
            *at = at.checked_add(start).ok_or_else(overflow)?;
        }
    }
    Ok(())
}

/// Appends an object's records, section by section.
fn extend<T>(all: &mut Records<T>, more: Records<T>) -> Result<()> {
    if all.is_empty() {
        *all = more;
        return Ok(());
    }
    if !more.is_empty() && all.record_size != more.record_size {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the objects' .BTF.ext records are of different size",
        ));
    }
    for section in more.sections {
        let known = all
            .sections
            .iter_mut()
            .find(|s| s.section == section.section);
        match known {
            None => all.sections.push(section),
            Some(known) => {
                let SectionRecords { records, tails, .. } = section;
                known.records.extend(records);
                known.tails = [&known.tails[..], &tails[..]].concat().into();
            }
        }
    }
    Ok(())
}
