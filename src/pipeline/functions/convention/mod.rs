//! Calling conventions: where parameters are when nothing but their types says so.

mod aarch64;
mod go;
mod rust;
mod x86_64;

use crate::dwarf::TypeFacts;
use crate::pipeline::functions::parameter::Location;
use crate::pipeline::functions::register::Machine;

/// A calling convention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Convention {
    /// C and C++ (System V).
    C,
    /// Go's internal one, of functions that are not in assembly.
    Go,
    /// Rust's, as far as it can be told: it is fixed nowhere.
    Rust,
}

/// Where the parameters of a function are.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub parameters: Vec<Location>,
    /// Where the address is that the caller wants the result written to.
    pub result_address: Option<Location>,
}

/// Types whose makeup isn't known.
const TYPE: &str = "what its type consists of is not known";

/// Types before this one whose makeup isn't known.
const EARLIER: &str = "where an earlier parameter is, is not known";

/// Returns where the parameters of these types are; `None` for a machine whose convention isn't known.
pub(super) fn locate(
    machine: Machine,
    convention: Convention,
    parameters: &[&TypeFacts],
    result: Option<&TypeFacts>,
) -> Option<Located> {
    match (machine, convention) {
        (Machine::X86_64, Convention::C) => Some(x86_64::locate(parameters, result)),
        (Machine::Aarch64, Convention::C) => Some(aarch64::locate(parameters, result)),
        (Machine::X86_64 | Machine::Aarch64, Convention::Go) => {
            Some(go::locate(machine, parameters))
        }
        (Machine::X86_64 | Machine::Aarch64, Convention::Rust) => {
            Some(rust::locate(machine, parameters, result))
        }
        (Machine::Other, _) => None,
    }
}

/// Returns an offset rounded up to a multiple of an alignment.
fn aligned(offset: u64, align: u64) -> u64 {
    offset
        .checked_next_multiple_of(align.max(1))
        .unwrap_or(offset)
}

/// Returns an offset on the stack.
fn stack(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
