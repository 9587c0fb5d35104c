//! Arrays.

use std::fmt;

use crate::graph::store::Btf;
use crate::graph::types::Type;
use crate::id::TypeId;

/// An array of one dimension.
#[derive(Clone, Copy)]
pub struct Array<'g> {
    pub(super) graph: &'g Btf,
    /// The type of an element.
    pub element_id: TypeId,
    /// The type of the index. It does not affect the array.
    pub index_id: TypeId,
    /// The number of elements; 0 for flexible arrays, too.
    pub count: u32,
}

impl<'g> Array<'g> {
    /// Returns the type of an element.
    #[must_use]
    pub fn element(&self) -> Type<'g> {
        self.graph.ty(self.element_id)
    }

    /// Returns the type of the index.
    #[must_use]
    pub fn index(&self) -> Type<'g> {
        self.graph.ty(self.index_id)
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array")
            .field("element", &self.element_id)
            .field("index", &self.index_id)
            .field("count", &self.count)
            .finish()
    }
}
