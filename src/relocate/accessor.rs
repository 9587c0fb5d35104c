//! Follows an accessor such as `0:1:2` through the object's own types.
//!
//! Each number is a step: the first counts objects of the root type, each of the others is the index of a member or
//! of an array element. A step into an anonymous member moves the offset, but is no [`Accessor`]: a candidate is
//! searched for named members and elements only. (libbpf, `bpf_core_parse_spec`.)

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Array, Name, Type, View};
use crate::id::TypeId;
use crate::relocate::kind::{RelocationKind, Subject};

/// The greatest number of steps in an accessor (libbpf, `BPF_CORE_SPEC_MAX_LEN`).
pub(super) const MOST_STEPS: usize = 64;

/// One step of a path: a named member, an element, or an enumerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accessor {
    /// The structure that has the member, the type of the element, or the enumeration; without qualifiers and
    /// typedefs.
    pub ty: TypeId,
    /// The index of the member, element or enumerator.
    pub index: u32,
    /// Whether the step is a named member or an enumerator.
    pub named: bool,
    /// The number of objects of `ty` in the element: more than one only for a row of an array whose dimensions the
    /// target has flattened.
    pub span: u64,
}

/// The path of a relocation through the types of one graph, from the root type to the field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spec {
    pub accessors: Vec<Accessor>,
    /// The steps as the accessor has them, anonymous members included.
    pub steps: Vec<u32>,
    /// The field's offset in bits from the start of the root type.
    pub bit_offset: u32,
}

impl Spec {
    /// Empties the path, and keeps its allocations.
    pub fn clear(&mut self) {
        self.accessors.clear();
        self.steps.clear();
        self.bit_offset = 0;
    }

    /// Moves the offset by `count` objects of `size` bytes.
    pub fn advance(&mut self, count: u32, size: u32) -> Result<()> {
        let bits = u64::from(count)
            .checked_mul(u64::from(size))
            .and_then(|bytes| bytes.checked_mul(8))
            .and_then(|bits| bits.checked_add(u64::from(self.bit_offset)));
        match bits.map(u32::try_from) {
            Some(Ok(bits)) => {
                self.bit_offset = bits;
                Ok(())
            }
            _ => Err(Error::new(
                ErrorKind::Overflow,
                "the field's offset is beyond 32 bits",
            )),
        }
    }

    /// Moves the offset by that of a member, in bits.
    pub fn advance_bits(&mut self, bits: u64) -> Result<()> {
        let sum = u32::try_from(bits)
            .ok()
            .and_then(|bits| self.bit_offset.checked_add(bits));
        match sum {
            Some(sum) => {
                self.bit_offset = sum;
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::Overflow,
                "the field's offset is beyond 32 bits",
            )),
        }
    }
}

/// Parses an accessor and follows it through the object's own types, into `spec`.
///
/// # Errors
/// `Malformed` if the accessor can't be parsed, or a step has no member, element or enumerator.
pub(super) fn parse(
    root: Type<'_>,
    access: Name<'_>,
    kind: RelocationKind,
    spec: &mut Spec,
) -> Result<()> {
    spec.clear();
    let wrong = |reason: &str| {
        Error::malformed(format!("the accessor {access:?} {reason}")).within(Place::Type(root.id()))
    };
    match kind.subject() {
        Subject::Type if access == "0" => Ok(()),
        Subject::Type => Err(wrong("of a relocation about a type isn't \"0\"")),
        Subject::Field => {
            parse_steps(access, &mut spec.steps).map_err(wrong)?;
            follow(root, spec, &wrong)
        }
        Subject::Enumerator => {
            parse_steps(access, &mut spec.steps).map_err(wrong)?;
            let ty = root.strip()?;
            let &[index] = spec.steps.as_slice() else {
                return Err(wrong(
                    "of a relocation about an enumerator isn't one number",
                ));
            };
            let count = ty.as_enum().map_or(0, |enumeration| enumeration.len());
            if index as usize >= count {
                return Err(wrong("refers to an enumerator that the type doesn't have"));
            }
            spec.accessors.push(Accessor {
                ty: ty.id(),
                index,
                named: true,
                span: 1,
            });
            Ok(())
        }
    }
}

/// Parses numbers with colons between them.
fn parse_steps(access: Name<'_>, steps: &mut Vec<u32>) -> Result<(), &'static str> {
    if access.is_empty() {
        return Err("is empty");
    }
    for part in access.as_bytes().split(|&byte| byte == b':') {
        if steps.len() == MOST_STEPS {
            return Err("has more than 64 steps");
        }
        let number = parse_number(part)
            .filter(|&number| i32::try_from(number).is_ok())
            .ok_or("isn't made of numbers with colons between them")?;
        steps.push(number);
    }
    Ok(())
}

/// Parses digits; `None` for anything else.
fn parse_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// Follows the steps in `spec` from the root type on, and adds an accessor for each that isn't anonymous.
fn follow(root: Type<'_>, spec: &mut Spec, wrong: &dyn Fn(&str) -> Error) -> Result<()> {
    let graph = root.graph();
    let mut ty = root.strip()?;
    let steps = std::mem::take(&mut spec.steps);
    let mut rest = steps.iter();
    if let Some(&first) = rest.next() {
        spec.accessors.push(Accessor {
            ty: ty.id(),
            index: first,
            named: false,
            span: 1,
        });
        spec.advance(first, size_of(ty)?)?;
    }
    for &index in rest {
        ty = ty.strip()?;
        match ty.view() {
            View::Struct(composite) | View::Union(composite) => {
                let Some(member) = composite.member(index as usize) else {
                    return Err(wrong("refers to a member that the type doesn't have"));
                };
                spec.advance_bits(member.offset.0)?;
                if !graph.string_is(member.name_id(), b"") {
                    spec.accessors.push(Accessor {
                        ty: ty.id(),
                        index,
                        named: true,
                        span: 1,
                    });
                }
                ty = graph.ty(member.type_id);
            }
            View::Array(array) => {
                let element = graph.ty(array.element_id).strip()?;
                let last = spec.accessors.last();
                let flexible = last.is_some_and(|last| is_flexible(ty, *last, array));
                if !flexible && index >= array.count {
                    return Err(wrong("refers to an element beyond the array's end"));
                }
                spec.accessors.push(Accessor {
                    ty: element.id(),
                    index,
                    named: false,
                    span: 1,
                });
                spec.advance(index, size_of(element)?)?;
                ty = element;
            }
            View::Void
            | View::Int(_)
            | View::Ptr(_)
            | View::Enum(_)
            | View::Fwd(_)
            | View::Typedef(_)
            | View::Volatile(_)
            | View::Const(_)
            | View::Restrict(_)
            | View::Func(_)
            | View::FuncProto(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::Float(_)
            | View::DeclTag(_)
            | View::TypeTag(_)
            | View::Unknown(_) => {
                return Err(wrong(
                    "continues into a type that is not a structure, union or array",
                ));
            }
        }
    }
    spec.steps = steps;
    Ok(())
}

/// Returns whether an array is flexible: it has no count, and is the last member of its structure. `last` is the
/// accessor that led to it. (libbpf, `is_flex_arr`.)
pub(super) fn is_flexible(ty: Type<'_>, last: Accessor, array: Array) -> bool {
    last.named
        && array.count == 0
        && ty.graph().ty(last.ty).members().len() == last.index as usize + 1
}

/// Returns a type's size in bytes, if it fits 32 bits. (libbpf, `btf__resolve_size`.)
pub(super) fn size_of(ty: Type<'_>) -> Result<u32> {
    let size = ty.size().map_err(|error| match error.kind() {
        // A candidate whose field has no size is malformed.
        ErrorKind::NotFound => {
            Error::malformed(error.message().to_owned()).within(Place::Type(ty.id()))
        }
        _ => error,
    })?;
    u32::try_from(size.0).map_err(|_| {
        Error::new(ErrorKind::Overflow, "the size is beyond 32 bits").within(Place::Type(ty.id()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        let parse = |text: &str| {
            let mut steps = Vec::new();
            parse_steps(Name::new(text.as_bytes()), &mut steps).map(|()| steps)
        };
        assert_eq!(parse("0"), Ok(vec![0]));
        assert_eq!(parse("0:12:3"), Ok(vec![0, 12, 3]));
        for wrong in [
            "",
            ":",
            "0:",
            ":0",
            "0::1",
            "-1",
            "+1",
            " 1",
            "1x",
            "2147483648",
            "99999999999",
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        let longest = ["1"; MOST_STEPS].join(":");
        assert!(parse(&longest).is_ok());
        assert!(parse(&format!("{longest}:1")).is_err());
    }
}
