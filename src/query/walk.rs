//! Walks over the graph, without recursion.

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::limits::Limits;

impl<'g> Type<'g> {
    /// The type behind typedefs, qualifiers and type tags.
    ///
    /// # Errors
    /// `Malformed` where the chain has more links than [`Limits::chain`]'s default: it may have no end.
    pub fn strip(self) -> Result<Self> {
        self.strip_while(Kind::is_modifier)
    }

    /// The type behind qualifiers and type tags; typedefs stay.
    ///
    /// # Errors
    /// As [`Self::strip`].
    pub fn strip_qualifiers(self) -> Result<Self> {
        self.strip_while(|kind| kind.is_modifier() && kind != Kind::Typedef)
    }

    fn strip_while(self, skip: impl Fn(Kind) -> bool) -> Result<Self> {
        let mut ty = self;
        // One number for every graph, so that a look-up needs no limits at hand.
        for _ in 0..=Limits::CHAIN {
            match ty.referent_id() {
                Some(next) if skip(ty.kind()) => ty = self.graph().ty(next),
                _ => return Ok(ty),
            }
        }
        Err(
            Error::malformed("the chain of typedefs and qualifiers has no end")
                .within(Place::Type(self.id())),
        )
    }
}

/// The types reachable from `roots`, the roots included, each once and without `void`, in the order found.
/// `follow` says for a type whether to go on from it.
#[must_use]
pub fn reachable(
    graph: &Btf,
    roots: impl IntoIterator<Item = TypeId>,
    mut follow: impl FnMut(Type<'_>) -> bool,
) -> Vec<TypeId> {
    let mut seen = vec![false; graph.len() + 1];
    let mut found = Vec::new();
    let mut visit = |id: TypeId, found: &mut Vec<TypeId>| {
        if let Some(seen) = seen.get_mut(id.index())
            && !id.is_void()
            && !std::mem::replace(seen, true)
        {
            found.push(id);
        }
    };
    for root in roots {
        visit(root, &mut found);
    }
    let mut next = 0;
    while let Some(&id) = found.get(next) {
        next += 1;
        let ty = graph.ty(id);
        if follow(ty) {
            for id in ty.references() {
                visit(id, &mut found);
            }
        }
    }
    found
}
