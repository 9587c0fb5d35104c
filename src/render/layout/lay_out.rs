//! Members become rows.

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Member, Type};
use crate::id::{Bits, ByteSize};
use crate::limits::Limits;
use crate::query::bit_extent;
use crate::render::layout::gaps::{Between, Gaps};
use crate::render::layout::row::{Gap, GapKind, LayoutField, Row, StructLayout, Totals};

/// How to lay out a structure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LayoutOptions {
    /// The levels of structures with a name that are shown field by field. Default 0. Anonymous members, base classes and
    /// members of an unnamed type always are.
    pub depth: u32,
    /// The size of a cache line in the text. Default 64 bytes; 0 leaves them out.
    pub cache_line: ByteSize,
    /// The most rows. Default one million.
    pub rows: u32,
}

impl Default for LayoutOptions {
    fn default() -> Self {
        Self {
            depth: 0,
            cache_line: ByteSize(64),
            rows: 1_000_000,
        }
    }
}

impl LayoutOptions {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the levels of structures with a name that are shown field by field.
    #[must_use]
    pub const fn depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// Sets the size of a cache line. 0 leaves cache lines out of the text.
    #[must_use]
    pub const fn cache_line(mut self, size: ByteSize) -> Self {
        self.cache_line = size;
        self
    }

    /// Sets the most rows.
    #[must_use]
    pub const fn rows(mut self, rows: u32) -> Self {
        self.rows = rows;
        self
    }
}

/// Lays out a structure or union, or a typedef of one.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/layouts/server1.gcc-dwarf5");
/// use btfkit::graph::Kind;
/// use btfkit::render::{LayoutOptions, layout};
/// let btf = btfkit::Btf::open(path)?;
/// let session = btf.find(Kind::Struct, "session").unwrap();
/// let session = layout(session, &LayoutOptions::new())?;
/// println!("{session}");
/// assert_eq!(session.size.0, 336);
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `NotFound` where the type has no members of its own; `Malformed` for an endless chain; `Limit` where structures nest
/// deeper than [`Limits::depth`]'s default, or there are more rows than [`LayoutOptions::rows`].
pub fn layout<'g>(ty: Type<'g>, options: &LayoutOptions) -> Result<StructLayout<'g>> {
    let outer = ty.strip()?;
    let Some(composite) = outer.as_composite() else {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("{ty} has no members: it is no structure or union"),
        )
        .within(Place::Type(ty.id())));
    };
    let mut walk = Walk {
        graph: ty.graph(),
        options,
        rows: Vec::new(),
        totals: Totals::default(),
        open: Vec::new(),
        promised: 0,
    };
    walk.open(outer, Bits(0), 0)?;
    while walk.step()? {}
    Ok(StructLayout {
        ty: outer,
        size: composite.size,
        cache_line: options.cache_line,
        rows: walk.rows,
        totals: walk.totals,
    })
}

/// A structure whose members are being visited.
struct Level<'g> {
    ty: Type<'g>,
    /// Bits from the start of the outermost structure.
    start: Bits,
    /// The number of the next member.
    next: usize,
    /// The indices of the members by offset, if the record has another order, as Rust's do.
    order: Option<Vec<usize>>,
    /// The levels of named structures around this one.
    named: u32,
    gaps: Gaps,
}

impl<'g> Level<'g> {
    fn new(ty: Type<'g>, start: Bits, named: u32) -> Self {
        Self {
            ty,
            start,
            next: 0,
            order: by_offset(ty),
            named,
            gaps: Gaps::default(),
        }
    }

    /// Returns the next member in the order of offsets.
    fn next(&mut self) -> Option<Member<'g>> {
        let number = self.next;
        self.next += 1;
        match &self.order {
            Some(order) => self.ty.member_at(*order.get(number)?),
            None => self.ty.member_at(number),
        }
    }
}

/// Returns the indices of a structure's members by offset; `None` if that is the record's order.
fn by_offset(ty: Type<'_>) -> Option<Vec<usize>> {
    let composite = ty.as_struct()?;
    if composite.members().is_sorted_by_key(|member| member.offset) {
        return None;
    }
    let mut order: Vec<usize> = (0..composite.len()).collect();
    order.sort_by_key(|index| composite.member(*index).map(|member| member.offset));
    Some(order)
}

struct Walk<'g, 'o> {
    graph: &'g Btf,
    options: &'o LayoutOptions,
    rows: Vec<Row<'g>>,
    totals: Totals,
    /// The structures around the next member, the outermost first.
    open: Vec<Level<'g>>,
    /// The rows that the structures entered have at least.
    promised: usize,
}

impl<'g> Walk<'g, '_> {
    /// Enters a structure. Each member will be a row, so that a structure with too many is refused before it is sorted.
    fn open(&mut self, ty: Type<'g>, start: Bits, named: u32) -> Result<()> {
        let members = ty.as_composite().map_or(0, |composite| composite.len());
        self.promised = self.promised.saturating_add(members);
        if self.promised > self.options.rows as usize {
            return Err(too_many_rows());
        }
        self.open.push(Level::new(ty, start, named));
        Ok(())
    }

    /// Visits the next member, or leaves a structure behind its last. Returns `false` at the end.
    fn step(&mut self) -> Result<bool> {
        let Some(level) = self.open.last_mut() else {
            return Ok(false);
        };
        match level.next() {
            Some(member) => self.member(&member)?,
            None => self.close()?,
        }
        Ok(true)
    }

    fn member(&mut self, member: &Member<'g>) -> Result<()> {
        let depth = self.open.len().saturating_sub(1);
        let Some(level) = self.open.last_mut() else {
            return Ok(());
        };
        let (at, bitfield) = bit_extent(self.graph, member, member.offset);
        let ty = member.ty();
        let size = ty.size().unwrap_or_default();
        let bits = size.bits().unwrap_or(Bits(u64::MAX)).0;
        let between = match (level.ty.as_struct(), bitfield) {
            // The members of a union are in one place.
            (None, _) => Between::default(),
            (Some(_), Some(width)) => level.gaps.bitfield(at.0, width.0, bits),
            (Some(_), None) => level.gaps.field(at.0, bits),
        };
        let start = level.start;
        let offset = Bits(start.0.saturating_add(at.0));
        let (inner, crosses_name) = inner(ty)?;
        // The fields of anonymous members and base classes are the structure's own.
        let is_level = crosses_name && !member.name().is_empty();
        let named = level.named.saturating_add(u32::from(is_level));
        let inner = inner.filter(|_| !is_level || named <= self.options.depth);
        self.gap(&between, GapKind::BitHole, GapKind::Hole, start)?;
        let field = LayoutField {
            depth: u32::try_from(depth).unwrap_or(u32::MAX),
            name: member.name(),
            ty,
            offset,
            size,
            bitfield,
            inner,
        };
        if depth == 0 {
            self.totals.add_field(&field);
        }
        self.row(Row::Field(field))?;
        if let Some(inner) = inner {
            if self.open.len() > Limits::default().depth as usize {
                return Err(Error::limit("structures nest deeper than Limits::depth")
                    .within(Place::Type(inner.id())));
            }
            self.open(inner, offset, named)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if let Some(level) = self.open.last()
            && let Some(composite) = level.ty.as_struct()
        {
            let size = composite.size.bits().unwrap_or_default();
            let (between, start) = (level.gaps.finish(size.0), level.start);
            self.gap(&between, GapKind::BitPadding, GapKind::Padding, start)?;
        }
        self.open.pop();
        Ok(())
    }

    fn gap(
        &mut self,
        between: &Between,
        of_bits: GapKind,
        of_bytes: GapKind,
        start: Bits,
    ) -> Result<()> {
        let (mut bits, mut next_bits) = (between.bits, between.next_bits);
        if between.bytes.1 == 0 && bits.1 > 0 {
            bits.1 = bits.1.saturating_add(std::mem::take(&mut next_bits.1));
        }
        let parts = [
            (of_bits, bits),
            (of_bytes, between.bytes),
            (of_bits, next_bits),
        ];
        let depth = self.open.len().saturating_sub(1);
        for (kind, (at, size)) in parts {
            if size > 0 {
                let gap = Gap {
                    depth: u32::try_from(depth).unwrap_or(u32::MAX),
                    kind,
                    offset: Bits(start.0.saturating_add(at)),
                    size: Bits(size),
                };
                if depth == 0 {
                    self.totals.add_gap(&gap);
                }
                self.row(Row::Gap(gap))?;
            }
        }
        Ok(())
    }

    fn row(&mut self, row: Row<'g>) -> Result<()> {
        if self.rows.len() >= self.options.rows as usize {
            return Err(too_many_rows());
        }
        self.rows.push(row);
        Ok(())
    }
}

#[cold]
fn too_many_rows() -> Error {
    Error::limit("the layout has more rows than LayoutOptions::rows")
}

/// Returns the structure or union that a type is or has as elements, and whether there is a name on the way.
fn inner(ty: Type<'_>) -> Result<(Option<Type<'_>>, bool)> {
    let (mut ty, mut is_named) = (ty, false);
    for _ in 0..=Limits::CHAIN {
        let bare = ty.strip_qualifiers()?;
        is_named |= !bare.name().is_empty();
        ty = match (bare.as_typedef(), bare.as_array()) {
            (Some(next), _) => next,
            (None, Some(array)) => array.element(),
            (None, None) => return Ok((bare.as_composite().map(|_| bare), is_named)),
        };
    }
    Err(Error::malformed("the chain of types has no end").within(Place::Type(ty.id())))
}
