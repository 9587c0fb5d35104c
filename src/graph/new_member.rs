//! Arguments of the builder: names, and members of structures and unions.

use crate::error::Result;
use crate::graph::builder::GraphBuilder;
use crate::graph::strings::Name;
use crate::id::{Bits, StrId, TypeId};

/// A name for a new member, enumerator or parameter: a text, or the offset of a string that the
/// [builder](GraphBuilder::intern) has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewName<'n> {
    /// A text, which the builder interns.
    Text(Name<'n>),
    /// The offset of a string.
    Interned(StrId),
}

impl<'n> NewName<'n> {
    /// Returns the string offset of the name, which is added to the builder where it is new.
    pub(super) fn intern(self, builder: &mut GraphBuilder) -> Result<StrId> {
        match self {
            Self::Text(name) => builder.intern(name),
            Self::Interned(id) => Ok(id),
        }
    }
}

impl<'n, T: AsRef<[u8]> + ?Sized> From<&'n T> for NewName<'n> {
    fn from(name: &'n T) -> Self {
        Self::Text(Name::raw(name.as_ref()))
    }
}

impl<'n> From<Name<'n>> for NewName<'n> {
    fn from(name: Name<'n>) -> Self {
        Self::Text(name)
    }
}

impl From<StrId> for NewName<'_> {
    fn from(id: StrId) -> Self {
        Self::Interned(id)
    }
}

/// A member for [`GraphBuilder::composite`].
///
/// ```
/// use btfkit::graph::NewMember;
/// use btfkit::{Bits, TypeId};
/// # let unsigned = TypeId::new(1);
/// let port = NewMember::new("port", unsigned).at(Bits(32));
/// let flag = NewMember::new("is_open", unsigned).at(Bits(64)).bitfield(Bits(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewMember<'n> {
    /// The name; empty for an anonymous member.
    pub name: NewName<'n>,
    /// The id of the member's type.
    pub type_id: TypeId,
    /// The offset from the start of the structure.
    pub offset: Bits,
    /// The width, if the member is a bitfield.
    pub bitfield: Option<Bits>,
}

/// A member of this name and type at this offset, which is not a bitfield.
impl<'n, N: Into<NewName<'n>>> From<(N, TypeId, Bits)> for NewMember<'n> {
    fn from((name, type_id, offset): (N, TypeId, Bits)) -> Self {
        Self::new(name, type_id).at(offset)
    }
}

impl<'n> NewMember<'n> {
    /// Returns a member at the start of the structure that is not a bitfield.
    #[must_use]
    pub fn new(name: impl Into<NewName<'n>>, type_id: TypeId) -> Self {
        Self {
            name: name.into(),
            type_id,
            offset: Bits(0),
            bitfield: None,
        }
    }

    /// Sets the offset from the start of the structure.
    #[must_use]
    pub const fn at(self, offset: Bits) -> Self {
        Self { offset, ..self }
    }

    /// Makes the member a bitfield of this width.
    #[must_use]
    pub const fn bitfield(self, width: Bits) -> Self {
        Self {
            bitfield: Some(width),
            ..self
        }
    }
}
