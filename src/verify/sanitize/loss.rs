//! What a repair lost.

use std::fmt;

use crate::graph::Kind;
use crate::id::TypeId;
use crate::verify::rule::Rule;

/// A type that is not what it was, so that the kernel accepts it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Loss {
    /// The type.
    pub type_id: TypeId,
    /// The kind that the type had.
    pub kind: Kind,
    /// The name that the type had, as far as it is text; empty if it had none. Long names are cut.
    pub name: String,
    /// The index of the part of the type that changed: a member, parameter or variable of a section.
    pub part: Option<u32>,
    /// The rule that it broke.
    pub rule: Rule,
    /// What it became.
    pub became: &'static str,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.type_id, self.kind)?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        if let Some(part) = self.part {
            write!(f, ", part {part}")?;
        }
        write!(f, ": {}; {}", self.rule.what(), self.became)
    }
}
