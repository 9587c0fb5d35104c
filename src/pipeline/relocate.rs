//! The main job: object and targets in, rewritten object and report out.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;

use crate::elf::{BpfObject, CodeSection};
use crate::error::{Context, Place, Result};
use crate::graph::{CoreRelo, LineInfo, TypeGraph};
use crate::id::StrId;
use crate::limits::Limits;
use crate::pipeline::load::{LoadOptions, load};
use crate::pipeline::report::{
    Doubt, Outcome, Rejected, Relocation, Report, SourceLine, TargetPath,
};
use crate::pipeline::spell;
use crate::relocate::{self, Action, Applied, Candidate, Fixup, Resolution, Role};

/// Something to relocate against.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// What it is called in the report, and the flavor suffix that picks it: `struct file___app` is the one of
    /// the target labelled `app`.
    pub label: String,
    /// What it is.
    pub role: Role,
    /// Its types.
    pub types: Types,
    /// A kernel's modules: split BTF over `types`.
    pub modules: Vec<Types>,
}

/// Types, or a file that holds some.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Types {
    /// Types.
    Graph(TypeGraph),
    /// A file's bytes, of any sort that [`load`] takes.
    File(Bytes),
}

impl Target {
    /// A user program, under a label of your choice.
    #[must_use]
    pub fn user(label: impl Into<String>, types: impl Into<Types>) -> Self {
        Self {
            label: label.into(),
            role: Role::User,
            types: types.into(),
            modules: Vec::new(),
        }
    }

    /// The kernel, under the label `kernel`.
    #[must_use]
    pub fn kernel(types: impl Into<Types>) -> Self {
        Self {
            label: relocate::KERNEL_LABEL.to_owned(),
            role: Role::Kernel,
            types: types.into(),
            modules: Vec::new(),
        }
    }
}

impl From<TypeGraph> for Types {
    fn from(graph: TypeGraph) -> Self {
        Self::Graph(graph)
    }
}

impl From<Bytes> for Types {
    fn from(bytes: Bytes) -> Self {
        Self::File(bytes)
    }
}

impl From<Vec<u8>> for Types {
    fn from(bytes: Vec<u8>) -> Self {
        Self::File(bytes.into())
    }
}

/// How to relocate.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Do only what belongs to user programs, and leave the rest in the object for its loader.
    pub partial: bool,
    /// Refuse an object with a relocation that has no answer, or a type that more than one target has
    /// ([`Report::check_strict`]).
    pub strict: bool,
    /// Bounds on the inputs.
    pub limits: Limits,
}

/// A relocated object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Relocated {
    /// The new file. It differs from the old one in the patched instructions and the consumed relocation
    /// records, and in nothing else.
    pub object: Vec<u8>,
    /// What each relocation came to.
    pub report: Report,
}

/// Applies a BPF object's CO-RE relocations against targets, in the order in which they are to be asked.
///
/// ```
/// use btfkit::pipeline::{Options, Target, relocate};
/// # fn read(name: &str) -> Vec<u8> { std::fs::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap() }
/// // The object's own layout is a target like any other: nothing changes.
/// let object = read("tutorial/probe.bpf.o");
/// let targets = [Target::user("app", object.clone())];
/// let relocated = relocate(object, &targets, &Options::default())?;
/// assert_eq!(relocated.report.summary().changed, 0);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// Whatever [`BpfObject::parse`], [`load`] and [`relocate::resolve`] refuse: a malformed object or target, an
/// ambiguous relocation, an instruction that doesn't hold what its relocation says; in strict mode, what
/// [`Report::check_strict`] does. Nothing comes out then.
pub fn relocate(
    object: impl Into<Bytes>,
    targets: &[Target],
    options: &Options,
) -> Result<Relocated> {
    let object = BpfObject::parse_with(object, &options.limits)?;
    let targets = targets
        .iter()
        .map(|target| loaded(target, options))
        .collect::<Result<Vec<_>>>()?;
    let program = Program::new(&object);
    let resolution = relocate::resolve(
        &program.view(),
        &targets,
        &relocate::Options::partial(options.partial),
    )?;
    let (object, applied) = apply(&program, &resolution)?;
    let report = report(&program, &targets, &resolution, &applied);
    if options.strict {
        report.check_strict()?;
    }
    Ok(Relocated { object, report })
}

/// A target with its types at hand.
fn loaded(target: &Target, options: &Options) -> Result<relocate::Target> {
    let place = || Place::File(target.label.clone());
    let load = |types: &Types, base: Option<TypeGraph>| match types {
        Types::Graph(graph) => Ok(graph.clone()),
        Types::File(bytes) => {
            let options = LoadOptions {
                base,
                limits: options.limits.clone(),
            };
            load(bytes.clone(), &options).map(|loaded| loaded.graph)
        }
    };
    let graph = load(&target.types, None).within(place)?;
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
    })
}

/// An object, section by section of the CO-RE part of its `.BTF.ext`.
struct Program<'o> {
    object: &'o BpfObject,
    sections: Vec<Section<'o>>,
}

struct Section<'o> {
    name: Cow<'o, str>,
    /// The ELF section; `None` where there is none of that name.
    code: Option<&'o CodeSection>,
    functions: Vec<(Cow<'o, str>, u64, u64)>,
    relos: &'o [CoreRelo],
    lines: &'o [LineInfo],
}

impl<'o> Program<'o> {
    fn new(object: &'o BpfObject) -> Self {
        let graph = object.graph();
        let relos = object.ext().and_then(|ext| ext.relos.as_ref());
        let relos = relos.map(|relos| &relos.sections[..]).unwrap_or_default();
        let lines: BTreeMap<StrId, &[LineInfo]> = object
            .ext()
            .map(|ext| &ext.lines.sections[..])
            .unwrap_or_default()
            .iter()
            .map(|section| (section.section, &section.records[..]))
            .collect();
        let section = |records: &'o crate::graph::SectionRecords<CoreRelo>| {
            let name = graph.string(records.section);
            let code = object.code_section(name);
            let functions = code.map(CodeSection::functions).unwrap_or_default();
            Section {
                name: name.to_string_lossy(),
                code,
                functions: functions
                    .iter()
                    .map(|function| (function.name(), function.start(), function.size()))
                    .collect(),
                relos: &records.records,
                lines: lines.get(&records.section).copied().unwrap_or_default(),
            }
        };
        Self {
            object,
            sections: relos.iter().map(section).collect(),
        }
    }

    /// The object as the engine wants it.
    fn view(&self) -> relocate::Program<'_> {
        relocate::Program {
            graph: self.object.graph(),
            endian: self.object.endian(),
            sections: self.sections.iter().map(Section::view).collect(),
        }
    }
}

impl Section<'_> {
    fn view(&self) -> relocate::CodeSection<'_> {
        relocate::CodeSection {
            name: &self.name,
            code: self.code.map_or(&[][..], |code| code.code()),
            functions: self
                .functions
                .iter()
                .map(|(name, start, size)| relocate::Function {
                    name,
                    start: *start,
                    size: *size,
                })
                .collect(),
            relos: self.relos,
            lines: self.lines,
        }
    }
}

/// Patches a copy of the object, and takes the consumed records out.
fn apply(program: &Program<'_>, resolution: &Resolution) -> Result<(Vec<u8>, Vec<Applied>)> {
    let mut rewriter = program.object.rewrite()?;
    let mut applied = Vec::with_capacity(resolution.fixups.len());
    for fixup in &resolution.fixups {
        let section = program.sections.get(fixup.section);
        let code = section
            .and_then(|section| section.code)
            .and_then(|code| rewriter.code_mut(code.index()))
            .unwrap_or_default();
        let done = fixup.apply(code, program.object.endian()).within(|| {
            let name = section.map_or("", |section| &section.name);
            Place::Section(format!("{name}: relocation #{}", fixup.record))
        })?;
        applied.push(done);
        if fixup.is_consumed() {
            rewriter.consume(fixup.section, fixup.record)?;
        }
    }
    Ok((rewriter.finish()?, applied))
}

fn report(
    program: &Program<'_>,
    targets: &[relocate::Target],
    resolution: &Resolution,
    applied: &[Applied],
) -> Report {
    let mut report = Report {
        targets: targets
            .iter()
            .map(|target| (target.label.clone(), target.role))
            .collect(),
        ..Report::default()
    };
    let view = program.view();
    let mut doubted = HashSet::new();
    for (fixup, applied) in resolution.fixups.iter().zip(applied) {
        let Some(section) = view.sections.get(fixup.section) else {
            continue;
        };
        let reporter = Reporter {
            program: &view,
            section,
            targets,
            resolution,
            fixup,
        };
        report.relocations.push(reporter.relocation(*applied));
        if fixup.is_consumed() && doubted.insert(fixup.relo.type_id) {
            report.doubts.extend(reporter.doubt());
        }
    }
    report
}

/// One relocation and all there is to tell about it.
struct Reporter<'a> {
    program: &'a relocate::Program<'a>,
    section: &'a relocate::CodeSection<'a>,
    targets: &'a [relocate::Target],
    resolution: &'a Resolution,
    fixup: &'a Fixup,
}

impl Reporter<'_> {
    fn relocation(&self, applied: Applied) -> Relocation {
        let Self {
            program,
            section,
            fixup,
            ..
        } = self;
        let graph = program.graph;
        let relo = fixup.relo;
        let root = graph.ty(relo.type_id);
        let access = graph.string(relo.access);
        let steps: Vec<u32> = access
            .to_string_lossy()
            .split(':')
            .map_while(|step| step.parse().ok())
            .collect();
        let path = spell::path(root, &steps, fixup.kind);
        let function = section.function_at(relo.insn_off);
        let start = function.map_or(0, |function| function.start);
        let insn = |bytes: u64| u32::try_from(bytes / 8).unwrap_or(u32::MAX);
        let source = section.line_at(relo.insn_off).map(|line| SourceLine {
            file: graph.string(line.file_name).to_string(),
            line: line.number(),
            column: line.column(),
        });
        let bound = self.bound();
        Relocation {
            section: section.name.to_owned(),
            record: u32::try_from(fixup.record).unwrap_or(u32::MAX),
            function: function.map(|function| function.name.to_owned()),
            insn: insn(u64::from(relo.insn_off)),
            function_insn: insn(u64::from(relo.insn_off).saturating_sub(start)),
            source,
            kind: fixup.kind,
            kind_number: relo.kind,
            type_id: relo.type_id,
            target: bound.and_then(|target| self.matched(target)),
            bound_to: bound.map(|target| target.label.clone()),
            outcome: self.outcome(applied),
            rejected: match bound {
                Some(target) => self.rejected(target, &path),
                None => Vec::new(),
            },
            path: path.text,
        }
    }

    /// The target that the root type is looked for in.
    fn bound(&self) -> Option<&relocate::Target> {
        let binding = self.resolution.bindings.get(&self.fixup.relo.type_id)?;
        self.targets.get(binding.target?)
    }

    fn outcome(&self, applied: Applied) -> Outcome {
        let asks_a_target = self.fixup.kind != Some(relocate::RelocationKind::TypeIdLocal);
        match (self.fixup.action, applied) {
            (Action::NoFunction, _) => Outcome::NoFunction,
            (Action::LeaveToLoader, _) => Outcome::LeftToLoader,
            (Action::PoisonUserTypeId, _) => Outcome::PoisonedUserTypeId,
            (Action::PoisonNoMatch, _) => Outcome::Poisoned,
            (Action::Set, Applied::Set { old, .. })
                if asks_a_target && self.fixup.matched.is_empty() =>
            {
                Outcome::Absent { old }
            }
            (Action::Set, Applied::Set { old, new }) => Outcome::Set { old, new },
            (Action::Set, Applied::PoisonedForWidth) => Outcome::PoisonedForWidth,
            (Action::Set, Applied::Poisoned | Applied::Untouched) => Outcome::Poisoned,
        }
    }

    fn matched(&self, target: &relocate::Target) -> Option<TargetPath> {
        let candidate = *self.fixup.matched.first()?;
        let root = graph_of(target, candidate).ty(candidate.id);
        Some(TargetPath {
            label: target.label.clone(),
            module: candidate.module,
            type_id: candidate.id,
            path: spell::path(root, &self.fixup.target_steps, self.fixup.kind).text,
        })
    }

    fn rejected(&self, target: &relocate::Target, local: &spell::Path) -> Vec<Rejected> {
        let rejected = self.fixup.rejected.iter();
        rejected
            .map(|(candidate, why)| {
                let graph = graph_of(target, *candidate);
                Rejected {
                    label: target.label.clone(),
                    type_id: candidate.id,
                    name: spell::describe(graph.ty(candidate.id)),
                    reason: spell::mismatch(*why, local, graph),
                }
            })
            .collect()
    }

    /// That other targets have the root type, too, and nothing says which is meant.
    fn doubt(&self) -> Option<Doubt> {
        let binding = self.resolution.bindings.get(&self.fixup.relo.type_id)?;
        let label = |number: &usize| self.targets.get(*number).map(|target| target.label.clone());
        let others: Vec<String> = binding.others.iter().filter_map(label).collect();
        if binding.labelled || others.is_empty() {
            return None;
        }
        Some(Doubt {
            name: spell::describe(self.program.graph.ty(self.fixup.relo.type_id)),
            target: self.bound()?.label.clone(),
            others,
        })
    }
}

fn graph_of(target: &relocate::Target, candidate: Candidate) -> &TypeGraph {
    let module = candidate
        .module
        .and_then(|number| target.modules.get(number));
    module.unwrap_or(&target.graph)
}
