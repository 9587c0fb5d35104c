//! Which types of a program's DWARF are converted: those that BPF programs have relocations of.

use std::collections::BTreeSet;

use crate::bpf::Program;
use crate::dwarf;
use crate::graph::{Kind, Name};
use crate::id::TypeId;
use crate::query::essential_name;

/// Returns options that convert the candidates for the root types of `programs`, by the names these have with and
/// without flavor. They convert everything if a root type is of a kind that has no name to convert by.
pub(super) fn conversion_for<'p, 'o: 'p>(
    programs: impl IntoIterator<Item = &'p Program<'o>>,
) -> dwarf::ConvertOptions {
    let mut options = dwarf::ConvertOptions::default();
    let mut roots = BTreeSet::new();
    for program in programs {
        let graph = program.graph;
        let relos = program.sections.iter().flat_map(|section| section.relos);
        let ids: BTreeSet<TypeId> = relos.map(|relo| relo.type_id).collect();
        for root in ids.into_iter().map(|id| graph.ty(id)) {
            match root.kind() {
                Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Typedef => {}
                Kind::Void
                | Kind::Int
                | Kind::Ptr
                | Kind::Array
                | Kind::Fwd
                | Kind::Volatile
                | Kind::Const
                | Kind::Restrict
                | Kind::Func
                | Kind::FuncProto
                | Kind::Var
                | Kind::Datasec
                | Kind::Float
                | Kind::DeclTag
                | Kind::TypeTag
                | Kind::Unknown(_) => return options,
            }
            let name = root.name();
            let essential = Name::new(essential_name(name.as_bytes()));
            roots.extend([name, essential].map(|name| name.to_string_lossy().into_owned()));
        }
    }
    roots.remove("");
    options.roots = dwarf::Roots::Named(roots.into_iter().collect());
    options.allow_missing_roots = true;
    options.flavors = true;
    options
}
