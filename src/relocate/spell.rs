//! Types and paths as C says them.

use crate::graph::{Kind, Type, View};

/// A type as C says it, as far as one line goes: `struct file`, `int [3]`, `char *`.
pub(super) fn type_name(ty: Type<'_>) -> String {
    // Pointers and qualifiers nest; a line of sixteen says enough.
    let mut suffix = String::new();
    let mut ty = ty;
    for _ in 0..16 {
        let next = match ty.view() {
            View::Ptr(next) => {
                suffix.insert(0, '*');
                next
            }
            View::Array(array) => {
                suffix.push_str(&format!("[{}]", array.count));
                array.element
            }
            View::Const(next)
            | View::Volatile(next)
            | View::Restrict(next)
            | View::TypeTag(next) => next,
            _ => {
                return format!(
                    "{}{}{suffix}",
                    plain_name(ty),
                    if suffix.is_empty() { "" } else { " " }
                );
            }
        };
        ty = ty.graph().ty(next);
    }
    format!("…{suffix}")
}

fn plain_name(ty: Type<'_>) -> String {
    let keyword = match ty.kind() {
        Kind::Struct => "struct ",
        Kind::Union => "union ",
        Kind::Enum | Kind::Enum64 => "enum ",
        Kind::Fwd if ty.info().flag() => "union ",
        Kind::Fwd => "struct ",
        Kind::Void => return "void".into(),
        Kind::FuncProto => return "function".into(),
        Kind::Int
        | Kind::Ptr
        | Kind::Array
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
        | Kind::Unknown(_) => "",
    };
    if ty.name().is_empty() {
        return format!("{keyword}(anonymous)");
    }
    format!("{keyword}{}", ty.name())
}

/// A path as C says it: `struct session.hops[2].port`.
pub(super) fn spell_steps(root: Type<'_>, steps: &[u32]) -> String {
    let graph = root.graph();
    let mut text = type_name(root);
    let mut ty = root;
    for (number, &index) in steps.iter().enumerate() {
        if number == 0 {
            if index > 0 {
                text.push_str(&format!("[{index}]"));
            }
            continue;
        }
        ty = ty.strip().unwrap_or(ty);
        if let Some(member) = ty.members().nth(index as usize) {
            if !member.name().is_empty() {
                text.push('.');
                text.push_str(&member.name().to_string_lossy());
            }
            ty = graph.ty(member.ty);
        } else {
            text.push_str(&format!("[{index}]"));
            if let Some(array) = ty.as_array() {
                ty = graph.ty(array.element);
            }
        }
    }
    text
}

pub(super) fn spell_enumerator(root: Type<'_>, index: Option<u32>) -> String {
    let enumerator = root
        .strip()
        .ok()
        .and_then(Type::as_enum)
        .and_then(|enumeration| enumeration.enumerator(index? as usize));
    match enumerator {
        Some(enumerator) => format!("{}::{}", type_name(root), enumerator.name()),
        None => type_name(root),
    }
}
