//! Relocates a BPF object file against targets: the main job.

use bytes::Bytes;

use crate::bpf::Program;
use crate::elf::BpfObject;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
#[cfg(feature = "dwarf")]
use crate::pipeline::conversion::conversion_for;
use crate::pipeline::load::{load, load_path};
use crate::pipeline::options::{LoadOptions, RelocateOptions};
use crate::pipeline::target::{TargetFile, Types};
use crate::relocate::{self, Report};

/// A relocated object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelocatedObject {
    /// The new file. It differs from the old one only in the patched instructions and the relocation records removed.
    pub object: Vec<u8>,
    /// The report on each relocation.
    pub report: Report,
    /// The files of the targets' debug information that were not found, a line each. Their types are missing.
    pub incomplete: Vec<String>,
}

/// Applies a BPF object's CO-RE relocations against the targets, which are searched in their order.
///
/// Of a target's DWARF only the types that the object has relocations of are converted, with the types they refer to.
///
/// ```
/// use btfkit::pipeline::{RelocateOptions, TargetFile, relocate};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
/// // The object's own layout is a target like any other: nothing changes.
/// let object = read("tutorial/probe.bpf.o");
/// let targets = [TargetFile::user("app", object.clone())];
/// let relocated = relocate(object, &targets, &RelocateOptions::default())?;
/// assert!(relocated.report.is_clean());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`BpfObject::parse`], [`load`], [`relocate::resolve`] and [`relocate::apply`]: a malformed object or target, an
/// ambiguous relocation, an instruction that doesn't hold the value of its relocation; in strict mode, as
/// [`check_strict`]. There is no half-relocated object then.
pub fn relocate(
    object: impl Into<Bytes>,
    targets: &[TargetFile],
    options: &RelocateOptions,
) -> Result<RelocatedObject> {
    let object = BpfObject::parse_with(object, &options.limits)?;
    let program = object.program();
    let load_options = load_options([&program], options);
    let mut incomplete = Vec::new();
    let targets = targets
        .iter()
        .map(|target| loaded(target, &load_options, &mut incomplete))
        .collect::<Result<Vec<_>>>()?;
    check_aliases(&targets, options)?;
    let engine = relocate::ResolveOptions::partial(options.partial);
    let relocated = RelocatedObject {
        incomplete,
        ..relocate_object(&object, &program, &targets, engine)?
    };
    if options.strict {
        check_strict(&relocated.report)?;
    }
    Ok(relocated)
}

/// Returns options to load the targets of programs: of DWARF only the types that one of them has relocations of.
pub(super) fn load_options<'p, 'o: 'p>(
    programs: impl IntoIterator<Item = &'p Program<'o>>,
    options: &RelocateOptions,
) -> LoadOptions {
    let mut load = LoadOptions {
        dwarf: options.dwarf,
        aliases: options.aliases.clone(),
        limits: options.limits.clone(),
        ..LoadOptions::default()
    };
    #[cfg(not(feature = "dwarf"))]
    let _ = (programs, &mut load);
    #[cfg(feature = "dwarf")]
    {
        load.search.clone_from(&options.search);
        load.conversion = conversion_for(programs);
        if !load.conversion.roots.is_empty() {
            let names = options.aliases.iter().map(|(_, name)| name.clone());
            load.conversion.roots.extend(names);
        }
    }
    load
}

/// Refuses an alias for a type that no target has.
pub(super) fn check_aliases(targets: &[relocate::Target], options: &RelocateOptions) -> Result<()> {
    for (alias, name) in &options.aliases {
        let has = |target: &relocate::Target| target.graph.named(alias.as_bytes()).next().is_some();
        if !targets.iter().any(has) {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "no target has a type called {name:?}, for which {alias} is to be an alias"
                ),
            ));
        }
    }
    Ok(())
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

/// Relocates an object, whose program is `program`, against targets whose types are loaded.
pub(super) fn relocate_object(
    object: &BpfObject,
    program: &Program<'_>,
    targets: &[relocate::Target],
    options: relocate::ResolveOptions,
) -> Result<RelocatedObject> {
    let resolution = relocate::resolve(program, targets, &options)?;
    let mut rewriter = object.rewrite()?;
    let patched = relocate::apply(program, &resolution, &mut rewriter)?;
    Ok(RelocatedObject {
        object: rewriter.finish()?,
        report: Report::new(program, targets, &resolution, &patched),
        incomplete: Vec::new(),
    })
}

/// Loads the types of a target. Files that are missing from its debug information are added to `incomplete`.
pub(super) fn loaded(
    target: &TargetFile,
    options: &LoadOptions,
    incomplete: &mut Vec<String>,
) -> Result<relocate::Target> {
    let place = || Place::File(target.label.clone());
    let with = |base: Option<Btf>| {
        let mut options = options.clone();
        options.set_function(target.function.clone().filter(|_| base.is_none()));
        LoadOptions { base, ..options }
    };
    let mut preferred = Vec::new();
    let mut load = |types: &Types, base: Option<Btf>| {
        let loaded = match types {
            Types::Graph(graph) => return Ok(graph.clone()),
            Types::File(bytes) => load(bytes.clone(), &with(base))?,
            Types::Path(path) => load_path(path, &with(base))?,
        };
        let missing = loaded.missing_files();
        incomplete.extend(missing.map(|missing| format!("{}: {missing}", target.label)));
        preferred.extend(loaded.preferred);
        Ok(loaded.graph)
    };
    let graph = load(&target.types, None)
        .and_then(|graph| with_aliases(graph, &options.aliases))
        .within(place)?;
    let modules = target
        .modules
        .iter()
        .enumerate()
        .map(|(number, module)| {
            load(module, Some(graph.clone()))
                .within(|| Place::File(format!("module {number}")))
                .within(place)
        })
        .collect::<Result<_>>()?;
    Ok(relocate::Target {
        label: target.label.clone(),
        role: target.role,
        graph,
        modules,
        preferred,
    })
}

/// Refuses a report that strict mode doesn't accept.
///
/// # Errors
/// `NotFound` for the first poisoned relocation, `Ambiguous` for the first type that more than one target has,
/// `Usage` for the first target of another byte order.
pub fn check_strict(report: &Report) -> Result<()> {
    let poisoned = report
        .records
        .iter()
        .find(|record| record.outcome.is_poison());
    if let Some(record) = poisoned {
        return Err(Error::new(ErrorKind::NotFound, record.to_string()));
    }
    if let Some(ambiguity) = report.ambiguous.first() {
        return Err(Error::new(ErrorKind::Ambiguous, ambiguity.to_string()));
    }
    match report.other_byte_order.first() {
        Some(label) => Err(Error::new(
            ErrorKind::Usage,
            format!("{label} has another byte order than the object, which can't run there"),
        )),
        None => Ok(()),
    }
}
