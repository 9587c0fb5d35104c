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
use crate::pipeline::relocate::{check_aliases, check_strict, load_options, place_of};
use crate::pipeline::target::TargetFile;
use crate::query::essential_name;
use crate::relocate::{self, Action, Fixup, RelocationKind, Report, Resolution, Role, graph_of};

/// Returns the smallest BTF against which `objects` relocate to the same instructions as against `targets`, except for
/// type ids (TYPE_ID_TARGET). It is self-contained even if a target is split BTF or has modules. Of several targets it
/// has the types that each relocation takes from the target chosen for it, as one kernel's or program's. Relocations
/// that the options leave to the loader need no type.
///
/// The result is verified: every object is resolved against it as well, and the results are compared.
///
/// ```
/// use btfkit::pipeline::{RelocateOptions, TargetFile, minimise};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
/// let target = TargetFile::user("app", read("tutorial/prog_b.gcc-dwarf5"));
/// let small = minimise([read("tutorial/probe.bpf.o")], &[target], &RelocateOptions::default())?;
/// // `struct data` with the two members that are read, and their `int`.
/// assert_eq!(small.len(), 2);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`relocate`](crate::pipeline::relocate()), with the object's index among `objects`. `Unsupported` if no single graph gives
/// the same results, because objects take types of one name from several targets.
pub fn minimise(
    objects: impl IntoIterator<Item: Into<Bytes>>,
    targets: &[TargetFile],
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
    let loaded = targets
        .iter()
        .map(|target| loaded(target, &load_options, &mut notes))
        .collect::<Result<Vec<_>>>()?;
    check_aliases(&loaded, options)?;
    let declared = |number: usize, id| place_of(&loaded, number, id);
    let targets = loaded.iter();
    let targets = targets.map(|loaded| with_short_names(&loaded.target, &programs));
    let targets: Vec<_> = targets.collect::<Result<_>>()?;
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
                Ok(resolution)
            };
            resolve().within(|| Place::Input(number))
        })
        .collect::<Result<Vec<_>>>()?;

    // A relocation may depend on a type or member that does not exist. If keeping what matched is not enough for
    // that, the types that any object names are kept with all their members.
    for all_members in [false, true] {
        let small = [one_target(
            &targets,
            build(&targets, &resolved, all_members)?,
            options,
        )];
        let mut same = true;
        for (program, expected) in programs.iter().zip(&resolved) {
            let got = match relocate::resolve(program, &small, &engine) {
                Ok(got) => got,
                Err(error) if error.kind() == ErrorKind::Ambiguous => {
                    same = false;
                    break;
                }
                Err(error) => return Err(error),
            };
            let mut pairs = got.fixups.iter().zip(&expected.fixups);
            same &= pairs.all(|(a, b)| agree(a, b));
        }
        if same {
            let [small] = small;
            return Ok(small.graph);
        }
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        match targets.len() {
            1 => "no smaller graph gives the same results: use the target as it is",
            _ => {
                "one BTF can't stand for all targets, since the objects take types of one name from several: minimise \
                 each by itself"
            }
        },
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

/// Returns whether two fix-ups make the same change, except for type ids.
fn agree(small: &Fixup, whole: &Fixup) -> bool {
    // The graph for a kernel and a program counts as the kernel's, which knows its ids.
    small.agrees_with(whole)
        || (whole.action == Action::PoisonUserTypeId && small.relo == whole.relo)
}

/// Returns the target that a graph is which stands for several: the kernel if one of them is. In partial mode, which
/// leaves a kernel's part to the loader, it is a program.
fn one_target(
    targets: &[relocate::Target],
    graph: Btf,
    options: &RelocateOptions,
) -> relocate::Target {
    let role = if options.partial {
        Role::User
    } else {
        Role::Kernel
    };
    let meant = targets.iter().find(|target| target.role == role);
    match meant.or(targets.first()) {
        Some(target) => relocate::Target {
            label: target.label.clone(),
            role: target.role,
            graph,
            modules: Vec::new(),
            preferred: Vec::new(),
        },
        None => relocate::Target::kernel(graph),
    }
}

fn build(targets: &[relocate::Target], resolved: &[Resolution], all_members: bool) -> Result<Btf> {
    let mut minimiser = Minimiser::new();
    for resolution in resolved {
        for fixup in &resolution.fixups {
            let choice = resolution.choices.get(&fixup.relo.type_id);
            let target = choice.and_then(|choice| targets.get(choice.target?));
            let (Some(kind), Some(candidate), Some(target)) =
                (fixup.kind, fixup.matched.first(), target)
            else {
                continue;
            };
            let ty = graph_of(target, *candidate).ty(candidate.id);
            if all_members {
                minimiser.need(ty, Need::Members)?;
            }
            minimiser.need(ty, need(kind, &fixup.target_steps))?;
        }
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
