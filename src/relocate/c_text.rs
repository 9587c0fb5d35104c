//! The spelling of types and paths in C, for reports.

use crate::graph::{Kind, Name, Type, View};

/// Spells a type as C does, within one line: `struct file`, `int [3]`, `char *`.
pub(super) fn c_type(ty: Type<'_>) -> String {
    let mut text = String::with_capacity(32);
    push_type(&mut text, ty);
    text
}

/// Appends the spelling of a type.
// A report spells several types for each relocation, so `format!` would be too slow.
fn push_type(text: &mut String, ty: Type<'_>) {
    // Sixteen levels of pointers and arrays are enough for a line.
    let mut suffix = String::new();
    let mut ty = ty;
    for _ in 0..16 {
        let next = match ty.view() {
            View::Ptr(next) => {
                suffix.insert(0, '*');
                next
            }
            View::Array(array) => {
                push_index(&mut suffix, array.count);
                array.element_id
            }
            View::Const(next)
            | View::Volatile(next)
            | View::Restrict(next)
            | View::TypeTag(next) => next,
            View::Void
            | View::Int(_)
            | View::Struct(_)
            | View::Union(_)
            | View::Enum(_)
            | View::Fwd(_)
            | View::Typedef(_)
            | View::Func(_)
            | View::FuncProto(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::Float(_)
            | View::DeclTag(_)
            | View::Unknown(_) => {
                push_plain(text, ty);
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

/// Appends a name.
fn push_name(text: &mut String, name: Name<'_>) {
    match name.to_str() {
        Some(name) => text.push_str(name),
        None => text.push_str(&name.to_string_lossy()),
    }
}

/// Appends an index in brackets.
fn push_index(text: &mut String, index: u32) {
    text.push('[');
    text.push_str(&index.to_string());
    text.push(']');
}

/// Appends a type that is neither pointer, array nor qualified.
fn push_plain(text: &mut String, ty: Type<'_>) {
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
        name => push_name(text, name),
    }
}

/// Spells a path as C does: `struct session.hops[2].port`.
pub(super) fn c_path(root: Type<'_>, steps: &[u32]) -> String {
    let graph = root.graph();
    let mut text = String::with_capacity(64);
    push_type(&mut text, root);
    let mut ty = root;
    for (number, &index) in steps.iter().enumerate() {
        if number == 0 {
            if index > 0 {
                push_index(&mut text, index);
            }
            continue;
        }
        ty = ty.strip().unwrap_or(ty);
        if let Some(member) = ty.member_at(index as usize) {
            let name = member.name();
            if !name.is_empty() {
                text.push('.');
                push_name(&mut text, name);
            }
            ty = graph.ty(member.type_id);
        } else {
            push_index(&mut text, index);
            if let Some(array) = ty.as_array() {
                ty = graph.ty(array.element_id);
            }
        }
    }
    text
}

/// Spells an enumerator with its type: `enum state::READY`.
pub(super) fn c_enumerator(root: Type<'_>, index: Option<u32>) -> String {
    let mut text = c_type(root);
    let enumerator = root
        .strip()
        .ok()
        .and_then(Type::as_enum)
        .and_then(|enumeration| enumeration.enumerator(index? as usize));
    if let Some(enumerator) = enumerator {
        text.push_str("::");
        push_name(&mut text, enumerator.name());
    }
    text
}
