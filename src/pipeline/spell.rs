//! Types and access paths, spelled out for people.

use crate::graph::{Type, TypeGraph, View};
use crate::id::TypeId;
use crate::relocate::{Mismatch, RelocationKind};

/// How many pointers and arrays a description shows before it stops.
const MOST_LINKS: usize = 8;

/// A type as C would name it: `struct file`, `unsigned int`, `char *`.
pub(super) fn describe(ty: Type<'_>) -> String {
    let mut suffix = String::new();
    let mut ty = ty;
    for _ in 0..MOST_LINKS {
        let next = match ty.view() {
            View::Ptr(next) => {
                suffix.insert_str(0, " *");
                next
            }
            View::Array(array) => {
                suffix.insert_str(0, &format!("[{}]", array.count));
                array.element
            }
            View::Volatile(next)
            | View::Const(next)
            | View::Restrict(next)
            | View::TypeTag(next) => next,
            _ => break,
        };
        ty = ty.graph().ty(next);
    }
    let word = match ty.view() {
        View::Void => return format!("void{suffix}"),
        View::FuncProto(_) => return format!("function{suffix}"),
        View::Struct(_) => "struct ",
        View::Union(_) => "union ",
        View::Enum(_) => "enum ",
        View::Fwd(crate::graph::FwdKind::Struct) => "struct ",
        View::Fwd(crate::graph::FwdKind::Union) => "union ",
        View::Int(_)
        | View::Ptr(_)
        | View::Array(_)
        | View::Typedef(_)
        | View::Volatile(_)
        | View::Const(_)
        | View::Restrict(_)
        | View::Func(_)
        | View::Var(_)
        | View::Datasec(_)
        | View::Float(_)
        | View::DeclTag(_)
        | View::TypeTag(_)
        | View::Unknown(_) => "",
    };
    let name = match ty.name() {
        name if name.is_empty() => format!("(anonymous {})", ty.id()),
        name => name.to_string(),
    };
    format!("{word}{name}{suffix}")
}

/// A path from a root type: its text, and each step that has a meaning by itself, the root first.
pub(super) struct Path {
    pub text: String,
    pub steps: Vec<String>,
    /// The type at the end, where the steps lead somewhere.
    pub end: TypeId,
}

/// Spells out an access path: `struct session.hops[2].port`, `enum state::RUNNING`, `struct file`.
pub(super) fn path(root: Type<'_>, steps: &[u32], kind: Option<RelocationKind>) -> Path {
    let mut path = Path {
        text: describe(root),
        steps: Vec::new(),
        end: root.id(),
    };
    path.steps.push(path.text.clone());
    match kind {
        Some(RelocationKind::EnumvalExists | RelocationKind::EnumvalValue) => {
            let stripped = root.strip().unwrap_or(root);
            let number = steps.first().map_or(0, |step| *step as usize);
            let enumerator = stripped.as_enum().and_then(|e| e.enumerator(number));
            let name = enumerator.map_or_else(|| "?".to_owned(), |e| e.name().to_string());
            path.push(&format!("::{name}"), &name);
        }
        Some(
            RelocationKind::TypeIdLocal
            | RelocationKind::TypeIdTarget
            | RelocationKind::TypeExists
            | RelocationKind::TypeSize
            | RelocationKind::TypeMatches,
        ) => {}
        _ => fields(root, steps, &mut path),
    }
    path
}

fn fields(root: Type<'_>, steps: &[u32], path: &mut Path) {
    let graph: &TypeGraph = root.graph();
    let mut steps = steps.iter();
    if let Some(index) = steps.next().filter(|index| **index != 0) {
        path.text.push_str(&format!("[{index}]"));
    }
    let mut ty = root;
    for step in steps {
        ty = ty.strip().unwrap_or(ty);
        match ty.view() {
            View::Struct(composite) | View::Union(composite) => {
                let Some(member) = composite.member(*step as usize) else {
                    path.push(".?", "?");
                    return;
                };
                if !member.name().is_empty() {
                    path.push(&format!(".{}", member.name()), &member.name().to_string());
                }
                ty = graph.ty(member.ty);
            }
            View::Array(array) => {
                let text = format!("[{step}]");
                path.push(&text, &text);
                ty = graph.ty(array.element);
            }
            _ => {
                path.push(".?", "?");
                return;
            }
        }
    }
    path.end = ty.id();
}

impl Path {
    fn push(&mut self, text: &str, step: &str) {
        self.text.push_str(text);
        self.steps.push(step.to_owned());
    }

    fn step(&self, number: usize) -> &str {
        self.steps.get(number).map_or("?", String::as_str)
    }
}

/// Why a candidate of `graph` was not the answer for a local path.
pub(super) fn mismatch(why: Mismatch, local: &Path, graph: &TypeGraph) -> String {
    let found = |id: TypeId| describe(graph.ty(id));
    match why {
        Mismatch::NoMember { accessor, within } => {
            format!("{} has no member {}", found(within), local.step(accessor))
        }
        Mismatch::NotComposite {
            accessor,
            found: id,
        } => {
            format!(
                "{} has no members, so no {}",
                found(id),
                local.step(accessor)
            )
        }
        Mismatch::MemberType {
            accessor,
            found: id,
        } => {
            format!(
                "its {} is of another type, {}",
                local.step(accessor),
                found(id)
            )
        }
        Mismatch::NotArray {
            accessor,
            found: id,
        } => {
            format!(
                "{} is no array, so there is no {}",
                found(id),
                local.step(accessor)
            )
        }
        Mismatch::OutOfBounds { accessor, count } => {
            format!("{} is beyond its {count} elements", local.step(accessor))
        }
        Mismatch::Incompatible => "it is not compatible with the local type".to_owned(),
        Mismatch::Differs => "it doesn't match the local type member by member".to_owned(),
        Mismatch::NotEnum => "it is no enumeration".to_owned(),
        Mismatch::NoEnumerator => {
            let name = local.steps.last().map_or("?", String::as_str);
            format!("it has no enumerator {name}")
        }
        Mismatch::Pruned => "it doesn't fit another relocation of the same type".to_owned(),
    }
}
