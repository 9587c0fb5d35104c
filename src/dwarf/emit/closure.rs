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
use crate::query::InlineNamespaces;

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
    /// Returns a start: nothing is reached.
    fn new(emit: &Emit<'_>) -> Self {
        Self {
            variants: vec![false; emit.binding.variants.len()],
            types: vec![false; emit.table.types.len()],
            open: Vec::new(),
        }
    }

    /// Marks a variant as reached.
    fn variant(&mut self, number: u32) {
        if let Some(reached) = self.variants.get_mut(number as usize)
            && !std::mem::replace(reached, true)
        {
            self.open.push(number);
        }
    }
}

/// The types that have the name of a root.
pub(super) struct Chosen {
    /// Whether each distinct type is one.
    pub types: Vec<bool>,
    /// The tags that the program declares and doesn't define.
    pub tags: Vec<u32>,
}

/// Returns whether a root may mean a type of this shape.
fn can_be_root(distinct: &Distinct) -> bool {
    distinct.shape.is_nominal()
        || matches!(
            distinct.shape,
            Shape::Base | Shape::Discriminant | Shape::Typedef | Shape::Function | Shape::Variable
        )
}

impl Emit<'_> {
    /// Returns the types that have the name of a root. A root that is no type's whole name may leave out inline and
    /// anonymous namespaces.
    pub(super) fn roots(&self, roots: &RootNames) -> Chosen {
        let table = self.table;
        let tail = |name| self.files.tail(name, &table.composed);
        let can_be = |distinct: &Distinct| can_be_root(distinct) && !distinct.name.is_none();
        let mut found = vec![false; roots.len()];
        let types = table.types.iter();
        let mut types: Vec<bool> = types
            .map(|distinct| can_be(distinct) && roots.find(tail(distinct.name), &mut found))
            .collect();
        let declared = (0u32..)
            .zip(&table.tags)
            .filter(|(number, tag)| self.meant(*number) == Meant::Nothing && !tag.name.is_none());
        let mut tags: Vec<u32> = declared
            .clone()
            .filter(|(_, tag)| roots.find(tail(tag.name), &mut found))
            .map(|(number, _)| number)
            .collect();
        let short = roots.short(&found, InlineNamespaces::new(&table.inline_namespaces));
        if !short.is_empty() {
            for (chosen, distinct) in types.iter_mut().zip(&table.types) {
                *chosen |= can_be(distinct) && short.contains(tail(distinct.name));
            }
            let declared = declared.filter(|(_, tag)| short.contains(tail(tag.name)));
            tags.extend(declared.map(|(number, _)| number));
        }
        Chosen { types, tags }
    }

    /// Returns for each variant whether it is of a chosen type or reached from one.
    pub(super) fn closure(&self, chosen: &[bool]) -> Vec<bool> {
        let mut reached = Reached::new(self);
        for (number, variant) in (0u32..).zip(&self.binding.variants) {
            if chosen.get(variant.distinct as usize) == Some(&true) {
                reached.variant(number);
            }
        }
        self.follow(&mut reached);
        // A tag is wanted if the tagged type is.
        for (number, variant) in (0u32..).zip(&self.binding.variants) {
            if let Some(distinct) = self.table.types.get(variant.distinct as usize)
                && distinct.shape == Shape::DeclTag
                && self.is_reached(distinct.ty, variant, &reached)
            {
                reached.variant(number);
            }
        }
        reached.variants
    }

    /// Returns for each variant whether it is anything but a typedef of a template that nothing refers to.
    pub(super) fn without_unused(&self) -> Vec<bool> {
        let types = &self.table.types;
        let optional: Vec<bool> = types
            .iter()
            .map(|distinct| self.is_template_typedef(distinct))
            .collect();
        let variants = || (0u32..).zip(&self.binding.variants);
        if !optional.contains(&true) {
            return vec![true; self.binding.variants.len()];
        }
        let is_optional = |distinct: u32| optional.get(distinct as usize) == Some(&true);
        // A tag of such a typedef is no use of it.
        let tagged = |variant: &Variant| {
            let tag = types.get(variant.distinct as usize);
            let tag = tag.filter(|distinct| distinct.shape == Shape::DeclTag)?;
            match tag.ty.target() {
                RefTarget::Distinct(distinct) => is_optional(distinct).then_some(distinct),
                RefTarget::Void | RefTarget::Tag(_) => None,
            }
        };
        let mut reached = Reached::new(self);
        for (number, variant) in variants() {
            if !is_optional(variant.distinct) && tagged(variant).is_none() {
                reached.variant(number);
            }
        }
        loop {
            self.follow(&mut reached);
            for (number, variant) in variants() {
                let typedef = tagged(variant).unwrap_or(variant.distinct);
                if reached.types.get(typedef as usize) == Some(&true) {
                    reached.variant(number);
                }
            }
            if reached.open.is_empty() {
                return reached.variants;
            }
        }
    }

    /// Returns whether a type is a typedef whose name or scope has template arguments.
    fn is_template_typedef(&self, distinct: &Distinct) -> bool {
        distinct.shape == Shape::Typedef
            && !distinct.name.is_none()
            && memchr::memchr(b'<', self.files.bytes(distinct.name, &self.table.composed)).is_some()
    }

    /// Follows the references of the reached variants until no other is reached.
    fn follow(&self, reached: &mut Reached) {
        while let Some(number) = reached.open.pop() {
            if let Some(variant) = self.binding.variants.get(number as usize) {
                self.walk(variant, reached);
            }
        }
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
