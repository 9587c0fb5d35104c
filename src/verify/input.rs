//! The input as the check sees it: records by id and names by offset, of which nothing is proved.

use crate::graph::{Btf, Kind, Word};
use crate::id::{StrId, TypeId};
use crate::verify::features::KernelFeatures;

/// The highest id (`BTF_MAX_TYPE`).
pub(super) const MAX_TYPE: u32 = 0x000f_ffff;
/// The highest offset of a name (`BTF_MAX_NAME_OFFSET`).
pub(super) const MAX_NAME_OFFSET: u32 = 0x00ff_ffff;
/// The number of words that every record starts with.
pub(super) const HEAD: usize = 3;

/// A record. The words behind the head may be fewer than the record needs, or more, until its length is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub name: u32,
    pub info: u32,
    /// The size or the type.
    pub third: u32,
    pub rest: &'a [Word],
    /// The number of elements, as wide as the kernel reads it.
    pub vlen: u32,
}

impl<'a> Record<'a> {
    #[inline]
    fn new(words: &'a [Word], features: &KernelFeatures) -> Option<Self> {
        let (head, rest) = words.split_first_chunk::<HEAD>()?;
        let [name, info, third] = head.map(u32::from_ne_bytes);
        let vlen = info
            & if features.wide_info {
                0xff_ffff
            } else {
                0xffff
            };
        Some(Self {
            name,
            info,
            third,
            rest,
            vlen,
        })
    }

    const VOID: Self = Self {
        name: 0,
        info: 0,
        third: 0,
        rest: &[],
        vlen: 0,
    };

    /// Returns the kind.
    #[inline]
    pub fn kind(self) -> Kind {
        Kind::from_number(self.info.to_be_bytes()[0] & 0x7f)
    }

    /// Returns the kind flag.
    pub const fn flag(self) -> bool {
        self.info >> 31 == 1
    }

    /// Returns a word behind the head; 0 beyond the last.
    pub fn word(self, index: usize) -> u32 {
        self.rest
            .get(index)
            .map_or(0, |word| u32::from_ne_bytes(*word))
    }

    /// Returns the elements of three words: members, or variables of a section.
    #[inline]
    pub fn triples(self) -> impl ExactSizeIterator<Item = [u32; 3]> + 'a {
        let elements = self.rest.as_chunks::<3>().0;
        let few = elements.get(..self.vlen as usize).unwrap_or(elements);
        few.iter().map(|words| words.map(u32::from_ne_bytes))
    }

    /// Returns the element of three words with this index.
    pub fn triple(self, index: u32) -> Option<[u32; 3]> {
        let words = self.rest.as_chunks::<3>().0.get(index as usize)?;
        (index < self.vlen).then(|| words.map(u32::from_ne_bytes))
    }

    /// Returns the elements of two words: parameters, or enumerators of 32 bits.
    #[inline]
    pub fn pairs(self) -> impl ExactSizeIterator<Item = [u32; 2]> + 'a {
        let elements = self.rest.as_chunks::<2>().0;
        let few = elements.get(..self.vlen as usize).unwrap_or(elements);
        few.iter().map(|words| words.map(u32::from_ne_bytes))
    }

    /// Returns the offset of a member in bits, and the width of a bitfield or 0.
    pub const fn offset_and_width(self, word: u32) -> (u32, u32) {
        if self.flag() {
            (word & 0xff_ffff, word >> 24)
        } else {
            (word, 0)
        }
    }

    /// Returns whether the size of a type of this kind is known without looking further: void and FWD have none.
    pub fn has_no_size(self) -> bool {
        matches!(
            self.kind(),
            Kind::Void | Kind::Fwd | Kind::Func | Kind::FuncProto
        )
    }

    /// Returns whether no other type may refer to this one (but a tag or a section).
    pub fn is_source_only(self) -> bool {
        matches!(self.kind(), Kind::Var | Kind::DeclTag | Kind::Datasec)
    }
}

/// The types and strings of an input.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub words: &'a [Word],
    pub strings: &'a [u8],
    pub base: Option<&'a Btf>,
    pub first_id: u32,
    pub first_str: u32,
    pub features: &'a KernelFeatures,
    /// The start of each own record, in words.
    pub starts: Vec<u32>,
}

impl<'a> Input<'a> {
    /// Returns the record with this id.
    #[inline]
    pub fn record(&self, id: u32) -> Option<Record<'a>> {
        if id == 0 {
            return Some(Record::VOID);
        }
        let Some(index) = id.checked_sub(self.first_id) else {
            let ty = self.base?.get(TypeId::new(id))?;
            return Record::new(ty.record(), self.features);
        };
        self.record_at(*self.starts.get(index as usize)?)
    }

    /// Returns the record that starts at a word.
    #[inline]
    pub fn record_at(&self, start: u32) -> Option<Record<'a>> {
        Record::new(self.words.get(start as usize..)?, self.features)
    }

    /// Returns the id after the last.
    pub fn end_id(&self) -> u32 {
        self.first_id
            .saturating_add(u32::try_from(self.starts.len()).unwrap_or(u32::MAX))
    }

    /// Returns whether there is a string at an offset.
    #[inline]
    pub fn has_name(&self, offset: u32) -> bool {
        offset <= MAX_NAME_OFFSET
            && offset
                .checked_sub(self.first_str)
                .is_none_or(|own| (own as usize) < self.strings.len())
    }

    /// Returns the string at an offset; `None` outside of the section.
    pub fn name(&self, offset: u32) -> Option<&'a [u8]> {
        let Some(own) = offset.checked_sub(self.first_str) else {
            return Some(self.base?.string(StrId::new(offset)).as_bytes());
        };
        let rest = self.strings.get(own as usize..)?;
        if rest.is_empty() {
            return None;
        }
        Some(match memchr::memchr(0, rest) {
            Some(end) => rest.get(..end).unwrap_or(rest),
            None => rest,
        })
    }
}

/// Returns whether an id may be one at all. (`BTF_TYPE_ID_VALID`.)
pub(super) const fn is_id(id: u32) -> bool {
    id <= MAX_TYPE
}
