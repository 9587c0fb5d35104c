//! Reports as text: a line for each relocation, and the counts.

use std::fmt;

use crate::relocate::KERNEL_LABEL;
use crate::relocate::report::{Ambiguity, Outcome, Record, Report, ReportTarget};

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { old, new } if old == new => write!(f, "{new} (as it was)"),
            Self::Set { old, new } => write!(f, "{old} -> {new}"),
            Self::Absent { .. } => f.write_str("0: it isn't there"),
            Self::NoMatch => f.write_str("poisoned: nothing fits"),
            Self::UserTypeId => {
                f.write_str("poisoned: the kernel can't know a user program's type id")
            }
            Self::Width => f.write_str(
                "poisoned: its size differs, and only pointers and unsigned integers can be read in another width",
            ),
            Self::NoFunction => f.write_str("dropped with its function"),
            Self::LeftToLoader => f.write_str("left to the loader"),
        }
    }
}

impl fmt::Display for Record {
    /// Writes one line, and one more for each candidate that doesn't match.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some((name, insn)) => write!(f, "{name}:{insn}")?,
            None => write!(f, "{}+{}", self.section, self.insn)?,
        }
        if let Some(source) = &self.source {
            write!(f, " ({}:{})", source.file, source.line)?;
        }
        write!(f, " {} of {}", self.kind, self.local)?;
        match &self.target {
            Some(label) => write!(f, " in {label}: {}", self.outcome)?,
            None if self.outcome == Outcome::LeftToLoader => write!(f, ": {}", self.outcome)?,
            None if !self.declared_in.is_empty() => write!(
                f,
                ": {}; {} only declares the type, which is defined in another file",
                self.outcome,
                self.declared_in.join(", ")
            )?,
            None => write!(f, ": {}; no target has such a type", self.outcome)?,
        }
        if !self.nearest.is_empty() {
            write!(f, "; the nearest: {}", self.nearest.join(", "))?;
        }
        if let Some(why) = &self.left_because {
            write!(f, ": {why}")?;
        }
        if self.unreachable {
            f.write_str(" (never reached)")?;
        }
        if let Some(why) = &self.untrusted {
            write!(f, "; not to be trusted: {why}")?;
        }
        for rejected in &self.rejected {
            write!(
                f,
                "\n    not {} {}: {}",
                rejected.ty, rejected.id, rejected.reason
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_left {
            return write!(
                f,
                "{} is left to the loader, which looks for it in the kernel, since {} has none; if the kernel's is meant, the flavor ___{KERNEL_LABEL} says so",
                self.ty,
                self.missing_from.join(", "),
            );
        }
        if !self.missing_from.is_empty() {
            return write!(
                f,
                "{} is taken from {}, since {} has none; if the kernel's is meant, the flavor ___{KERNEL_LABEL} says so",
                self.ty,
                self.taken,
                self.missing_from.join(", "),
            );
        }
        write!(
            f,
            "{} is taken from {}, but {} has one, too; a flavor suffix says which is meant (___{})",
            self.ty,
            self.taken,
            self.others.join(", "),
            self.taken
        )
    }
}

impl fmt::Display for ReportTarget {
    /// Writes a line for each file that has a build ID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids = self.build_ids.iter().flatten();
        ids.try_for_each(|id| writeln!(f, "target {}: build ID {id}", self.label))
    }
}

impl fmt::Display for Report {
    /// Writes each relocation, then the ambiguous types, the build IDs of the targets and the numbers of outcomes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.records {
            writeln!(f, "{record}")?;
        }
        for ambiguity in &self.ambiguous {
            writeln!(f, "doubt: {ambiguity}")?;
        }
        for label in &self.other_byte_order {
            writeln!(
                f,
                "doubt: {label} has another byte order than the object, which can't run there"
            )?;
        }
        for target in &self.targets {
            write!(f, "{target}")?;
        }
        let changed =
            |record: &Record| matches!(record.outcome, Outcome::Set { old, new } if old != new);
        let absent = |record: &Record| matches!(record.outcome, Outcome::Absent { .. });
        if let Some(why) = self.why_empty() {
            return write!(f, "0 relocations: {why}");
        }
        write!(
            f,
            "{} relocations: {} answered ({} of them changed), {} not there, {} poisoned ({} of them never reached), {} left to the loader",
            self.records.len(),
            self.count(|record| matches!(record.outcome, Outcome::Set { .. })),
            self.count(changed),
            self.count(absent),
            self.count(|record| record.outcome.is_poison()),
            self.count(|record| record.unreachable),
            self.count(|record| record.outcome == Outcome::LeftToLoader),
        )
    }
}
