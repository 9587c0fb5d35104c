//! Values of enumerations by name.

use crate::graph::{Enum, Name};
use crate::render::value::number::Number;

/// What a value of an enumeration is called.
pub(super) enum Called<'g> {
    /// The name of an enumerator.
    Name(Name<'g>),
    /// Several flags, or one and bits without a name.
    Flags,
    /// No name fits.
    Nothing,
}

/// Returns what a value is called.
///
/// As for gdb, an enumeration is one of flags if no enumerator has more than one bit set.
pub(super) fn called<'g>(values: &Enum<'g>, number: Number) -> Called<'g> {
    let value = bits(values, number);
    let exact = values.enumerators().find(|one| one.value == value);
    if let Some(exact) = exact {
        return Called::Name(exact.name());
    }
    let is_flag = |value: u64| value == 0 || value.is_power_of_two();
    let are_flags = values.enumerators().all(|one| is_flag(one.value));
    if are_flags && values.enumerators().any(|one| one.value & value != 0) {
        Called::Flags
    } else {
        Called::Nothing
    }
}

/// A flag, or the bits that are left over.
pub(super) enum Flag<'g> {
    Name(Name<'g>),
    Bits(u64),
}

/// Returns the flags that make up a value, each once.
pub(super) fn flags<'g>(values: &Enum<'g>, number: Number) -> impl Iterator<Item = Flag<'g>> {
    let mut left = bits(values, number);
    let mut enumerators = values.enumerators();
    std::iter::from_fn(move || {
        let is_set = |one: &crate::graph::Enumerator<'g>| one.value & left != 0;
        if let Some(flag) = enumerators.find(is_set) {
            left &= !flag.value;
            return Some(Flag::Name(flag.name()));
        }
        let rest = std::mem::take(&mut left);
        (rest != 0).then_some(Flag::Bits(rest))
    })
}

/// Returns a value as the enumerators of the enumeration have theirs.
fn bits(values: &Enum<'_>, number: Number) -> u64 {
    number.enumerator(values.signedness.is_signed())
}
