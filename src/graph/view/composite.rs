//! Structures and unions, and their members.

use std::fmt;

use crate::graph::kind::Word;
use crate::graph::store::Btf;
use crate::graph::strings::Name;
use crate::graph::types::Type;
use crate::id::{Bits, ByteSize, StrId, TypeId};

/// A structure or union.
#[derive(Clone, Copy)]
pub struct Composite<'g> {
    pub(super) graph: &'g Btf,
    /// The size.
    pub size: ByteSize,
    /// Whether member records hold bitfield widths (the kind flag).
    pub flag: bool,
    pub(super) members: &'g [[Word; 3]],
}

/// A member of a structure or union.
#[derive(Clone, Copy)]
pub struct Member<'g> {
    graph: &'g Btf,
    name: StrId,
    /// The id of the member's type.
    pub type_id: TypeId,
    /// The offset from the start of the structure.
    pub offset: Bits,
    /// The width, if the member is a bitfield.
    pub bitfield: Option<Bits>,
}

impl<'g> Composite<'g> {
    /// Returns the members in the record's order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member<'g>> + Clone + use<'g> {
        (*self).into_members()
    }

    pub(crate) fn into_members(
        self,
    ) -> impl ExactSizeIterator<Item = Member<'g>> + Clone + use<'g> {
        self.members
            .iter()
            .map(move |words| Member::new(self.graph, self.flag, *words))
    }

    /// Returns the member with this index; `None` beyond the last.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<Member<'g>> {
        let words = self.members.get(index)?;
        Some(Member::new(self.graph, self.flag, *words))
    }

    /// Returns the number of members.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Returns whether there is no member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl fmt::Debug for Composite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composite")
            .field("size", &self.size)
            .field("members", &self.members().collect::<Vec<_>>())
            .finish()
    }
}

impl<'g> Member<'g> {
    fn new(graph: &'g Btf, flag: bool, words: [Word; 3]) -> Self {
        let [name, ty, offset] = words.map(u32::from_ne_bytes);
        // With the kind flag the word holds the width in its upper 8 bits; a width of 0 is no bitfield.
        let (offset, width) = if flag {
            (offset & 0xff_ffff, offset.to_be_bytes()[0])
        } else {
            (offset, 0)
        };
        Self {
            graph,
            name: StrId::new(name),
            type_id: TypeId::new(ty),
            offset: Bits(u64::from(offset)),
            bitfield: (width != 0).then_some(Bits(u64::from(width))),
        }
    }

    /// Returns the member's type.
    #[must_use]
    pub fn ty(&self) -> Type<'g> {
        self.graph.ty(self.type_id)
    }

    /// Returns the name, which is empty for anonymous members.
    #[must_use]
    pub fn name(&self) -> Name<'g> {
        self.graph.string(self.name)
    }

    /// Returns the string offset of the name.
    #[must_use]
    pub const fn name_id(&self) -> StrId {
        self.name
    }
}

impl fmt::Debug for Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("name", &self.name())
            .field("ty", &self.type_id)
            .field("offset", &self.offset)
            .field("bitfield", &self.bitfield)
            .finish()
    }
}
