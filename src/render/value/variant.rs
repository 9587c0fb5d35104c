//! Variants of Rust enumerations, of which one is alive.
//!
//! The converter makes a structure of them with an unnamed union, which has a member for each variant, and a member
//! `__tag` beside it, whose enumerators have the names of the variants.

use crate::graph::{Composite, Enum, Type};
use crate::render::value::number::Number;

/// The name of the member that has the discriminant.
pub(super) const TAG: &str = "__tag";

/// Returns the index of the living variant in `union`, an unnamed member of `around`; `None` if the union has no
/// variants, or none is alive. `read` reads a number at an offset in bits from the start of `around`.
pub(super) fn living(
    around: &Composite<'_>,
    union: &Composite<'_>,
    read: impl Fn(u64, u64) -> Option<Number>,
) -> Option<usize> {
    let tag = around.members().find(|member| member.name() == TAG)?;
    let values: Enum<'_> = tag.ty().strip().ok().and_then(Type::as_enum)?;
    let width = match tag.bitfield {
        Some(width) => width.0,
        None => values.size.bits()?.0,
    };
    let value = read(tag.offset.0, width)?.enumerator(values.signedness.is_signed());
    let mut members = union.members();
    match values.enumerators().find(|one| one.value == value) {
        Some(one) => members.position(|member| member.name() == one.name()),
        None => {
            // The variant that stands for all other values has no enumerator.
            let is_other = |member: crate::graph::Member<'_>| {
                let mut enumerators = values.enumerators();
                !enumerators.any(|one| one.name() == member.name())
            };
            let only = members.position(is_other)?;
            let mut rest = union.members().skip(only + 1);
            (!rest.any(is_other)).then_some(only)
        }
    }
}
