//! The types of a target, loaded from its files.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::id::TypeId;
use crate::pipeline::completion::{complete, declared_by_value};
use crate::pipeline::declared::Declared;
use crate::pipeline::load::{Loaded, Source, load, load_path};
use crate::pipeline::options::LoadOptions;
use crate::pipeline::target::{TargetFile, Types};
use crate::relocate::{self, ReportTarget};

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
    /// The build ID of each file, in the order of [`TargetFile::types`] and [`TargetFile::further`].
    build_ids: Vec<Option<String>>,
}

impl LoadedTarget {
    /// Returns the target's names that are nearest to one that it doesn't have.
    pub fn nearest(&self, name: &str) -> Vec<String> {
        match &self.declared {
            Some(declared) => declared.nearest(name),
            None => self.target.graph.nearest_names(name),
        }
    }

    /// Adds the build IDs to what a report says about the target.
    pub fn tell(&self, target: &mut ReportTarget) {
        target.build_ids.clone_from(&self.build_ids);
    }
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

/// Loads the types of a target. Files that are missing from its debug information are added to `incomplete`.
///
/// Of several files of one program the one with the function comes first, if a function is asked for.
pub(super) fn loaded(
    target: &TargetFile,
    options: &LoadOptions,
    incomplete: &mut Vec<String>,
) -> Result<LoadedTarget> {
    let place = || Place::File(target.label.clone());
    let mut files = own_files(target, options).within(place)?;
    let modules = target.modules.iter().enumerate().map(|(number, module)| {
        let base = files.first().map(|file| file.graph.clone());
        types(module, base, None, options)
            .within(|| Place::Module(number))
            .within(place)
    });
    let modules: Vec<Loaded> = modules.collect::<Result<_>>()?;
    let mut missing = Vec::new();
    for file in files.iter().chain(&modules) {
        missing.extend(file.missing_files());
        let notes = file.missing_files().chain(file.notes.iter().cloned());
        incomplete.extend(notes.map(|note| format!("{}: {note}", target.label)));
    }
    let build_ids = files.iter().map(|file| file.build_id.clone()).collect();
    // The types of the function's unit are preferred to those of other files as well.
    if let Some(first) = files.iter().position(|file| !file.preferred.is_empty()) {
        let chosen = files.remove(first);
        files.insert(0, chosen);
    }
    let graphs: Vec<Btf> = files.iter().map(|file| file.graph.clone()).collect();
    let mut graphs = graphs.iter().enumerate().map(|(number, graph)| {
        let others = graphs.iter().enumerate();
        let others = others.filter(|(other, _)| *other != number);
        let others: Vec<&Btf> = others.map(|(_, graph)| graph).collect();
        let (graph, own) = complete(graph.clone(), &others)?;
        Ok((with_aliases(graph, &options.aliases)?, own))
    });
    let (graph, own) = match graphs.next() {
        Some(first) => first.within(place)?,
        None => return Err(Error::new(ErrorKind::Usage, "the target has no file")),
    };
    let further = graphs.map(|graph| graph.map(|(graph, _)| graph));
    let further: Vec<Btf> = further.collect::<Result<_>>().within(place)?;
    let preferred = files
        .first_mut()
        .map(|first| std::mem::take(&mut first.preferred));
    let mut own_sources = files.into_iter().map(|file| file.declared);
    let declared = own_sources.next().flatten();
    let sources = std::iter::once(declared.clone())
        .chain(modules.iter().map(|module| module.declared.clone()))
        .chain(own_sources)
        .collect();
    let modules = modules.into_iter().map(|module| module.graph);
    Ok(LoadedTarget {
        target: relocate::Target {
            label: target.label.clone(),
            role: target.role,
            preferred: with_own(preferred.unwrap_or_default(), own, &graph),
            graph,
            modules: modules.chain(further).collect(),
        },
        declared,
        sources,
        missing,
        build_ids,
    })
}

/// Adds types that are to be found before the ones that other files added, unless a function prefers one of the name.
fn with_own(mut preferred: Vec<TypeId>, own: Vec<TypeId>, graph: &Btf) -> Vec<TypeId> {
    let names = preferred.iter().map(|id| graph.ty(*id).name());
    let names: BTreeSet<&[u8]> = names.map(|name| name.as_bytes()).collect();
    let fresh = own
        .into_iter()
        .filter(|id| !names.contains(graph.ty(*id).name().as_bytes()));
    let fresh: Vec<TypeId> = fresh.collect();
    preferred.extend(fresh);
    preferred.sort_unstable();
    preferred.dedup();
    preferred
}

/// The number of times that files are read again for classes that another one of them only declares. Each time is one
/// level of classes that are derived across files.
const MOST_ROUNDS: usize = 8;

/// Loads the target's own file and its further ones, each by itself.
fn own_files(target: &TargetFile, options: &LoadOptions) -> Result<Vec<Loaded>> {
    let all: Vec<&Types> = std::iter::once(&target.types)
        .chain(&target.further)
        .collect();
    let mut options = options.clone();
    let mut names = BTreeSet::new();
    let mut with_function = None;
    for _ in 0..MOST_ROUNDS {
        let files = match (&target.function, with_function) {
            (None, _) => each(&all, None, &options)?,
            (Some(function), Some(number)) => each(&all, Some((number, function)), &options)?,
            (Some(function), None) => {
                let (number, files) = searched(&all, function, &options)?;
                with_function = Some(number);
                files
            }
        };
        if all.len() < 2 {
            return Ok(files);
        }
        let declared = files.iter().flat_map(|file| declared_by_value(&file.graph));
        let new: Vec<String> = declared.filter(|name| names.insert(name.clone())).collect();
        // If everything was converted, everything that a file defines is there.
        if new.is_empty() || !options.add_roots(new) {
            return Ok(files);
        }
    }
    Err(Error::limit(
        "classes are derived across the target's files on too many levels",
    ))
}

/// Loads each file, one of them with a function whose unit's types are preferred.
fn each(
    files: &[&Types],
    function: Option<(usize, &String)>,
    options: &LoadOptions,
) -> Result<Vec<Loaded>> {
    let files = files.iter().enumerate();
    let files = files.map(|(number, file)| {
        let function = function.filter(|(of, _)| *of == number);
        types(file, None, function.map(|(_, name)| name), options)
    });
    files.collect()
}

/// Loads each file, and searches them for a function in order. Returns the number of the file that has it.
///
/// # Errors
/// `NotFound` if no file has it; `Usage` if none tells of which unit a type is.
fn searched(
    all: &[&Types],
    function: &String,
    options: &LoadOptions,
) -> Result<(usize, Vec<Loaded>)> {
    let mut found = None;
    let mut reasons = Vec::new();
    let mut files = Vec::new();
    for (number, file) in all.iter().enumerate() {
        if found.is_none() {
            match types(file, None, Some(function), options) {
                Ok(loaded) => {
                    found = Some(number);
                    files.push(loaded);
                    continue;
                }
                Err(error)
                    if all.len() > 1
                        && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Usage) =>
                {
                    reasons.push((file, error));
                }
                Err(error) => return Err(error),
            }
        }
        files.push(types(file, None, None, options)?);
    }
    if let Some(number) = found {
        return Ok((number, files));
    }
    let kind = match reasons.iter().all(|(_, e)| e.kind() == ErrorKind::Usage) {
        true => ErrorKind::Usage,
        false => ErrorKind::NotFound,
    };
    let reasons = (1..)
        .zip(reasons)
        .map(|(number, (file, error))| match file {
            Types::Path(path) => format!("{}: {error}", path.display()),
            Types::Graph(_) | Types::File(_) => format!("file {number}: {error}"),
        });
    let reasons: Vec<_> = reasons.collect();
    Err(Error::new(
        kind,
        format!(
            "no file of the program has code of a function called {function}: {}",
            reasons.join("; ")
        ),
    ))
}

/// Loads the types of one file.
fn types(
    types: &Types,
    base: Option<Btf>,
    function: Option<&String>,
    options: &LoadOptions,
) -> Result<Loaded> {
    let mut options = options.clone();
    options.set_function(function.cloned());
    options.base = base;
    match types {
        Types::Graph(_) if function.is_some() => Err(Error::new(
            ErrorKind::Usage,
            "a graph doesn't tell which unit a type is from, so a function can't choose: the program's file does",
        )),
        Types::Graph(graph) => Ok(Loaded::new(graph.clone(), Source::RawBtf)),
        Types::File(bytes) => load(bytes.clone(), &options),
        Types::Path(path) => load_path(path, &options),
    }
}
