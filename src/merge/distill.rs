//! Distilled bases: split BTF with just enough of its base's types to find them again in another build of the base.
//!
//! A kernel module's BTF refers to the kernel's types by id, and the next build of the kernel has other ids. So the
//! module has, in a section `.BTF.base`, a small base of its own: the named integers, floating-point numbers, structures,
//! unions and enumerations that its types refer to, with sizes but without members. All other types of the base that it
//! uses (pointers, typedefs, unnamed types …) become the module's own. At load time, [`rebase`](super::rebase()) finds each named type in
//! the base of the running kernel.
//!
//! (Kernel documentation, "BPF Type Format", section 4.1.9, ".BTF.base section".)

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Info, Kind, Remap, Type};
use crate::id::TypeId;
use crate::limits::Limits;

/// A split graph over a distilled base.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Distilled {
    /// The graph, split from [`Self::base`]. Its own types come first, in their order; then the types that it took over
    /// from the original base.
    pub graph: Btf,
    /// The distilled base: the contents of `.BTF.base`.
    pub base: Btf,
    /// Maps each type of the original graph and its base to its new id. Types of the base that the graph doesn't use
    /// have none.
    pub types: Remap,
}

/// The way a type of the base is distilled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes into the distilled base unchanged.
    Whole,
    /// It goes into the distilled base without its members or enumerators.
    Shell,
    /// It goes into the split graph.
    Own,
}

/// Returns what becomes of a type of the base.
fn fate(ty: Type<'_>) -> Result<Fate> {
    let named = !ty.name().is_empty();
    match ty.kind() {
        Kind::Int | Kind::Float | Kind::Fwd if named => Ok(Fate::Whole),
        Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 if named => Ok(Fate::Shell),
        Kind::Int
        | Kind::Float
        | Kind::Fwd
        | Kind::Struct
        | Kind::Union
        | Kind::Enum
        | Kind::Enum64
        | Kind::Ptr
        | Kind::Array
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::FuncProto
        | Kind::TypeTag => Ok(Fate::Own),
        Kind::Void | Kind::Func | Kind::Var | Kind::Datasec | Kind::DeclTag | Kind::Unknown(_) => {
            Err(Error::new(
                ErrorKind::Unsupported,
                format!("a {} of the base can't be found again by name", ty.kind()),
            )
            .within(Place::Type(ty.id())))
        }
    }
}

/// Replaces a split graph's base by a distilled one.
///
/// # Errors
/// `Usage` for a graph without a base; `Unsupported`, with the type, if the graph refers to a function, a variable or
/// another type of its base that can't be found by name.
pub fn distill(graph: &Btf) -> Result<Distilled> {
    let Some(old_base) = graph.base() else {
        return Err(Error::new(
            ErrorKind::Usage,
            "the graph is not split BTF: it has no base to distill",
        ));
    };
    let used = used_of_base(graph)?;
    let mut types = Remap::new(graph.len());
    let mut base = GraphBuilder::like(old_base, Limits::default());
    for &(id, fate) in &used {
        let ty = graph.ty(id);
        let new = match fate {
            Fate::Own => continue,
            Fate::Whole => base.copy(ty, Ok)?,
            Fate::Shell => shell(&mut base, ty)?,
        };
        types.set(id, new);
    }
    let base = base.freeze()?;
    let mut split = GraphBuilder::split(&base);
    split.add_inline_namespaces(graph);
    let own = graph.own_types().map(|ty| ty.id());
    let taken = used.iter().filter(|(_, fate)| *fate == Fate::Own);
    let order: Vec<TypeId> = own.chain(taken.map(|(id, _)| *id)).collect();
    for (new, old) in (split.next_id().get()..).zip(&order) {
        types.set(*old, TypeId::new(new));
    }
    for id in order {
        split.copy(graph.ty(id), |id| successor(&types, id))?;
    }
    Ok(Distilled {
        graph: split.freeze()?,
        base,
        types,
    })
}

/// Returns the new id of a type.
pub(super) fn successor(types: &Remap, id: TypeId) -> Result<TypeId> {
    types.get(id).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "the type is not in the result").within(Place::Type(id))
    })
}

/// Returns the types of the base that the graph's own types refer to, directly or not, by id.
fn used_of_base(graph: &Btf) -> Result<Vec<(TypeId, Fate)>> {
    let first_own = graph.first_id();
    let mut fates: Vec<Option<Fate>> = vec![None; first_own.index()];
    let mut open: Vec<Type<'_>> = graph.own_types().collect();
    while let Some(ty) = open.pop() {
        for id in ty.references() {
            let Some(entry) = fates.get_mut(id.index()).filter(|entry| entry.is_none()) else {
                continue;
            };
            if id.is_void() {
                continue;
            }
            let ty = graph.ty(id);
            let fate = fate(ty)?;
            *entry = Some(fate);
            // A shell has no members to follow.
            if fate == Fate::Own {
                open.push(ty);
            }
        }
    }
    let ids = (0..).map(TypeId::new);
    Ok(ids
        .zip(fates)
        .filter_map(|(id, fate)| Some((id, fate?)))
        .collect())
}

/// Appends a structure or union without its members, or an enumeration of either width as an ENUM without enumerators.
fn shell(builder: &mut GraphBuilder, ty: Type<'_>) -> Result<TypeId> {
    let kind = if ty.kind().is_enum() {
        Kind::Enum
    } else {
        ty.kind()
    };
    let name = builder.intern(ty.name().as_bytes())?;
    let info = Info::new(kind, 0, false);
    builder.record(&[name.get(), info.word(), ty.size_word()])
}
