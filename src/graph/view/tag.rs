//! Attributes of declarations.

use std::fmt;

use crate::graph::store::Btf;
use crate::graph::types::Type;
use crate::id::TypeId;

/// An attribute of a declaration.
#[derive(Clone, Copy)]
pub struct DeclTag<'g> {
    pub(super) graph: &'g Btf,
    /// The id of the declared type.
    pub target_id: TypeId,
    /// The index of the member or parameter that has the attribute; `None` for the declaration itself.
    pub component: Option<u32>,
}

impl<'g> DeclTag<'g> {
    /// Returns the declared type.
    #[must_use]
    pub fn target(&self) -> Type<'g> {
        self.graph.ty(self.target_id)
    }
}

impl fmt::Debug for DeclTag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeclTag")
            .field("target", &self.target_id)
            .field("component", &self.component)
            .finish()
    }
}
