//! Types held by value whose definition the unit leaves to others, which define the name several times.
//!
//! A C++ compiler may only declare a base class or a member's class in a unit: it is defined where its virtual functions
//! are. If other units define the name several times, the unit doesn't tell which of them it holds. The one-definition
//! rule (C++17, `[basic.def.odr]`) says that all are the same, so if their layouts are equal, the first is taken.
//! Otherwise the type remains a forward declaration, which is reported.

use std::collections::{HashMap, HashSet};

use crate::dwarf::collect::types::Shape;
use crate::dwarf::distinct::table::{Distinct, RefId, RefTarget, Table};
use crate::dwarf::emit::bind::{Binding, Meant};
use crate::dwarf::read::name::{Files, NameRef};

/// The most pairs of types that are compared for one name. Types with more are taken for different.
const MOST_PAIRS: usize = 1 << 16;

/// Gives the types held by value that are only declared their first definition, if all definitions have one layout.
pub(crate) fn settle_held(table: &Table, files: &Files<'_>, binding: &mut Binding) {
    let held = held_by_value(table, binding);
    if held.is_empty() {
        return;
    }
    let mut definitions: HashMap<u32, Vec<u32>> = HashMap::new();
    for (number, variant) in (0u32..).zip(&binding.variants) {
        if let Some(distinct) = table.types.get(variant.distinct as usize)
            && binding.meant.get(distinct.tag as usize) == Some(&Meant::Several)
        {
            definitions.entry(distinct.tag).or_default().push(number);
        }
    }
    let layouts = Layouts {
        table,
        files,
        binding,
        definitions: &definitions,
    };
    let mut chosen: HashMap<u32, Option<u32>> = HashMap::new();
    for &(_, _, tag) in &held {
        chosen.entry(tag).or_insert_with(|| {
            let first = definitions.get(&tag)?.first().copied();
            first.filter(|_| layouts.are_equal(tag))
        });
    }
    for (variant, place, tag) in held {
        let meaning = binding.variants.get_mut(variant as usize);
        if let Some(meaning) = meaning.and_then(|variant| variant.meaning.get_mut(place)) {
            *meaning = chosen.get(&tag).copied().flatten();
        }
    }
}

/// Returns the references by value to a name with several meanings of which the unit has none: the variant, the index
/// among its meanings, and the tag.
fn held_by_value(table: &Table, binding: &Binding) -> Vec<(u32, usize, u32)> {
    let mut held = Vec::new();
    for (number, variant) in (0u32..).zip(&binding.variants) {
        let distinct = table.types.get(variant.distinct as usize);
        let is_composite =
            distinct.is_some_and(|distinct| matches!(distinct.shape, Shape::Struct | Shape::Union));
        if !is_composite || variant.meaning.iter().all(Option::is_some) {
            continue;
        }
        let mut place = 0;
        // The type, the index of its next reference, and whether the variant holds it by value.
        let mut stack = vec![(variant.distinct, 0u32, true)];
        while let Some(top) = stack.last_mut() {
            let (ty, next, by_value) = *top;
            top.1 += 1;
            let Some(distinct) = table.types.get(ty as usize) else {
                stack.pop();
                continue;
            };
            match table.reference(distinct, next).map(RefId::target) {
                None => {
                    stack.pop();
                }
                Some(RefTarget::Void) => {}
                Some(RefTarget::Distinct(inner)) => {
                    stack.push((inner, 0, by_value && holds(distinct.shape)));
                }
                Some(RefTarget::Tag(tag)) => {
                    if binding.meant.get(tag as usize) != Some(&Meant::Several) {
                        continue;
                    }
                    let is_open = variant.meaning.get(place) == Some(&None);
                    if is_open && by_value && holds(distinct.shape) {
                        held.push((number, place, tag));
                    }
                    place += 1;
                }
            }
        }
    }
    held
}

/// Returns whether a type of this shape contains the types that it refers to.
const fn holds(shape: Shape) -> bool {
    matches!(shape, Shape::Struct | Shape::Union | Shape::Array) || is_name_or_qualifier(shape)
}

/// Returns whether a type of this shape has the layout of the type that it refers to.
const fn is_name_or_qualifier(shape: Shape) -> bool {
    matches!(
        shape,
        Shape::Typedef
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::TypeTag
            | Shape::Alias
    )
}

/// A comparison of the layouts of one name's definitions.
struct Layouts<'a> {
    table: &'a Table,
    files: &'a Files<'a>,
    binding: &'a Binding,
    /// The variants of each tag with several meanings.
    definitions: &'a HashMap<u32, Vec<u32>>,
}

/// The pairs of types that remain to be compared.
#[derive(Default)]
struct Open {
    pairs: Vec<(u32, u32)>,
    tags: Vec<u32>,
}

impl Layouts<'_> {
    /// Returns whether all definitions of a name have the same members at the same places, as have the types that they
    /// hold by value.
    fn are_equal(&self, tag: u32) -> bool {
        let (mut seen, mut seen_tags) = (HashSet::new(), HashSet::new());
        let mut open = Open::default();
        open.tags.push(tag);
        loop {
            if let Some((a, b)) = open.pairs.pop() {
                if !seen.insert((a, b)) {
                    continue;
                }
                if seen.len() > MOST_PAIRS || !self.agree(a, b, &mut open) {
                    return false;
                }
            } else if let Some(tag) = open.tags.pop() {
                if seen_tags.insert(tag) {
                    self.pair(tag, &mut open);
                }
            } else {
                return true;
            }
        }
    }

    /// Pairs the first definition of a name with each of them, itself included: what it holds must be compared, too.
    fn pair(&self, tag: u32, open: &mut Open) {
        let variants = self.definitions.get(&tag).into_iter().flatten();
        let variants = variants.filter_map(|number| self.binding.variants.get(*number as usize));
        let mut types = variants.map(|variant| variant.distinct);
        if let Some(first) = types.next() {
            open.pairs.push((first, first));
            open.pairs.extend(types.map(|other| (first, other)));
        }
    }

    /// Returns whether two types agree in their own properties. The types that they hold are left in `open`.
    fn agree(&self, a: u32, b: u32, open: &mut Open) -> bool {
        let types = &self.table.types;
        let (Some(a), Some(b)) = (types.get(a as usize), types.get(b as usize)) else {
            return false;
        };
        if a.shape != b.shape {
            return false;
        }
        match a.shape {
            Shape::Struct | Shape::Union => {
                let (of_a, of_b) = (self.table.parts_of(a), self.table.parts_of(b));
                a.byte_size() == b.byte_size()
                    && of_a.len() == of_b.len()
                    && of_a.iter().zip(of_b).all(|(a, b)| {
                        (a.word(), a.bits, a.note) == (b.word(), b.bits, b.note)
                            && self.text(a.name) == self.text(b.name)
                            && self.refer_alike(a.ty, b.ty, open)
                    })
            }
            Shape::Array => {
                let counts = |distinct: &Distinct| -> Vec<u64> {
                    let parts = self.table.parts_of(distinct).iter();
                    parts.map(|part| part.element_count()).collect()
                };
                a.words() == b.words()
                    && counts(a) == counts(b)
                    && self.refer_alike(a.ty, b.ty, open)
            }
            Shape::Enum => {
                let (of_a, of_b) = (self.table.parts_of(a), self.table.parts_of(b));
                a.words() == b.words()
                    && of_a.len() == of_b.len()
                    && of_a.iter().zip(of_b).all(|(a, b)| {
                        a.word() == b.word() && self.text(a.name) == self.text(b.name)
                    })
            }
            Shape::Base | Shape::Subrange | Shape::Discriminant => a.words() == b.words(),
            Shape::Pointer | Shape::MemberPointer => true,
            Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Typedef
            | Shape::Defined
            | Shape::Prototype
            | Shape::Function
            | Shape::Variable
            | Shape::TypeTag
            | Shape::DeclTag
            | Shape::Alias
            | Shape::Void => a.key == b.key,
        }
    }

    /// Returns whether two references may lead to types of one layout: by the same name, or to types that are left in
    /// `open`.
    fn refer_alike(&self, a: RefId, b: RefId, open: &mut Open) -> bool {
        match (self.bare(a), self.bare(b)) {
            (RefTarget::Void, RefTarget::Void) => true,
            (RefTarget::Tag(a), RefTarget::Tag(b)) if a == b => {
                if self.binding.meant.get(a as usize) == Some(&Meant::Several) {
                    open.tags.push(a);
                }
                true
            }
            (RefTarget::Distinct(a), RefTarget::Distinct(b)) => {
                open.pairs.push((a, b));
                true
            }
            _ => false,
        }
    }

    /// Returns the target of a reference without typedefs and qualifiers. The types that a type refers to come before it,
    /// so this ends.
    fn bare(&self, reference: RefId) -> RefTarget {
        let mut target = reference.target();
        while let RefTarget::Distinct(number) = target
            && let Some(distinct) = self.table.types.get(number as usize)
            && is_name_or_qualifier(distinct.shape)
        {
            target = distinct.ty.target();
        }
        target
    }

    fn text(&self, name: NameRef) -> &[u8] {
        self.files.bytes(name, &self.table.composed)
    }
}
