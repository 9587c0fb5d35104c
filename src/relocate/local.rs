//! The local side of a relocation, as text: what the program asks for.

use crate::graph::{Btf, CoreRelo, Name, Type};
use crate::query::essential_name;
use crate::relocate::accessor::{self, Accessor, Spec};
use crate::relocate::c_text::{c_enumerator, c_path, c_type};
use crate::relocate::candidate::member_of;
use crate::relocate::kind::{RelocationKind, Subject};

/// Spells a relocation's kind and local path: `byte_off of struct session.hops[2].port`.
pub(crate) fn local_path(graph: &Btf, relo: CoreRelo) -> String {
    let kind = RelocationKind::from_number(relo.kind);
    let local = Local::new(graph, relo);
    match kind {
        Some(kind) => format!("{kind} of {}", local.text),
        None => format!("kind {} of {}", relo.kind, local.text),
    }
}

/// The local side of a relocation, for the report.
pub(super) struct Local<'a> {
    pub graph: &'a Btf,
    /// The local path, as C has it.
    pub text: String,
    pub root: Type<'a>,
    pub accessors: Vec<Accessor>,
}

impl<'a> Local<'a> {
    /// Parses the accessor of a relocation, as far as it can be parsed.
    pub fn new(graph: &'a Btf, relo: CoreRelo) -> Self {
        let root = graph.ty(relo.type_id);
        let mut spec = Spec::default();
        let parsed = RelocationKind::from_number(relo.kind).filter(|&kind| {
            accessor::parse(root, graph.string(relo.access), kind, &mut spec).is_ok()
        });
        let text = match parsed.map(RelocationKind::subject) {
            Some(Subject::Field) => c_path(root, &spec.steps),
            Some(Subject::Enumerator) => c_enumerator(root, spec.steps.first().copied()),
            Some(Subject::Type) | None => c_type(root),
        };
        Self {
            graph,
            text,
            root,
            accessors: spec.accessors,
        }
    }

    /// Returns the name of the member that a step of the path refers to.
    pub fn member(&self, step: usize) -> String {
        self.accessors
            .get(step)
            .and_then(|accessor| member_of(self.graph, *accessor))
            .map_or(String::new(), |member| member.name().to_string())
    }

    /// Returns the name that source code has for what the relocation is about: of the last member, the enumerator or
    /// the type.
    pub fn last_name(&self) -> &'a [u8] {
        let mut last = self.accessors.iter().enumerate().rev();
        let Some((_, accessor)) = last.find(|(_, accessor)| accessor.named) else {
            return essential_name(self.root.name().as_bytes());
        };
        let name = match self.graph.ty(accessor.ty).as_enum() {
            Some(found) => found
                .enumerator(accessor.index as usize)
                .map(|enumerator| enumerator.name()),
            None => member_of(self.graph, *accessor).map(|member| member.name()),
        };
        name.map_or(&[], Name::as_bytes)
    }

    /// Returns the index that a step of the path has.
    pub fn index(&self, step: usize) -> u32 {
        self.accessors
            .get(step)
            .map_or(0, |accessor| accessor.index)
    }
}
