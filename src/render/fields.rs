//! The fields of a structure or union as a language with C's rules can write them: in order, without overlap.

use crate::error::{Error, Place, Result};
use crate::graph::{Kind, Member, Type};
use crate::id::Bits;
use crate::query::bit_extent;
use crate::render::extent::{Extent, Shape, Shapes, inlined};

/// The number of fields that may overlap at one place of a structure.
const LANES: usize = 8;

/// The number of fields that a structure may have with those of its base classes.
const MOST_FIELDS: usize = 1 << 20;

/// A field of a structure: a member, or one of a base class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'g> {
    pub member: Member<'g>,
    /// The offset in bits from the start of the structure.
    pub start: u64,
    /// The width in bits, if the field is a bitfield.
    pub width: Option<u64>,
    /// The extent of the field's type.
    pub extent: Extent,
    /// The place of the field's name in a look-up: a structure's own come before those of its bases.
    pub rank: usize,
    /// The part of the structure that the field is in. Fields of one part don't overlap. Each of a union's fields is a
    /// part.
    pub lane: usize,
    /// The reason why the field can't be written; its bytes stay free.
    pub lost: Option<Lost>,
}

/// The reason why a field can't be written in C.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Lost {
    /// The size of its type is not known.
    NoSize,
    /// It starts inside a byte, and is no bitfield.
    Unaligned,
    /// It is a bitfield of a type that has no bitfields, or wider than its type.
    Bitfield,
    /// It reaches beyond the end of its structure.
    BeyondEnd,
    /// More fields overlap than can be written.
    Overlap,
    /// Another field has its name.
    Hidden,
}

impl Lost {
    /// Returns the reason in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoSize => "the size of its type is not known",
            Self::Unaligned => "it starts inside a byte",
            Self::Bitfield => "C has no bitfield of this type and width",
            Self::BeyondEnd => "it reaches beyond the end of the structure",
            Self::Overlap => "too many fields overlap here",
            Self::Hidden => "another field has its name",
        }
    }
}

impl Field<'_> {
    /// Returns the offset in bits of the field's end.
    pub(super) fn end(&self) -> u64 {
        let bits = self
            .width
            .unwrap_or_else(|| self.extent.size.saturating_mul(8));
        self.start.saturating_add(bits)
    }
}

/// A step in writing the fields of one part of a structure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Bits without a field: from and to, in bits.
    Pad(u64, u64),
    /// The next field.
    Field,
}

/// The result of placing fields one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// The offset in bits behind the last field.
    pub end: u64,
    pub low: u64,
    pub high: u64,
    /// Whether a compiler places every field at its offset.
    pub fits: bool,
    /// Whether nothing is needed between the fields.
    pub plain: bool,
}

/// Adds the fields of a structure or union to `fields`, in the order of their offsets. A member without a name that is
/// of a named structure, as a base class is, counts by its own fields. Returns whether the fields are the members in their
/// own order.
///
/// # Errors
/// `Limit` where there are too many fields.
pub(super) fn collect<'g>(
    shapes: &Shapes<'g>,
    ty: Type<'g>,
    fields: &mut Vec<Field<'g>>,
) -> Result<bool> {
    let first = fields.len();
    let end = u64::from(ty.size_word()).saturating_mul(8);
    let is_union = ty.kind() == Kind::Union;
    let mut in_order = true;
    // Bases that are still to be visited, the next one last.
    let mut open = vec![(ty, 0u64)];
    while let Some((inner, at)) = open.pop() {
        let bottom = open.len();
        for member in inner.members() {
            let start = at.saturating_add(member.offset.0);
            if !is_union && let Some(base) = base_of(&member) {
                open.push((base, start));
                in_order = false;
                continue;
            }
            if fields.len() - first >= MOST_FIELDS || open.len() >= MOST_FIELDS {
                return Err(Error::limit(
                    "a structure has more than a million fields with those of its bases",
                )
                .within(Place::Type(ty.id())));
            }
            let rank = fields.len();
            fields.extend(field(shapes, member, start, rank, end));
        }
        open.get_mut(bottom..).unwrap_or_default().reverse();
    }
    let fields = fields.get_mut(first..).unwrap_or_default();
    if is_union {
        for (lane, field) in fields.iter_mut().enumerate() {
            field.lane = lane;
        }
    } else {
        let key = |field: &Field<'_>| (field.start, field.end() > field.start);
        if !fields.is_sorted_by_key(key) {
            fields.sort_by_key(key);
            in_order = false;
        }
        spread(fields);
    }
    Ok(in_order)
}

/// Returns the structure whose fields a member stands for: a base class.
fn base_of<'g>(member: &Member<'g>) -> Option<Type<'g>> {
    if member.name_id().get() != 0 && !member.name().is_empty() {
        return None;
    }
    let base = inlined(member.ty())?;
    (base.kind() == Kind::Struct && !base.name().is_empty()).then_some(base)
}

/// Returns the field that a member is; `None` for one that has neither name nor fields.
fn field<'g>(
    shapes: &Shapes<'g>,
    member: Member<'g>,
    start: u64,
    rank: usize,
    end: u64,
) -> Option<Field<'g>> {
    let (start, width) = bit_extent(shapes.graph(), &member, Bits(start));
    let (start, width) = (start.0, width.map(|width| width.0));
    if member.name().is_empty() && (width.is_some() || inlined(member.ty()).is_none()) {
        return None;
    }
    let extent = shapes.extent(member.type_id);
    let mut field = Field {
        member,
        start,
        width,
        extent: extent.unwrap_or(Extent::bytes(0)),
        rank,
        lane: 0,
        lost: None,
    };
    let is_bitfield = |width: u64| {
        let unit = shapes.bitfield_unit(member.type_id);
        unit.is_some_and(|unit| width <= unit.saturating_mul(8) && unit <= 8)
    };
    field.lost = match width {
        _ if extent.is_none() => Some(Lost::NoSize),
        Some(width) if !is_bitfield(width) => Some(Lost::Bitfield),
        None if !start.is_multiple_of(8) => Some(Lost::Unaligned),
        _ if field.end() > end => Some(Lost::BeyondEnd),
        _ => None,
    };
    Some(field)
}

/// Spreads fields over parts in which they don't overlap.
fn spread(fields: &mut [Field<'_>]) {
    let mut ends = [0u64; LANES];
    for field in fields {
        if field.lost.is_some() {
            continue;
        }
        match ends.iter().position(|end| *end <= field.start) {
            Some(lane) => {
                field.lane = lane;
                if let Some(end) = ends.get_mut(lane) {
                    *end = field.end();
                }
            }
            None => field.lost = Some(Lost::Overlap),
        }
    }
}

/// Places fields of one part one behind the other as a compiler does (System V ABI), with padding where a field is
/// further behind.
pub(super) fn place<'f, 'g: 'f>(
    fields: impl IntoIterator<Item = &'f Field<'g>>,
    packed: bool,
    mut visit: impl FnMut(Step),
) -> Placed {
    let mut placed = Placed {
        end: 0,
        low: 1,
        high: 1,
        fits: true,
        plain: true,
    };
    for field in fields {
        if field.lost.is_some() {
            placed.plain = false;
            continue;
        }
        let start = field.start;
        if !packed {
            placed.low = placed.low.max(field.extent.low);
            placed.high = placed.high.max(field.extent.high);
        }
        let natural = match field.width {
            _ if packed && field.width.is_some() => placed.end,
            None if packed => placed.end.next_multiple_of(8),
            Some(width) => {
                // A bitfield doesn't cross the boundary of an object of its type.
                let unit = field.extent.size * 8;
                placed.fits &= start % unit + width <= unit;
                if placed.end % unit + width > unit {
                    placed.end.next_multiple_of(unit)
                } else {
                    placed.end
                }
            }
            None => {
                let high = field.extent.high * 8;
                placed.fits &= start.is_multiple_of(high);
                let natural = placed.end.next_multiple_of(field.extent.low * 8);
                if placed.end.next_multiple_of(high) == natural {
                    natural
                } else {
                    u64::MAX
                }
            }
        };
        if natural != start {
            placed.plain = false;
            visit(Step::Pad(placed.end, start));
        }
        visit(Step::Field);
        placed.end = field.end();
    }
    placed
}

impl Placed {
    /// Returns where the compiler's structure ends, in bytes; `None` where compilers differ.
    pub(super) fn size(&self) -> Option<u64> {
        let low = self.end.next_multiple_of(self.low * 8);
        let high = self.end.next_multiple_of(self.high * 8);
        (low == high).then_some(low / 8)
    }
}

/// Returns the fields of one part.
pub(super) fn lane<'f, 'g>(
    fields: &'f [Field<'g>],
    lane: usize,
) -> impl Iterator<Item = &'f Field<'g>> + Clone {
    fields.iter().filter(move |field| field.lane == lane)
}

/// Returns the number of parts.
pub(super) fn lanes(fields: &[Field<'_>]) -> usize {
    let written = fields.iter().filter(|field| field.lost.is_none());
    written.map(|field| field.lane + 1).max().unwrap_or(0)
}

/// Returns whether a field that is a part of its own is written without a structure around it.
pub(super) fn is_bare(field: &Field<'_>) -> bool {
    field.start == 0
}

/// Returns the shape of a structure or union with these fields.
pub(super) fn shape(ty: Type<'_>, fields: &[Field<'_>]) -> Shape {
    let size = u64::from(ty.size_word());
    let natural = outline(ty, fields, false);
    let fits =
        natural.fits && natural.end <= size.saturating_mul(8) && size.is_multiple_of(natural.high);
    if !fits {
        let packed = outline(ty, fields, true);
        return Shape {
            low: 0,
            high: 0,
            packed: true,
            plain: packed.plain && packed.size() == Some(size),
        };
    }
    let log = |align: u64| u8::try_from(align.trailing_zeros()).unwrap_or(0);
    Shape {
        low: log(natural.low),
        high: log(natural.high),
        packed: false,
        plain: natural.plain && natural.size() == Some(size),
    }
}

/// Places all parts of a structure or union.
pub(super) fn outline(ty: Type<'_>, fields: &[Field<'_>], packed: bool) -> Placed {
    if ty.kind() == Kind::Struct && lanes(fields) <= 1 {
        return place(fields, packed, |_| {});
    }
    let mut all = Placed {
        end: 0,
        low: 1,
        high: 1,
        fits: true,
        plain: ty.kind() == Kind::Union,
    };
    let mut add = |part: Placed, bare: bool| {
        // A part that is a structure ends where its alignment says.
        let end = if bare {
            part.end
        } else {
            part.size().map_or(u64::MAX, |size| size * 8)
        };
        all.end = all.end.max(end);
        all.low = all.low.max(part.low);
        all.high = all.high.max(part.high);
        all.fits &= part.fits;
        all.plain &= bare && part.plain;
    };
    if ty.kind() == Kind::Union {
        // One by one: a union may have as many parts as members.
        for field in fields {
            add(place([field], packed, |_| {}), is_bare(field));
        }
    } else {
        for number in 0..lanes(fields) {
            let mut part = lane(fields, number);
            let first = part.next();
            let bare = part.next().is_none() && first.is_some_and(is_bare);
            add(place(lane(fields, number), packed, |_| {}), bare);
        }
    }
    all
}
