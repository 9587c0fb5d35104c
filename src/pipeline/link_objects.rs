//! A static linker's work on BTF: the `.BTF` and `.BTF.ext` of several BPF objects become those of one.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use crate::elf::{BpfObject, Linkable};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Ext, GraphBuilder, Remap, StringMap, Type, VarLinkage, View};
use crate::limits::Limits;
use crate::merge::{self, LocalId, ObjectTypes};

/// The sections of which a program has one, with the same contents in all objects.
const SHARED: [&str; 2] = ["license", "version"];

/// A BPF object to link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkInput {
    /// The name of the object in errors.
    pub label: String,
    /// The object.
    pub object: BpfObject,
    /// For each section of the object, by name, the byte offset at which its part of the joined section starts.
    /// `None` means behind the parts of the inputs before, with the section's alignment, as `bpftool gen object` does.
    pub starts: Option<HashMap<String, u32>>,
}

impl LinkInput {
    /// Returns an input whose sections go behind those of the inputs before.
    #[must_use]
    pub fn new(label: impl Into<String>, object: BpfObject) -> Self {
        Self {
            label: label.into(),
            object,
            starts: None,
        }
    }
}

/// The result of linking.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedObject {
    /// The types of all inputs: the contents of `.BTF`.
    pub graph: Btf,
    /// The contents of `.BTF.ext`, if an input has one.
    pub ext: Option<Ext>,
    /// The inputs' parts, in the order of the inputs.
    pub parts: Vec<LinkedPart>,
}

/// One input's part of the result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedPart {
    /// The label of the input.
    pub label: String,
    /// For each section that is loaded, by name, the byte offset at which its part of the joined section starts. A
    /// `license` or `version` that an earlier input has as well is not among them.
    pub starts: HashMap<String, u32>,
    /// The code sections.
    pub code: Vec<LinkedCode>,
    /// Maps each of the input's types to its id in the result.
    pub types: Remap,
    /// Maps each of the input's strings to its offset in the result.
    pub strings: StringMap,
}

/// One input's part of a code section.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedCode {
    /// The index of the section in the input.
    pub index: u32,
    /// The name of the section.
    pub name: String,
    /// The byte offset at which the part starts in the joined section.
    pub start: u32,
    /// The instructions. Those that contain a type id (`bpf_core_type_id_local`) contain the new one. The others are
    /// unchanged: applying ELF relocations is the linker's task.
    pub code: Bytes,
}

/// Links the `.BTF` and `.BTF.ext` of several BPF objects, as a static linker has to: types are deduplicated, data
/// sections joined, declarations replaced by their definitions, and instructions that contain type ids patched.
///
/// Joining the sections themselves, and the symbols and relocations of ELF, is the caller's task.
/// [`merge::link_types`](crate::merge::link_types) does the same without ELF.
///
/// ```
/// use btfkit::elf::BpfObject;
/// use btfkit::pipeline::{LinkInput, link_objects};
/// use btfkit::{encode, merge};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
///
/// let inputs = ["types/kinds.bpf.o", "layouts/probe.bpf.o"]
///     .map(|name| Ok(LinkInput::new(name, BpfObject::parse(read(name))?)));
/// let inputs = inputs.into_iter().collect::<btfkit::Result<Vec<_>>>()?;
/// let linked = link_objects(&inputs, &merge::MergeOptions::default())?;
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
/// With the input: as [`merge::link_types`](crate::merge::link_types); `NotFound` for a variable without a symbol;
/// `Ambiguous` if inputs differ in `license` or `version`; `Instruction` if a relocation's instruction can't contain a
/// type id; `Overflow` if a joined section goes beyond 4 GiB.
pub fn link_objects(inputs: &[LinkInput], options: &merge::MergeOptions) -> Result<LinkedObject> {
    let mut ends = SectionEnds::default();
    let mut objects = Vec::with_capacity(inputs.len());
    for input in inputs {
        let object = ends
            .object(input, &options.limits)
            .within(|| Place::File(input.label.clone()))?;
        objects.push(object);
    }
    let linked = merge::link_types(&objects, options)?;
    let each = inputs.iter().zip(objects).zip(linked.local_ids);
    let maps = linked.types.into_iter().zip(linked.strings);
    let parts = each.zip(maps).map(|(((input, object), locals), maps)| {
        let (types, strings) = maps;
        Ok(LinkedPart {
            code: code(&input.object, &object.starts, &linked.graph, &locals)
                .within(|| Place::File(input.label.clone()))?,
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

/// The ends of the joined sections so far.
#[derive(Default)]
struct SectionEnds {
    /// The end and the alignment in bytes, by name.
    ends: HashMap<Bytes, (u64, u64)>,
    /// The contents of the sections that all inputs share, by name.
    shared: HashMap<Bytes, Option<Bytes>>,
}

impl SectionEnds {
    /// Returns an input for the merge engine, and adds its sections.
    fn object(&mut self, input: &LinkInput, limits: &Limits) -> Result<ObjectTypes> {
        let sections = Linkable::new(&input.object)?;
        let graph = with_layout(input.object.graph(), &sections, limits)?;
        let mut object = ObjectTypes::new(&*input.label, graph, input.object.ext().cloned());
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
                            "its contents differ from those of an earlier object",
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
            // If several sections have one name, BTF means the first.
            object.starts.entry(name).or_insert(start);
        }
        if let Some(starts) = &input.starts {
            object.starts.clone_from(starts);
        }
        Ok(object)
    }
}

/// Returns an input's types with the sizes of its data sections and the offsets of its variables, which compilers leave
/// to ELF's section headers and symbols.
fn with_layout(graph: &Btf, sections: &Linkable, limits: &Limits) -> Result<Btf> {
    let mut builder = GraphBuilder::resume_with_limits(graph, limits.clone());
    for ty in graph.own_types() {
        let View::Datasec(datasec) = ty.view() else {
            continue;
        };
        let mut named = sections.sections.iter();
        // `.ksyms`, `.kconfig` and `.extern` exist in BTF only.
        let Some(section) = named.find(|s| s.name == ty.name().as_bytes()) else {
            continue;
        };
        let error = |kind, message: &str| {
            Error::new(kind, message.to_owned()).within(Place::Section(ty.name().to_string()))
        };
        let word = |value: u64| {
            u32::try_from(value)
                .map(u32::to_ne_bytes)
                .map_err(|_| error(ErrorKind::Overflow, "the section goes beyond 4 GiB"))
        };
        let mut offsets = Vec::with_capacity(datasec.entries().len());
        for entry in datasec.entries() {
            let var = graph.ty(entry.var_id);
            offsets.push(if is_global(var) {
                let name = Bytes::copy_from_slice(var.name().as_bytes());
                let symbol = sections.variables.get(&(section.index, name));
                *symbol.ok_or_else(|| {
                    let message = format!("variable {} has no symbol", var.name());
                    error(ErrorKind::NotFound, &message)
                })?
            } else {
                entry.offset.0
            });
        }
        // The record: name, info and size; then variable, offset and size of each entry.
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
    matches!(ty.view(), View::Var(var) if var.linkage == VarLinkage::Global)
}

/// Returns an input's instructions with the new type ids.
fn code(
    object: &BpfObject,
    starts: &HashMap<String, u32>,
    linked: &Btf,
    locals: &[LocalId],
) -> Result<Vec<LinkedCode>> {
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
        // If several sections have one name, the records mean the first.
        if let Some(locals) = by_name.remove(&name) {
            let mut patched = code.to_vec();
            for local in locals {
                local
                    .patch(&mut patched, start, object.endian())
                    .within(|| in_section(&name))?;
            }
            code = patched.into();
        }
        parts.push(LinkedCode {
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
            "there are relocations for a code section that the object doesn't have",
        )
        .within(in_section(name))),
    }
}

fn in_section(name: &str) -> Place {
    Place::Section(name.to_owned())
}
