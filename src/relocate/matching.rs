//! From the local side to the target's: whether a candidate type has what an access path names, and where.
//! (libbpf, `bpf_core_spec_match`.)

use std::collections::HashSet;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Kind, Member, Name, Type};
use crate::id::TypeId;
use crate::query::essential_name;
use crate::relocate::accessor::{Accessor, MOST_STEPS, Spec, is_flexible, size_of};
use crate::relocate::budget::Budget;
use crate::relocate::compat::{Dimensions, fields_agree, spans, types_agree};
use crate::relocate::kind::{RelocationKind, Subject};
use crate::relocate::matches::types_match;

/// Why a candidate is not the answer. An `accessor` counts the local path's steps that have a meaning:
/// 0 is the root, then each named member and each element.
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
    /// The target's type is no structure or union, so it has no members.
    NotComposite {
        /// The step in the local path.
        accessor: usize,
        /// The target's type.
        found: TypeId,
    },
    /// The member is there, with a type that can't be read as the local one.
    MemberType {
        /// The step in the local path.
        accessor: usize,
        /// The target's type.
        found: TypeId,
    },
    /// The target has no array there.
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
        /// How many elements there are.
        count: u32,
    },
    /// The whole types are not compatible.
    Incompatible,
    /// The whole types don't match, member by member.
    Differs,
    /// The target's type is no enumeration.
    NotEnum,
    /// The target's enumeration has no such enumerator.
    NoEnumerator,
    /// Another relocation of the same local type fits other candidates only.
    Pruned,
}

/// What is to be found, in the object's own types.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub kind: RelocationKind,
    pub root: Type<'a>,
    pub spec: &'a Spec,
}

impl Wanted<'_> {
    /// Looks for it in the candidate `root`; the path found is left in `found`.
    ///
    /// # Errors
    /// `Malformed` where the candidate's types are.
    pub fn find_in(
        &self,
        root: Type<'_>,
        found: &mut Spec,
        budget: &Budget,
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

    fn find_enumerator(
        &self,
        root: Type<'_>,
        found: &mut Spec,
        budget: &Budget,
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
        let hit = (0u32..)
            .zip(enumeration.enumerators())
            .find(|(_, enumerator)| essential_name(enumerator.name().as_bytes()) == name);
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

    fn find_field(
        &self,
        root: Type<'_>,
        found: &mut Spec,
        budget: &Budget,
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

    /// Goes to a named member of `ty`: its type, and how to step through it if it is a flattened array.
    fn find_named<'t>(
        &self,
        number: usize,
        local: Accessor,
        ty: Type<'t>,
        found: &mut Spec,
        budget: &Budget,
    ) -> Result<Result<(Type<'t>, Option<Flattened>), Mismatch>> {
        let graph = self.root.graph();
        let missing = Mismatch::NoMember {
            accessor: number,
            within: ty.id(),
        };
        let Some(wanted) = member_of(graph, local) else {
            return Ok(Err(missing));
        };
        let Some(member) = find_member(ty, wanted.name(), found, budget)? else {
            return Ok(Err(if ty.kind().is_composite() {
                missing
            } else {
                Mismatch::NotComposite {
                    accessor: number,
                    found: ty.id(),
                }
            }));
        };
        let (a, b) = (graph.ty(wanted.type_id), ty.graph().ty(member.type_id));
        if !fields_agree(a, b)? {
            return Ok(Err(Mismatch::MemberType {
                accessor: number,
                found: member.type_id,
            }));
        }
        Ok(Ok((b, Flattened::between(a, b)?)))
    }
}

/// Goes to an element of the array `ty`: its type.
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

/// Goes to element number `index`, where one step is `span` objects of type `ty`.
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

fn check_length(found: &Spec, ty: Type<'_>) -> Result<()> {
    if found.steps.len() >= MOST_STEPS {
        return Err(
            Error::malformed("the path to the field has more than 64 steps")
                .within(Place::Type(ty.id())),
        );
    }
    Ok(())
}

/// The member an accessor of this graph names.
pub(super) fn member_of(graph: &Btf, accessor: Accessor) -> Option<Member<'_>> {
    graph.ty(accessor.ty).member_at(accessor.index as usize)
}

/// A structure that is being searched.
struct Open<'g> {
    ty: Type<'g>,
    next: u32,
    /// The path's offset before it was entered.
    offset: u32,
}

/// The first member with this name, anonymous members looked through in place; the way there is added to
/// `found`. A member counts by its name alone. (libbpf, `bpf_core_match_member`; there a member without a name goes
/// before those behind it. C has no structure in which that tells, but in C++ a base class is such a member, and
/// may have a field of the derived class's name.)
fn find_member<'g>(
    ty: Type<'g>,
    name: Name<'_>,
    found: &mut Spec,
    budget: &Budget,
) -> Result<Option<Member<'g>>> {
    let graph = ty.graph();
    let mut searched = HashSet::new();
    let mut open = vec![Open {
        ty,
        next: own_member(ty, name),
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
            if inner.kind().is_composite() && searched.insert(inner.id()) {
                check_length(found, inner)?;
                let offset = found.bit_offset;
                found.steps.push(index);
                found.advance_bits(member.offset.0)?;
                budget.spend(inner.members().len() + 1)?;
                open.push(Open {
                    ty: inner,
                    next: own_member(inner, name),
                    offset,
                });
            }
        } else if graph.string_is(member.name_id(), name.as_bytes()) {
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

/// The place of the structure's own member with this name; 0 where only members without a name can have it.
fn own_member(ty: Type<'_>, name: Name<'_>) -> u32 {
    let graph = ty.graph();
    let mut members = (0u32..).zip(ty.members());
    let own = members.find(|(_, member)| graph.string_is(member.name_id(), name.as_bytes()));
    own.map_or(0, |(index, _)| index)
}

/// How to step through an array whose dimensions one side has and the other has not.
struct Flattened {
    /// For each step of the local path, how many of the target's innermost elements it is.
    spans: std::vec::IntoIter<u64>,
    /// The target's innermost element.
    element: TypeId,
}

impl Flattened {
    /// `None` where both sides have the same dimensions, or are no arrays: the usual case.
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

    fn next(&mut self) -> Option<u64> {
        self.spans.next()
    }
}
