//! Joining data sections of one name, and replacing declarations by their definitions.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::Result;
use crate::graph::{Btf, Datasec, GraphBuilder, Kind, Name, Remap, StringMap, Type, View};
use crate::id::{ByteSize, TypeId};
use crate::limits::Limits;
use crate::merge::link::object_types::{ObjectTypes, overflow};

/// The linkage of variables and functions that any object can use, and of those that another object defines.
/// (Kernel documentation, "BPF Type Format", sections 2.2.12 and 2.2.14.)
const GLOBAL: u32 = 1;
const EXTERN: u32 = 2;

/// A joined data section.
#[derive(Default)]
struct Section {
    size: ByteSize,
    /// The variable, its offset and its size.
    entries: Vec<(TypeId, ByteSize, ByteSize)>,
    seen: HashSet<TypeId>,
    /// Whether an entry was dropped because its variable is in another object.
    has_lost: bool,
}

impl Section {
    /// Returns whether all entries were dropped. A section that never had one stays: there are sections of unnamed
    /// constants.
    fn is_gone(&self) -> bool {
        self.entries.is_empty() && self.has_lost
    }
}

/// The joined data sections, and the variables and functions to replace.
struct Plan {
    /// The number of objects.
    objects: usize,
    /// Maps each replaced declaration to its definition.
    defined: HashMap<TypeId, TypeId>,
    sections: BTreeMap<Vec<u8>, Section>,
}

/// Returns the merged graph with one data section of each name, and without declarations that another object defines.
pub(super) fn join(
    merged: &Btf,
    objects: &[ObjectTypes],
    types: &[Remap],
    limits: &Limits,
) -> Result<(Btf, Remap, StringMap)> {
    let mut plan = Plan {
        objects: objects.len(),
        defined: definitions(merged, objects, types),
        sections: BTreeMap::new(),
    };
    for (object, map) in objects.iter().zip(types) {
        for ty in object.graph.own_types() {
            if let View::Datasec(section) = ty.view() {
                plan.add(object, ty, section, map)?;
            }
        }
    }
    plan.build(merged, limits)
}

impl Plan {
    /// Adds an object's part of a section.
    fn add(
        &mut self,
        object: &ObjectTypes,
        ty: Type<'_>,
        part: Datasec<'_>,
        map: &Remap,
    ) -> Result<()> {
        let section = self.sections.entry(ty.name().as_bytes().to_vec());
        let section = section.or_default();
        let merged = |id: TypeId| map.get(id).unwrap_or_default();
        if object.is_shared(ty.name()) {
            let there = section.entries.iter();
            let there: HashMap<ByteSize, TypeId> = there.map(|&(var, at, _)| (at, var)).collect();
            for entry in part.entries() {
                section.has_lost = true;
                // Functions have been merged already.
                let is_var = object.graph.ty(entry.var_id).kind() == Kind::Var;
                if let Some(&same) = there.get(&entry.offset).filter(|_| is_var) {
                    self.defined.insert(merged(entry.var_id), same);
                }
            }
            return Ok(());
        }
        let start = object.start(ty.name());
        let shift = |offset: ByteSize| {
            let end = offset.0.checked_add(u64::from(start)).map(ByteSize);
            end.filter(|end| end.0 <= u64::from(u32::MAX))
                .ok_or_else(overflow)
        };
        section.size = section.size.max(shift(part.size)?);
        for entry in part.entries() {
            let var = merged(entry.var_id);
            // A function that several objects declare is added only once.
            if self.defined.contains_key(&var) || !section.seen.insert(var) {
                section.has_lost = true;
            } else {
                section
                    .entries
                    .push((var, shift(entry.offset)?, entry.size));
            }
        }
        Ok(())
    }

    fn build(mut self, merged: &Btf, limits: &Limits) -> Result<(Btf, Remap, StringMap)> {
        let mut builder = match merged.base() {
            Some(base) => GraphBuilder::split_with_limits(base, limits.clone()),
            None => GraphBuilder::like(merged, limits.clone()),
        };
        builder.add_inline_namespaces(merged);
        // All strings, since `.BTF.ext` uses strings that no type does.
        let strings = StringMap::new(
            merged.base().map_or(0, Btf::end_str),
            merged.string_section(),
            |string| builder.intern(string),
        )?;
        let (map, kept) = self.new_ids(merged, builder.next_id());
        let id = |id: TypeId| map.get(id).unwrap_or_default();
        for ty in kept {
            match self.sections.get_mut(ty.name().as_bytes()) {
                Some(section) if ty.kind() == Kind::Datasec => {
                    section.entries.sort_by_key(|(_, offset, _)| *offset);
                    let entries = section.entries.iter();
                    let entries: Vec<_> = entries
                        .map(|&(var, at, size)| (id(var), at, size))
                        .collect();
                    builder.datasec(ty.name().as_bytes(), section.size, &entries)?;
                }
                _ => _ = builder.copy(ty, |old| Ok(id(old)))?,
            }
        }
        Ok((builder.freeze()?, map, strings))
    }

    /// Returns the new id of each type, and the types that stay, in order.
    fn new_ids<'g>(&self, merged: &'g Btf, first: TypeId) -> (Remap, Vec<Type<'g>>) {
        let mut map = Remap::new(merged.len());
        for id in (1..merged.first_id().get()).map(TypeId::new) {
            map.set(id, id);
        }
        let mut next = first.get();
        let mut seen: HashMap<&[u8], TypeId> = HashMap::new();
        let mut kept = Vec::new();
        for ty in merged.own_types() {
            let new = TypeId::new(next);
            if ty.kind() == Kind::Datasec {
                let name = ty.name().as_bytes();
                if self.sections.get(name).is_some_and(Section::is_gone) {
                    continue;
                }
                if let Some(&first) = seen.get(name) {
                    map.set(ty.id(), first);
                    continue;
                }
                seen.insert(name, new);
            } else if self.defined.contains_key(&ty.id()) {
                continue;
            }
            map.set(ty.id(), new);
            kept.push(ty);
            next += 1;
        }
        for (&declared, &(mut definition)) in &self.defined {
            // A definition in a shared section may itself be replaced by an earlier object's, and so on.
            for _ in 0..self.objects {
                definition = self.defined.get(&definition).copied().unwrap_or(definition);
            }
            map.set(declared, map.get(definition).unwrap_or_default());
        }
        (map, kept)
    }
}

/// The definitions of one name.
#[derive(Default)]
struct Definitions {
    strong: Vec<TypeId>,
    weak: Vec<TypeId>,
}

impl Definitions {
    /// Returns the definition that is used: the only strong one or, without one, the first weak one. Of two strong ones,
    /// none is used.
    fn used(&self) -> Option<TypeId> {
        match *self.strong {
            [] => self.weak.first().copied(),
            [only] => Some(only),
            _ => None,
        }
    }
}

/// Returns the variables and functions that are replaced: declarations and unused weak definitions. Each is mapped to the
/// definition of its name or, without one, to the first declaration.
fn definitions(graph: &Btf, objects: &[ObjectTypes], types: &[Remap]) -> HashMap<TypeId, TypeId> {
    let linkage = |ty: Type<'_>| match ty.view() {
        View::Var(var) => Some(var.linkage.number()),
        View::Func(func) => Some(func.linkage.number()),
        View::Void
        | View::Int(_)
        | View::Ptr(_)
        | View::Array(_)
        | View::Struct(_)
        | View::Union(_)
        | View::Enum(_)
        | View::Fwd(_)
        | View::Typedef(_)
        | View::Volatile(_)
        | View::Const(_)
        | View::Restrict(_)
        | View::FuncProto(_)
        | View::Datasec(_)
        | View::Float(_)
        | View::DeclTag(_)
        | View::TypeTag(_)
        | View::Unknown(_) => None,
    };
    fn key(ty: Type<'_>) -> (Kind, Name<'_>) {
        (ty.kind(), ty.name())
    }
    let mut found: HashMap<(Kind, Name<'_>), Definitions> = HashMap::new();
    for (object, map) in objects.iter().zip(types) {
        let own = object.graph.own_types();
        for ty in own.filter(|ty| linkage(*ty) == Some(GLOBAL)) {
            let is_weak = object.weak.contains(ty.name().to_string_lossy().as_ref());
            let found = found.entry(key(ty)).or_default();
            let list = if is_weak {
                &mut found.weak
            } else {
                &mut found.strong
            };
            // Functions of one type have been merged already.
            if let Some(id) = map.get(ty.id()).filter(|id| list.last() != Some(id)) {
                list.push(id);
            }
        }
    }
    let mut defined = HashMap::new();
    let mut definitions: HashMap<(Kind, Name<'_>), Option<TypeId>> = HashMap::new();
    for (key, found) in found {
        let used = found.used();
        let weak = found.weak.iter().filter(|id| Some(**id) != used);
        defined.extend(weak.filter_map(|id| Some((*id, used?))));
        definitions.insert(key, used);
    }
    for ty in graph.own_types().filter(|ty| linkage(*ty) == Some(EXTERN)) {
        let used = definitions.entry(key(ty)).or_insert(Some(ty.id()));
        if let Some(used) = used.filter(|id| *id != ty.id()) {
            defined.insert(ty.id(), used);
        }
    }
    defined
}
