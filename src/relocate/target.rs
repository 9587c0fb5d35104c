//! Targets, and the candidates that one has for a type of the object.

use std::collections::HashSet;

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Type};
use crate::id::TypeId;
use crate::query::{essential_name, one_name, one_short_name};
use crate::relocate::compat::kinds_agree;

/// The flavor suffix that always means the kernel: the first target with the role [`Role::Kernel`].
pub const KERNEL_LABEL: &str = "kernel";

/// Refuses two targets with one label, and a user program with the kernel's.
///
/// # Errors
/// `Usage`.
pub(crate) fn check_labels<'l>(targets: impl IntoIterator<Item = (&'l str, Role)>) -> Result<()> {
    let mut labels = HashSet::new();
    for (label, role) in targets {
        if !labels.insert(label) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("two targets are labelled {label:?}: each needs a label of its own"),
            ));
        }
        if label == KERNEL_LABEL && role == Role::User {
            return Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "a user program is labelled {label:?}, but the suffix ___{label} always means the kernel: give the \
                     program another label"
                ),
            ));
        }
    }
    Ok(())
}

/// The role of a target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// The kernel, perhaps with modules. The kernel knows the ids of its own types.
    Kernel,
    /// A user program.
    User,
}

/// A target: types to relocate against.
#[derive(Clone, Debug)]
pub struct Target {
    /// The target's name in reports, and the flavor suffix that picks it: `struct file___app` means `struct file` of
    /// the target labelled `app`.
    pub label: String,
    /// The role.
    pub role: Role,
    /// The types.
    pub graph: Btf,
    /// A kernel's modules (split BTF over `graph`), or a program's further files. They are searched only if `graph` has
    /// no candidate.
    pub modules: Vec<Btf>,
    /// The types of `graph` that are preferred to others of the same name, sorted by id.
    pub preferred: Vec<TypeId>,
}

impl Target {
    /// Makes a target of a user program's types.
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

    /// Makes a target of the kernel's types, with the label `kernel`.
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

    /// Returns the candidates for a type of the object: types of the same kind (or both enumerations) and the same
    /// essential name (libbpf, `bpf_core_find_cands`). If there are none, types of other languages whose names C can
    /// only spell like that.
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
            add_candidates(graph, local, essential, None, &mut found);
        }
        if found.is_empty() {
            for (number, module) in self.modules.iter().enumerate() {
                add_candidates(module, local, essential, Some(number), &mut found);
            }
        }
        if found.is_empty() {
            found = self.spelled(local, essential)?;
        }
        Ok(self.preferred_of(found))
    }

    /// Returns the candidates whose names are that of a type of the object only without inline and anonymous namespaces.
    ///
    /// # Errors
    /// `Ambiguous` if the types have different names.
    pub(super) fn short_candidates(&self, local: Type<'_>) -> Result<Vec<Candidate>> {
        let essential = essential_name(local.name().as_bytes());
        let found = self.first_graph(
            local,
            essential,
            |graph| graph.shortened(essential),
            one_short_name,
        )?;
        Ok(self.preferred_of(found))
    }

    /// Returns the preferred candidates, or all if none is.
    fn preferred_of(&self, mut found: Vec<Candidate>) -> Vec<Candidate> {
        let is_preferred = |candidate: &Candidate| {
            candidate.module.is_none() && self.preferred.binary_search(&candidate.id).is_ok()
        };
        if found.iter().any(is_preferred) {
            found.retain(is_preferred);
        }
        found
    }

    /// Returns the candidates whose names C spells like `essential`.
    fn spelled(&self, local: Type<'_>, essential: &[u8]) -> Result<Vec<Candidate>> {
        self.first_graph(
            local,
            essential,
            |graph| graph.spelled(essential).collect(),
            one_name,
        )
    }

    /// Returns the candidates among the types that `find` returns of the target's graph, or else of the first module for
    /// which it returns any. `one` refuses types of different names.
    fn first_graph(
        &self,
        local: Type<'_>,
        name: &[u8],
        find: impl for<'g> Fn(&'g Btf) -> Vec<Type<'g>>,
        one: for<'g> fn(Vec<Type<'g>>, &[u8]) -> Result<Vec<Type<'g>>>,
    ) -> Result<Vec<Candidate>> {
        let modules = self.modules.iter().enumerate();
        let modules = modules.map(|(number, module)| (Some(number), module));
        for (module, graph) in std::iter::once((None, &self.graph)).chain(modules) {
            let mut types = find(graph);
            types.retain(|ty| kinds_agree(ty.kind(), local.kind()));
            let types = one(types, name).within(|| Place::File(self.label.clone()))?;
            if !types.is_empty() {
                let ids = types.iter().map(|ty| ty.id());
                return Ok(ids.map(|id| Candidate { id, module }).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Returns the graph that a candidate is from.
    pub(crate) fn graph_of(&self, candidate: Candidate) -> &Btf {
        candidate
            .module
            .and_then(|number| self.modules.get(number))
            .unwrap_or(&self.graph)
    }
}

/// Returns the graph of a target that a candidate is from.
pub(crate) fn graph_of(target: &Target, candidate: Candidate) -> &Btf {
    target.graph_of(candidate)
}

/// Adds the candidates of one graph, without its base's.
fn add_candidates(
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

/// A type of a target with the kind and essential name of a root type.
// Ordered as candidates are found: those of the kernel before those of its modules, then by id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The index of the module it is from; `None` for the target's own types.
    pub module: Option<usize>,
    /// The type's id in the target's graph, or in the module's.
    pub id: TypeId,
}
