//! A target whose types are loaded, from its files.

use std::sync::Arc;

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::pipeline::declared::Declared;
use crate::pipeline::load::{load, load_path};
use crate::pipeline::options::LoadOptions;
use crate::pipeline::target::{TargetFile, Types};
use crate::relocate;

/// A target whose types are loaded.
#[derive(Clone, Debug)]
pub(super) struct LoadedTarget {
    pub target: relocate::Target,
    /// The debug information that the types were converted from.
    pub declared: Option<Arc<Declared>>,
    /// The same for each graph: the target's own, then those of its modules and further files.
    pub sources: Vec<Option<Arc<Declared>>>,
    /// The files of its debug information that were not found, a line each.
    pub missing: Vec<String>,
}

impl LoadedTarget {
    /// Returns the target's names that are nearest to one that it doesn't have.
    pub fn nearest(&self, name: &str) -> Vec<String> {
        match &self.declared {
            Some(declared) => declared.nearest(name),
            None => self.target.graph.nearest_names(name),
        }
    }
}

/// Loads the types of a target. Files that are missing from its debug information are added to `incomplete`.
pub(super) fn loaded(
    target: &TargetFile,
    options: &LoadOptions,
    incomplete: &mut Vec<String>,
) -> Result<LoadedTarget> {
    let place = || Place::File(target.label.clone());
    let with = |base: Option<Btf>, function: Option<&String>| {
        let mut options = options.clone();
        options.set_function(function.cloned());
        LoadOptions { base, ..options }
    };
    let (mut preferred, mut sources, mut files) = (Vec::new(), Vec::new(), Vec::new());
    let mut load = |types: &Types, base: Option<Btf>, function: Option<&String>| {
        let loaded = match types {
            Types::Graph(_) if function.is_some() => {
                return Err(Error::new(
                    ErrorKind::Usage,
                    "a graph doesn't tell which unit a type is from, so a function can't choose: the program's file does",
                ));
            }
            Types::Graph(graph) => {
                sources.push(None);
                return Ok(graph.clone());
            }
            Types::File(bytes) => load(bytes.clone(), &with(base, function))?,
            Types::Path(path) => load_path(path, &with(base, function))?,
        };
        files.extend(loaded.missing_files());
        let missing = loaded.missing_files();
        incomplete.extend(missing.map(|missing| format!("{}: {missing}", target.label)));
        let notes = loaded.notes.iter();
        incomplete.extend(notes.map(|note| format!("{}: {note}", target.label)));
        preferred.extend(loaded.preferred);
        sources.push(loaded.declared);
        Ok(loaded.graph)
    };
    let graph = load(&target.types, None, target.function.as_ref())
        .and_then(|graph| with_aliases(graph, &options.aliases))
        .within(place)?;
    let mut modules: Vec<Btf> = target
        .modules
        .iter()
        .enumerate()
        .map(|(number, module)| {
            load(module, Some(graph.clone()), None)
                .within(|| Place::Module(number))
                .within(place)
        })
        .collect::<Result<_>>()?;
    for further in &target.further {
        let graph =
            load(further, None, None).and_then(|graph| with_aliases(graph, &options.aliases));
        modules.push(graph.within(place)?);
    }
    Ok(LoadedTarget {
        target: relocate::Target {
            label: target.label.clone(),
            role: target.role,
            graph,
            modules,
            preferred,
        },
        declared: sources.first().cloned().flatten(),
        sources,
        missing: files,
    })
}

/// Adds the aliases for types that the graph has.
fn with_aliases(graph: Btf, aliases: &[(String, String)]) -> Result<Btf> {
    let mut present = Vec::new();
    for (alias, name) in aliases {
        if !graph.named_or_spelled(name.as_bytes())?.is_empty() {
            present.push((alias.as_str(), name.as_str()));
        }
    }
    graph.with_aliases(present)
}
