//! Enumerations, and their enumerators.

use std::fmt;

use crate::graph::kind::Word;
use crate::graph::store::Btf;
use crate::graph::strings::Name;
use crate::graph::view::Signedness;
use crate::id::{ByteSize, StrId};

/// An enumeration of either width.
#[derive(Clone, Copy)]
pub struct Enum<'g> {
    pub(super) graph: &'g Btf,
    /// The size.
    pub size: ByteSize,
    /// The signedness of the values.
    pub signedness: Signedness,
    /// The words of the enumerators: two each, or three where values have 64 bits.
    pub(super) words: &'g [Word],
    pub(super) wide: bool,
}

/// A name and value of an enumeration.
#[derive(Clone, Copy)]
pub struct Enumerator<'g> {
    graph: &'g Btf,
    name: StrId,
    /// The value's bits, extended to 64 by the enumeration's signedness.
    pub value: u64,
    /// The signedness of the value.
    pub signedness: Signedness,
}

impl<'g> Enum<'g> {
    /// Returns the enumerators in the record's order.
    pub fn enumerators(&self) -> impl ExactSizeIterator<Item = Enumerator<'g>> + Clone + use<'g> {
        let this = *self;
        this.words
            .chunks_exact(this.step())
            .map(move |words| this.decode(words))
    }

    /// Returns the enumerator with this index; `None` beyond the last.
    #[must_use]
    pub fn enumerator(&self, index: usize) -> Option<Enumerator<'g>> {
        let step = self.step();
        let start = index.checked_mul(step)?;
        let end = start.checked_add(step)?;
        Some(self.decode(self.words.get(start..end)?))
    }

    /// Returns the number of words of an enumerator.
    const fn step(&self) -> usize {
        if self.wide { 3 } else { 2 }
    }

    fn decode(&self, words: &[Word]) -> Enumerator<'g> {
        let word = |index: usize| words.get(index).map_or(0, |word| u32::from_ne_bytes(*word));
        let value = if self.wide {
            u64::from(word(1)) | u64::from(word(2)) << 32
        } else if self.signedness.is_signed() {
            i64::from(word(1).cast_signed()).cast_unsigned()
        } else {
            u64::from(word(1))
        };
        Enumerator {
            graph: self.graph,
            name: StrId::new(word(0)),
            value,
            signedness: self.signedness,
        }
    }

    /// Returns the number of enumerators; 0 for a forward declaration of an enumeration.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.words.len() / self.step()
    }

    /// Returns whether there is no enumerator.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns whether values have 64 bits on the wire (ENUM64).
    #[must_use]
    pub const fn is_wide(&self) -> bool {
        self.wide
    }
}

impl fmt::Debug for Enum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enum")
            .field("size", &self.size)
            .field("signedness", &self.signedness)
            .field("enumerators", &self.enumerators().collect::<Vec<_>>())
            .finish()
    }
}

impl<'g> Enumerator<'g> {
    /// Returns the name.
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

impl fmt::Debug for Enumerator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signedness {
            Signedness::Signed => write!(f, "{} = {}", self.name(), self.value.cast_signed()),
            Signedness::Unsigned => write!(f, "{} = {}", self.name(), self.value),
        }
    }
}
