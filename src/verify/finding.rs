//! A finding, and a report of them.

use std::fmt;

use crate::graph::Kind;
use crate::id::TypeId;
use crate::verify::rule::Rule;

/// Invalid argument: the error number of most refusals.
pub(super) const EINVAL: u32 = 22;
/// Too big.
pub(super) const E2BIG: u32 = 7;
/// Exists already: a loop.
pub(super) const EEXIST: u32 = 17;
/// No such entry.
pub(super) const ENOENT: u32 = 2;
/// Bad address: a bug, for the kernel.
pub(super) const EFAULT: u32 = 14;
/// Too many levels.
pub(super) const ELOOP: u32 = 40;
/// Not supported, the kernel's own number.
pub(super) const ENOTSUPP: u32 = 524;

/// A part of a type: a member, enumerator, parameter or variable of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Part {
    /// The index, from 0.
    pub index: u32,
    /// The name, as far as it is text; empty if it has none. Long names are cut.
    pub name: String,
}

/// A place where BTF breaks a rule of the kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The type; `None` where the finding is about the header or a section.
    pub type_id: Option<TypeId>,
    /// The type's kind.
    pub kind: Option<Kind>,
    /// The type's name, as far as it is text; empty if it has none. Long names are cut.
    pub name: String,
    /// The part of the type that is wrong, if it is one.
    pub part: Option<Part>,
    /// The rule.
    pub rule: Rule,
    /// What exactly is wrong, where the rule alone doesn't tell.
    pub detail: Option<String>,
    /// The kernel's own words in its log; `None` where it refuses without a word.
    pub message: Option<String>,
    /// The number of the error that `BPF_BTF_LOAD` returns, such as 22 for `EINVAL`.
    pub errno: u32,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = self.type_id {
            write!(f, "{id} ")?;
        }
        if let Some(kind) = self.kind {
            let name = if self.name.is_empty() {
                "(anon)"
            } else {
                &self.name
            };
            write!(f, "{kind} {name}: ")?;
        }
        if let Some(part) = &self.part {
            write!(f, "part {}", part.index)?;
            if !part.name.is_empty() {
                write!(f, " ({})", part.name)?;
            }
            f.write_str(": ")?;
        }
        f.write_str(self.rule.what())?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(message) = &self.message {
            write!(f, " (the kernel says {message:?})")?;
        }
        write!(f, "; {}", self.rule.advice())
    }
}

/// The findings about one BTF. `{}` writes them line by line, or `ok`.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The findings. The first is the one for which the kernel refuses the BTF.
    pub findings: Vec<Finding>,
    /// The number of further findings, beyond [`VerifyOptions::findings`](crate::verify::VerifyOptions::findings).
    pub omitted: u64,
    /// The end of the kernel's log about the first finding, byte for byte.
    pub log: Vec<u8>,
}

impl Report {
    /// Returns whether the kernel accepts the BTF.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns the finding for which the kernel refuses the BTF.
    #[must_use]
    pub fn first(&self) -> Option<&Finding> {
        self.findings.first()
    }

    /// Returns the number of findings, omitted ones included.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.findings.len() as u64 + self.omitted
    }

    /// Returns whether there are no findings, as [`Self::is_ok`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_ok()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_ok() {
            return f.write_str("ok");
        }
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}
