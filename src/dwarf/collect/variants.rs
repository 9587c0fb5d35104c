//! The variants of a Rust enumeration (DWARF 5, section 5.7.10), and their discriminant.
//!
//! The variants become an unnamed union with one member for each. The discriminant becomes a member beside the union;
//! its type is an enumeration of the variants' names and discriminant values.

use crate::dwarf::collect::nodes::{Node, Ref};
use crate::dwarf::collect::pass::Pass;
use crate::dwarf::collect::scratch::{Frame, Role};
use crate::dwarf::collect::types::{Part, Shape};
use crate::dwarf::read::Class;
use crate::dwarf::read::name::NameRef;

/// The name of a discriminant that has none.
const DISCRIMINANT: &[u8] = b"__tag";

/// The variants that are being read, as far as they were found.
#[derive(Default)]
pub(super) struct Variants {
    /// The discriminant value of the variant that is being read.
    pub(super) value: Option<(Class, u64)>,
    /// The numbers of the discriminants' types, with those of the unions that they belong to.
    discriminants: Vec<(u32, u32)>,
    /// The numbers of unions, with an enumerator for each of their variants.
    enumerators: Vec<(u32, Part<Ref>)>,
}

impl Pass<'_, '_> {
    /// Takes the variants of a Rust enumeration: an unnamed union with one member for each.
    pub(super) fn variant_part(&mut self, die: u32, around: Frame) -> Frame {
        self.part(Part::member(NameRef::NONE, Ref::unit(die), 0));
        if self.direct {
            self.set_aside();
        }
        let mut union = Node::new(die, Shape::Union);
        if let Some(node) = self.nodes.get(around.owner) {
            union.set_byte_size(node.byte_size());
            union.set_unsized(node.is_unsized());
        }
        let owner = self.nodes.push(union);
        Frame {
            role: Role::Composite,
            owner,
            start: self.nodes.parts.len(),
            aside: false,
            is_variants: true,
            ..around
        }
    }

    /// Returns whether a member found now is the discriminant of variants: it is beside them, not in one.
    pub(super) fn is_discriminant(&self) -> bool {
        let top = self.top();
        // A union has one: a second member beside the variants is no discriminant.
        self.role == Role::Composite
            && top.is_variants
            && !self
                .variants
                .discriminants
                .iter()
                .any(|(_, union)| *union == top.owner)
    }

    /// Adds the discriminant of variants: a member of the enumeration itself, whose parts are set aside.
    pub(super) fn discriminant(&mut self, mut part: Part<Ref>, die: u32) {
        part.ty = self.discriminant_type(part.ty, die);
        if part.name.is_none() {
            part.name = self.nodes.composed.push(DISCRIMINANT);
        }
        // The discriminant belongs to the node around the union: if the union's parts are set aside too, it precedes
        // them.
        match self.frames.last_mut() {
            Some(union) if union.aside => {
                self.pending
                    .insert(union.start.min(self.pending.len()), part);
                union.start += 1;
            }
            _ => self.pending.push(part),
        }
    }

    /// Adds the type of a discriminant, an enumeration of the variants' names, which follow.
    fn discriminant_type(&mut self, ty: Ref, die: u32) -> Ref {
        let top = self.top();
        let name = self.nodes.composed.push(DISCRIMINANT);
        let name = self.qualified(top.scope, name, b"");
        if self.direct {
            self.set_aside();
        }
        let mut node = Node::new(die, Shape::Discriminant);
        node.name = name;
        node.ty = ty;
        let number = self.nodes.push(node);
        self.variants.discriminants.push((number, top.owner));
        Ref::unit(die)
    }

    /// Notes a variant as an enumerator of the discriminant. Its name is that of its member.
    #[cold]
    pub(super) fn variant_member(&mut self, member: Part<Ref>) {
        let Some((class, value)) = self.variants.value.take() else {
            return;
        };
        let owner = self.top().owner;
        if class == Class::Signed
            && value.cast_signed() < 0
            && let Some((number, _)) = self
                .variants
                .discriminants
                .iter()
                .find(|(_, union)| *union == owner)
            && let Some(node) = self.nodes.nodes.get_mut(*number as usize)
        {
            node.set_signed();
        }
        let enumerator = Part::enumerator(member.name, Ref::VOID, value);
        self.variants.enumerators.push((owner, enumerator));
    }

    /// Gives the discriminant of a union of variants its enumerators.
    pub(super) fn settle_discriminant(&mut self, union: u32) {
        let Variants {
            discriminants,
            enumerators,
            ..
        } = &mut self.variants;
        let from = enumerators.iter().position(|(of, _)| *of == union);
        let own = enumerators.split_off(from.unwrap_or(enumerators.len()));
        let Some(at) = discriminants.iter().position(|(_, of)| *of == union) else {
            return;
        };
        let (number, _) = discriminants.swap_remove(at);
        let first = self.nodes.parts.len();
        self.nodes
            .parts
            .extend(own.into_iter().map(|(_, part)| part));
        let count = self.nodes.parts.len() - first;
        if let Some(node) = self.nodes.nodes.get_mut(number as usize) {
            node.first = u32::try_from(first).unwrap_or(u32::MAX);
            node.count = u32::try_from(count).unwrap_or(0);
        }
    }
}
