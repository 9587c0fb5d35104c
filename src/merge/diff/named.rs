//! Names of types: their name spaces, and the types that they stand for.

use crate::graph::{Kind, Type};

/// A name space: equal names in different name spaces mean different types.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::merge) enum Space {
    Composite,
    Enumeration,
    Ordinary,
    Function,
    Variable,
}

/// Returns the name space of a type's name, or `None` for types that are not found by name.
pub(in crate::merge) fn space(ty: Type<'_>) -> Option<Space> {
    if ty.name().is_empty() {
        return None;
    }
    match ty.kind() {
        Kind::Struct | Kind::Union => Some(Space::Composite),
        Kind::Enum | Kind::Enum64 => Some(Space::Enumeration),
        Kind::Typedef | Kind::Int | Kind::Float => Some(Space::Ordinary),
        Kind::Func => Some(Space::Function),
        Kind::Var => Some(Space::Variable),
        Kind::Void
        | Kind::Ptr
        | Kind::Array
        | Kind::Fwd
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::FuncProto
        | Kind::Datasec
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Unknown(_) => None,
    }
}

/// Returns the type whose fields and values belong to a type: for a typedef or variable of an unnamed type, that unnamed
/// type; otherwise the type itself.
pub(in crate::merge) fn type_with_fields(ty: Type<'_>) -> Type<'_> {
    let to = match ty.kind() {
        Kind::Typedef | Kind::Var => ty.referent(),
        Kind::Void
        | Kind::Int
        | Kind::Ptr
        | Kind::Array
        | Kind::Struct
        | Kind::Union
        | Kind::Enum
        | Kind::Fwd
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Datasec
        | Kind::Float
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Enum64
        | Kind::Unknown(_) => None,
    };
    to.and_then(|to| to.strip_qualifiers().ok())
        .filter(|inner| inner.kind().is_composite() || inner.kind().is_enum())
        .filter(|inner| inner.name().is_empty())
        .unwrap_or(ty)
}
