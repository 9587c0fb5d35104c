//! What a calling convention says, and what all of them share.

use crate::pipeline::functions::parameter::Location;

/// A calling convention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::pipeline::functions) enum Convention {
    /// C and C++ (System V).
    C,
    /// Go's internal one, of functions that are not in assembly.
    Go,
    /// Rust's, as far as it can be told: it is fixed nowhere.
    Rust,
}

/// Where the parameters of a function are.
#[derive(Clone, Debug)]
pub(in crate::pipeline::functions) struct Located {
    pub parameters: Vec<Location>,
    /// Where the address is that the caller wants the result written to.
    pub result_address: Option<Location>,
}

/// Types whose makeup isn't known.
pub(super) const TYPE: &str = "what its type consists of is not known";

/// Types before this one whose makeup isn't known.
pub(super) const EARLIER: &str = "where an earlier parameter is, is not known";

/// Returns an offset rounded up to a multiple of an alignment.
pub(super) fn aligned(offset: u64, align: u64) -> u64 {
    offset
        .checked_next_multiple_of(align.max(1))
        .unwrap_or(offset)
}

/// Returns an offset on the stack.
pub(super) fn stack(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
