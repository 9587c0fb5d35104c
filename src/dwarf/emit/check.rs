//! Checks of structures and unions: members that overlap, or that go beyond their structure.
//!
//! Debug information contradicts itself by a fault of a compiler, a linker or a stripper, or if a type was not
//! understood. A field of such a type would be read at a wrong offset, so it is reported.

use crate::dwarf::collect::types::{Note, Shape};
use crate::dwarf::distinct::table::{Distinct, RefId, RefTarget};
use crate::dwarf::emit::graph::Emit;
use crate::dwarf::emit::size::Held;
use crate::dwarf::report::Reason;
use crate::graph::{Info, Kind};

/// The number of levels of members that are searched to find out whether a class is empty.
const NESTED: u32 = 4;
/// The number of members that are searched on each level.
const LOOKED_AT: usize = 8;

/// A member of a record.
#[derive(Clone, Copy)]
struct Placed {
    ty: u32,
    /// The offset of its first bit, and of the bit behind its last.
    start: u64,
    end: u64,
    is_bitfield: bool,
    is_named: bool,
}

impl Emit<'_> {
    /// Checks the members of the record of a structure or union, and sets its size if that is unknown.
    pub(super) fn check_members(&mut self, number: u32, distinct: &Distinct, words: &mut [u32]) {
        let [_, info, size, members @ ..] = words else {
            return;
        };
        let info = Info::from_word(*info);
        let mut last = 0u64;
        let mut furthest = 0u64;
        let mut before: Option<Placed> = None;
        let mut faults = Vec::new();
        // A size of 0 is one, but not of a type whose members have sizes.
        let is_unsized = distinct.is_unsized() || distinct.byte_size() == 0;
        for (index, member) in (0usize..).zip(members.as_chunks::<3>().0) {
            let [name, ty, place] = *member;
            let (bits, start) = match info.flag() {
                true => (place >> 24, place & 0xff_ffff),
                false => (0, place),
            };
            let held = self.held(ty);
            let start = u64::from(start);
            let len = match held {
                _ if bits > 0 => bits.into(),
                Held::Sized(size) => size.saturating_mul(8),
                Held::Void | Held::Declared | Held::Function | Held::Unknown => 0,
            };
            match held {
                Held::Void => faults.push((index, Reason::VoidMember)),
                Held::Declared => faults.push((index, Reason::DeclaredMember)),
                Held::Function => faults.push((index, Reason::FunctionMember)),
                Held::Sized(_) | Held::Unknown => {}
            }
            let composed = Placed {
                ty,
                start,
                end: start.saturating_add(len),
                is_bitfield: bits > 0,
                is_named: name != 0,
            };
            last = last.max(composed.end);
            if !is_unsized && composed.end > distinct.byte_size().saturating_mul(8) {
                faults.push((index, Reason::MemberTooLong));
            } else if info.kind() == Kind::Struct
                && !distinct.may_overlap()
                && composed.start < furthest
                && composed.is_named
                && len > 0
                && before.is_some_and(|before| self.overlaps(before, composed))
            {
                faults.push((index, Reason::Overlap));
            }
            if composed.end > furthest {
                furthest = composed.end;
                before = Some(composed);
            }
        }
        if is_unsized && last > 0 {
            *size = u32::try_from(last.div_ceil(8)).unwrap_or(u32::MAX);
            self.lose(number, u32::MAX, Reason::UnknownSize);
        }
        for (index, reason) in faults {
            let part = self.part_of(distinct, info, members, index);
            self.lose(number, part, reason);
        }
    }

    /// Returns whether a member reaches into the next one. An unnamed member may: the padding of a base class is used
    /// again, an empty one takes no room, and the variants of a Rust enumeration surround the discriminant.
    fn overlaps(&mut self, before: Placed, next: Placed) -> bool {
        if before.is_bitfield || next.is_bitfield {
            return before.end > next.start;
        }
        if !before.is_named {
            return false;
        }
        let used = self.used(before.ty);
        before.start.saturating_add(used.saturating_mul(8)) > next.start && self.used(next.ty) > 0
    }

    /// Returns the number of bytes of a type up to the end of its last member, without the padding that C++ uses again;
    /// 0 for an empty class (`[[no_unique_address]]`).
    fn used(&mut self, id: u32) -> u64 {
        if let Some(used) = self.used_bytes.get(&id) {
            return *used;
        }
        let named = id.checked_sub(self.first_record).is_none();
        let distinct = self.named_variant(id).filter(|_| named);
        let used = match distinct {
            Some(distinct) => self.used_by(RefId::distinct(distinct), NESTED),
            None => self.size_of(id).unwrap_or(0),
        };
        self.used_bytes.insert(id, used);
        used
    }

    /// Returns the same for a reference. Searches `depth` levels of members.
    fn used_by(&self, reference: RefId, depth: u32) -> u64 {
        let size = self.size_of_reference(reference);
        let Some(distinct) = self.distinct_behind(reference).filter(|_| depth > 0) else {
            return size;
        };
        if !matches!(distinct.shape, Shape::Struct | Shape::Union) {
            return size;
        }
        // Only a class of one byte may be empty.
        let is_small = distinct.byte_size() <= 1;
        let most = if is_small { LOOKED_AT } else { usize::MAX };
        let ends = self.table.parts_of(distinct).iter().take(most).map(|part| {
            let len = if part.note == Note::Virtual {
                return 0;
            } else if part.bits > 0 {
                u64::from(part.bits).div_ceil(8)
            } else if is_small {
                self.used_by(part.ty, depth - 1)
            } else {
                self.size_of_reference(part.ty)
            };
            if len == 0 {
                0
            } else {
                (part.bit_offset() / 8).saturating_add(len)
            }
        });
        ends.max().unwrap_or(0).min(size)
    }

    /// Returns the distinct type that a reference leads to, if there is one.
    fn distinct_behind(&self, reference: RefId) -> Option<&Distinct> {
        let distinct = match reference.target() {
            RefTarget::Void => None,
            RefTarget::Distinct(distinct) => Some(distinct),
            RefTarget::Tag(tag) => self.distinct_of(tag),
        };
        self.table.types.get(distinct? as usize)
    }

    /// Returns the index of the part that member number `index` of a record was made of.
    fn part_of(&self, distinct: &Distinct, info: Info, members: &[u32], index: usize) -> u32 {
        let Some([_, _, place]) = members.as_chunks::<3>().0.get(index) else {
            return u32::MAX;
        };
        let start = u64::from(if info.flag() {
            place & 0xff_ffff
        } else {
            *place
        });
        let same = |members: &[[u32; 3]]| {
            let places = members.iter().take(index);
            places.filter(|[_, _, other]| other == place).count()
        };
        let earlier = same(members.as_chunks::<3>().0);
        let parts = (0u32..).zip(self.table.parts_of(distinct));
        let mut here = parts.filter(|(_, part)| part.bit_offset() == start);
        here.nth(earlier).map_or(u32::MAX, |(part, _)| part)
    }
}
