//! A graph as text that doesn't depend on the order of its types: what each named type is, through everything
//! without a name.

use std::collections::BTreeMap;

use btfkit::TypeId;
use btfkit::graph::{Btf, Composite, Enum, Type, View};

/// What each named type, function, variable and section is, by kind and name; each once.
pub fn spelled(graph: &Btf) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for ty in graph.types() {
        if ty.name().is_empty() {
            continue;
        }
        let key = format!("{} {}", ty.kind(), ty.name());
        let what = definition(ty);
        if let Some(other) = all.insert(key.clone(), what.clone()) {
            panic!("{key} is there twice: {other} and {what}");
        }
    }
    all
}

fn definition(ty: Type<'_>) -> String {
    let graph = ty.graph();
    let to = |id: TypeId| reference(graph.ty(id));
    match ty.view() {
        View::Struct(composite) | View::Union(composite) => members(graph, &composite),
        View::Enum(values) => enumerators(&values),
        View::Typedef(id) => to(id),
        View::Int(int) => format!("{} bytes {:?} {} bits", int.size, int.encoding, int.bits),
        View::Float(size) => format!("{size} bytes"),
        View::Fwd(kind) => format!("{kind:?}"),
        View::Func(function) => format!("{} {}", to(function.proto_id), function.linkage.number()),
        View::Var(variable) => format!("{} {}", to(variable.type_id), variable.linkage.number()),
        View::Datasec(section) => {
            let entries = section.entries().map(|entry| {
                // Where a variable lies is the linker's choice; that it lies there is not.
                format!("{} ({})", graph.ty(entry.var_id).name(), entry.size)
            });
            let mut entries: Vec<_> = entries.collect();
            entries.sort();
            entries.join(", ")
        }
        other => panic!("a name on {other:?}"),
    }
}

/// A type as another one refers to it: by name, if it has one.
fn reference(ty: Type<'_>) -> String {
    let graph = ty.graph();
    let to = |id: TypeId| reference(graph.ty(id));
    if !ty.name().is_empty() {
        return format!("{} {}", ty.kind(), ty.name());
    }
    match ty.view() {
        View::Void => "void".into(),
        View::Ptr(id) => format!("* {}", to(id)),
        View::Const(id) => format!("const {}", to(id)),
        View::Volatile(id) => format!("volatile {}", to(id)),
        View::Restrict(id) => format!("restrict {}", to(id)),
        View::Array(array) => format!("[{}] {}", array.count, to(array.element_id)),
        View::Struct(composite) => format!("struct {}", members(graph, &composite)),
        View::Union(composite) => format!("union {}", members(graph, &composite)),
        View::Enum(values) => format!("enum {}", enumerators(&values)),
        View::FuncProto(proto) => {
            let params = proto
                .params()
                .map(|param| format!("{} {}", to(param.type_id), param.name()));
            let params: Vec<_> = params.collect();
            format!("({}) -> {}", params.join(", "), to(proto.result_id))
        }
        other => panic!("no name on {other:?}"),
    }
}

fn members(graph: &Btf, composite: &Composite<'_>) -> String {
    let members = composite.members().map(|member| {
        let name = member.name();
        let ty = reference(graph.ty(member.type_id));
        let bits = member.bitfield.map(|bits| format!(":{bits}"));
        format!(
            "{ty} {name}{}@{}",
            bits.unwrap_or_default(),
            member.offset.0
        )
    });
    let members: Vec<_> = members.collect();
    format!("{} bytes {{ {} }}", composite.size, members.join("; "))
}

fn enumerators(values: &Enum<'_>) -> String {
    let each = values
        .enumerators()
        .map(|one| match values.signedness.is_signed() {
            true => format!("{}={}", one.name(), one.value.cast_signed()),
            false => format!("{}={}", one.name(), one.value),
        });
    let each: Vec<_> = each.collect();
    format!("{} bytes {{ {} }}", values.size, each.join(", "))
}
