//! Relocates a BPF object file against targets: the main job.

use std::collections::HashMap;

use crate::bpf::Program;
#[cfg(feature = "dwarf")]
use crate::dwarf;
use crate::elf::BpfObject;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Btf, Kind};
use crate::id::TypeId;
#[cfg(feature = "dwarf")]
use crate::pipeline::conversion::conversion_for;
use crate::pipeline::loaded_target::{LoadedTarget, loaded};
use crate::pipeline::losses::add_losses;
use crate::pipeline::options::{LoadOptions, RelocateOptions};
use crate::pipeline::target::TargetFile;
use crate::pipeline::warnings::warnings;
use crate::query::essential_name;
use crate::relocate::{self, Outcome, Report, Role, is_context};
use bytes::Bytes;

/// A relocated object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelocatedObject {
    /// The new file. It differs from the old one only in the patched instructions and the relocation records removed.
    pub object: Vec<u8>,
    /// The report on each relocation.
    pub report: Report,
    /// Notes on the targets' debug information, a line each: files that were not found, whose types are missing, and
    /// a `.BTF` that couldn't be used.
    pub incomplete: Vec<String>,
    /// Warnings about what will not run, or not as meant, with the cure, a line each.
    pub warnings: Vec<String>,
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
/// As [`BpfObject::parse`], [`load`](crate::pipeline::load()), [`relocate::resolve`] and [`relocate::apply`]: a malformed
/// object or target, an ambiguous relocation, an instruction that doesn't hold the value of its relocation; in strict mode, as
/// [`check_strict`]. There is no half-relocated object then.
pub fn relocate(
    object: impl Into<Bytes>,
    targets: &[TargetFile],
    options: &RelocateOptions,
) -> Result<RelocatedObject> {
    let bytes = object.into();
    let object = match BpfObject::parse_with(bytes.clone(), &options.limits) {
        Ok(object) => object,
        Err(error) if error.kind() == ErrorKind::NoBtf => return Ok(without_types(&bytes)),
        Err(error) => return Err(error),
    };
    let program = object.program();
    let load_options = load_options([&program], options);
    let mut incomplete = Vec::new();
    let targets = targets
        .iter()
        .map(|target| loaded(target, &load_options, &mut incomplete))
        .collect::<Result<Vec<_>>>()?;
    check_aliases(&targets, options)?;
    let relocated = RelocatedObject {
        incomplete,
        ..relocate_object(&object, &program, &targets, &options.engine())?
    };
    if options.strict {
        check_strict(&relocated.report)?;
    }
    Ok(relocated)
}

/// The warning about an object without types.
pub(super) const NO_TYPES: &str = "the object has no .BTF section, and so no CO-RE relocations: its code stays as it is; \
    `clang -g -target bpf` writes one";

/// Returns an object without `.BTF`, unchanged: it has no relocations.
fn without_types(object: &Bytes) -> RelocatedObject {
    RelocatedObject {
        object: object.to_vec(),
        report: Report::default(),
        incomplete: Vec::new(),
        warnings: vec![NO_TYPES.to_owned()],
    }
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
        if let dwarf::Roots::Named(roots) = &mut load.conversion.roots {
            roots.extend(options.aliases.iter().map(|(_, name)| name.clone()));
        }
    }
    load
}

/// Refuses an alias for a type that no target has.
pub(super) fn check_aliases(targets: &[LoadedTarget], options: &RelocateOptions) -> Result<()> {
    for (alias, name) in &options.aliases {
        let has = |graph: &Btf| graph.named(alias.as_bytes()).next().is_some();
        let has = |loaded: &LoadedTarget| {
            let target = &loaded.target;
            has(&target.graph) || target.modules.iter().any(has)
        };
        if !targets.iter().any(has) {
            let mut near: Vec<_> = targets.iter().flat_map(|t| t.nearest(name)).collect();
            near.dedup();
            let near = match near.is_empty() {
                true => String::new(),
                false => format!("; the nearest: {}", near.join(", ")),
            };
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "no target has a type called {name:?}, for which {alias} is to be an alias{near}"
                ),
            ));
        }
    }
    Ok(())
}

/// Relocates an object, whose program is `program`, against targets whose types are loaded.
pub(super) fn relocate_object(
    object: &BpfObject,
    program: &Program<'_>,
    loaded: &[LoadedTarget],
    options: &relocate::ResolveOptions,
) -> Result<RelocatedObject> {
    let targets: Vec<_> = loaded.iter().map(|loaded| loaded.target.clone()).collect();
    let declared = |number: usize, id| place_of(loaded, number, id);
    let resolution = relocate::resolve_with(program, &targets, options, &declared)?;
    let (relocated, patched) = object.apply_to(program, &resolution)?;
    let mut report = Report::new(program, &targets, &resolution, &patched);
    add_nearest(&mut report, loaded);
    add_losses(&mut report, &resolution, loaded);
    for (target, loaded) in report.targets.iter_mut().zip(loaded) {
        loaded.tell(target);
    }
    Ok(RelocatedObject {
        object: relocated,
        warnings: warnings(&report, &targets),
        report,
        incomplete: Vec::new(),
    })
}

/// Returns the place of a target's type, with the function that chooses it: `server.c:12; --function handle`.
pub(super) fn place_of(loaded: &[LoadedTarget], number: usize, id: TypeId) -> Option<String> {
    let target = loaded.get(number)?;
    let declared = target.declared.as_ref()?;
    let place = declared.place(id)?;
    let Some(function) = declared.function(id) else {
        return Some(place);
    };
    // A function without a label is one of the first program.
    let mut programs = loaded.iter().map(|loaded| &loaded.target);
    let first = programs.position(|target| target.role == Role::User);
    Some(if first == Some(number) {
        format!("{place}; --function {function}")
    } else {
        format!("{place}; --function {}={function}", target.target.label)
    })
}

/// Adds the nearest names to records of types that no target has and whose poison can be reached.
fn add_nearest(report: &mut Report, loaded: &[LoadedTarget]) {
    let mut nearest: HashMap<String, Vec<String>> = HashMap::new();
    for record in &mut report.records {
        let is_absent = matches!(record.outcome, Outcome::Absent { .. });
        let is_poison = record.outcome.is_poison() && !record.unreachable;
        if record.target.is_some() || !(is_absent || is_poison) {
            continue;
        }
        let words = ["struct ", "union ", "enum "];
        let name = words.iter().find_map(|word| record.root.strip_prefix(word));
        let name = name.unwrap_or(&record.root);
        if is_context(essential_name(name.as_bytes())) {
            continue;
        }
        let programs = loaded.iter().filter(|l| l.target.role == Role::User);
        let declares = |loaded: &&LoadedTarget| {
            let graph = &loaded.target.graph;
            let found = graph.named_or_spelled(name);
            found.is_ok_and(|types| types.iter().any(|ty| ty.kind() == Kind::Fwd))
        };
        let declared = programs.clone().filter(declares);
        record.declared_in = declared.map(|loaded| loaded.target.label.clone()).collect();
        if !record.declared_in.is_empty() || is_absent {
            continue;
        }
        let found = nearest.entry(name.to_owned()).or_insert_with(|| {
            let mut names: Vec<_> = programs.flat_map(|loaded| loaded.nearest(name)).collect();
            names.dedup();
            names
        });
        record.nearest.clone_from(found);
    }
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
    let untrusted = report
        .records
        .iter()
        .find(|record| record.untrusted.is_some());
    if let Some(record) = untrusted {
        return Err(Error::new(ErrorKind::Malformed, record.to_string()));
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
