//! Compares a local type with a candidate's: one set of rules for fields, another for whole types.

use std::borrow::Cow;

use crate::error::{Error, Place, Result};
use crate::graph::{Kind, Type};
use crate::limits::Limits;
use crate::query::{c_spelling, essential_name, spelling_key};
use crate::relocate::step_budget::StepBudget;

/// The greatest depth of pointers, arrays and prototypes in a type that is compared (libbpf's number).
const MOST_LEVELS: u32 = 32;

/// Returns whether two kinds are compatible: the same, or both enumerations.
pub(super) fn kinds_agree(a: Kind, b: Kind) -> bool {
    a == b || (a.is_enum() && b.is_enum())
}

/// Returns whether a field of type `target` can be read as one of type `local`.
/// (libbpf, `bpf_core_fields_are_compat`.)
///
/// Arrays agree if they have the same number of dimensions and compatible elements. Unlike in libbpf, an array whose
/// dimensions are flattened into one, as pahole writes them, agrees with one that has them.
pub(super) fn fields_agree(local: Type<'_>, target: Type<'_>) -> Result<bool> {
    let (mut local, mut target) = (local.strip()?, target.strip()?);
    if local.kind().is_composite() && target.kind().is_composite() {
        return Ok(true);
    }
    if local.kind() == Kind::Array && target.kind() == Kind::Array {
        let (a, b) = (Dimensions::of(local)?, Dimensions::of(target)?);
        if a.counts.len() != b.counts.len() && !a.is_flattened(&b) {
            return Ok(false);
        }
        (local, target) = (a.innermost, b.innermost);
        if local.kind().is_composite() && target.kind().is_composite() {
            return Ok(true);
        }
    }
    let kind = local.kind();
    if !kinds_agree(kind, target.kind()) {
        return Ok(false);
    }
    Ok(match kind {
        Kind::Ptr | Kind::Float => true,
        Kind::Fwd | Kind::Enum | Kind::Enum64 => {
            let a = essential_name(local.name().as_bytes());
            let b = essential_name(target.name().as_bytes());
            a.is_empty() || b.is_empty() || a == b || (kind.is_enum() && is_called(target, a))
        }
        Kind::Int => is_whole(local) && is_whole(target),
        Kind::Void
        | Kind::Array
        | Kind::Struct
        | Kind::Union
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Unknown(_) => false,
    })
}

/// Returns whether an enumeration of another language has this name in C: by its spelling, or as an alias.
fn is_called(target: Type<'_>, name: &[u8]) -> bool {
    let spelled = c_spelling(target.name().as_bytes());
    if spelling_key(&spelled) == spelling_key(name) {
        return true;
    }
    if target.graph().shortened(name).contains(&target) {
        return true;
    }
    if matches!(spelled, Cow::Borrowed(_)) {
        return false;
    }
    // An alias is a copy under another name.
    let words = |ty: Type<'_>| -> Vec<u32> { ty.record_words().skip(1).collect() };
    let mut others = target.graph().named(name);
    others.any(|other| other.kind() == target.kind() && words(other) == words(target))
}

/// Returns whether an integer starts at its first bit. One that doesn't is a bitfield in the encoding from before
/// 2018.
fn is_whole(ty: Type<'_>) -> bool {
    ty.as_int().is_none_or(|int| int.offset.0 == 0)
}

/// An array's dimensions, outermost first, and the type of its innermost elements.
pub(super) struct Dimensions<'g> {
    pub counts: Vec<u32>,
    pub innermost: Type<'g>,
}

impl<'g> Dimensions<'g> {
    /// Returns the dimensions of an array; of any other type, none.
    pub fn of(array: Type<'g>) -> Result<Self> {
        let mut counts = Vec::new();
        let mut innermost = array.strip()?;
        while let Some(array) = innermost.as_array() {
            if counts.len() > Limits::CHAIN as usize {
                return Err(Error::malformed("the chain of arrays has no end")
                    .within(Place::Type(innermost.id())));
            }
            counts.push(array.count);
            innermost = innermost.graph().ty(array.element_id).strip()?;
        }
        Ok(Self { counts, innermost })
    }

    /// Returns whether one of the two has a single dimension with as many elements as the other has in all.
    pub fn is_flattened(&self, other: &Self) -> bool {
        let one_and_many = match (self.counts.as_slice(), other.counts.as_slice()) {
            (&[one], many) | (many, &[one]) if many.len() > 1 => Some((one, many)),
            _ => None,
        };
        let Some((one, many)) = one_and_many else {
            return false;
        };
        let total = many
            .iter()
            .try_fold(1u64, |total, &count| total.checked_mul(u64::from(count)));
        one > 0 && total == Some(u64::from(one))
    }
}

/// Returns for each dimension the number of innermost elements in one step: 12, 4, 1 for `[2][3][4]`.
pub(super) fn spans(counts: &[u32]) -> Vec<u64> {
    let mut span = 1u64;
    let mut spans: Vec<u64> = counts
        .iter()
        .rev()
        .map(|&count| {
            let this = span;
            span = span.saturating_mul(u64::from(count));
            this
        })
        .collect();
    spans.reverse();
    spans
}

/// Returns whether the root types of a relocation about a type may stand for each other: what is behind typedefs
/// has the same kind, and so on through pointers, arrays and prototypes. Names, sizes and members don't
/// count. (libbpf, `bpf_core_types_are_compat`.)
pub(super) fn types_agree(local: Type<'_>, target: Type<'_>, budget: &StepBudget) -> Result<bool> {
    if !kinds_agree(local.kind(), target.kind()) {
        return Ok(false);
    }
    // Pairs to compare, and how many more prototypes may nest inside.
    let mut open = vec![(local, target, MOST_LEVELS)];
    while let Some((mut local, mut target, level)) = open.pop() {
        let mut links = 0;
        loop {
            budget.spend(1)?;
            links += 1;
            if links > MOST_LEVELS {
                return Err(Error::malformed("the types nest too deep to compare")
                    .within(Place::Type(target.id())));
            }
            (local, target) = (local.strip()?, target.strip()?);
            match step(local, target) {
                Step::Decided(true) => break,
                Step::Decided(false) => return Ok(false),
                Step::Into(a, b) => (local, target) = (a, b),
                Step::Prototypes => {
                    let (Some(a), Some(b)) = (local.as_func_proto(), target.as_func_proto()) else {
                        return Ok(false);
                    };
                    if a.params().len() != b.params().len() {
                        return Ok(false);
                    }
                    if a.params().len() > 0 && level == 0 {
                        return Err(Error::malformed("the types nest too deep to compare")
                            .within(Place::Type(target.id())));
                    }
                    budget.spend(a.params().len())?;
                    for (a, b) in a.params().zip(b.params()) {
                        open.push((
                            local.graph().ty(a.type_id),
                            target.graph().ty(b.type_id),
                            level - 1,
                        ));
                    }
                    (local, target) = (
                        local.graph().ty(a.result_id),
                        target.graph().ty(b.result_id),
                    );
                }
            }
        }
    }
    Ok(true)
}

/// The next step of comparing two whole types.
enum Step<'l, 't> {
    /// The types are compatible, or not.
    Decided(bool),
    /// The comparison continues with these types.
    Into(Type<'l>, Type<'t>),
    /// Both are prototypes: the parameters and the results are compared.
    Prototypes,
}

/// Compares two types, without those they refer to.
fn step<'l, 't>(local: Type<'l>, target: Type<'t>) -> Step<'l, 't> {
    if !kinds_agree(local.kind(), target.kind()) {
        return Step::Decided(false);
    }
    let both = |a: Option<_>, b: Option<_>| match (a, b) {
        (Some(a), Some(b)) => Step::Into(local.graph().ty(a), target.graph().ty(b)),
        _ => Step::Decided(false),
    };
    match local.kind() {
        Kind::Void | Kind::Struct | Kind::Union | Kind::Enum | Kind::Fwd | Kind::Enum64 => {
            Step::Decided(true)
        }
        Kind::Int => Step::Decided(is_whole(local) && is_whole(target)),
        Kind::Ptr => both(local.referent_id(), target.referent_id()),
        Kind::Array => both(
            local.as_array().map(|array| array.element_id),
            target.as_array().map(|array| array.element_id),
        ),
        Kind::FuncProto => Step::Prototypes,
        // Stripped, or never a root type; libbpf takes floats for incompatible, too.
        Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::TypeTag
        | Kind::Func
        | Kind::Var
        | Kind::Datasec
        | Kind::Float
        | Kind::DeclTag
        | Kind::Unknown(_) => Step::Decided(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_dimensions() {
        assert_eq!(spans(&[2, 3, 4]), [12, 4, 1]);
        assert_eq!(spans(&[7]), [1]);
        assert!(spans(&[]).is_empty());
    }
}
