//! Distilled bases: split BTF with just enough of its base's types to find them again in another build of the base.
//!
//! A kernel module's BTF refers to the kernel's types by id, and the next build of the kernel has other ids. So the
//! module has, in a section `.BTF.base`, a small base of its own: the named integers, floating-point numbers, structures,
//! unions and enumerations that its types refer to, with sizes but without members. All other types of the base that it
//! uses (pointers, typedefs, unnamed types …) become the module's own. At load time, [`rebase`] finds each named type in
//! the base of the running kernel.
//!
//! (Kernel documentation, "BPF Type Format", section 4.1.9, ".BTF.base section".)

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Info, Kind, Remap, Type, View};
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

/// What becomes of a type of the base.
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

fn successor(types: &Remap, id: TypeId) -> Result<TypeId> {
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

/// A split graph over another base.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rebased {
    /// The graph, split from the new base.
    pub graph: Btf,
    /// Maps each type of the original graph and its base to its new id.
    pub types: Remap,
}

/// Replaces the distilled base of a split graph by a real base.
///
/// Each type of the distilled base must be found in the real one: integers by name, size and encoding; floating-point
/// numbers and enumerations by name and size; forward declarations by the type that they declare, or by a declaration;
/// structures and unions by name, and also by size if the base has several of that name or a type of the graph contains
/// one by value. If no type of the graph contains it by value, a declaration in the base is enough.
///
/// # Errors
/// `NotFound`, with the type, if the base doesn't have it; `Ambiguous` if the base has several; `Usage` for a graph whose
/// base is not a distilled one.
pub fn rebase(graph: &Btf, base: &Btf) -> Result<Rebased> {
    let Some(distilled) = graph.base() else {
        return Err(Error::new(
            ErrorKind::Usage,
            "the graph is not split BTF: it has no base to replace",
        ));
    };
    let embedded = embedded(graph);
    let mut types = Remap::new(graph.len());
    for ty in distilled.types() {
        let by_value = embedded.get(ty.id().index()).is_some_and(|held| *held);
        types.set(ty.id(), find(ty, base, by_value)?);
    }
    let mut split = GraphBuilder::split(base);
    for (new, ty) in (split.next_id().get()..).zip(graph.own_types()) {
        types.set(ty.id(), TypeId::new(new));
    }
    for ty in graph.own_types() {
        split.copy(ty, |id| successor(&types, id))?;
    }
    Ok(Rebased {
        graph: split.freeze()?,
        types,
    })
}

/// Returns, by id, whether the graph's own structures and unions contain a type of the base by value.
fn embedded(graph: &Btf) -> Vec<bool> {
    let mut held = vec![false; graph.first_id().index()];
    // Each typedef, qualifier and array is followed once, which bounds the work.
    let mut seen = vec![false; graph.len() + 1];
    let composites = graph.own_types().filter(|ty| ty.kind().is_composite());
    for member in composites.flat_map(Type::members) {
        let mut id = member.ty;
        while let Some(seen) = seen.get_mut(id.index()).filter(|seen| !**seen) {
            *seen = true;
            let ty = graph.ty(id);
            id = match ty.view() {
                View::Array(array) => array.element,
                View::Typedef(to)
                | View::Const(to)
                | View::Volatile(to)
                | View::Restrict(to)
                | View::TypeTag(to) => to,
                _ => {
                    if let Some(held) = held.get_mut(id.index()) {
                        *held = true;
                    }
                    break;
                }
            };
        }
    }
    held
}

/// Finds a distilled type in a base.
fn find(ty: Type<'_>, base: &Btf, by_value: bool) -> Result<TypeId> {
    let same_size = |other: &Type<'_>| other.size_word() == ty.size_word();
    let named: Vec<Type<'_>> = base.named(ty.name().as_bytes()).collect();
    let of_kind = |kind: Kind| {
        named
            .iter()
            .copied()
            .filter(move |other| other.kind() == kind)
    };
    let found: Vec<Type<'_>> = match ty.kind() {
        Kind::Int => of_kind(Kind::Int)
            .filter(|other| other.as_int() == ty.as_int())
            .collect(),
        Kind::Float => of_kind(Kind::Float).filter(same_size).collect(),
        Kind::Enum => of_kind(Kind::Enum)
            .chain(of_kind(Kind::Enum64))
            .filter(same_size)
            .collect(),
        Kind::Struct | Kind::Union => {
            let several = named.iter().filter(|t| t.kind().is_composite()).count() > 1;
            let complete: Vec<_> = of_kind(ty.kind())
                .filter(|other| !(several || by_value) || same_size(other))
                .collect();
            if complete.is_empty() && !several && !by_value {
                // A pointer may point to a type that the base only declares.
                let is_union = ty.kind() == Kind::Union;
                of_kind(Kind::Fwd)
                    .filter(|other| other.info().flag() == is_union)
                    .collect()
            } else {
                complete
            }
        }
        Kind::Fwd => {
            let declared = if ty.info().flag() {
                Kind::Union
            } else {
                Kind::Struct
            };
            let complete: Vec<_> = of_kind(declared).collect();
            if complete.len() == 1 {
                complete
            } else {
                let same = |other: &Type<'_>| other.info() == ty.info();
                of_kind(Kind::Fwd).filter(same).collect()
            }
        }
        kind => {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("a distilled base contains no {kind}"),
            )
            .within(Place::Type(ty.id())));
        }
    };
    match found[..] {
        [one] => Ok(one.id()),
        [] => Err(Error::new(
            ErrorKind::NotFound,
            format!("the base has no matching {} {:?}", ty.kind(), ty.name()),
        )
        .within(Place::Type(ty.id()))),
        [one, other, ..] => Err(Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{} {:?} matches types {} and {} of the base",
                ty.kind(),
                ty.name(),
                one.id(),
                other.id()
            ),
        )
        .within(Place::Type(ty.id()))),
    }
}
