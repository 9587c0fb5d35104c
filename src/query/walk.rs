//! Chains of references and reachable types, without recursion.

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::limits::Limits;

impl<'g> Type<'g> {
    /// Returns the type itself, and then the types behind it, one by one, up to the first that is no typedef, qualifier
    /// or type tag: `my_size_t`, `size_t`, `unsigned long`.
    ///
    /// A chain that is a circle ends after [`Limits::chain`]'s default; [`Self::strip`] reports it.
    pub fn chain(self) -> impl Iterator<Item = Self> + Clone + use<'g> {
        let next = |ty: &Self| ty.kind().is_modifier().then(|| ty.referent()).flatten();
        std::iter::successors(Some(self), next).take(Limits::CHAIN as usize + 1)
    }

    /// Returns the type behind typedefs, qualifiers and type tags: the last of the [chain](Self::chain).
    ///
    /// # Errors
    /// `Malformed` where the chain has more links than [`Limits::chain`]'s default, as a circle has.
    pub fn strip(self) -> Result<Self> {
        self.strip_while(Kind::is_modifier)
    }

    /// Returns the type behind qualifiers and type tags. Typedefs stay.
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

/// Returns the types reachable from `roots`, the roots included, each once and without `void`, in the order found.
/// `follow` returns whether to visit the types that a type refers to.
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
