//! A static linker's share: what several BPF objects say about their types and code, as one object's.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use crate::elf::{BpfObject, Linkable};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Ext, GraphBuilder, Remap, StringMap, Type, VarLinkage, View};
use crate::limits::Limits;
use crate::merge::{self, LocalId, Object};

/// Sections of which a program has one, the same in all objects.
const SHARED: [&str; 2] = ["license", "version"];

/// Linkage of variables that other objects can use. Only they are in the symbol table under their name.
const GLOBAL: VarLinkage = VarLinkage::Global;

/// A BPF object to link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unit {
    /// What to call it in errors.
    pub label: String,
    /// The object.
    pub object: BpfObject,
    /// For each of its sections, where its part of the joined section of that name starts, in bytes.
    /// `None`: behind the parts of the units before, aligned as the section asks, which is where
    /// `bpftool gen object` puts it.
    pub starts: Option<HashMap<String, u32>>,
}

impl Unit {
    /// A unit whose sections go behind those of the units before.
    #[must_use]
    pub fn new(label: impl Into<String>, object: BpfObject) -> Self {
        Self {
            label: label.into(),
            object,
            starts: None,
        }
    }
}

/// What linking made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedObject {
    /// The types of all units: what goes into `.BTF`.
    pub graph: Btf,
    /// What goes into `.BTF.ext`, if a unit has one.
    pub ext: Option<Ext>,
    /// The units, in their order.
    pub parts: Vec<Part>,
}

/// What became of a unit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Part {
    /// The unit's label.
    pub label: String,
    /// For each section that has a place in memory, where its part of the joined one starts. A `license` or
    /// `version` that an earlier unit has too is not among them.
    pub starts: HashMap<String, u32>,
    /// The sections of instructions.
    pub code: Vec<PartCode>,
    /// Where each of the unit's types went.
    pub types: Remap,
    /// Where each of its strings went.
    pub strings: StringMap,
}

/// A unit's part of a section of instructions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PartCode {
    /// The section's number in the unit.
    pub index: u32,
    /// The section's name.
    pub name: String,
    /// Where the part starts in the joined section, in bytes.
    pub start: u32,
    /// The instructions. Those that hold the id of a type (`bpf_core_type_id_local`) hold its new one; all
    /// others are as they were: what ELF relocations say is the linker's to do.
    pub code: Bytes,
}

/// Does a static linker's share of work for several BPF objects: their `.BTF` and `.BTF.ext` become one, with
/// each type once, data sections joined and declarations sent to their definitions, and instructions that hold
/// ids of types get the new ones.
///
/// Putting the sections themselves together, and the symbols and relocations of ELF, is the caller's.
/// [`merge::link_types`](crate::merge::link_types) does the same without ELF.
///
/// ```
/// use btfkit::elf::BpfObject;
/// use btfkit::pipeline::{Unit, link};
/// use btfkit::{encode, merge};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
///
/// let units = ["types/kinds.bpf.o", "layouts/probe.bpf.o"]
///     .map(|name| Ok(Unit::new(name, BpfObject::parse(read(name))?)));
/// let units = units.into_iter().collect::<btfkit::Result<Vec<_>>>()?;
/// let linked = link(&units, &merge::MergeOptions::default())?;
/// let btf = encode::encode(&linked.graph)?;
/// let ext = linked.ext.as_ref().map(encode::encode_ext).transpose()?;
/// for part in &linked.parts[1].code {
///     println!("{} from {:#x}: {} bytes", part.name, part.start, part.code.len());
/// }
/// # assert!(btf.len() > 1000 && ext.is_some());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// With the unit: as [`merge::link_types`](crate::merge::link_types); `NotFound` for a variable without a symbol;
/// `Ambiguous` where units differ in `license` or `version`; `Instruction` where a relocation's instruction
/// can't hold the id of a type; `Overflow` where a joined section goes beyond 4 GiB.
pub fn link(units: &[Unit], options: &merge::MergeOptions) -> Result<LinkedObject> {
    let mut places = Places::default();
    let mut objects = Vec::with_capacity(units.len());
    for unit in units {
        let object = places
            .object(unit, &options.limits)
            .within(|| Place::File(unit.label.clone()))?;
        objects.push(object);
    }
    let linked = merge::link_types(&objects, options)?;
    let each = units.iter().zip(objects).zip(linked.local_ids);
    let maps = linked.types.into_iter().zip(linked.strings);
    let parts = each.zip(maps).map(|(((unit, object), locals), maps)| {
        let (types, strings) = maps;
        Ok(Part {
            code: code(&unit.object, &object.starts, &linked.graph, &locals)
                .within(|| Place::File(unit.label.clone()))?,
            label: object.label,
            starts: object.starts,
            types,
            strings,
        })
    });
    Ok(LinkedObject {
        parts: parts.collect::<Result<_>>()?,
        graph: linked.graph,
        ext: linked.ext,
    })
}

/// Where joined sections end so far.
#[derive(Default)]
struct Places {
    /// By name: end and alignment, in bytes.
    ends: HashMap<Bytes, (u64, u64)>,
    /// The contents of sections that all units share.
    shared: HashMap<Bytes, Option<Bytes>>,
}

impl Places {
    /// A unit as the engine wants it.
    fn object(&mut self, unit: &Unit, limits: &Limits) -> Result<Object> {
        let sections = Linkable::new(&unit.object)?;
        let graph = placed(unit.object.graph(), &sections, limits)?;
        let mut object = Object::new(&*unit.label, graph, unit.object.ext().cloned());
        let weak = sections.weak.iter();
        object.weak = weak
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        for section in &sections.sections {
            let name = String::from_utf8_lossy(&section.name).into_owned();
            if SHARED.contains(&&*name) {
                match self.shared.get(&section.name) {
                    Some(first) if *first == section.data => {
                        object.shared.insert(name);
                        continue;
                    }
                    Some(_) => {
                        return Err(Error::new(
                            ErrorKind::Ambiguous,
                            "its contents are others than those of a unit before",
                        )
                        .within(Place::Section(name)));
                    }
                    None => {
                        _ = self
                            .shared
                            .insert(section.name.clone(), section.data.clone())
                    }
                }
            }
            let (end, align) = self.ends.entry(section.name.clone()).or_default();
            *align = section.align.max(*align).max(1);
            let start = end.checked_next_multiple_of(*align);
            let after = start.and_then(|start| start.checked_add(section.size));
            let start = start.and_then(|start| u32::try_from(start).ok());
            let (Some(start), Some(after)) = (start, after) else {
                return Err(Error::new(
                    ErrorKind::Overflow,
                    "the joined section goes beyond 4 GiB",
                )
                .within(Place::Section(name)));
            };
            *end = after;
            // Of several sections of one name BTF means the first.
            object.starts.entry(name).or_insert(start);
        }
        if let Some(starts) = &unit.starts {
            object.starts.clone_from(starts);
        }
        Ok(object)
    }
}

/// A unit's types, with the sizes of its data sections and the offsets of its variables: compilers leave these
/// to ELF's section headers and symbols.
fn placed(graph: &Btf, sections: &Linkable, limits: &Limits) -> Result<Btf> {
    let mut builder = GraphBuilder::resume_with_limits(graph, limits.clone());
    for ty in graph.own_types() {
        let View::Datasec(datasec) = ty.view() else {
            continue;
        };
        let mut named = sections.sections.iter();
        // `.ksyms`, `.kconfig` and `.extern` are in BTF only.
        let Some(section) = named.find(|s| s.name == ty.name().as_bytes()) else {
            continue;
        };
        let wrong = |kind, message: &str| {
            Error::new(kind, message.to_owned()).within(Place::Section(ty.name().to_string()))
        };
        let word = |value: u64| {
            u32::try_from(value)
                .map(u32::to_ne_bytes)
                .map_err(|_| wrong(ErrorKind::Overflow, "the section goes beyond 4 GiB"))
        };
        let mut offsets = Vec::with_capacity(datasec.entries().len());
        for entry in datasec.entries() {
            let var = graph.ty(entry.var_id);
            offsets.push(if is_global(var) {
                let name = Bytes::copy_from_slice(var.name().as_bytes());
                let symbol = sections.variables.get(&(section.index, name));
                *symbol.ok_or_else(|| {
                    let message = format!("variable {} has no symbol", var.name());
                    wrong(ErrorKind::NotFound, &message)
                })?
            } else {
                entry.offset.0
            });
        }
        // Name, info and size; then variable, offset and size of each entry.
        let words = builder.resumed_words(graph, ty.id());
        if let Some((size, entries)) = words.get_mut(2..).and_then(<[_]>::split_first_mut) {
            *size = word(section.size)?;
            for (entry, offset) in entries.as_chunks_mut::<3>().0.iter_mut().zip(offsets) {
                entry[1] = word(offset)?;
            }
        }
    }
    builder.freeze()
}

fn is_global(ty: Type<'_>) -> bool {
    matches!(ty.view(), View::Var(var) if var.linkage == GLOBAL)
}

/// A unit's instructions with the new ids.
fn code(
    object: &BpfObject,
    starts: &HashMap<String, u32>,
    linked: &Btf,
    locals: &[LocalId],
) -> Result<Vec<PartCode>> {
    let mut parts = Vec::new();
    let mut by_name: BTreeMap<String, Vec<&LocalId>> = BTreeMap::new();
    for local in locals {
        let name = linked.string(local.section).to_string_lossy().into_owned();
        by_name.entry(name).or_default().push(local);
    }
    for section in object.code_sections() {
        let name = section.name.into_owned();
        let start = starts.get(&name).copied().unwrap_or(0);
        let mut code = object.bytes().slice_ref(section.code);
        // Of several sections of one name the records mean the first.
        if let Some(locals) = by_name.remove(&name) {
            let mut patched = code.to_vec();
            for local in locals {
                local
                    .patch(&mut patched, start, object.endian())
                    .within(|| section_place(&name))?;
            }
            code = patched.into();
        }
        parts.push(PartCode {
            index: section.index,
            name,
            start,
            code,
        });
    }
    match by_name.keys().next() {
        None => Ok(parts),
        Some(name) => Err(Error::new(
            ErrorKind::Instruction,
            "there are relocations of a section that the unit doesn't have",
        )
        .within(section_place(name))),
    }
}

fn section_place(name: &str) -> Place {
    Place::Section(name.to_owned())
}
