//! The closure of the roots: the variants that are emitted if only some types are wanted.
//!
//! The whole program is read and bound first, so that a name has the same meaning as in a conversion of all types. The
//! closure of a root is therefore a part of that conversion, even if a base class or member is only declared in the
//! unit that defines the root.

use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::table::{Distinct, RefId, RefTarget};
use crate::dwarf::distinct::wanted::RootNames;
use crate::dwarf::emit::bind::{Meant, Variant};
use crate::dwarf::emit::graph::Emit;

/// The variants and types reached so far.
struct Reached {
    /// Whether each variant is reached.
    variants: Vec<bool>,
    /// Whether a reached variant refers to each type.
    types: Vec<bool>,
    /// The reached variants whose references were not followed yet.
    open: Vec<u32>,
}

impl Reached {
    fn variant(&mut self, number: u32) {
        if let Some(reached) = self.variants.get_mut(number as usize)
            && !std::mem::replace(reached, true)
        {
            self.open.push(number);
        }
    }
}

impl Emit<'_> {
    /// Returns the tags of roots that the program declares and doesn't define.
    pub(super) fn declared(&self, roots: &RootNames) -> Vec<u32> {
        let tags = (0u32..).zip(&self.table.tags);
        let declared = tags.filter(|(number, tag)| {
            self.meant(*number) == Meant::Nothing
                && !tag.name.is_none()
                && roots.contains_spelled(self.files.tail(tag.name, &self.table.composed))
        });
        declared.map(|(number, _)| number).collect()
    }

    /// Returns for each variant whether it is a root or reached from one.
    pub(super) fn closure(&self, roots: &RootNames) -> Vec<bool> {
        let variants = &self.binding.variants;
        let mut reached = Reached {
            variants: vec![false; variants.len()],
            types: vec![false; self.table.types.len()],
            open: Vec::new(),
        };
        let distinct_of = |variant: &Variant| self.table.types.get(variant.distinct as usize);
        for (number, variant) in (0u32..).zip(variants) {
            if distinct_of(variant).is_some_and(|distinct| self.is_root(distinct, roots)) {
                reached.variant(number);
            }
        }
        while let Some(number) = reached.open.pop() {
            if let Some(variant) = variants.get(number as usize) {
                self.walk(variant, &mut reached);
            }
        }
        // A tag is wanted if the tagged type is.
        for (number, variant) in (0u32..).zip(variants) {
            if let Some(distinct) = distinct_of(variant)
                && distinct.shape == Shape::DeclTag
                && self.is_reached(distinct.ty, variant, &reached)
            {
                reached.variant(number);
            }
        }
        reached.variants
    }

    /// Returns whether a type has the name of a root.
    fn is_root(&self, distinct: &Distinct, roots: &RootNames) -> bool {
        let can_be = distinct.shape.is_nominal()
            || matches!(
                distinct.shape,
                Shape::Base
                    | Shape::Discriminant
                    | Shape::Typedef
                    | Shape::Function
                    | Shape::Variable
            );
        can_be
            && !distinct.name.is_none()
            && roots.contains_spelled(self.files.tail(distinct.name, &self.table.composed))
    }

    /// Marks the types that a variant refers to, through unnamed types.
    fn walk(&self, variant: &Variant, reached: &mut Reached) {
        if let Some(distinct) = reached.types.get_mut(variant.distinct as usize) {
            *distinct = true;
        }
        let mut meaning = variant.meaning.iter();
        let mut stack = vec![(variant.distinct, 0u32)];
        while let Some(top) = stack.last_mut() {
            let (number, next) = *top;
            top.1 += 1;
            let distinct = self.table.types.get(number as usize);
            let Some(reference) =
                distinct.and_then(|distinct| self.table.reference(distinct, next))
            else {
                stack.pop();
                continue;
            };
            match reference.target() {
                RefTarget::Void => {}
                RefTarget::Tag(tag) => {
                    let means = match self.meant(tag) {
                        Meant::Nothing => None,
                        Meant::One(variant) => Some(variant),
                        Meant::Several => meaning.next().copied().flatten(),
                    };
                    means
                        .into_iter()
                        .for_each(|variant| reached.variant(variant));
                }
                RefTarget::Distinct(distinct) => {
                    let before = reached
                        .types
                        .get_mut(distinct as usize)
                        .is_some_and(|reached| std::mem::replace(reached, true));
                    // Only a type that is the same in all variants needs no second walk.
                    if !before || self.depends.get(distinct as usize) != Some(&false) {
                        stack.push((distinct, 0));
                    }
                }
            }
        }
    }

    /// Returns whether a reference's target was reached. `variant` is the one that has the reference.
    fn is_reached(&self, reference: RefId, variant: &Variant, reached: &Reached) -> bool {
        let is_reached = |variant: u32| reached.variants.get(variant as usize) == Some(&true);
        match reference.target() {
            RefTarget::Void => false,
            RefTarget::Distinct(distinct) => reached.types.get(distinct as usize) == Some(&true),
            RefTarget::Tag(tag) => match self.meant(tag) {
                Meant::Nothing => false,
                Meant::One(variant) => is_reached(variant),
                Meant::Several => {
                    let meaning = variant.meaning.first().copied().flatten();
                    meaning.is_some_and(is_reached)
                }
            },
        }
    }
}
