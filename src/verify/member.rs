//! A member against its type. (`check_member` and `check_kflag_member` of each kind.)

use crate::graph::Kind;
use crate::verify::input::{Input, Record};
use crate::verify::resolution::{Resolutions, Size};
use crate::verify::rule::Rule;

/// A fault of a member: the rule, the kernel's words, and the type that the kernel shows as the member's.
pub(super) struct MemberFault {
    pub rule: Rule,
    pub message: &'static str,
    pub shown_type: u32,
}

/// A member and the size of its structure.
#[derive(Clone, Copy)]
struct Place {
    /// The offset as the structure's kind flag says, in bits.
    offset: u32,
    /// The width of a bitfield, or 0.
    width: u32,
    is_flagged: bool,
    struct_size: u32,
}

type Wrong = (Rule, &'static str);

const ALIGNMENT: Wrong = (Rule::MemberAlignment, "Member is not byte aligned");
const END: Wrong = (Rule::MemberEnd, "Member exceeds struct_size");
const BITS: Wrong = (Rule::MemberBits, "Invalid member bitfield_size");

/// Checks a member of a structure or union whose type is resolved.
pub(super) fn check_member(
    input: &Input<'_>,
    sizes: &Resolutions,
    of: Record<'_>,
    [_, ty, word]: [u32; 3],
) -> Result<(), MemberFault> {
    let (offset, width) = of.offset_and_width(word);
    let place = Place {
        offset,
        width,
        is_flagged: of.flag(),
        struct_size: of.third,
    };
    let mut shown_type = ty;
    let Some(mut member) = input.record(ty) else {
        return Ok(());
    };
    if member.kind().is_modifier() {
        match sizes.size(input, ty) {
            Size::Unknown => return Ok(()),
            Size::None => {
                return Err(MemberFault {
                    rule: Rule::MemberType,
                    message: "Invalid member",
                    shown_type,
                });
            }
            Size::Known(id, _) => {
                shown_type = id;
                member = input.record(id).unwrap_or(member);
            }
        }
    }
    let size = match sizes.size(input, shown_type) {
        Size::Known(_, size) => size,
        Size::None | Size::Unknown => return Ok(()),
    };
    place
        .check(member, size)
        .map_err(|(rule, message)| MemberFault {
            rule,
            message,
            shown_type,
        })
}

impl Place {
    fn check(self, member: Record<'_>, size: u32) -> Result<(), Wrong> {
        match member.kind() {
            Kind::Int if self.is_flagged => self.int_bitfield(member),
            Kind::Int => self.int(member),
            Kind::Enum | Kind::Enum64 if self.is_flagged => self.enum_bitfield(),
            Kind::Enum | Kind::Enum64 => self.whole(size),
            Kind::Ptr | Kind::Array | Kind::Struct | Kind::Union => {
                self.no_bitfield()?;
                self.whole(size)
            }
            Kind::Float => {
                self.no_bitfield()?;
                self.float(size)
            }
            // Their sizes are unknown, which was reported.
            Kind::Void
            | Kind::Fwd
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag
            | Kind::Func
            | Kind::FuncProto
            | Kind::Var
            | Kind::Datasec
            | Kind::DeclTag
            | Kind::Unknown(_) => Ok(()),
        }
    }

    fn no_bitfield(self) -> Result<(), Wrong> {
        if self.width == 0 { Ok(()) } else { Err(BITS) }
    }

    /// A member that starts at a byte.
    fn whole(self, size: u32) -> Result<(), Wrong> {
        if !self.offset.is_multiple_of(8) {
            return Err(ALIGNMENT);
        }
        if self.struct_size.wrapping_sub(self.offset / 8) < size {
            return Err(END);
        }
        Ok(())
    }

    /// Bits, of which a copy with those before them in the first byte has at most 128.
    fn bits(self, offset: u32, width: u32) -> Result<(), Wrong> {
        let copied = width + offset % 8;
        if copied > 128 {
            return Err((Rule::MemberBits, "nr_copy_bits exceeds 128"));
        }
        let start = offset / 8;
        if self.struct_size < start || self.struct_size - start < copied.div_ceil(8) {
            return Err(END);
        }
        Ok(())
    }

    fn int(self, member: Record<'_>) -> Result<(), Wrong> {
        let [_, offset, _, bits] = member.word(0).to_be_bytes();
        let Some(offset) = self.offset.checked_add(u32::from(offset)) else {
            return Err((Rule::MemberStart, "bits_offset exceeds U32_MAX"));
        };
        self.bits(offset, u32::from(bits))
    }

    fn int_bitfield(self, member: Record<'_>) -> Result<(), Wrong> {
        if !is_regular(member) {
            return Err((Rule::MemberBits, "Invalid member base type"));
        }
        let [_, _, _, bits] = member.word(0).to_be_bytes();
        let mut width = self.width;
        if width == 0 {
            if !self.offset.is_multiple_of(8) {
                return Err((Rule::MemberAlignment, "Invalid member offset"));
            }
            width = u32::from(bits);
        } else if width > u32::from(bits) {
            return Err(BITS);
        }
        self.bits(self.offset, width)
    }

    fn enum_bitfield(self) -> Result<(), Wrong> {
        const INT: u32 = 32;
        if self.width == 0 && !self.offset.is_multiple_of(8) {
            return Err(ALIGNMENT);
        }
        if self.width > INT {
            return Err(BITS);
        }
        let width = if self.width == 0 { INT } else { self.width };
        if self.struct_size < (self.offset + width).div_ceil(8) {
            return Err(END);
        }
        Ok(())
    }

    fn float(self, size: u32) -> Result<(), Wrong> {
        // The kernel's own pointers have 8 bytes wherever they are checked here.
        let align = size.clamp(1, 8) * 8;
        if !self.offset.is_multiple_of(align) {
            return Err((Rule::MemberAlignment, "Member is not properly aligned"));
        }
        if u64::from(self.offset / 8) + u64::from(size) > u64::from(self.struct_size) {
            return Err(END);
        }
        Ok(())
    }
}

/// Returns whether an integer has 1, 2, 4, 8 or 16 bytes, all of them. (`btf_type_int_is_regular`.)
pub(super) fn is_regular(int: Record<'_>) -> bool {
    let [_, offset, _, bits] = int.word(0).to_be_bytes();
    offset == 0 && matches!(bits, 8 | 16 | 32 | 64 | 128)
}
