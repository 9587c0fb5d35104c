//! The choice of a calling convention.

use crate::dwarf::TypeFacts;
use crate::pipeline::functions::convention::located::{Convention, Located};
use crate::pipeline::functions::convention::{aarch64, go, rust, x86_64};
use crate::pipeline::functions::register::Machine;

/// Returns where the parameters of these types are; `None` for a machine whose convention isn't known.
pub(in crate::pipeline::functions) fn locate(
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
