//! Computes a relocation's value: the number that goes into the instruction, from the path that was found.
//! (libbpf, `bpf_core_calc_relo`.)

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{IntEncoding, Kind, Type};
use crate::id::{Bits, TypeId};
use crate::query::bit_extent;
use crate::relocate::accessor::{Spec, size_of};
use crate::relocate::candidate::member_of;
use crate::relocate::compat::Dimensions;
use crate::relocate::kind::RelocationKind;
use crate::target::Endian;

/// The value of a relocation, and what the patch needs to know about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Value {
    pub value: u64,
    /// The value of an unsigned 32-bit enumerator as libbpf reads it: sign-extended.
    pub as_signed: Option<u64>,
    /// The size of the memory access in bytes; 0 if there is none (bitfields, and all kinds but offsets).
    pub access: u32,
    /// The type of the memory accessed.
    pub access_type: Option<TypeId>,
    /// Whether the instruction must hold this value before it is patched.
    pub checked: bool,
}

impl Value {
    /// Returns a value without a memory access, which the instruction must hold.
    fn plain(value: u64) -> Self {
        Self {
            value,
            checked: true,
            ..Self::default()
        }
    }
}

/// Computes the value of a relocation of this kind, for a path through the types of `root`'s graph.
///
/// The local path gives the value that the instruction must hold, the candidate's the one it gets.
pub(super) fn compute(
    kind: RelocationKind,
    root: Type<'_>,
    spec: &Spec,
    endian: Endian,
) -> Result<Value> {
    match kind {
        RelocationKind::FieldExists
        | RelocationKind::TypeExists
        | RelocationKind::TypeMatches
        | RelocationKind::EnumvalExists => Ok(Value::plain(1)),
        RelocationKind::TypeIdLocal | RelocationKind::TypeIdTarget => Ok(Value {
            // Linkers renumber types, and don't patch the instructions.
            checked: false,
            ..Value::plain(u64::from(root.id().get()))
        }),
        RelocationKind::TypeSize => Ok(Value::plain(u64::from(size_of(root)?))),
        RelocationKind::EnumvalValue => enumerator(root, spec),
        RelocationKind::FieldByteOffset
        | RelocationKind::FieldByteSize
        | RelocationKind::FieldSigned
        | RelocationKind::FieldLshiftU64
        | RelocationKind::FieldRshiftU64 => field(kind, root, spec, endian),
    }
}

/// Returns the value without a match in the target; `None` if the instruction is to be poisoned.
pub(super) fn absent(kind: RelocationKind) -> Option<Value> {
    kind.is_zero_without_match().then(|| Value::plain(0))
}

/// Computes the value of an enumerator.
fn enumerator(root: Type<'_>, spec: &Spec) -> Result<Value> {
    let found = spec.accessors.first().and_then(|accessor| {
        let enumeration = root.graph().ty(accessor.ty).as_enum()?;
        Some((
            enumeration.is_wide(),
            enumeration.enumerator(accessor.index as usize)?,
        ))
    });
    let Some((wide, enumerator)) = found else {
        return Err(broken(root));
    };
    let low = u32::try_from(enumerator.value).ok();
    let as_signed = low
        .filter(|_| !wide && !enumerator.signedness.is_signed())
        .map(|low| i64::from(low.cast_signed()).cast_unsigned());
    Ok(Value {
        as_signed,
        ..Value::plain(enumerator.value)
    })
}

/// Computes the value of a relocation about a field.
fn field(kind: RelocationKind, root: Type<'_>, spec: &Spec, endian: Endian) -> Result<Value> {
    let graph = root.graph();
    let Some(last) = spec.accessors.last() else {
        return Err(broken(root));
    };
    if !last.named {
        let ty = graph.ty(last.ty);
        return match kind {
            RelocationKind::FieldByteOffset => Ok(Value {
                access: innermost_size(ty)?,
                access_type: Some(last.ty),
                ..Value::plain(u64::from(spec.bit_offset / 8))
            }),
            RelocationKind::FieldByteSize => Ok(Value::plain(
                u64::from(size_of(ty)?).saturating_mul(last.span),
            )),
            _ => Err(Error::new(
                ErrorKind::Malformed,
                format!("a relocation of kind {kind} can't be about an array's element"),
            )),
        };
    }
    let member = member_of(graph, *last).ok_or_else(|| broken(root))?;
    let ty = graph.ty(member.type_id).strip()?;
    let at = Bits(u64::from(spec.bit_offset));
    let (at, bitfield) = bit_extent(graph, &member, at);
    let bit_offset = u32::try_from(at.0)
        .map_err(|_| Error::new(ErrorKind::Overflow, "the field's offset is beyond 32 bits"))?;
    let storage = Storage::of(ty, bit_offset, bitfield)?;
    let checked = bitfield.is_none();
    let plain = |value: u64| Value {
        checked,
        ..Value::plain(value)
    };
    Ok(match kind {
        RelocationKind::FieldByteOffset if checked => Value {
            access: innermost_size(ty)?,
            access_type: Some(ty.id()),
            ..plain(u64::from(storage.offset))
        },
        RelocationKind::FieldByteOffset => plain(u64::from(storage.offset)),
        RelocationKind::FieldByteSize => plain(u64::from(storage.size)),
        RelocationKind::FieldSigned => Value::plain(u64::from(is_signed(ty))),
        RelocationKind::FieldLshiftU64 => plain(storage.left_shift(endian)),
        // The width of a field is fixed; only the storage unit around a bitfield is the compiler's choice.
        _ => Value::plain(u64::from(64u32.wrapping_sub(storage.bits))),
    })
}

/// Returns an error about a path without a field at its end.
fn broken(root: Type<'_>) -> Error {
    Error::malformed("the path has no field at its end").within(Place::Type(root.id()))
}

/// Returns the size of a load or store of the field: for arrays, of an innermost element.
fn innermost_size(ty: Type<'_>) -> Result<u32> {
    size_of(Dimensions::of(ty)?.innermost)
}

/// Returns whether a field of this type is signed.
fn is_signed(ty: Type<'_>) -> bool {
    ty.as_enum()
        .is_some_and(|enumeration| enumeration.signedness.is_signed())
        || ty.as_int().is_some_and(|int| int.encoding.is_signed())
}

/// The bytes to load for a field: the whole field, or the smallest aligned storage unit around a bitfield.
struct Storage {
    /// The offset in bytes from the start of the root type.
    offset: u32,
    /// The size in bytes.
    size: u32,
    /// The offset of the field itself, in bits from the start of the root type.
    bit_offset: u32,
    /// The field's width in bits.
    bits: u32,
}

impl Storage {
    /// Finds the storage of a field of type `ty`; `bitfield` is its width in bits.
    fn of(ty: Type<'_>, bit_offset: u32, bitfield: Option<Bits>) -> Result<Self> {
        let Some(Bits(bits)) = bitfield else {
            let size = size_of(ty)?;
            return Ok(Self {
                offset: bit_offset / 8,
                size,
                bit_offset,
                bits: size.wrapping_mul(8),
            });
        };
        // A width has 8 bits on the wire.
        let bits = u32::try_from(bits).unwrap_or(u32::MAX);
        let mut size = match ty.kind() {
            Kind::Int | Kind::Enum | Kind::Enum64 => ty.size_word(),
            Kind::Void
            | Kind::Ptr
            | Kind::Array
            | Kind::Struct
            | Kind::Union
            | Kind::Fwd
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
            | Kind::Unknown(_) => 0,
        };
        if size == 0 || size > 16 {
            return Err(Error::malformed(format!(
                "a bitfield has the type {} {:?}, which has no size to load it by",
                ty.kind(),
                ty.name()
            ))
            .within(Place::Type(ty.id())));
        }
        let mut offset = bit_offset / 8 / size * size;
        while u64::from(bit_offset) + u64::from(bits) - u64::from(offset) * 8 > u64::from(size) * 8
        {
            if size >= 8 {
                return Err(Error::new(
                    ErrorKind::Overflow,
                    format!(
                        "the bitfield at bit {bit_offset}, {bits} bits wide, doesn't fit one load of 8 bytes"
                    ),
                ));
            }
            size *= 2;
            offset = bit_offset / 8 / size * size;
        }
        Ok(Self {
            offset,
            size,
            bit_offset,
            bits,
        })
    }

    /// Computes the left shift, in 32 bits that wrap around as in libbpf for fields larger than 8 bytes.
    fn left_shift(&self, endian: Endian) -> u64 {
        let start = self.bit_offset.wrapping_sub(self.offset.wrapping_mul(8));
        u64::from(match endian {
            Endian::Little => 64u32.wrapping_sub(start.wrapping_add(self.bits)),
            Endian::Big => 8u32
                .wrapping_sub(self.size)
                .wrapping_mul(8)
                .wrapping_add(start),
        })
    }
}

/// Returns whether a load or store may get another width: pointers and unsigned integers may, because their upper
/// bits are zeros in either width.
pub(super) fn may_resize(local: Option<Type<'_>>, target: Option<Type<'_>>) -> bool {
    let (Some(local), Some(target)) = (local, target) else {
        return false;
    };
    if local.kind() == Kind::Ptr && target.kind() == Kind::Ptr {
        return true;
    }
    let unsigned = |ty: Type<'_>| {
        ty.as_int()
            .is_some_and(|int| int.encoding != IntEncoding::SIGNED)
    };
    unsigned(local) && unsigned(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphBuilder;

    /// libbpf compares the whole encoding with "signed", and doesn't look for the bit.
    #[test]
    fn what_may_be_read_in_another_width() {
        let mut builder = GraphBuilder::new();
        let mut int = |encoding| builder.int("int", 4, IntEncoding(encoding)).unwrap();
        let [unsigned, signed, char, signed_char, boolean] = [0, 1, 2, 3, 4].map(&mut int);
        let pointer = builder.ptr(TypeId::VOID).unwrap();
        let float = builder.float("float", 4).unwrap();
        let graph = builder.freeze().unwrap();
        let may = |a, b| may_resize(Some(graph.ty(a)), Some(graph.ty(b)));
        for fits in [unsigned, char, signed_char, boolean] {
            assert!(may(fits, unsigned) && may(unsigned, fits), "{fits}");
            assert!(!may(fits, signed) && !may(signed, fits), "{fits}");
        }
        assert!(may(pointer, pointer));
        assert!(!may(pointer, unsigned) && !may(unsigned, pointer));
        assert!(!may(signed, signed) && !may(float, float));
        assert!(!may_resize(None, Some(graph.ty(unsigned))));
    }
}
