//! Which variants the roots reach: what is emitted where only some types are asked for.
//!
//! The whole program is read and bound first, so that a name means here what it means when all is converted.
//! The closure of a root is then a part of that whole by construction, also where a base class or a member is
//! only declared in the unit that the root is defined in.

use crate::dwarf::roots::Roots;
use crate::dwarf::unit::nodes::Shape;
use crate::dwarf::whole::bind::{Meant, Variant};
use crate::dwarf::whole::emit::Emit;
use crate::dwarf::whole::table::{Class, RefId, RefTarget};

/// What was reached so far.
struct Reached {
    /// By variant.
    variants: Vec<bool>,
    /// By class: whether something reached refers to it.
    classes: Vec<bool>,
    /// Variants that are reached and were not walked through yet.
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
    /// Returns for each variant whether it is a root or reached from one.
    pub(super) fn closure(&self, roots: &Roots) -> Vec<bool> {
        let variants = &self.binding.variants;
        let mut reached = Reached {
            variants: vec![false; variants.len()],
            classes: vec![false; self.table.classes.len()],
            open: Vec::new(),
        };
        let class_of = |variant: &Variant| self.table.classes.get(variant.class as usize);
        for (number, variant) in (0u32..).zip(variants) {
            if class_of(variant).is_some_and(|class| self.is_root(class, roots)) {
                reached.variant(number);
            }
        }
        while let Some(number) = reached.open.pop() {
            if let Some(variant) = variants.get(number as usize) {
                self.walk(variant, &mut reached);
            }
        }
        // A tag is wanted where what it is attached to is.
        for (number, variant) in (0u32..).zip(variants) {
            if let Some(class) = class_of(variant)
                && class.shape == Shape::DeclTag
                && self.is_reached(class.ty, variant, &reached)
            {
                reached.variant(number);
            }
        }
        reached.variants
    }

    /// Returns whether a class has the name of a root.
    fn is_root(&self, class: &Class, roots: &Roots) -> bool {
        let can_be = class.shape.is_nominal()
            || matches!(
                class.shape,
                Shape::Base | Shape::Tag | Shape::Typedef | Shape::Function | Shape::Variable
            );
        can_be
            && !class.name.is_none()
            && roots.contains_spelled(self.files.tail(class.name, &self.table.made))
    }

    /// Marks what a variant refers to, through types without a name of their own.
    fn walk(&self, variant: &Variant, reached: &mut Reached) {
        if let Some(class) = reached.classes.get_mut(variant.class as usize) {
            *class = true;
        }
        let mut meaning = variant.meaning.iter();
        let mut stack = vec![(variant.class, 0u32)];
        while let Some(top) = stack.last_mut() {
            let (number, next) = *top;
            top.1 += 1;
            let class = self.table.classes.get(number as usize);
            let Some(reference) = class.and_then(|class| self.table.reference(class, next)) else {
                stack.pop();
                continue;
            };
            match reference.target() {
                RefTarget::Void => {}
                RefTarget::Entity(entity) => {
                    let means = match self.meant(entity) {
                        Meant::Nothing => None,
                        Meant::One(variant) => Some(variant),
                        Meant::Several => meaning.next().copied().flatten(),
                    };
                    means
                        .into_iter()
                        .for_each(|variant| reached.variant(variant));
                }
                RefTarget::Class(class) => {
                    let before = reached
                        .classes
                        .get_mut(class as usize)
                        .is_some_and(|reached| std::mem::replace(reached, true));
                    // Only what is the same for every variant needs no second walk.
                    if !before || self.depends.get(class as usize) != Some(&false) {
                        stack.push((class, 0));
                    }
                }
            }
        }
    }

    /// Returns whether what a variant refers to was reached.
    fn is_reached(&self, reference: RefId, variant: &Variant, reached: &Reached) -> bool {
        let is_reached = |variant: u32| reached.variants.get(variant as usize) == Some(&true);
        match reference.target() {
            RefTarget::Void => false,
            RefTarget::Class(class) => reached.classes.get(class as usize) == Some(&true),
            RefTarget::Entity(entity) => match self.meant(entity) {
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
