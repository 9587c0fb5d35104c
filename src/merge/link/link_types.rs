//! Linking the types and `.BTF.ext` of several objects.

use crate::error::{Context, Place, Result};
use crate::graph::{Btf, Ext, Records, Remap, StringMap};
use crate::merge::dedup::dedup;
use crate::merge::link::join::join;
use crate::merge::link::local::{LocalId, TYPE_ID_LOCAL};
use crate::merge::link::object_types::{ObjectTypes, overflow};
use crate::merge::link::records::JoinedExt;
use crate::merge::merger::{Input, merge};
use crate::merge::options::MergeOptions;

/// The result of linking types.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedTypes {
    /// The types of all objects, deduplicated, with one data section of each name.
    pub graph: Btf,
    /// The `.BTF.ext` records of all objects, if any object has some.
    pub ext: Option<Ext>,
    /// Maps, for each object, each of its types to its id in the result. A data section without any entry left has
    /// none.
    pub types: Vec<Remap>,
    /// Maps, for each object, each of its strings to its offset in the result.
    pub strings: Vec<StringMap>,
    /// For each object, the instructions that contain a type id.
    pub local_ids: Vec<Vec<LocalId>>,
}

/// Links the types and `.BTF.ext` of several objects.
///
/// # Errors
/// As [`merge`](crate::merge::merge()); `Overflow` if a joined section goes beyond 4 GiB; `Unsupported` if the objects'
/// `.BTF.ext` records have different sizes.
pub fn link_types(objects: &[ObjectTypes], options: &MergeOptions) -> Result<LinkedTypes> {
    let mut options = options.clone();
    options.keep_first = false;
    options.sections = false;
    let inputs = objects.iter();
    let inputs = inputs.map(|object| Input::new(&*object.label, object.graph.clone()));
    let merged = merge(inputs, &options)?;
    let (mut types, mut strings) = (merged.types, merged.strings);
    let (graph, moved, joined_strings) = join(&merged.graph, objects, &types, &options.limits)?;
    let done = dedup(graph, &options)?;
    for map in &mut types {
        map.follow(&moved);
        map.follow(&done.types);
    }
    for map in &mut strings {
        map.follow(&joined_strings);
        map.follow(&done.strings);
    }
    let (mut joined, mut local_ids) = (None, Vec::new());
    for ((object, types), strings) in objects.iter().zip(&types).zip(&strings) {
        let mut ids = Vec::new();
        if let Some(ext) = &object.ext {
            add_ext(&mut joined, &mut ids, object, ext, (types, strings))
                .within(|| Place::File(object.label.clone()))?;
        }
        local_ids.push(ids);
    }
    Ok(LinkedTypes {
        graph: done.graph,
        ext: joined.map(JoinedExt::finish),
        types,
        strings,
        local_ids,
    })
}

/// Adds an object's records, and lists the instructions that contain a type id.
fn add_ext(
    joined: &mut Option<JoinedExt>,
    local_ids: &mut Vec<LocalId>,
    object: &ObjectTypes,
    ext: &Ext,
    (types, strings): (&Remap, &StringMap),
) -> Result<()> {
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
    match joined {
        Some(joined) => joined.add(moved),
        None => {
            *joined = Some(JoinedExt::new(moved)?);
            Ok(())
        }
    }
}

/// Adds the offset of the object's part of each section to its records.
fn shift<T>(
    records: &mut Records<T>,
    before: &Records<T>,
    object: &ObjectTypes,
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
