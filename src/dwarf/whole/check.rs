//! Checks of what was made: members that lie in each other, or beyond their structure.
//!
//! Debug information contradicts itself where a compiler, a linker or a stripper is at fault, or where a type was not understood. A
//! field of such a type would be read at a wrong place, so it is reported.

use crate::dwarf::report::Reason;
use crate::dwarf::unit::nodes::{Note, Shape};
use crate::dwarf::whole::emit::Emit;
use crate::dwarf::whole::size::Held;
use crate::dwarf::whole::table::{Class, RefId, RefTarget};
use crate::graph::{Info, Kind};

/// Levels of members looked through to see whether a class is empty: each is the only thing in the one around it.
const NESTED: u32 = 4;
/// Members looked at on each level.
const LOOKED_AT: usize = 8;

/// A member of a record that was made.
#[derive(Clone, Copy)]
struct Made {
    ty: u32,
    /// Its first bit, and the one behind its last.
    start: u64,
    end: u64,
    is_bitfield: bool,
    is_named: bool,
}

impl Emit<'_> {
    /// Checks the members of a structure or union that was made of a class, and gives it a size if it has none.
    pub(super) fn check_members(&mut self, number: u32, class: &Class, words: &mut [u32]) {
        let [_, info, size, members @ ..] = words else {
            return;
        };
        let info = Info::from_word(*info);
        let mut last = 0u64;
        let mut furthest = 0u64;
        let mut before: Option<Made> = None;
        let mut faults = Vec::new();
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
            let made = Made {
                ty,
                start,
                end: start.saturating_add(len),
                is_bitfield: bits > 0,
                is_named: name != 0,
            };
            last = last.max(made.end);
            if class.size > 0 && made.end > class.size.saturating_mul(8) {
                faults.push((index, Reason::MemberTooLong));
            } else if info.kind() == Kind::Struct
                && made.start < furthest
                && made.is_named
                && len > 0
                && before.is_some_and(|before| self.overlaps(before, made))
            {
                faults.push((index, Reason::Overlap));
            }
            if made.end > furthest {
                furthest = made.end;
                before = Some(made);
            }
        }
        if class.size == 0 && last > 0 {
            *size = u32::try_from(last.div_ceil(8)).unwrap_or(u32::MAX);
            self.lose(number, u32::MAX, Reason::UnknownSize);
        }
        for (index, reason) in faults {
            let piece = self.piece_of(class, info, members, index);
            self.lose(number, piece, reason);
        }
    }

    /// Returns whether a plain member reaches into the next. A base class may: its padding is used again, and an empty one takes
    /// no room. So may the variants of an enumeration of Rust.
    fn overlaps(&self, before: Made, next: Made) -> bool {
        if before.is_bitfield || next.is_bitfield {
            return before.end > next.start;
        }
        if !before.is_named {
            return false;
        }
        let used = self.used(before.ty);
        before.start.saturating_add(used.saturating_mul(8)) > next.start && self.used(next.ty) > 0
    }

    /// Returns the bytes of a type that hold something: up to the end of its last member, without the padding that C++ uses
    /// again, and none for an empty class (`[[no_unique_address]]`).
    fn used(&self, id: u32) -> u64 {
        let size = self.size_of(id).unwrap_or(0);
        match id.checked_sub(self.first_record) {
            None => match self.named_variant(id) {
                Some(class) => self.used_by(RefId::class(class), NESTED),
                None => size,
            },
            Some(_) => size,
        }
    }

    /// [`Self::used`] of a class of the table, looking through `depth` levels of members.
    fn used_by(&self, reference: RefId, depth: u32) -> u64 {
        let size = self.size_of_reference(reference);
        let Some(class) = self.class_behind(reference).filter(|_| depth > 0) else {
            return size;
        };
        if !matches!(class.shape, Shape::Struct | Shape::Union) {
            return size;
        }
        // A class as large as a pointer has something in it; only small ones may be empty.
        let is_small = class.size <= 1;
        let most = if is_small { LOOKED_AT } else { usize::MAX };
        let ends = self.table.pieces_of(class).iter().take(most).map(|piece| {
            let len = if piece.note == Note::Virtual {
                return 0;
            } else if piece.bits > 0 {
                u64::from(piece.bits).div_ceil(8)
            } else if is_small {
                self.used_by(piece.ty, depth - 1)
            } else {
                self.size_of_reference(piece.ty)
            };
            if len == 0 {
                0
            } else {
                (piece.value / 8).saturating_add(len)
            }
        });
        ends.max().unwrap_or(0).min(size)
    }

    /// Returns the class of the table that a reference leads to, where that is one.
    fn class_behind(&self, reference: RefId) -> Option<&Class> {
        let class = match reference.target() {
            RefTarget::Void => None,
            RefTarget::Class(class) => Some(class),
            RefTarget::Entity(entity) => self.class_of(entity),
        };
        self.table.classes.get(class? as usize)
    }

    /// Returns the piece that member number `index` of a record was made of.
    fn piece_of(&self, class: &Class, info: Info, members: &[u32], index: usize) -> u32 {
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
        let pieces = (0u32..).zip(self.table.pieces_of(class));
        let mut here = pieces.filter(|(_, piece)| piece.value == start);
        here.nth(earlier).map_or(u32::MAX, |(piece, _)| piece)
    }
}
