//! The report as text: a line a relocation, columns aligned.

use std::fmt;

use crate::pipeline::report::{Doubt, Outcome, Relocation, Report, Summary};

/// Columns wider than this don't push the others away.
const WIDEST: usize = 48;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<Row> = self.relocations.iter().map(Row::new).collect();
        let mut widths = [0usize; 4];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.chars().count().min(WIDEST));
            }
        }
        let mut section = None;
        for (row, relocation) in rows.iter().zip(&self.relocations) {
            if section != Some(&relocation.section) {
                section = Some(&relocation.section);
                writeln!(f, "{}", relocation.section)?;
            }
            f.write_str(" ")?;
            for (cell, width) in row.cells.iter().zip(widths) {
                write!(f, " {cell:width$} ")?;
            }
            writeln!(f, " {}", row.outcome)?;
        }
        for doubt in &self.doubts {
            writeln!(f, "doubt: {doubt}")?;
        }
        writeln!(f, "{}", self.summary())
    }
}

/// A relocation's line.
struct Row {
    /// Place, source, path and kind.
    cells: [String; 4],
    outcome: String,
}

impl Row {
    fn new(relocation: &Relocation) -> Self {
        let source = match &relocation.source {
            Some(source) => {
                let file = source.file.rsplit('/').next().unwrap_or_default();
                format!("{file}:{}", source.line)
            }
            None => String::new(),
        };
        let kind = match relocation.kind {
            Some(kind) => kind.name().to_owned(),
            None => format!("kind {}", relocation.kind_number),
        };
        Self {
            cells: [relocation.place(), source, relocation.path.clone(), kind],
            outcome: outcome(relocation),
        }
    }
}

fn outcome(relocation: &Relocation) -> String {
    let from = match &relocation.target {
        Some(target) => format!("  {}", target.label),
        None => String::new(),
    };
    match relocation.outcome {
        Outcome::Set { old, new } if old == new => format!("{old}{from}"),
        Outcome::Set { old, new } => format!("{old} → {new}{from}"),
        Outcome::Absent { old: 0 } => format!("0  not there: {}", relocation.reason()),
        Outcome::Absent { old } => format!("{old} → 0  not there: {}", relocation.reason()),
        Outcome::Poisoned | Outcome::PoisonedUserTypeId | Outcome::PoisonedForWidth => {
            format!("poisoned: {}", relocation.reason())
        }
        Outcome::NoFunction | Outcome::LeftToLoader => relocation.reason(),
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            target,
            others,
        } = self;
        write!(
            f,
            "{name} is taken from {target}, but {} has one, too; a flavor says which is meant: {name}___{target}",
            others.join(" and ")
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.relocations == 1 { "" } else { "s" };
        write!(f, "{} relocation{plural}", self.relocations)?;
        let parts = [
            (self.changed, "changed"),
            (self.unchanged, "as before"),
            (self.poisoned, "poisoned"),
            (self.left, "left to the loader"),
            (self.dropped, "of dropped functions"),
        ];
        let mut separator = ": ";
        for (count, what) in parts {
            if count > 0 {
                write!(f, "{separator}{count} {what}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}
