//! The smallest graph against which relocations have the same results.
//!
//! A relocation reads little of its target: the members along a path, a size, an enumerator. A [`Minimiser`] is told what
//! was read and keeps just that: structures with the used members and their sizes, and pointers to `void`. Typedefs and
//! qualifiers are dropped, since no rule reads them below the root type.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Array, Btf, GraphBuilder, Kind, NewMember, Type, View};
use crate::id::TypeId;

/// The part of a type that a relocation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// The members and elements along a path: the indices of a CO-RE access string, the first of which counts whole
    /// objects of the type.
    Path(&'a [u32]),
    /// One enumerator, by its index.
    Enumerator(u32),
    /// The existence and size of the type, and the kinds of the types that it consists of, but no members.
    Whole,
    /// Everything that a comparison member by member reads.
    Members,
}

/// A collection of the needed parts of types, from which a graph of just these is built.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
/// use btfkit::merge::{Minimiser, Need};
///
/// let mut builder = GraphBuilder::new();
/// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
/// let members = [
///     NewMember::new("a", int),
///     NewMember::new("b", int).at(btfkit::Bits(32)),
/// ];
/// let pair = builder.composite(Kind::Struct, "pair", 8, &members)?;
/// let graph = builder.freeze()?;
///
/// let mut minimiser = Minimiser::new();
/// minimiser.need(graph.ty(pair), Need::Path(&[0, 1]))?;
/// let small = minimiser.build()?;
/// let members: Vec<_> = small.find(Kind::Struct, "pair").unwrap().members().collect();
/// assert_eq!(members.len(), 1);
/// assert_eq!(members[0].offset.0, 32);
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Minimiser {
    /// The graphs that types come from; each level of split BTF is one.
    levels: Vec<Btf>,
    kept: BTreeMap<Key, Kept>,
}

/// A type: the index of its level, and its id.
type Key = (usize, TypeId);

/// The kept parts of a type.
#[derive(Debug, Default)]
struct Kept {
    /// The indices of members of a structure, or of enumerators of an enumeration.
    parts: BTreeSet<u32>,
    /// Whether the type that a pointer, typedef or prototype refers to is kept as well.
    follows: bool,
    /// Whether everything for a comparison member by member is kept: not behind a pointer, and behind one.
    compared: [bool; 2],
}

impl Minimiser {
    /// Returns a minimiser without any needed types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the needed part of a type.
    ///
    /// # Errors
    /// `Usage` if the path leads to no member; `Malformed` if the chain of typedefs and qualifiers has no end.
    pub fn need(&mut self, ty: Type<'_>, need: Need<'_>) -> Result<()> {
        match need {
            Need::Path(steps) => self.need_path(ty, steps),
            Need::Enumerator(number) => {
                let stripped = self.keep_root(ty)?;
                self.keep(stripped).parts.insert(number);
                Ok(())
            }
            Need::Whole => {
                self.keep_root(ty)?;
                self.need_whole(ty)
            }
            Need::Members => {
                self.keep_root(ty)?;
                self.need_members(ty)
            }
        }
    }

    /// Keeps a root type, which is found by its name, and the type behind its typedefs and qualifiers.
    fn keep_root<'g>(&mut self, ty: Type<'g>) -> Result<Type<'g>> {
        let stripped = ty.strip()?;
        self.keep(ty).follows |= ty.id() != stripped.id();
        self.keep(stripped);
        Ok(stripped)
    }

    /// Returns the kept parts of a type.
    fn keep(&mut self, ty: Type<'_>) -> &mut Kept {
        let key = self.key(ty.graph(), ty.id());
        self.kept.entry(key).or_default()
    }

    /// Returns the key of a type. Its level is that of its own graph, so that two modules share the types of their base.
    fn key(&mut self, graph: &Btf, id: TypeId) -> Key {
        let mut level = graph;
        while let Some(base) = level.base().filter(|_| id < level.first_id()) {
            level = base;
        }
        let known = self.levels.iter().position(|known| known.is_same(level));
        let number = known.unwrap_or_else(|| {
            self.levels.push(level.clone());
            self.levels.len() - 1
        });
        (number, id)
    }

    fn need_path(&mut self, root: Type<'_>, steps: &[u32]) -> Result<()> {
        let graph = root.graph();
        let mut ty = self.keep_root(root)?;
        for &step in steps.iter().skip(1) {
            ty = ty.strip()?;
            ty = match ty.view() {
                View::Struct(composite) | View::Union(composite) => {
                    let Some(member) = composite.member(step as usize) else {
                        return Err(leads_nowhere());
                    };
                    let kept = self.keep(ty);
                    kept.parts.insert(step);
                    // A zero-length array that isn't the last member must not become the last one, which would be a
                    // flexible array.
                    let next = step.saturating_add(1);
                    if (next as usize) < composite.len()
                        && is_empty_array(graph.ty(member.type_id))?
                    {
                        kept.parts.insert(next);
                        if let Some(next) = composite.member(next as usize) {
                            self.keep_shallow(graph.ty(next.type_id))?;
                        }
                    }
                    graph.ty(member.type_id)
                }
                View::Array(array) => graph.ty(array.element_id),
                // Further indices of an array whose dimensions are flattened.
                View::Void
                | View::Int(_)
                | View::Ptr(_)
                | View::Enum(_)
                | View::Fwd(_)
                | View::Typedef(_)
                | View::Volatile(_)
                | View::Const(_)
                | View::Restrict(_)
                | View::Func(_)
                | View::FuncProto(_)
                | View::Var(_)
                | View::Datasec(_)
                | View::Float(_)
                | View::DeclTag(_)
                | View::TypeTag(_)
                | View::Unknown(_) => ty,
            };
            self.keep_shallow(ty)?;
        }
        Ok(())
    }

    /// Keeps as much of a field's type as a comparison of fields reads: arrays down to their elements.
    fn keep_shallow(&mut self, ty: Type<'_>) -> Result<()> {
        let mut ty = ty.strip()?;
        for _ in 0..=crate::limits::Limits::CHAIN {
            self.keep(ty);
            let Some(array) = ty.as_array() else {
                return Ok(());
            };
            self.keep_index(ty.graph(), array)?;
            ty = ty.graph().ty(array.element_id).strip()?;
        }
        Err(Error::malformed("the chain of arrays has no end"))
    }

    fn keep_index(&mut self, graph: &Btf, array: Array) -> Result<()> {
        let index = graph.ty(array.index_id).strip()?;
        self.keep(index);
        Ok(())
    }

    /// Keeps what the compatibility of whole types depends on: kinds, through pointers, arrays and prototypes.
    fn need_whole(&mut self, root: Type<'_>) -> Result<()> {
        let mut open = vec![root];
        while let Some(ty) = open.pop() {
            let ty = ty.strip()?;
            let kept = self.keep(ty);
            let again = std::mem::replace(&mut kept.follows, true);
            if again {
                continue;
            }
            if let Some(array) = ty.as_array() {
                self.keep_index(ty.graph(), array)?;
                open.push(ty.graph().ty(array.element_id));
            } else if matches!(ty.kind(), Kind::Ptr | Kind::FuncProto) {
                open.extend(ty.references().map(|id| ty.graph().ty(id)));
            }
        }
        Ok(())
    }

    /// Keeps what a comparison member by member reads: everything, but behind pointers only names.
    fn need_members(&mut self, root: Type<'_>) -> Result<()> {
        let mut open = vec![(root, false)];
        while let Some((ty, behind_pointer)) = open.pop() {
            let ty = ty.strip()?;
            let kept = self.keep(ty);
            let [compared, compared_behind] = &mut kept.compared;
            let flag = if behind_pointer {
                compared_behind
            } else {
                compared
            };
            if std::mem::replace(flag, true) {
                continue;
            }
            kept.follows = true;
            let graph = ty.graph();
            let count = ty.info().vlen();
            match ty.kind() {
                Kind::Struct | Kind::Union if !behind_pointer => {
                    kept.parts.extend(0..count);
                    open.extend(ty.members().map(|member| (graph.ty(member.type_id), false)));
                }
                Kind::Enum | Kind::Enum64 => kept.parts.extend(0..count),
                Kind::Ptr => open.extend(ty.references().map(|id| (graph.ty(id), true))),
                Kind::Array | Kind::FuncProto => {
                    open.extend(ty.references().map(|id| (graph.ty(id), behind_pointer)));
                }
                Kind::Void
                | Kind::Int
                | Kind::Struct
                | Kind::Union
                | Kind::Fwd
                | Kind::Typedef
                | Kind::Volatile
                | Kind::Const
                | Kind::Restrict
                | Kind::Func
                | Kind::Var
                | Kind::Datasec
                | Kind::Float
                | Kind::DeclTag
                | Kind::TypeTag
                | Kind::Unknown(_) => {}
            }
        }
        Ok(())
    }

    fn is_pointer(&self, (level, id): Key) -> bool {
        let graph = self.levels.get(level);
        graph.is_some_and(|graph| graph.ty(id).kind() == Kind::Ptr)
    }

    /// Builds the graph. It is self-contained even if the types come from split BTF.
    ///
    /// # Errors
    /// `Limit` beyond [`Limits`](crate::Limits).
    pub fn build(&self) -> Result<Btf> {
        let mut builder = GraphBuilder::new();
        if let Some(level) = self.levels.first() {
            builder.set_endian(level.endian());
            builder.set_pointer_width(level.pointer_width());
        }
        // All pointers to `void` become one.
        let mut pointer = None;
        let mut ids = BTreeMap::new();
        let mut next = builder.next_id().get();
        for (key, kept) in self.kept.iter().filter(|((_, id), _)| !id.is_void()) {
            if !kept.follows
                && self.is_pointer(*key)
                && let Some(pointer) = pointer
            {
                ids.insert(*key, pointer);
                continue;
            }
            let id = TypeId::new(next);
            next += 1;
            if !kept.follows && self.is_pointer(*key) {
                pointer = Some(id);
            }
            ids.insert(*key, id);
        }
        for (&(level, id), kept) in &self.kept {
            let is_next = ids.get(&(level, id)) == Some(&builder.next_id());
            if id.is_void() || !is_next {
                continue;
            }
            let Some(graph) = self.levels.get(level) else {
                continue;
            };
            Writer {
                ids: &ids,
                levels: &self.levels,
                level,
            }
            .write(graph.ty(id), kept, &mut builder)?;
        }
        builder.freeze()
    }
}

fn leads_nowhere() -> Error {
    Error::new(ErrorKind::Usage, "the path leads to no member")
}

fn is_empty_array(ty: Type<'_>) -> Result<bool> {
    Ok(ty.strip()?.as_array().is_some_and(|array| array.count == 0))
}

/// Writes kept types to a builder.
struct Writer<'a> {
    ids: &'a BTreeMap<Key, TypeId>,
    levels: &'a [Btf],
    level: usize,
}

impl Writer<'_> {
    /// Returns the new id of a referenced type without typedefs and qualifiers; `void` if it isn't kept.
    fn target(&self, graph: &Btf, id: TypeId) -> Result<TypeId> {
        let id = graph.ty(id).strip()?.id();
        let mut level = self.level;
        while let Some(graph) = self.levels.get(level) {
            if id >= graph.first_id() {
                break;
            }
            let base = graph.base();
            let known = |known: &Btf| base.is_some_and(|base| base.is_same(known));
            match self.levels.iter().position(known) {
                Some(base) => level = base,
                None => break,
            }
        }
        Ok(self.ids.get(&(level, id)).copied().unwrap_or(TypeId::VOID))
    }

    fn write(&self, ty: Type<'_>, kept: &Kept, builder: &mut GraphBuilder) -> Result<TypeId> {
        let graph = ty.graph();
        let follow = |id: TypeId| {
            if kept.follows {
                self.target(graph, id)
            } else {
                Ok(TypeId::VOID)
            }
        };
        match ty.view() {
            View::Struct(composite) | View::Union(composite) => {
                let mut members = Vec::new();
                for &number in &kept.parts {
                    let Some(member) = composite.member(number as usize) else {
                        return Err(leads_nowhere());
                    };
                    members.push(NewMember {
                        name: builder.intern(member.name())?.into(),
                        type_id: self.target(graph, member.type_id)?,
                        offset: member.offset,
                        bitfield: member.bitfield,
                    });
                }
                builder.composite(ty.kind(), ty.name().as_bytes(), composite.size, &members)
            }
            View::Enum(enumeration) => {
                let mut values = Vec::new();
                for (_, enumerator) in (0u32..)
                    .zip(enumeration.enumerators())
                    .filter(|(number, _)| kept.parts.contains(number))
                {
                    let name = builder.intern(enumerator.name())?;
                    values.push((name, enumerator.value));
                }
                if enumeration.is_wide() {
                    let name = ty.name();
                    return builder.enum64(
                        name.as_bytes(),
                        enumeration.size,
                        enumeration.signedness,
                        &values,
                    );
                }
                builder.enum32(
                    ty.name().as_bytes(),
                    enumeration.size,
                    enumeration.signedness,
                    &values,
                )
            }
            View::Ptr(to) => builder.ptr(follow(to)?),
            View::Typedef(of) => builder.typedef(ty.name().as_bytes(), self.target(graph, of)?),
            View::Array(array) => builder.array(
                self.target(graph, array.element_id)?,
                self.target(graph, array.index_id)?,
                array.count,
            ),
            View::FuncProto(proto) => {
                let mut params = Vec::new();
                for param in proto.params() {
                    params.push((crate::id::StrId::EMPTY, follow(param.type_id)?));
                }
                builder.func_proto(follow(proto.result_id)?, &params)
            }
            View::Void
            | View::Int(_)
            | View::Fwd(_)
            | View::Float(_)
            | View::Volatile(_)
            | View::Const(_)
            | View::Restrict(_)
            | View::TypeTag(_)
            | View::Func(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::DeclTag(_)
            | View::Unknown(_) => builder.copy(ty, |id| self.target(graph, id)),
        }
    }
}
