//! Warnings about a relocated object: what will not run, or not as meant, and the cure.

use std::collections::{BTreeMap, BTreeSet};

use crate::bpf::Program;
use crate::pipeline::completion::forward_within;
use crate::query::essential_name;
use crate::relocate::{
    self, Mismatch, Outcome, Record, Report, Resolution, Role, graph_of, is_context,
};

/// Returns a line for each root type of which a poisoned instruction can be reached, each type that only the kernel
/// has, each target of another byte order, and for an object without relocations.
pub(super) fn warnings(report: &Report, targets: &[relocate::Target]) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(report.why_empty().map(str::to_owned));
    let mut poisoned: BTreeMap<(&str, Option<&str>), Vec<&Record>> = BTreeMap::new();
    for record in &report.records {
        if record.outcome.is_poison() && !record.unreachable {
            poisoned
                .entry((&record.root, record.target.as_deref()))
                .or_default()
                .push(record);
        }
    }
    for ((root, target), records) in poisoned {
        let Some(first) = records.first() else {
            continue;
        };
        let more = match records.len() {
            1 => String::new(),
            count => format!(" and {} more of {root}", count - 1),
        };
        let place = match &first.function {
            Some((function, insn)) => format!("{function}:{insn}"),
            None => format!("{}+{}", first.section, first.insn),
        };
        let cure = match target {
            None => no_target(first, root, targets),
            Some(label) => in_target(first, label, report, targets),
        };
        lines.push(format!(
            "{place}: {} of {}{more}: poisoned, and can be reached: {cure}",
            first.kind, first.local
        ));
    }
    let foreign = report
        .ambiguous
        .iter()
        .filter(|ambiguity| !ambiguity.missing_from.is_empty());
    lines.extend(foreign.map(ToString::to_string));
    lines.extend(report.other_byte_order.iter().map(|label| {
        format!("{label} has another byte order than the object, which can't run there")
    }));
    lines
}

/// Returns the cure for a type that no target has.
fn no_target(record: &Record, root: &str, targets: &[relocate::Target]) -> String {
    let kernel = targets.iter().any(|target| target.role == Role::Kernel);
    let name = root.rsplit(' ').next().unwrap_or(root);
    let mut text = format!("no target has {root}");
    if is_context(essential_name(name.as_bytes())) && !kernel {
        text.push_str(
            ", which the kernel has: add --target /sys/kernel/btf/vmlinux, or leave it to the loader with --partial",
        );
        return text;
    }
    if !record.nearest.is_empty() {
        text.push_str("; the nearest: ");
        text.push_str(&record.nearest.join(", "));
        text.push_str(" (--alias NAME=TYPE gives a type another name)");
    }
    if !kernel {
        text.push_str(
            "; if it is the kernel's, add --target /sys/kernel/btf/vmlinux, or leave it to the loader with --partial",
        );
    }
    text
}

/// Returns the cure for what a target's type doesn't have.
fn in_target(
    record: &Record,
    label: &str,
    report: &Report,
    targets: &[relocate::Target],
) -> String {
    if matches!(record.outcome, Outcome::UserTypeId | Outcome::Width) {
        return record.outcome.to_string();
    }
    let role = |label: &str| {
        let target = targets.iter().find(|target| target.label == label);
        target.map(|target| target.role)
    };
    let reason = record.rejected.first().map_or_else(
        || format!("{label} has no type that fits"),
        |rejected| format!("in {label}, {}", rejected.reason),
    );
    let doubt = report
        .ambiguous
        .iter()
        .find(|ambiguity| ambiguity.ty == record.root && !ambiguity.others.is_empty());
    let program = doubt.and_then(|doubt| {
        let mut others = doubt.others.iter();
        others.find(|other| role(other) == Some(Role::User))
    });
    match program {
        Some(program) if role(label) == Some(Role::Kernel) => format!(
            "{reason}; {program} has such a type, too: name it before {label}, or use the flavor ___{program}"
        ),
        _ => format!(
            "{reason}; if the field was renamed or is new, use a flavor and an existence check for each version"
        ),
    }
}

/// Returns a line for each class whose fields are unknown because the target only declares it, if a relocation found no
/// field in a type that contains it: an existence check says no there, although nobody knows.
pub(super) fn incomplete_classes(
    program: &Program<'_>,
    targets: &[relocate::Target],
    resolution: &Resolution,
) -> Vec<String> {
    let mut lines = BTreeSet::new();
    let unmatched = resolution.fixups.iter().filter(|f| f.matched.is_empty());
    for fixup in unmatched {
        let choice = resolution.choices.get(&fixup.relo.type_id);
        let target = choice.and_then(|choice| targets.get(choice.target?));
        let Some(target) = target.filter(|target| target.role == Role::User) else {
            continue;
        };
        for (candidate, mismatch) in &fixup.rejected {
            let Mismatch::NoMember { within, .. } = mismatch else {
                continue;
            };
            let ty = graph_of(target, *candidate).ty(*within);
            if let Some(forward) = forward_within(ty) {
                let root = program.graph.ty(fixup.relo.type_id).name();
                lines.insert(format!(
                    "{}: fields that {} may have from {} are unknown, since the program only declares that class: add the \
                     file that defines it, a library say, with a further --target {}=FILE",
                    target.label,
                    root.to_string_lossy(),
                    forward.name().to_string_lossy(),
                    target.label,
                ));
            }
        }
    }
    lines.into_iter().collect()
}
