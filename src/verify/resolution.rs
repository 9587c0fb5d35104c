//! What the second pass knows of each type: the type it stands for and its size. (`btf_type_id_size`.)

use crate::graph::Kind;
use crate::verify::input::{Input, Record};

/// Marks a type that stands for one of unknown size, because something was wrong with it.
const UNKNOWN: u32 = u32::MAX;

/// How far the resolution of a type has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    Visited,
    Resolved,
}

/// The size of a type, and the type that has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Size {
    /// The type has no size.
    None,
    /// Something wrong, which was reported, hides the size.
    Unknown,
    /// The type with the size, and the size in bytes.
    Known(u32, u32),
}

/// The resolutions of all types.
#[derive(Debug)]
pub(super) struct Resolutions {
    states: Vec<State>,
    ids: Vec<u32>,
    sizes: Vec<u32>,
    pointer: u32,
}

impl Resolutions {
    pub fn new(types: u32, pointer: u32) -> Self {
        let types = types as usize;
        Self {
            states: vec![State::New; types],
            ids: vec![0; types],
            sizes: vec![0; types],
            pointer,
        }
    }

    pub fn is_resolved(&self, id: u32) -> bool {
        self.states.get(id as usize) == Some(&State::Resolved)
    }

    /// Marks a type as visited. Returns `false` if it was before.
    pub fn visit(&mut self, id: u32) -> bool {
        match self.states.get_mut(id as usize) {
            Some(state) if *state == State::New => {
                *state = State::Visited;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Notes what a type stands for.
    pub fn resolve(&mut self, id: u32, resolved: u32, size: u32) {
        let index = id as usize;
        let entry = (
            self.states.get_mut(index),
            self.ids.get_mut(index),
            self.sizes.get_mut(index),
        );
        if let (Some(state), Some(id), Some(old)) = entry {
            *state = State::Resolved;
            *id = resolved;
            *old = size;
        }
    }

    /// Notes that something is wrong with a type.
    pub fn give_up(&mut self, id: u32) {
        self.resolve(id, UNKNOWN, 0);
    }

    /// Returns the type that a resolved one stands for, or `None` if something is wrong with it.
    pub fn stands_for(&self, id: u32) -> Option<u32> {
        let resolved = self.ids.get(id as usize).copied().unwrap_or(0);
        (resolved != UNKNOWN).then_some(resolved)
    }

    /// Returns the size of an array as it was resolved; 0 before that.
    pub fn array_size(&self, id: u32) -> u32 {
        self.sizes.get(id as usize).copied().unwrap_or(0)
    }

    /// Returns the size of a type.
    pub fn size(&self, input: &Input<'_>, id: u32) -> Size {
        let Some(record) = input.record(id) else {
            return Size::None;
        };
        match self.own_size(id, record) {
            Ok(size) => size,
            Err(()) => match self.stands_for(id) {
                None => Size::Unknown,
                Some(resolved) => match input.record(resolved) {
                    None => Size::None,
                    Some(record) => self.own_size(resolved, record).unwrap_or(Size::None),
                },
            },
        }
    }

    /// Returns the size of a type that has its own, or an error if it stands for another.
    fn own_size(&self, id: u32, record: Record<'_>) -> Result<Size, ()> {
        Ok(match record.kind() {
            Kind::Void
            | Kind::Fwd
            | Kind::Func
            | Kind::FuncProto
            | Kind::DeclTag
            | Kind::Unknown(_) => Size::None,
            Kind::Int
            | Kind::Struct
            | Kind::Union
            | Kind::Enum
            | Kind::Enum64
            | Kind::Datasec
            | Kind::Float => Size::Known(id, record.third),
            Kind::Array if self.stands_for(id).is_none() => Size::Unknown,
            Kind::Array => Size::Known(id, self.array_size(id)),
            Kind::Ptr => Size::Known(id, self.pointer),
            Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag
            | Kind::Var => return Err(()),
        })
    }
}
