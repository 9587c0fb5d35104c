//! A type in words, for comparing types of two graphs and for showing them.

use crate::graph::{Type, View};
use crate::id::TypeId;

/// Parts of one type's text at the most; what is beyond is left out.
const PARTS: usize = 64;

enum Part {
    Type(TypeId),
    Text(&'static str),
    Name(String),
}

/// Spells a type from the outside in, so that it reads in one direction: `*const [4]struct list_head` is a
/// pointer to constant arrays of four. Named types end the text; what is inside of them is theirs.
pub(super) fn spell(ty: Type<'_>) -> String {
    let mut text = String::new();
    let mut open = vec![Part::Type(ty.id())];
    for _ in 0..PARTS {
        match open.pop() {
            None => return text,
            Some(Part::Text(part)) => text.push_str(part),
            Some(Part::Name(name)) => text.push_str(&name),
            Some(Part::Type(id)) => push(ty.graph().ty(id), &mut open),
        }
    }
    text.push('…');
    text
}

/// Puts a type's parts on the stack, the last one first.
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
            Part::Type(array.element),
            Part::Name(format!("[{}]", array.count)),
        ]),
        View::Struct(_) => open.push(tagged("struct")),
        View::Union(_) => open.push(tagged("union")),
        View::Enum(_) => open.push(tagged("enum")),
        // A declaration is spelled as what it declares: it says nothing else.
        View::Fwd(crate::graph::FwdKind::Struct) => open.push(tagged("struct")),
        View::Fwd(crate::graph::FwdKind::Union) => open.push(tagged("union")),
        View::Func(func) => open.push(Part::Type(func.proto)),
        View::FuncProto(proto) => {
            open.extend([Part::Type(proto.result), Part::Text(") -> ")]);
            for (place, param) in proto
                .params()
                .enumerate()
                .take(PARTS)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                open.push(Part::Type(param.ty));
                if !param.name().is_empty() {
                    open.push(Part::Name(format!("{}: ", param.name())));
                }
                if place > 0 {
                    open.push(Part::Text(", "));
                }
            }
            open.push(Part::Text("fn("));
        }
        View::Var(var) => open.push(Part::Type(var.ty)),
        View::DeclTag(tag) => {
            open.extend([Part::Type(tag.target), Part::Name(format!("@{} ", name()))]);
        }
        View::Unknown(number) => open.push(Part::Name(format!("kind {number}"))),
    }
}
