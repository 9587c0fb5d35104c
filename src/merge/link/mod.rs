//! A static linker's share: the BTF and `.BTF.ext` of several BPF objects as one object's.
//!
//! A linker puts sections of one name behind each other and knows where each object's part starts. With
//! that, data sections are joined, records about instructions move along, declarations of variables and
//! functions find their definitions in other objects, and the instructions that hold ids of types
//! (`bpf_core_type_id_local`) are listed: [`LocalId::patch`] gives each its new one.

mod join;
mod local;

use std::collections::{HashMap, HashSet};

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Ext, Name, Records, Remap, SectionRecords, StringMap, TypeGraph};
use crate::merge::dedup::dedup;
use crate::merge::merger::{Input, merge};
use crate::merge::options::Options;

use join::join;
use local::TYPE_ID_LOCAL;

pub use local::LocalId;

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
    /// Sections of which an earlier object's part serves for this one's, too, as its `license` does: its
    /// variables there are the earlier object's at the same offsets.
    pub shared: HashSet<String>,
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
            shared: HashSet::new(),
        }
    }

    fn start(&self, section: Name<'_>) -> u32 {
        let start = self.starts.get(section.to_string_lossy().as_ref());
        start.copied().unwrap_or(0)
    }

    fn is_shared(&self, section: Name<'_>) -> bool {
        self.shared.contains(section.to_string_lossy().as_ref())
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
    /// For each object, the instructions that hold the id of a type.
    pub local_ids: Vec<Vec<LocalId>>,
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
        let start = object.start(object.graph.string(old.section));
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
