//! The smallest BTF with which objects relocate as they do against a whole target.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::bpf::Program;
use crate::elf::BpfObject;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::merge::{Minimiser, Need};
use crate::pipeline::loaded_target::loaded;
use crate::pipeline::options::RelocateOptions;
use crate::pipeline::relocate::{check_aliases, check_strict, load_options};
use crate::pipeline::target::TargetFile;
use crate::query::essential_name;
use crate::relocate::{self, Fixup, RelocationKind, Report};

/// Returns the smallest BTF against which `objects` relocate to the same instructions as against `target`, except for
/// type ids (TYPE_ID_TARGET). It is self-contained even if the target is split BTF or has modules. Relocations that the
/// options leave to the loader need no type.
///
/// The result is verified: every object is resolved against it as well, and the results are compared.
///
/// ```
/// use btfkit::pipeline::{RelocateOptions, TargetFile, minimise};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
/// let target = TargetFile::user("app", read("tutorial/prog_b.gcc-dwarf5"));
/// let small = minimise([read("tutorial/probe.bpf.o")], &target, &RelocateOptions::default())?;
/// // `struct data` with the two members that are read, and their `int`.
/// assert_eq!(small.len(), 2);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`relocate`](crate::pipeline::relocate()), with the object's index among `objects`.
pub fn minimise(
    objects: impl IntoIterator<Item: Into<Bytes>>,
    target: &TargetFile,
    options: &RelocateOptions,
) -> Result<Btf> {
    let objects = objects
        .into_iter()
        .enumerate()
        .map(|(number, object)| {
            BpfObject::parse_with(object, &options.limits).within(|| Place::Input(number))
        })
        .collect::<Result<Vec<_>>>()?;
    let programs: Vec<_> = objects.iter().map(BpfObject::program).collect();
    // Types of missing debug files are in neither the target nor the result, so they are not reported.
    let load_options = load_options(&programs, options);
    let mut notes = Vec::new();
    let loaded = [loaded(target, &load_options, &mut notes)?];
    check_aliases(&loaded, options)?;
    let [one] = &loaded;
    let declared = |_: usize, id| one.declared.as_ref()?.place(id);
    let targets = [with_short_names(&one.target, &programs)?];
    let engine = options.engine();
    let resolved = objects
        .iter()
        .zip(&programs)
        .enumerate()
        .map(|(number, (object, program))| {
            let resolve = || {
                let resolution = relocate::resolve_with(program, &targets, &engine, &declared)?;
                if options.strict {
                    let (_, patched) = object.apply_to(program, &resolution)?;
                    check_strict(&Report::new(program, &targets, &resolution, &patched))?;
                }
                Ok(resolution.fixups)
            };
            resolve().within(|| Place::Input(number))
        })
        .collect::<Result<Vec<_>>>()?;

    // A relocation may depend on a type or member that does not exist. If keeping what matched is not enough for
    // that, the types that any object names are kept with all their members.
    for all_members in [false, true] {
        let small = build(&targets, &resolved, all_members)?;
        let [target] = &targets;
        let small_target = [relocate::Target {
            label: target.label.clone(),
            role: target.role,
            graph: small.clone(),
            modules: Vec::new(),
            preferred: Vec::new(),
        }];
        let mut same = true;
        for (program, expected) in programs.iter().zip(&resolved) {
            let got = relocate::resolve(program, &small_target, &engine)?.fixups;
            same &= got.iter().zip(expected).all(|(a, b)| a.agrees_with(b));
        }
        if same {
            return Ok(small);
        }
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        "no smaller graph gives the same results: use the target as it is",
    ))
}

/// Returns a target in which the types that programs relocate have the names that programs give them: a graph that is
/// written can't say which namespaces a name may leave out.
fn with_short_names(
    target: &relocate::Target,
    programs: &[Program<'_>],
) -> Result<relocate::Target> {
    let mut names = BTreeSet::new();
    for program in programs {
        let relos = program.sections.iter().flat_map(|section| section.relos);
        let roots = relos.map(|relo| program.graph.ty(relo.type_id).name());
        names.extend(roots.map(|name| essential_name(name.as_bytes())));
    }
    let graph = target.graph.with_short_names(&names)?;
    let modules = target.modules.iter();
    let modules = modules.map(|module| module.with_short_names(&names));
    Ok(relocate::Target {
        graph,
        modules: modules.collect::<Result<_>>()?,
        ..target.clone()
    })
}

fn build(
    targets: &[relocate::Target; 1],
    resolved: &[Vec<Fixup>],
    all_members: bool,
) -> Result<Btf> {
    let [target] = targets;
    let mut minimiser = Minimiser::new();
    for fixup in resolved.iter().flatten() {
        let (Some(kind), Some(candidate)) = (fixup.kind, fixup.matched.first()) else {
            continue;
        };
        let graph = candidate
            .module
            .and_then(|number| target.modules.get(number))
            .unwrap_or(&target.graph);
        let ty = graph.ty(candidate.id);
        if all_members {
            minimiser.need(ty, Need::Members)?;
        }
        minimiser.need(ty, need(kind, &fixup.target_steps))?;
    }
    minimiser.build()
}

fn need(kind: RelocationKind, steps: &[u32]) -> Need<'_> {
    match kind {
        RelocationKind::FieldByteOffset
        | RelocationKind::FieldByteSize
        | RelocationKind::FieldExists
        | RelocationKind::FieldSigned
        | RelocationKind::FieldLshiftU64
        | RelocationKind::FieldRshiftU64 => Need::Path(steps),
        RelocationKind::EnumvalExists | RelocationKind::EnumvalValue => {
            Need::Enumerator(steps.first().copied().unwrap_or(0))
        }
        RelocationKind::TypeMatches => Need::Members,
        RelocationKind::TypeIdLocal
        | RelocationKind::TypeIdTarget
        | RelocationKind::TypeExists
        | RelocationKind::TypeSize => Need::Whole,
    }
}
