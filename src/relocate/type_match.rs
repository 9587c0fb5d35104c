//! TYPE_MATCHES: compares a local type with a candidate member by member. (libbpf, `__bpf_core_types_match`.)

use std::collections::HashMap;

use crate::error::{Error, Place, Result};
use crate::graph::{Enum, Kind, Name, Type};
use crate::id::TypeId;
use crate::query::essential_name;
use crate::relocate::step_budget::StepBudget;

/// The greatest depth of members, and length of a chain of pointers and arrays (libbpf's numbers).
const MOST_LEVELS: u32 = 32;

/// The results for pairs compared before, behind a pointer or not. Without them the work would grow with the number
/// of paths to structures held by value, not with the number of structures.
type Known = HashMap<(TypeId, TypeId, bool), bool>;

/// Returns whether `target` has every member of `local`, by name and type.
///
/// # Errors
/// `Malformed` if the types nest too deep; `Limit` if they take too many steps.
pub(super) fn types_match(local: Type<'_>, target: Type<'_>, budget: &StepBudget) -> Result<bool> {
    Matcher {
        known: Known::new(),
        budget,
    }
    .matches(local, target, false, MOST_LEVELS)
}

struct Matcher<'b> {
    known: Known,
    budget: &'b StepBudget,
}

impl Matcher<'_> {
    /// Compares two types, or returns the result of an earlier comparison. Recurses into members and parameters, to
    /// [`MOST_LEVELS`] at most.
    fn matches(
        &mut self,
        local: Type<'_>,
        target: Type<'_>,
        behind_pointer: bool,
        level: u32,
    ) -> Result<bool> {
        if level == 0 {
            return Err(too_deep(target));
        }
        let key = (local.id(), target.id(), behind_pointer);
        if let Some(&result) = self.known.get(&key) {
            return Ok(result);
        }
        let result = self.follow(local, target, behind_pointer, level)?;
        self.known.insert(key, result);
        Ok(result)
    }

    /// Compares two types, through pointers, arrays and results of functions.
    fn follow(
        &mut self,
        mut local: Type<'_>,
        mut target: Type<'_>,
        mut behind_pointer: bool,
        level: u32,
    ) -> Result<bool> {
        for _ in 0..MOST_LEVELS {
            self.budget.spend(1)?;
            (local, target) = (local.strip()?, target.strip()?);
            if !names_agree(local.name(), target.name()) {
                return Ok(false);
            }
            let same_kind = local.kind() == target.kind();
            let (a, b) = match local.kind() {
                Kind::Void => return Ok(same_kind),
                Kind::Fwd => return Ok(forward_matches(local, target, behind_pointer)),
                Kind::Enum | Kind::Enum64 => return self.enums_match(local, target),
                Kind::Struct | Kind::Union if behind_pointer => {
                    let union = local.kind() == Kind::Union;
                    let forward = target.kind() == Kind::Fwd && target.info().flag() == union;
                    return Ok(same_kind || forward);
                }
                Kind::Struct | Kind::Union => {
                    return Ok(same_kind && self.members_match(local, target, level)?);
                }
                Kind::Int => return Ok(ints_match(local, target)),
                _ if !same_kind => return Ok(false),
                Kind::Ptr => {
                    behind_pointer = true;
                    (local.referent_id(), target.referent_id())
                }
                Kind::Array => match (local.as_array(), target.as_array()) {
                    (Some(a), Some(b)) if a.count == b.count => {
                        (Some(a.element_id), Some(b.element_id))
                    }
                    _ => return Ok(false),
                },
                Kind::FuncProto => {
                    if !self.params_match(local, target, behind_pointer, level)? {
                        return Ok(false);
                    }
                    (
                        local.as_func_proto().map(|proto| proto.result_id),
                        target.as_func_proto().map(|proto| proto.result_id),
                    )
                }
                // libbpf takes floats for different, too.
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
                | Kind::Unknown(_) => return Ok(false),
            };
            let (Some(a), Some(b)) = (a, b) else {
                return Ok(false);
            };
            (local, target) = (local.graph().ty(a), target.graph().ty(b));
        }
        Err(too_deep(target))
    }

    /// Returns whether every local member has one in the target that has the same name and matches. An anonymous member
    /// may be matched by any anonymous member.
    fn members_match(&mut self, local: Type<'_>, target: Type<'_>, level: u32) -> Result<bool> {
        if local.members().len() > target.members().len() {
            return Ok(false);
        }
        for a in local.members() {
            let mut found = false;
            for b in target.members() {
                self.budget.spend(1)?;
                if names_agree(a.name(), b.name())
                    && self.matches(
                        local.graph().ty(a.type_id),
                        target.graph().ty(b.type_id),
                        false,
                        level - 1,
                    )?
                {
                    found = true;
                    break;
                }
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether the parameters of two prototypes match, one by one.
    fn params_match(
        &mut self,
        local: Type<'_>,
        target: Type<'_>,
        behind_pointer: bool,
        level: u32,
    ) -> Result<bool> {
        let (Some(a), Some(b)) = (local.as_func_proto(), target.as_func_proto()) else {
            return Ok(false);
        };
        if a.params().len() != b.params().len() {
            return Ok(false);
        }
        for (a, b) in a.params().zip(b.params()) {
            let (a, b) = (local.graph().ty(a.type_id), target.graph().ty(b.type_id));
            if !self.matches(a, b, behind_pointer, level - 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether the sizes agree and the target has every local enumerator's name. Values are not compared.
    fn enums_match(&self, local: Type<'_>, target: Type<'_>) -> Result<bool> {
        let (Some(a), Some(b)) = (local.as_enum(), target.as_enum()) else {
            return Ok(false);
        };
        if a.size != b.size || a.len() > b.len() {
            return Ok(false);
        }
        self.has_every_name(&a, &b)
    }

    /// Returns whether the target has an enumerator of every local one's name.
    fn has_every_name(&self, local: &Enum<'_>, target: &Enum<'_>) -> Result<bool> {
        for a in local.enumerators() {
            self.budget.spend(target.len())?;
            if !target
                .enumerators()
                .any(|b| names_agree(a.name(), b.name()))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Returns the error for types that nest too deep.
fn too_deep(target: Type<'_>) -> Error {
    Error::malformed("the types nest too deep to compare").within(Place::Type(target.id()))
}

/// Returns whether two names are the same without their flavors.
fn names_agree(local: Name<'_>, target: Name<'_>) -> bool {
    essential_name(local.as_bytes()) == essential_name(target.as_bytes())
}

/// Returns whether `target` matches a forward declaration: another one, or behind a pointer a structure or union, as
/// the flag tells.
fn forward_matches(local: Type<'_>, target: Type<'_>, behind_pointer: bool) -> bool {
    let union = local.info().flag();
    match target.kind() {
        Kind::Fwd => target.info().flag() == union,
        Kind::Struct => behind_pointer && !union,
        Kind::Union => behind_pointer && union,
        Kind::Void
        | Kind::Int
        | Kind::Ptr
        | Kind::Array
        | Kind::Enum
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::Float
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Enum64
        | Kind::Unknown(_) => false,
    }
}

/// Returns whether two integers have the same size and signedness.
fn ints_match(local: Type<'_>, target: Type<'_>) -> bool {
    match (local.as_int(), target.as_int()) {
        (Some(a), Some(b)) => a.size == b.size && a.encoding.is_signed() == b.encoding.is_signed(),
        _ => false,
    }
}
