//! Unique names for types, which relocation still finds.

use std::borrow::Cow;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::graph::{Btf, FwdKind, Kind, Type};
use crate::id::TypeId;
use crate::query::{spelling_key, written_spelling};

/// A set of names in use, with the number of the last flavor of each.
pub(super) type Taken<'g> = HashMap<Cow<'g, [u8]>, u32, FixedState>;

/// The names of types as they are written: the name itself, its [spelling in C](crate::query::c_spelling), or that with a flavor
/// (`foo___2`) where an earlier type has the name.
#[derive(Debug)]
pub(super) struct Names<'g> {
    graph: &'g Btf,
    /// Index in `given` plus 1 by id; 0 for types that are written with their own name.
    index: Vec<u32>,
    given: Vec<Box<[u8]>>,
    /// Types whose names are spelled alike in C, so that relocation can't tell them apart.
    pub alike: Vec<TypeId>,
}

/// The name spaces of C: tags of structures, unions and enumerations, and everything else.
#[derive(Debug, Default)]
pub(super) struct NameSpaces<'g> {
    pub tags: Taken<'g>,
    pub others: Taken<'g>,
}

impl<'g> Names<'g> {
    pub(super) fn new(graph: &'g Btf) -> Self {
        Self {
            graph,
            index: vec![0; graph.len() + 1],
            given: Vec::new(),
            alike: Vec::new(),
        }
    }

    /// Returns the name with which a type is written.
    pub(super) fn get(&self, ty: Type<'g>) -> &[u8] {
        match self.index.get(ty.id().index()) {
            Some(&number) if number > 0 => {
                let given = self.given.get(number as usize - 1);
                given.map_or(&[], |given| given)
            }
            _ => ty.name().as_bytes(),
        }
    }

    /// Returns whether a type is written with another name than its own.
    pub(super) fn is_given(&self, id: TypeId) -> bool {
        self.index.get(id.index()).is_some_and(|number| *number > 0)
    }

    fn give(&mut self, id: TypeId, name: Cow<'g, [u8]>) {
        let own = self.graph.ty(id).name().as_bytes();
        if *name == *own {
            return;
        }
        self.given.push(name.into_owned().into_boxed_slice());
        let number = u32::try_from(self.given.len()).unwrap_or(0);
        if let Some(entry) = self.index.get_mut(id.index()) {
            *entry = number;
        }
    }

    /// Names types, in the order of their ids. A forward declaration has the name of the first type that it may declare.
    pub(super) fn assign(
        &mut self,
        ids: impl Iterator<Item = TypeId> + Clone,
        spaces: &mut NameSpaces<'g>,
    ) {
        let graph = self.graph;
        // The first type with each name, for forward declarations.
        let mut defined: HashMap<(&[u8], bool), TypeId, FixedState> = HashMap::default();
        let mut forwards = false;
        // The first type with each spelling.
        let mut spelled: HashMap<(bool, Box<[u8]>), TypeId, FixedState> = HashMap::default();
        for ty in ids.clone().map(|id| graph.ty(id)) {
            let taken = match ty.kind() {
                Kind::Typedef => &mut spaces.others,
                Kind::Fwd => {
                    forwards = true;
                    continue;
                }
                Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 => &mut spaces.tags,
                Kind::Void
                | Kind::Int
                | Kind::Ptr
                | Kind::Array
                | Kind::Volatile
                | Kind::Const
                | Kind::Restrict
                | Kind::Func
                | Kind::FuncProto
                | Kind::Var
                | Kind::Datasec
                | Kind::Float
                | Kind::DeclTag
                | Kind::TypeTag
                | Kind::Unknown(_) => continue,
            };
            let spelling = written_spelling(ty.name().as_bytes());
            if matches!(spelling, Cow::Owned(_)) {
                let key = (ty.kind() == Kind::Typedef, spelling_key(&spelling).into());
                let first = *spelled.entry(key).or_insert(ty.id());
                if graph.ty(first).name() != ty.name() {
                    self.alike.extend([first, ty.id()]);
                }
            }
            let name = unique(taken, spelling);
            self.give(ty.id(), name);
        }
        self.alike.sort_unstable();
        self.alike.dedup();
        if !forwards {
            return;
        }
        for ty in ids.clone().map(|id| graph.ty(id)) {
            if ty.kind().is_composite() {
                let key = (ty.name().as_bytes(), ty.kind() == Kind::Union);
                defined.entry(key).or_insert(ty.id());
            }
        }
        for ty in ids.map(|id| graph.ty(id)) {
            if ty.kind() != Kind::Fwd {
                continue;
            }
            let is_union = ty.as_fwd() == Some(FwdKind::Union);
            let key = (ty.name().as_bytes(), is_union);
            let name = match defined.get(&key) {
                Some(id) => Cow::Owned(self.get(graph.ty(*id)).to_vec()),
                None => {
                    defined.insert(key, ty.id());
                    unique(&mut spaces.tags, written_spelling(ty.name().as_bytes()))
                }
            };
            self.give(ty.id(), name);
        }
    }
}

/// Returns a name that nothing else has, and takes it: the name itself or a flavor of it.
pub(super) fn unique<'g>(taken: &mut Taken<'g>, name: Cow<'g, [u8]>) -> Cow<'g, [u8]> {
    if !is_predefined(&name) && !taken.contains_key(&name) {
        taken.insert(name.clone(), 1);
        return name;
    }
    // `_` at the end would join those that start the flavor.
    let end = name.iter().rposition(|byte| *byte != b'_');
    let stem = end.and_then(|end| name.get(..=end)).unwrap_or(b"type");
    let mut number = taken.get(&name).copied().unwrap_or(1);
    loop {
        number = number.saturating_add(1);
        let flavored = [stem, b"___", number.to_string().as_bytes()].concat();
        if !taken.contains_key(flavored.as_slice()) {
            taken.insert(name, number);
            taken.insert(Cow::Owned(flavored.clone()), 1);
            return Cow::Owned(flavored);
        }
    }
}

/// Returns whether compilers define this name themselves.
fn is_predefined(name: &[u8]) -> bool {
    name.starts_with(b"__")
        && matches!(
            name,
            b"__builtin_va_list"
                | b"__builtin_ms_va_list"
                | b"__builtin_sysv_va_list"
                | b"__int128_t"
                | b"__uint128_t"
                | b"__NSConstantString"
                | b"__func__"
                | b"__FUNCTION__"
                | b"__PRETTY_FUNCTION__"
        )
}
