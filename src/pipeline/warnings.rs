//! Warnings about a relocated object: what will not run, or not as meant, and the cure.

use std::collections::BTreeMap;

use crate::query::essential_name;
use crate::relocate::{self, Outcome, Record, Report, Role, is_context};

/// Returns a line for each root type of which a poisoned instruction can be reached, each loss of debug information that
/// a value rests on, each type that only the kernel has, each target of another byte order, and for an object without relocations.
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
        let place = place(first);
        let cure = match target {
            None => no_target(first, root, targets),
            Some(label) => in_target(first, label, report, targets),
        };
        lines.push(format!(
            "{place}: {} of {}{more}: poisoned, and can be reached: {cure}",
            first.kind, first.local
        ));
    }
    lines.extend(untrusted(report));
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

/// Returns the place of a relocation: `function:instruction`.
fn place(record: &Record) -> String {
    match &record.function {
        Some((function, insn)) => format!("{function}:{insn}"),
        None => format!("{}+{}", record.section, record.insn),
    }
}

/// Returns a line for each root type and reason for which outcomes can't be trusted.
fn untrusted(report: &Report) -> Vec<String> {
    let mut untrusted: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
    for record in &report.records {
        if let Some(why) = &record.untrusted {
            let records = untrusted.entry((&record.root, why)).or_default();
            records.push(record);
        }
    }
    let lines = untrusted.into_iter().filter_map(|((root, why), records)| {
        let first = records.first()?;
        let more = match records.len() {
            1 => String::new(),
            count => format!(" and {} more of {root}", count - 1),
        };
        Some(format!(
            "{}: {} of {}{more}: {}, which can't be trusted: {why}",
            place(first),
            first.kind,
            first.local,
            first.outcome
        ))
    });
    lines.collect()
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
