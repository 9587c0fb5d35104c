//! What relocating an object came to: one record a relocation.

use crate::error::{Error, ErrorKind, Result};
use crate::id::TypeId;
use crate::relocate::{RelocationKind, Role};

/// What relocating an object came to.
///
/// Its `Display` is the text for a person; [`Report::write_json`] writes the same for a program.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Labels and roles of the targets, in the order in which they were asked.
    pub targets: Vec<(String, Role)>,
    /// One for each relocation, section by section, in the order of the records.
    pub relocations: Vec<Relocation>,
    /// Root types that more than one target has.
    pub doubts: Vec<Doubt>,
}

/// One relocation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Relocation {
    /// The code section's name.
    pub section: String,
    /// The record's number in its section, from 0.
    pub record: u32,
    /// The function the instruction is in; `None` where a linker dropped it.
    pub function: Option<String>,
    /// The instruction's number in its section, from 0.
    pub insn: u32,
    /// The instruction's number in its function, from 0; in the section where there is no function.
    pub function_insn: u32,
    /// The source line, if the object says.
    pub source: Option<SourceLine>,
    /// What is asked; `None` for a kind this version doesn't know.
    pub kind: Option<RelocationKind>,
    /// The kind's number on the wire.
    pub kind_number: u32,
    /// The local access path: `struct session.hops[2].port`, `enum state::RUNNING`, `struct file`.
    pub path: String,
    /// The local root type's id in the object.
    pub type_id: TypeId,
    /// Where the answer comes from; `None` where there is no match, or none was looked for.
    pub target: Option<TargetPath>,
    /// The label of the target the root type is bound to; `None` where none has a candidate.
    pub bound_to: Option<String>,
    /// What was done.
    pub outcome: Outcome,
    /// Candidates that were not the answer, and why.
    pub rejected: Vec<Rejected>,
}

/// A line of source.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// What a relocation matched in a target.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TargetPath {
    /// The target's label.
    pub label: String,
    /// The module's number, where the type is a module's.
    pub module: Option<usize>,
    /// The root type's id in the target.
    pub type_id: TypeId,
    /// The access path in the target.
    pub path: String,
}

/// What was done about a relocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The value was replaced, perhaps by the same one.
    Set {
        /// The value before.
        old: u64,
        /// The value now.
        new: u64,
    },
    /// No candidate fits, and the value is 0: that is the answer to whether something exists, and what the
    /// kernel's loaders give for a type's size and id.
    Absent {
        /// The value before.
        old: u64,
    },
    /// The instruction was made unusable: no candidate fits.
    Poisoned,
    /// The instruction was made unusable: the answer would be the id of a user program's type, which means
    /// nothing to the kernel.
    PoisonedUserTypeId,
    /// The instruction was made unusable: it would have had to load or store another width, of a type for
    /// which that changes the value.
    PoisonedForWidth,
    /// Nothing: the function isn't in the object any more.
    NoFunction,
    /// Nothing: the record is still in the object, for the loader.
    LeftToLoader,
}

/// A candidate that was not the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The target's label.
    pub label: String,
    /// The candidate's id there.
    pub type_id: TypeId,
    /// The candidate's name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A root type that more than one target has, where no flavor says which is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Doubt {
    /// The local root type.
    pub name: String,
    /// The label of the target it was taken from: the first that has it.
    pub target: String,
    /// The labels of the others.
    pub others: Vec<String>,
}

/// How many relocations came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// All of them.
    pub relocations: usize,
    /// The value is another one now.
    pub changed: usize,
    /// The value is the one it was.
    pub unchanged: usize,
    /// The instruction is unusable now.
    pub poisoned: usize,
    /// Left to the loader.
    pub left: usize,
    /// Of functions that aren't in the object any more.
    pub dropped: usize,
}

impl Report {
    /// How many relocations came to what.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            relocations: self.relocations.len(),
            ..Summary::default()
        };
        for relocation in &self.relocations {
            let count = match relocation.outcome {
                Outcome::Set { old, new } if old == new => &mut summary.unchanged,
                Outcome::Absent { old: 0 } => &mut summary.unchanged,
                Outcome::Set { .. } | Outcome::Absent { .. } => &mut summary.changed,
                Outcome::Poisoned | Outcome::PoisonedUserTypeId | Outcome::PoisonedForWidth => {
                    &mut summary.poisoned
                }
                Outcome::NoFunction => &mut summary.dropped,
                Outcome::LeftToLoader => &mut summary.left,
            };
            *count += 1;
        }
        summary
    }

    /// Whether strict mode would accept this: every relocation has an answer, and no root type is in doubt.
    ///
    /// # Errors
    /// `NotFound` for the first relocation without an answer, `Ambiguous` for the first doubt.
    pub fn check_strict(&self) -> Result<()> {
        if let Some(relocation) = self.relocations.iter().find(|r| r.is_unanswered()) {
            let message = format!(
                "{}: {} has no answer: {}",
                relocation.place(),
                relocation.path,
                relocation.reason()
            );
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        match self.doubts.first() {
            Some(doubt) => Err(Error::new(ErrorKind::Ambiguous, doubt.to_string())),
            None => Ok(()),
        }
    }
}

impl Relocation {
    /// Whether there is no answer: the instruction is poisoned, or holds 0 as size or id of a type that is not
    /// there. That something doesn't exist is an answer, if that was asked.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        match self.outcome {
            Outcome::Poisoned | Outcome::PoisonedUserTypeId | Outcome::PoisonedForWidth => true,
            Outcome::Absent { .. } => matches!(
                self.kind,
                Some(RelocationKind::TypeSize | RelocationKind::TypeIdTarget)
            ),
            Outcome::Set { .. } | Outcome::NoFunction | Outcome::LeftToLoader => false,
        }
    }

    /// Function and instruction, or section and instruction.
    pub(super) fn place(&self) -> String {
        let name = self.function.as_ref().unwrap_or(&self.section);
        format!("{name}+{}", self.function_insn)
    }

    /// Why there is no value from a target; empty where there is.
    pub(super) fn reason(&self) -> String {
        match self.outcome {
            Outcome::Set { .. } => String::new(),
            Outcome::PoisonedUserTypeId => {
                "a user program's type id means nothing to the kernel".to_owned()
            }
            Outcome::PoisonedForWidth => {
                "the field has another width there, and its type doesn't allow to load another"
                    .to_owned()
            }
            Outcome::NoFunction => "its function isn't in the object any more".to_owned(),
            Outcome::LeftToLoader => "left to the loader".to_owned(),
            Outcome::Absent { .. } | Outcome::Poisoned => {
                match (&self.bound_to, &self.rejected[..]) {
                    (None, _) => "no target has a type of that name and kind".to_owned(),
                    (Some(label), []) => format!("{label} has no type of that name and kind"),
                    (Some(_), [first, rest @ ..]) => {
                        let more = match rest.len() {
                            0 => String::new(),
                            count => format!(" (and {count} more)"),
                        };
                        format!(
                            "{} in {}: {}{more}",
                            first.type_id, first.label, first.reason
                        )
                    }
                }
            }
        }
    }
}
