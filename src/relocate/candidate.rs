//! Searches a candidate, a type of the target, for the field, type or enumerator that the local path leads to.
//! (libbpf, `bpf_core_spec_match`.)

use std::collections::HashSet;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Kind, Member, Name, Type};
use crate::id::{StrId, TypeId};
use crate::query::{essential_name, is_spelled};
use crate::relocate::accessor::{Accessor, MOST_STEPS, Spec, is_flexible, size_of};
use crate::relocate::compat::{Dimensions, fields_agree, spans, types_agree};
use crate::relocate::kind::{RelocationKind, Subject};
use crate::relocate::step_budget::StepBudget;
use crate::relocate::type_match::types_match;

/// The reason why a candidate doesn't match. An `accessor` is an index among the steps of the local path: 0 is the
/// root, then each named member and each element follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Mismatch {
    /// The target's type has no member of that name.
    NoMember {
        /// The step in the local path.
        accessor: usize,
        /// The target's type that was searched.
        within: TypeId,
    },
    /// The target's type is not a structure or union, so it has no members.
    NotComposite {
        /// The step in the local path.
        accessor: usize,
        /// The target's type.
        found: TypeId,
    },
    /// The member may be in a type that the target only declares: in a base class of C++, or a member. So it is not known
    /// whether the field exists.
    OnlyDeclared {
        /// The step in the local path.
        accessor: usize,
        /// The target's forward declaration.
        found: TypeId,
    },
    /// The member's type can't be read as the local member's.
    MemberType {
        /// The step in the local path.
        accessor: usize,
        /// The target's type.
        found: TypeId,
    },
    /// The target's type is not an array.
    NotArray {
        /// The step in the local path.
        accessor: usize,
        /// The target's type.
        found: TypeId,
    },
    /// The target's array has fewer elements.
    OutOfBounds {
        /// The step in the local path.
        accessor: usize,
        /// The number of elements.
        count: u32,
    },
    /// The whole types are not compatible.
    Incompatible,
    /// The whole types don't match, member by member.
    Differs,
    /// The target's type is not an enumeration.
    NotEnum,
    /// The target's enumeration has no such enumerator.
    NoEnumerator,
    /// Another relocation of the same local type fits other candidates only.
    Pruned,
}

/// The local side of a relocation: what to find in a candidate.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub kind: RelocationKind,
    pub root: Type<'a>,
    pub spec: &'a Spec,
}

impl Wanted<'_> {
    /// Searches the candidate `root`; the path found is left in `found`.
    ///
    /// # Errors
    /// `Malformed` if the candidate's types are.
    pub fn find_in(
        &self,
        root: Type<'_>,
        found: &mut Spec,
        budget: &StepBudget,
    ) -> Result<Result<(), Mismatch>> {
        found.clear();
        match self.kind.subject() {
            Subject::Field => self.find_field(root, found, budget),
            Subject::Enumerator => self.find_enumerator(root, found, budget),
            Subject::Type if self.kind == RelocationKind::TypeMatches => {
                let matches = types_match(self.root, root, budget)?;
                Ok(if matches {
                    Ok(())
                } else {
                    Err(Mismatch::Differs)
                })
            }
            Subject::Type => {
                let agree = types_agree(self.root, root, budget)?;
                Ok(if agree {
                    Ok(())
                } else {
                    Err(Mismatch::Incompatible)
                })
            }
        }
    }

    /// Searches an enumeration for the enumerator, by its name.
    fn find_enumerator(
        &self,
        root: Type<'_>,
        found: &mut Spec,
        budget: &StepBudget,
    ) -> Result<Result<(), Mismatch>> {
        let local = self.spec.accessors.first().and_then(|accessor| {
            let ty = self.root.graph().ty(accessor.ty);
            ty.as_enum()?.enumerator(accessor.index as usize)
        });
        let Some(local) = local else {
            return Ok(Err(Mismatch::NotEnum));
        };
        let name = essential_name(local.name().as_bytes());
        let ty = root.strip()?;
        let Some(enumeration) = ty.as_enum() else {
            return Ok(Err(Mismatch::NotEnum));
        };
        budget.spend(enumeration.len())?;
        let mut all = (0u32..).zip(enumeration.enumerators());
        let hit = all
            .clone()
            .find(|(_, enumerator)| essential_name(enumerator.name().as_bytes()) == name)
            .or_else(|| all.find(|(_, enumerator)| is_spelled(enumerator.name().as_bytes(), name)));
        let Some((index, _)) = hit else {
            return Ok(Err(Mismatch::NoEnumerator));
        };
        found.steps.push(index);
        found.accessors.push(Accessor {
            ty: ty.id(),
            index,
            named: true,
            span: 1,
        });
        Ok(Ok(()))
    }

    /// Searches a type for the field, step by step.
    fn find_field(
        &self,
        root: Type<'_>,
        found: &mut Spec,
        budget: &StepBudget,
    ) -> Result<Result<(), Mismatch>> {
        let mut ty = root;
        let mut flattened = None;
        for (number, local) in self.spec.accessors.iter().enumerate() {
            ty = ty.strip()?;
            let next = if local.named {
                match self.find_named(number, *local, ty, found, budget)? {
                    Ok((next, flat)) => {
                        flattened = flat;
                        Ok(next)
                    }
                    Err(mismatch) => Err(mismatch),
                }
            } else if number == 0 {
                push_element(found, ty, local.index, 1)?;
                Ok(ty)
            } else {
                find_element(number, local.index, ty, &mut flattened, found)?
            };
            match next {
                Ok(next) => ty = next,
                Err(mismatch) => return Ok(Err(mismatch)),
            }
        }
        Ok(Ok(()))
    }

    /// Finds a named member of `ty`. Returns its type, and how to step through it if it is a flattened array.
    fn find_named<'t>(
        &self,
        number: usize,
        local: Accessor,
        ty: Type<'t>,
        found: &mut Spec,
        budget: &StepBudget,
    ) -> Result<Result<(Type<'t>, Option<Flattened>), Mismatch>> {
        let graph = self.root.graph();
        let missing = Mismatch::NoMember {
            accessor: number,
            within: ty.id(),
        };
        let Some(wanted) = member_of(graph, local) else {
            return Ok(Err(missing));
        };
        let mut declared = (ty.kind() == Kind::Fwd).then_some(ty.id());
        let Some(member) = find_member(ty, wanted.name(), found, budget, &mut declared)? else {
            return Ok(Err(match declared {
                Some(found) => Mismatch::OnlyDeclared {
                    accessor: number,
                    found,
                },
                None if ty.kind().is_composite() => missing,
                None => Mismatch::NotComposite {
                    accessor: number,
                    found: ty.id(),
                },
            }));
        };
        let (a, b) = (graph.ty(wanted.type_id), ty.graph().ty(member.type_id));
        if !fields_agree(a, b)? && !is_declared_composite(a, b)? {
            return Ok(Err(Mismatch::MemberType {
                accessor: number,
                found: member.type_id,
            }));
        }
        Ok(Ok((b, Flattened::between(a, b)?)))
    }
}

/// Returns whether the target only declares the structure or union that the field is, or of which it is an array. C++
/// allows that, as a class may be defined in another file.
fn is_declared_composite(local: Type<'_>, target: Type<'_>) -> Result<bool> {
    let (local, target) = (Dimensions::of(local)?, Dimensions::of(target)?);
    Ok(local.innermost.kind().is_composite()
        && target.innermost.kind() == Kind::Fwd
        && local.counts.len() == target.counts.len())
}

/// Finds an element of the array `ty`, and returns its type.
fn find_element<'t>(
    number: usize,
    index: u32,
    ty: Type<'t>,
    flattened: &mut Option<Flattened>,
    found: &mut Spec,
) -> Result<Result<Type<'t>, Mismatch>> {
    let no_array = Mismatch::NotArray {
        accessor: number,
        found: ty.id(),
    };
    if let Some(flat) = flattened {
        let Some(span) = flat.next() else {
            return Ok(Err(no_array));
        };
        let element = ty.graph().ty(flat.element);
        push_element(found, element, index, span)?;
        return Ok(Ok(element));
    }
    let Some(array) = ty.as_array() else {
        return Ok(Err(no_array));
    };
    let last = found.accessors.last();
    let flexible = last.is_some_and(|last| is_flexible(ty, *last, array));
    if !flexible && index >= array.count {
        return Ok(Err(Mismatch::OutOfBounds {
            accessor: number,
            count: array.count,
        }));
    }
    let element = ty.graph().ty(array.element_id).strip()?;
    push_element(found, element, index, 1)?;
    Ok(Ok(element))
}

/// Adds the element at `index` to the path; one element is `span` objects of type `ty`.
fn push_element(found: &mut Spec, ty: Type<'_>, index: u32, span: u64) -> Result<()> {
    check_length(found, ty)?;
    found.accessors.push(Accessor {
        ty: ty.id(),
        index,
        named: false,
        span,
    });
    found.steps.push(index);
    let objects = u64::from(index)
        .checked_mul(span)
        .and_then(|objects| u32::try_from(objects).ok())
        .ok_or_else(|| Error::new(ErrorKind::Overflow, "the field's offset is beyond 32 bits"))?;
    found.advance(objects, size_of(ty)?)
}

/// Refuses a path that has no room for another step.
fn check_length(found: &Spec, ty: Type<'_>) -> Result<()> {
    if found.steps.len() >= MOST_STEPS {
        return Err(
            Error::malformed("the path to the field has more than 64 steps")
                .within(Place::Type(ty.id())),
        );
    }
    Ok(())
}

/// Returns the member that an accessor of this graph refers to.
pub(super) fn member_of(graph: &Btf, accessor: Accessor) -> Option<Member<'_>> {
    graph.ty(accessor.ty).member_at(accessor.index as usize)
}

/// A structure whose members are being searched.
struct Open<'g> {
    ty: Type<'g>,
    /// The index of the next member to look at.
    next: u32,
    /// The path's offset before the structure was entered.
    offset: u32,
}

/// Finds the first member with this name, and adds the steps to it to `found`. Members of anonymous members count as
/// the structure's own, after those that have the name themselves. Types are not compared.
///
/// (libbpf, `bpf_core_match_member`, searches an anonymous member before the members behind it. That makes no
/// difference in C. In C++ a base class is an anonymous member, and may have a field with the name of one in the
/// derived class.)
///
/// Where no member has the name, the first does that C spells like it ([`c_spelling`](crate::query::c_spelling)).
/// An anonymous member that is only declared is left in `declared`: it may have the member.
fn find_member<'g>(
    ty: Type<'g>,
    name: Name<'_>,
    found: &mut Spec,
    budget: &StepBudget,
    declared: &mut Option<TypeId>,
) -> Result<Option<Member<'g>>> {
    let graph = ty.graph();
    let has_name = |id| graph.string_is(id, name.as_bytes());
    let exact = search_members(ty, &has_name, found, budget, declared)?;
    if exact.is_some() {
        return Ok(exact);
    }
    let is_spelled = |id| is_spelled(graph.string(id).as_bytes(), name.as_bytes());
    search_members(ty, &is_spelled, found, budget, declared)
}

/// Finds the first member whose name is wanted, as [`find_member`] does.
fn search_members<'g>(
    ty: Type<'g>,
    is_wanted: &impl Fn(StrId) -> bool,
    found: &mut Spec,
    budget: &StepBudget,
    declared: &mut Option<TypeId>,
) -> Result<Option<Member<'g>>> {
    let graph = ty.graph();
    let mut searched = HashSet::new();
    let mut open = vec![Open {
        ty,
        next: own_member(ty, is_wanted),
        offset: found.bit_offset,
    }];
    budget.spend(ty.members().len() + 1)?;
    while let Some(top) = open.last_mut() {
        let Some(member) = top.ty.member_at(top.next as usize) else {
            found.bit_offset = top.offset;
            open.pop();
            if !open.is_empty() {
                found.steps.pop();
            }
            continue;
        };
        let index = top.next;
        top.next += 1;
        if graph.string_is(member.name_id(), b"") {
            let inner = graph.ty(member.type_id).strip()?;
            if inner.kind() == Kind::Fwd {
                declared.get_or_insert(inner.id());
            }
            if inner.kind().is_composite() && searched.insert(inner.id()) {
                check_length(found, inner)?;
                let offset = found.bit_offset;
                found.steps.push(index);
                found.advance_bits(member.offset.0)?;
                budget.spend(inner.members().len() + 1)?;
                open.push(Open {
                    ty: inner,
                    next: own_member(inner, is_wanted),
                    offset,
                });
            }
        } else if is_wanted(member.name_id()) {
            check_length(found, top.ty)?;
            found.steps.push(index);
            found.accessors.push(Accessor {
                ty: top.ty.id(),
                index,
                named: true,
                span: 1,
            });
            found.advance_bits(member.offset.0)?;
            return Ok(Some(member));
        }
    }
    Ok(None)
}

/// Returns the index of the structure's own member whose name is wanted; 0 if only anonymous members can have it.
fn own_member(ty: Type<'_>, is_wanted: &impl Fn(StrId) -> bool) -> u32 {
    let mut members = (0u32..).zip(ty.members());
    let own = members.find(|(_, member)| is_wanted(member.name_id()));
    own.map_or(0, |(index, _)| index)
}

/// The steps through an array whose dimensions only one side has.
struct Flattened {
    /// For each step of the local path, the number of the target's innermost elements in it.
    spans: std::vec::IntoIter<u64>,
    /// The target's innermost element.
    element: TypeId,
}

impl Flattened {
    /// Compares the dimensions of two types; `None` if they are the same or the types are no arrays, as usual.
    fn between(local: Type<'_>, target: Type<'_>) -> Result<Option<Self>> {
        let (local, target) = (local.strip()?, target.strip()?);
        if local.kind() != Kind::Array || target.kind() != Kind::Array {
            return Ok(None);
        }
        let (local, target) = (Dimensions::of(local)?, Dimensions::of(target)?);
        Ok((local.counts.len() != target.counts.len()).then(|| Self {
            spans: spans(&local.counts).into_iter(),
            element: target.innermost.id(),
        }))
    }

    /// Returns the span of the next step.
    fn next(&mut self) -> Option<u64> {
        self.spans.next()
    }
}
