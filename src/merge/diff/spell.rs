//! Spelling a type, for comparing types of two graphs and for display.

use crate::error::{Error, Place, Result};
use crate::graph::{FuncProto, Type, View};
use crate::id::TypeId;
use crate::merge::diff::named::type_with_fields;

/// The maximal number of parts of one type's text. Functions of 20 parameters have 100.
const PARTS: usize = 4096;

enum Part {
    Type(TypeId),
    Text(&'static str),
    Name(String),
}

/// Spells a type from the outside in, so that it reads in one direction: `*const [4]struct list_head` is a pointer to
/// constant arrays of four. Named types end the text.
///
/// # Errors
/// `Limit`, with the type, for a text of too many parts, which may be infinite.
pub(super) fn spell(ty: Type<'_>) -> Result<String> {
    let (text, is_whole) = parts(ty, push);
    if is_whole {
        return Ok(text);
    }
    Err(
        Error::limit(format!("a type in it has more than {PARTS} parts"))
            .within(Place::Type(ty.id())),
    )
}

/// Spells a type as CO-RE sees it: without typedefs, qualifiers, tags and names of parameters, and with integers by size
/// and encoding. The text is truncated after [`PARTS`] parts. Typedefs of unnamed types stay, since they are their names.
pub(in crate::merge) fn resolved(ty: Type<'_>) -> String {
    parts(ty, push_resolved).0
}

/// Returns the text, and whether it is complete.
fn parts(ty: Type<'_>, push: impl Fn(Type<'_>, &mut Vec<Part>)) -> (String, bool) {
    let mut text = String::new();
    let mut open = vec![Part::Type(ty.id())];
    for _ in 0..PARTS {
        match open.pop() {
            None => return (text, true),
            Some(Part::Text(part)) => text.push_str(part),
            Some(Part::Name(name)) => text.push_str(&name),
            Some(Part::Type(id)) => push(ty.graph().ty(id), &mut open),
        }
    }
    (text, open.is_empty())
}

fn push_resolved(ty: Type<'_>, open: &mut Vec<Part>) {
    match ty.view() {
        View::Int(int) => open.push(Part::Name(format!("{} bits {}", int.bits, int.encoding))),
        View::Float(_) => open.push(Part::Name(format!("float of {} bytes", ty.size_word()))),
        View::Typedef(to) if type_with_fields(ty).id() == ty.id() => open.push(Part::Type(to)),
        View::Const(to) | View::Volatile(to) | View::Restrict(to) | View::TypeTag(to) => {
            open.push(Part::Type(to));
        }
        View::FuncProto(proto) => push_proto(proto, false, open),
        View::Void
        | View::Ptr(_)
        | View::Array(_)
        | View::Struct(_)
        | View::Union(_)
        | View::Enum(_)
        | View::Fwd(_)
        | View::Typedef(_)
        | View::Func(_)
        | View::Var(_)
        | View::Datasec(_)
        | View::DeclTag(_)
        | View::Unknown(_) => push(ty, open),
    }
}

/// Pushes the parts of a type onto the stack, the last one first.
fn push(ty: Type<'_>, open: &mut Vec<Part>) {
    let name = || ty.name().to_string_lossy().into_owned();
    let tagged = |keyword: &'static str| {
        if ty.name().is_empty() {
            Part::Name(format!("{keyword} {{…}}"))
        } else {
            Part::Name(format!("{keyword} {}", name()))
        }
    };
    match ty.view() {
        View::Void => open.push(Part::Text("void")),
        View::Int(_) | View::Float(_) | View::Typedef(_) | View::Datasec(_) => {
            open.push(Part::Name(name()));
        }
        View::Ptr(to) => open.extend([Part::Type(to), Part::Text("*")]),
        View::Const(to) => open.extend([Part::Type(to), Part::Text("const ")]),
        View::Volatile(to) => open.extend([Part::Type(to), Part::Text("volatile ")]),
        View::Restrict(to) => open.extend([Part::Type(to), Part::Text("restrict ")]),
        View::TypeTag(to) => open.extend([Part::Type(to), Part::Name(format!("@{} ", name()))]),
        View::Array(array) => open.extend([
            Part::Type(array.element_id),
            Part::Name(format!("[{}]", array.count)),
        ]),
        View::Struct(_) => open.push(tagged("struct")),
        View::Union(_) => open.push(tagged("union")),
        View::Enum(_) => open.push(tagged("enum")),
        // A declaration is spelled as the type that it declares.
        View::Fwd(crate::graph::FwdKind::Struct) => open.push(tagged("struct")),
        View::Fwd(crate::graph::FwdKind::Union) => open.push(tagged("union")),
        View::Func(func) => open.push(Part::Type(func.proto_id)),
        View::FuncProto(proto) => push_proto(proto, true, open),
        View::Var(var) => open.push(Part::Type(var.type_id)),
        View::DeclTag(tag) => {
            open.extend([
                Part::Type(tag.target_id),
                Part::Name(format!("@{} ", name())),
            ]);
        }
        View::Unknown(number) => open.push(Part::Name(format!("kind {number}"))),
    }
}

/// Pushes the parts of a prototype. The names of parameters are for display only; they are not part of the type.
fn push_proto(proto: FuncProto<'_>, with_names: bool, open: &mut Vec<Part>) {
    open.extend([Part::Type(proto.result_id), Part::Text(") -> ")]);
    let params: Vec<_> = proto.params().enumerate().take(PARTS).collect();
    for (index, param) in params.into_iter().rev() {
        open.push(Part::Type(param.type_id));
        if with_names && !param.name().is_empty() {
            open.push(Part::Name(format!("{}: ", param.name())));
        }
        if index > 0 {
            open.push(Part::Text(", "));
        }
    }
    open.push(Part::Text("fn("));
}
