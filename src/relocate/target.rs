//! Targets, and the candidates that one has for a type of the object.

use crate::error::{Context, Place, Result};
use crate::graph::{Btf, Type};
use crate::id::TypeId;
use crate::query::{essential_name, one_name};
use crate::relocate::compat::kinds_agree;

/// The flavor suffix that always means the kernel: the first target with that role.
pub const KERNEL_LABEL: &str = "kernel";

/// What a target is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// The kernel, perhaps with modules. Its type ids mean something to the kernel.
    Kernel,
    /// A user program.
    User,
}

/// Types to relocate against.
#[derive(Clone, Debug)]
pub struct Target {
    /// What the target is called in reports, and the flavor suffix that picks it: `struct file___app` is
    /// the one of the target labelled `app`.
    pub label: String,
    /// What it is.
    pub role: Role,
    /// Its types.
    pub graph: Btf,
    /// A kernel's modules: split BTF over `graph`. Asked only where `graph` itself has no candidate.
    pub modules: Vec<Btf>,
    /// Types of `graph` that are meant where others have the same name, by id.
    pub preferred: Vec<TypeId>,
}

impl Target {
    /// A user program's types.
    #[must_use]
    pub fn user(label: impl Into<String>, graph: Btf) -> Self {
        Self {
            label: label.into(),
            role: Role::User,
            graph,
            modules: Vec::new(),
            preferred: Vec::new(),
        }
    }

    /// The kernel's types.
    #[must_use]
    pub fn kernel(graph: Btf) -> Self {
        Self {
            label: KERNEL_LABEL.into(),
            role: Role::Kernel,
            graph,
            modules: Vec::new(),
            preferred: Vec::new(),
        }
    }

    /// The candidates for a type of the object: same kind (or both enumerations), same essential name.
    /// (libbpf, `bpf_core_find_cands`.) Where there is none, those whose name C spells so, of other languages.
    pub(super) fn candidates(&self, local: Type<'_>) -> Result<Vec<Candidate>> {
        let essential = essential_name(local.name().as_bytes());
        let mut found = Vec::new();
        let mut levels = Vec::new();
        let mut level = Some(&self.graph);
        while let Some(graph) = level {
            levels.push(graph);
            level = graph.base();
        }
        for graph in levels.into_iter().rev() {
            take(graph, local, essential, None, &mut found);
        }
        if found.is_empty() {
            for (number, module) in self.modules.iter().enumerate() {
                take(module, local, essential, Some(number), &mut found);
            }
        }
        if found.is_empty() {
            found = self.spelled(local, essential)?;
        }
        let is_preferred = |candidate: &Candidate| {
            candidate.module.is_none() && self.preferred.binary_search(&candidate.id).is_ok()
        };
        if found.iter().any(is_preferred) {
            found.retain(is_preferred);
        }
        Ok(found)
    }

    fn spelled(&self, local: Type<'_>, essential: &[u8]) -> Result<Vec<Candidate>> {
        let spelled = self.graph.spelled(essential);
        let spelled = spelled.filter(|ty| kinds_agree(ty.kind(), local.kind()));
        let types =
            one_name(spelled.collect(), essential).within(|| Place::File(self.label.clone()))?;
        let candidates = types.iter().map(|ty| Candidate {
            id: ty.id(),
            module: None,
        });
        Ok(candidates.collect())
    }

    /// The graph a candidate is of.
    pub(super) fn graph_of(&self, candidate: Candidate) -> &Btf {
        candidate
            .module
            .and_then(|number| self.modules.get(number))
            .unwrap_or(&self.graph)
    }
}

fn take(
    graph: &Btf,
    local: Type<'_>,
    essential: &[u8],
    module: Option<usize>,
    found: &mut Vec<Candidate>,
) {
    found.extend(
        graph
            .own_of_kind_with_essential_name(local.kind(), essential)
            .filter(|ty| kinds_agree(ty.kind(), local.kind()))
            .map(|ty| Candidate {
                id: ty.id(),
                module,
            }),
    );
}

/// A type of a target that may be the one meant.
// Ordered as candidates are found: the kernel's before its modules', then by id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The number of the module it is from.
    pub module: Option<usize>,
    /// Its id in the target's graph, or in the module's.
    pub id: TypeId,
}
