//! Types and paths as C says them.

use std::fmt::Write;

use crate::graph::{Kind, Type, View};

/// A type as C says it, as far as one line goes: `struct file`, `int [3]`, `char *`.
pub(super) fn type_name(ty: Type<'_>) -> String {
    // A report has two of these for each relocation, most of them this long at the most.
    let mut text = String::with_capacity(48);
    push_type_name(ty, &mut text);
    text
}

fn push_type_name(ty: Type<'_>, text: &mut String) {
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
                push_index(array.count, &mut suffix);
                array.element
            }
            View::Const(next)
            | View::Volatile(next)
            | View::Restrict(next)
            | View::TypeTag(next) => next,
            _ => {
                plain_name(ty, text);
                if !suffix.is_empty() {
                    text.push(' ');
                    text.push_str(&suffix);
                }
                return;
            }
        };
        ty = ty.graph().ty(next);
    }
    text.push('…');
    text.push_str(&suffix);
}

fn push_index(index: u32, text: &mut String) {
    // Writing to a string can't fail.
    let _ = write!(text, "[{index}]");
}

/// Appends a type's keyword and name.
fn plain_name(ty: Type<'_>, text: &mut String) {
    let keyword = match ty.kind() {
        Kind::Struct => "struct ",
        Kind::Union => "union ",
        Kind::Enum | Kind::Enum64 => "enum ",
        Kind::Fwd if ty.info().flag() => "union ",
        Kind::Fwd => "struct ",
        Kind::Void => return text.push_str("void"),
        Kind::FuncProto => return text.push_str("function"),
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
    text.push_str(keyword);
    match ty.name() {
        name if name.is_empty() => text.push_str("(anonymous)"),
        name => text.push_str(&name.to_string_lossy()),
    }
}

/// A path as C says it: `struct session.hops[2].port`.
pub(super) fn spell_steps(root: Type<'_>, steps: &[u32]) -> String {
    let graph = root.graph();
    let mut text = type_name(root);
    let mut ty = root;
    for (number, &index) in steps.iter().enumerate() {
        if number == 0 {
            if index > 0 {
                push_index(index, &mut text);
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
            push_index(index, &mut text);
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
