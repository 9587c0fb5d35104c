//! Checks a merge without knowing how it was done: every input type has an equivalent in the output.
//!
//! Two types are equivalent if they say the same of themselves and refer to equivalent types, one by one.
//! Cycles make this circular, so it is checked by assuming it: all pairs that would have to be equivalent are
//! collected, and none of them may differ in what its types say of themselves.

use std::collections::HashSet;

use btfkit::TypeId;
use btfkit::graph::{Btf, FwdKind, Kind, Remap, Type, View};

/// What a type says of itself, and the types it refers to.
pub fn shallow(ty: Type<'_>) -> (String, Vec<TypeId>) {
    let head = format!("{} {:?}", ty.kind(), ty.name());
    match ty.view() {
        View::Void => (head, vec![]),
        View::Int(int) => (format!("{head} {int:?}"), vec![]),
        View::Ptr(to)
        | View::Typedef(to)
        | View::Volatile(to)
        | View::Const(to)
        | View::Restrict(to) => (head, vec![to]),
        View::TypeTag(to) => (format!("{head} {}", ty.info().flag()), vec![to]),
        View::Array(array) => (
            format!("{head} {}", array.count),
            vec![array.element_id, array.index_id],
        ),
        View::Struct(composite) | View::Union(composite) => {
            let members: Vec<_> = composite
                .members()
                .map(|m| {
                    (
                        m.name().to_string_lossy().into_owned(),
                        m.offset,
                        m.bitfield,
                    )
                })
                .collect();
            (
                format!("{head} {} {} {members:?}", composite.size, composite.flag),
                composite.members().map(|m| m.type_id).collect(),
            )
        }
        View::Enum(values) => (format!("{head} {values:?}"), vec![]),
        View::Fwd(kind) => (format!("{head} {kind:?}"), vec![]),
        View::Func(func) => (format!("{head} {}", func.linkage), vec![func.proto_id]),
        View::FuncProto(proto) => {
            let names: Vec<_> = proto
                .params()
                .map(|p| p.name().to_string_lossy().into_owned())
                .collect();
            let mut types = vec![proto.result_id];
            types.extend(proto.params().map(|p| p.type_id));
            (format!("{head} {names:?}"), types)
        }
        View::Var(var) => (format!("{head} {}", var.linkage), vec![var.type_id]),
        View::Datasec(section) => {
            let places: Vec<_> = section.entries().map(|e| (e.offset, e.size)).collect();
            (
                format!("{head} {} {places:?}", section.size),
                section.entries().map(|e| e.var_id).collect(),
            )
        }
        View::Float(size) => (format!("{head} {size}"), vec![]),
        View::DeclTag(tag) => (
            format!("{head} {:?} {}", tag.component, ty.info().flag()),
            vec![tag.target_id],
        ),
        other => panic!("{other:?}"),
    }
}

/// The name space and name a type is the tag of: 's' for structures and unions, 'e' for enumerations.
pub fn tag(ty: Type<'_>) -> Option<(char, Vec<u8>)> {
    let space = match ty.kind() {
        Kind::Struct | Kind::Union | Kind::Fwd => 's',
        Kind::Enum | Kind::Enum64 => 'e',
        _ => return None,
    };
    (!ty.name().is_empty()).then(|| (space, ty.name().as_bytes().to_vec()))
}

pub fn is_forward(ty: Type<'_>) -> bool {
    match ty.view() {
        View::Fwd(_) => true,
        View::Enum(values) => values.is_empty(),
        _ => false,
    }
}

/// Whether `forward` declares what `complete` defines.
pub fn declares(forward: Type<'_>, complete: Type<'_>) -> bool {
    let fits = match (forward.view(), complete.kind()) {
        (View::Fwd(FwdKind::Struct), Kind::Struct) => true,
        (View::Fwd(FwdKind::Union), Kind::Union) => true,
        (View::Enum(_), kind) => kind.is_enum(),
        _ => false,
    };
    fits && is_forward(forward)
        && !is_forward(complete)
        && tag(forward).is_some()
        && tag(forward) == tag(complete)
}

/// Collects pairs that have to be equivalent.
pub struct Checker<'g> {
    old: &'g Btf,
    new: &'g Btf,
    seen: HashSet<(TypeId, TypeId)>,
}

impl<'g> Checker<'g> {
    pub fn new(old: &'g Btf, new: &'g Btf) -> Self {
        Self {
            old,
            new,
            seen: HashSet::new(),
        }
    }

    /// Requires a type of the old graph to be equivalent to one of the new graph.
    pub fn require(&mut self, old: TypeId, new: TypeId) {
        let mut open = vec![(old, new)];
        while let Some(pair) = open.pop() {
            if !self.seen.insert(pair) {
                continue;
            }
            let (old, new) = (self.old.get(pair.0).unwrap(), self.new.get(pair.1).unwrap());
            if declares(old, new) {
                continue;
            }
            // A type kept for its id may still only declare what its users see completed.
            if declares(new, old) && self.new.types().any(|ty| declares(new, ty)) {
                continue;
            }
            let (says_old, old_types) = shallow(old);
            let (says_new, new_types) = shallow(new);
            assert_eq!(says_old, says_new, "{old:?} became {new:?}");
            assert_eq!(old_types.len(), new_types.len());
            open.extend(old_types.into_iter().zip(new_types));
        }
    }
}

/// Every type of an input has an equivalent in the output, where the map says.
pub fn every_type_is_there(input: &Btf, output: &Btf, map: &Remap) {
    assert_eq!(map.len(), input.len());
    let mut checker = Checker::new(input, output);
    for ty in input.types() {
        let new = map.get(ty.id()).unwrap_or_else(|| panic!("{ty:?} is gone"));
        checker.require(ty.id(), new);
    }
}
