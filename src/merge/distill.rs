//! Split BTF that outlives its base: a distilled base says just enough about the base's types to find them
//! again in another build of it.
//!
//! A kernel module's BTF names the kernel's types by id, and the next build of the kernel has other ids. So
//! the module carries, in a section `.BTF.base`, a small base of its own: the named integers, floating-point
//! numbers, structures, unions and enumerations that its types refer to, with sizes and without contents.
//! Whatever else it uses of the base (pointers, typedefs, anonymous types …) becomes its own. At load time
//! [`rebase`] finds each named type in the base that is there.
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
    /// The graph, split from [`Self::base`]. Its own types come first, in their order; then what it now
    /// has to say itself.
    pub graph: Btf,
    /// The distilled base: what goes into `.BTF.base`.
    pub base: Btf,
    /// Where each type of the graph before went, its base's included; those of the base that the graph
    /// doesn't use have no successor.
    pub types: Remap,
}

/// Where a type of the base goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Into the distilled base, as it is.
    Whole,
    /// Into the distilled base, without its members or enumerators.
    Shell,
    /// Into the split graph.
    Own,
}

fn role(ty: Type<'_>) -> Result<Role> {
    let named = !ty.name().is_empty();
    match ty.kind() {
        Kind::Int | Kind::Float | Kind::Fwd if named => Ok(Role::Whole),
        Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 if named => Ok(Role::Shell),
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
        | Kind::TypeTag => Ok(Role::Own),
        Kind::Void | Kind::Func | Kind::Var | Kind::Datasec | Kind::DeclTag | Kind::Unknown(_) => {
            Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "a {} of the base can't be found again by its name",
                    ty.kind()
                ),
            )
            .within(Place::Type(ty.id())))
        }
    }
}

/// Replaces a split graph's base by a distilled one.
///
/// # Errors
/// `Usage` for a graph without a base; `Unsupported`, with the type, where it refers to a function, a
/// variable or another thing of its base that has no meaning elsewhere.
pub fn distill(graph: &Btf) -> Result<Distilled> {
    let Some(old_base) = graph.base() else {
        return Err(Error::new(
            ErrorKind::Usage,
            "only a graph that is split from a base can be given a distilled one",
        ));
    };
    let used = used_of_base(graph)?;
    let mut types = Remap::new(graph.len());
    let mut base = GraphBuilder::like(old_base, Limits::default());
    for &(id, role) in &used {
        let ty = graph.ty(id);
        let new = match role {
            Role::Own => continue,
            Role::Whole => base.copy(ty, Ok)?,
            Role::Shell => shell(&mut base, ty)?,
        };
        types.set(id, new);
    }
    let base = base.freeze()?;
    let mut split = GraphBuilder::split(&base);
    let own = graph.own_types().map(|ty| ty.id());
    let taken = used.iter().filter(|(_, role)| *role == Role::Own);
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
        Error::new(ErrorKind::NotFound, "the type has no successor").within(Place::Type(id))
    })
}

/// The types of the base that the graph's own types refer to, and those that these refer to, by id.
fn used_of_base(graph: &Btf) -> Result<Vec<(TypeId, Role)>> {
    let first_own = graph.first_id();
    let mut roles: Vec<Option<Role>> = vec![None; first_own.index()];
    let mut open: Vec<Type<'_>> = graph.own_types().collect();
    while let Some(ty) = open.pop() {
        for id in ty.references() {
            let Some(entry) = roles.get_mut(id.index()).filter(|entry| entry.is_none()) else {
                continue;
            };
            if id.is_void() {
                continue;
            }
            let ty = graph.ty(id);
            let role = role(ty)?;
            *entry = Some(role);
            // A shell has no contents to care for.
            if role == Role::Own {
                open.push(ty);
            }
        }
    }
    let ids = (0..).map(TypeId::new);
    Ok(ids
        .zip(roles)
        .filter_map(|(id, role)| Some((id, role?)))
        .collect())
}

/// Appends a structure or union without members, or an enumeration of either width as an ENUM without
/// enumerators.
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
    /// Where each type of the graph before went, its base's included.
    pub types: Remap,
}

/// Puts a split graph whose base is a distilled one over a real base.
///
/// Each type of the distilled base must be found in the real one: integers by name, size and encoding;
/// floating-point numbers and enumerations by name and size; forward declarations by what they declare, or
/// as such; structures and unions by name, and by size, too, where the base has several of the name or a
/// type of the graph holds one by value. Where none does, and the base only declares one, its declaration is it.
///
/// # Errors
/// `NotFound`, with the type, where the base doesn't have it; `Ambiguous` where it has several; `Usage`
/// for a graph whose base is not a distilled one.
pub fn rebase(graph: &Btf, base: &Btf) -> Result<Rebased> {
    let Some(distilled) = graph.base() else {
        return Err(Error::new(
            ErrorKind::Usage,
            "only a graph that is split from a base can be put over another",
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

/// By id: which types of the base the graph's own structures and unions hold by value.
fn embedded(graph: &Btf) -> Vec<bool> {
    let mut held = vec![false; graph.first_id().index()];
    // Typedefs, qualifiers and arrays are followed once each, so that their number bounds the work.
    let mut seen = vec![false; graph.len() + 1];
    let composites = graph.own_types().filter(|ty| ty.kind().is_composite());
    for member in composites.flat_map(Type::members) {
        let mut id = member.type_id;
        while let Some(seen) = seen.get_mut(id.index()).filter(|seen| !**seen) {
            *seen = true;
            let ty = graph.ty(id);
            id = match ty.view() {
                View::Array(array) => array.element_id,
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
                // Whoever points to it can point to what the base only declares.
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
                format!("{kind} has no place in a distilled base"),
            )
            .within(Place::Type(ty.id())));
        }
    };
    match found[..] {
        [one] => Ok(one.id()),
        [] => Err(Error::new(
            ErrorKind::NotFound,
            format!("the base has no {} {:?} that fits", ty.kind(), ty.name()),
        )
        .within(Place::Type(ty.id()))),
        [one, other, ..] => Err(Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{} {:?} may be type {} or {} of the base",
                ty.kind(),
                ty.name(),
                one.id(),
                other.id()
            ),
        )
        .within(Place::Type(ty.id()))),
    }
}
