//! Types of parameters: how they are written, and the scalars they consist of.

use std::cell::Cell;

use gimli::{DwTag, EntriesTreeNode, UnitOffset};

use crate::dwarf::functions::facts::{Leaf, LeafKind, TypeFacts};
use crate::dwarf::functions::units::{Die, Reader};
use crate::dwarf::functions::views::{Entry, Slice};
use crate::dwarf::read::language::{is_c, is_go, is_rust};

/// The most references from one type to another that are followed.
const CHAIN: usize = 64;

/// The most scalars of a type that are told apart: no convention puts more into registers.
const LEAVES: usize = 64;

/// The most DIEs that are read to find the scalars of one type.
const STEPS: usize = 1024;

/// How deep the parameters of pointers to functions are written out.
const DEPTH: usize = 3;

/// The longest text of a type.
const LONGEST: usize = 4096;

/// Reads a type. `None` is `void`.
pub(super) fn type_facts(reader: &Reader<'_, '_>, die: Option<Die>, language: u64) -> TypeFacts {
    let types = Types {
        reader,
        language,
        left: Cell::new(STEPS),
    };
    let mut text = types.text(die, DEPTH);
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    let mut facts = TypeFacts {
        text,
        ..TypeFacts::default()
    };
    match die {
        Some(die) => types.layout(die, &mut facts),
        None => facts.size = Some(0),
    }
    facts
}

struct Types<'r, 'u, 'a> {
    reader: &'r Reader<'u, 'a>,
    language: u64,
    /// The types that may still be written out.
    left: Cell<usize>,
}

/// What stands before and behind a declarator's name.
#[derive(Default)]
struct Declarator {
    text: String,
    /// Qualifiers of what comes next.
    qualifiers: String,
    /// Whether the text starts with the mark of a pointer.
    is_pointer: bool,
}

impl Declarator {
    fn pointer(&mut self, mark: &str) {
        let qualifiers = std::mem::take(&mut self.qualifiers);
        self.text = format!(
            "{mark}{}{}",
            qualifiers.trim_end(),
            spaced(&qualifiers, &self.text)
        );
        self.is_pointer = true;
    }

    fn postfix(&mut self, suffix: &str) {
        if std::mem::take(&mut self.is_pointer) {
            self.text = format!("({}){suffix}", self.text);
        } else {
            self.text.push_str(suffix);
        }
    }

    fn finish(self, base: &str) -> String {
        let Self {
            text, qualifiers, ..
        } = self;
        if text.is_empty() {
            return format!("{qualifiers}{base}");
        }
        format!("{qualifiers}{base} {text}")
    }
}

/// Returns text behind qualifiers: a space separates them from a name, and from a further pointer.
fn spaced(qualifiers: &str, text: &str) -> String {
    if qualifiers.is_empty() || text.is_empty() {
        return text.to_owned();
    }
    format!(" {text}")
}

impl<'a> Types<'_, '_, 'a> {
    fn target(&self, die: Die, entry: &Entry<'a>) -> Option<Die> {
        self.reader.follow(die, entry, gimli::DW_AT_type)
    }

    fn name(&self, die: Die, entry: &Entry<'a>) -> Option<String> {
        let name = self
            .reader
            .text(die, entry.attr_value(gimli::DW_AT_name)?)?;
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    /// Returns a type as its language writes it.
    fn text(&self, die: Option<Die>, depth: usize) -> String {
        let mut declarator = Declarator::default();
        let mut next = die;
        for _ in 0..CHAIN {
            let Some(die) = next else {
                return declarator.finish("void");
            };
            let Some(left) = self.left.get().checked_sub(1) else {
                return declarator.finish("…");
            };
            self.left.set(left);
            let Some(entry) = self.reader.entry(die) else {
                return declarator.finish("?");
            };
            if let Some(unit) = self.reader.follow(die, &entry, gimli::DW_AT_signature) {
                next = Some(unit);
                continue;
            }
            let name = self.name(die, &entry);
            next = self.target(die, &entry);
            match (entry.tag(), name) {
                (gimli::DW_TAG_pointer_type, None) => declarator.pointer("*"),
                (gimli::DW_TAG_reference_type, None) => declarator.pointer("&"),
                (gimli::DW_TAG_rvalue_reference_type, None) => declarator.pointer("&&"),
                (gimli::DW_TAG_const_type, _) => declarator.qualifiers.push_str("const "),
                (gimli::DW_TAG_volatile_type, _) => declarator.qualifiers.push_str("volatile "),
                (gimli::DW_TAG_restrict_type, _) => declarator.qualifiers.push_str("restrict "),
                (gimli::DW_TAG_atomic_type, _) => declarator.qualifiers.push_str("_Atomic "),
                (gimli::DW_TAG_array_type, None) if is_rust(self.language) => {
                    let element = match depth.checked_sub(1) {
                        Some(depth) => self.text(next, depth),
                        None => "…".to_owned(),
                    };
                    let dimensions = self.dimensions(die);
                    let count = dimensions.trim_matches(['[', ']']);
                    return declarator.finish(&format!("[{element}; {count}]"));
                }
                (gimli::DW_TAG_array_type, None) => {
                    declarator.postfix(&self.dimensions(die));
                }
                (gimli::DW_TAG_subroutine_type, None) => {
                    let parameters = match depth.checked_sub(1) {
                        Some(depth) => self.parameters(die, depth),
                        None => "…".to_owned(),
                    };
                    declarator.postfix(&format!("({parameters})"));
                }
                (gimli::DW_TAG_ptr_to_member_type, None) => {
                    let class = self
                        .reader
                        .follow(die, &entry, gimli::DW_AT_containing_type);
                    let class = class.map_or_else(|| "?".to_owned(), |it| self.base(it));
                    declarator.pointer(&format!("{class}::*"));
                }
                _ => return declarator.finish(&self.base(die)),
            }
        }
        declarator.finish("?")
    }

    /// Returns the name of a type that has one.
    fn base(&self, die: Die) -> String {
        let Some(entry) = self.reader.entry(die) else {
            return "?".to_owned();
        };
        let word = match entry.tag() {
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type => "struct",
            gimli::DW_TAG_union_type => "union",
            gimli::DW_TAG_enumeration_type => "enum",
            _ => "",
        };
        match (self.name(die, &entry), word) {
            (Some(name), word) if !word.is_empty() && is_c(self.language) => {
                format!("{word} {name}")
            }
            (Some(name), _) if is_c(self.language) || is_go(self.language) => name,
            (Some(name), _) => self.reader.qualified(die, &name),
            (None, "") => "?".to_owned(),
            (None, word) => format!("{word} {{...}}"),
        }
    }

    /// Calls `each` with the children of a DIE.
    fn children(&self, die: Die, mut each: impl FnMut(Die, &Entry<'a>)) {
        let Some(unit) = self.reader.unit(die.unit) else {
            return;
        };
        let Ok(mut tree) = unit.entries_tree(Some(UnitOffset(die.offset))) else {
            return;
        };
        let visit = |node: EntriesTreeNode<'_, '_, Slice<'a>>| -> gimli::Result<()> {
            let mut children = node.children();
            let mut left = STEPS;
            while let Some(child) = children.next()?
                && left > 0
            {
                left -= 1;
                let entry = child.entry();
                let die = Die {
                    unit: die.unit,
                    offset: entry.offset().0,
                };
                each(die, entry);
            }
            Ok(())
        };
        // Children behind a DIE that can't be read are not there.
        let _ = tree.root().and_then(visit);
    }

    fn dimensions(&self, die: Die) -> String {
        let mut text = String::new();
        self.children(die, |_, child| {
            if child.tag() == gimli::DW_TAG_subrange_type {
                match count(child) {
                    Some(count) => text.push_str(&format!("[{count}]")),
                    None => text.push_str("[]"),
                }
            }
        });
        text
    }

    fn parameters(&self, die: Die, depth: usize) -> String {
        let mut parameters = Vec::new();
        self.children(die, |die, child| match child.tag() {
            gimli::DW_TAG_formal_parameter => {
                parameters.push(self.text(self.target(die, child), depth));
            }
            gimli::DW_TAG_unspecified_parameters => parameters.push("...".to_owned()),
            _ => {}
        });
        if parameters.is_empty() {
            return "void".to_owned();
        }
        parameters.join(", ")
    }

    /// Finds a type's size and scalars.
    fn layout(&self, die: Die, facts: &mut TypeFacts) {
        let mut steps = STEPS;
        let Some((die, entry)) = self.stripped(die) else {
            return;
        };
        facts.size = self.size(die, &entry);
        facts.is_aggregate = is_record(entry.tag()) || entry.tag() == gimli::DW_TAG_array_type;
        let mut leaves = Vec::new();
        let mut open = vec![(die, 0u64)];
        while let Some((die, offset)) = open.pop() {
            steps = steps.saturating_sub(1);
            let stripped = self.stripped(die);
            let known = steps > 0
                && stripped.is_some_and(|(die, entry)| {
                    self.parts(die, &entry, offset, &mut leaves, &mut open, facts)
                });
            if !known || leaves.len() > LEAVES || open.len() > STEPS {
                return;
            }
        }
        leaves.sort_by_key(|leaf: &Leaf| leaf.offset);
        facts.leaves = Some(leaves);
    }

    /// Follows typedefs and qualifiers.
    fn stripped(&self, die: Die) -> Option<(Die, Entry<'a>)> {
        let mut die = die;
        for _ in 0..CHAIN {
            let entry = self.reader.entry(die)?;
            if let Some(unit) = self.reader.follow(die, &entry, gimli::DW_AT_signature) {
                die = unit;
                continue;
            }
            match entry.tag() {
                gimli::DW_TAG_typedef
                | gimli::DW_TAG_const_type
                | gimli::DW_TAG_volatile_type
                | gimli::DW_TAG_restrict_type
                | gimli::DW_TAG_atomic_type => die = self.target(die, &entry)?,
                _ => return Some((die, entry)),
            }
        }
        None
    }

    /// Returns a type's size in bytes.
    fn size(&self, die: Die, entry: &Entry<'a>) -> Option<u64> {
        let size = entry.attr_value(gimli::DW_AT_byte_size);
        if let Some(size) = size.and_then(|size| size.udata_value()) {
            return Some(size);
        }
        if entry.tag() == gimli::DW_TAG_array_type {
            let (element, of) = self.stripped(self.target(die, entry)?)?;
            let mut size = (element != die).then(|| self.size_of_element(element, &of))??;
            self.children(die, |_, child| {
                if child.tag() == gimli::DW_TAG_subrange_type {
                    size = size.saturating_mul(count(child).unwrap_or(0));
                }
            });
            return Some(size);
        }
        if is_pointer(entry.tag()) {
            return Some(self.address_size(die));
        }
        None
    }

    /// Returns the size of an array's element, which has a size of its own.
    fn size_of_element(&self, die: Die, entry: &Entry<'a>) -> Option<u64> {
        let size = entry.attr_value(gimli::DW_AT_byte_size);
        let size = size.and_then(|size| size.udata_value());
        size.or_else(|| is_pointer(entry.tag()).then(|| self.address_size(die)))
    }

    fn address_size(&self, die: Die) -> u64 {
        let unit = self.reader.unit(die.unit);
        unit.map_or(8, |unit| u64::from(unit.encoding().address_size))
    }

    /// Adds a scalar, or opens the parts of an aggregate. Returns whether it is known what the type consists of.
    fn parts(
        &self,
        die: Die,
        entry: &Entry<'a>,
        offset: u64,
        leaves: &mut Vec<Leaf>,
        open: &mut Vec<(Die, u64)>,
        facts: &mut TypeFacts,
    ) -> bool {
        let mut leaf = |offset: u64, size: u64, kind| leaves.push(Leaf { offset, size, kind });
        let size = self.size(die, entry);
        match entry.tag() {
            gimli::DW_TAG_base_type => {
                let Some(size) = size else {
                    return false;
                };
                self.scalars(die, entry, offset, size, leaves);
                true
            }
            gimli::DW_TAG_enumeration_type => size.is_some_and(|size| {
                leaf(offset, size, LeafKind::Integer);
                true
            }),
            gimli::DW_TAG_array_type => {
                if entry.attr_value(gimli::DW_AT_GNU_vector).is_some() {
                    leaf(offset, size.unwrap_or(0), LeafKind::Vector);
                    return size.is_some();
                }
                self.elements(die, entry, offset, size, open, facts)
            }
            tag if is_record(tag) => {
                if entry.attr_value(gimli::DW_AT_declaration).is_some() {
                    return false;
                }
                self.members(die, entry, offset, open, facts)
            }
            tag if is_pointer(tag) || tag == gimli::DW_TAG_unspecified_type => {
                leaf(offset, self.address_size(die), LeafKind::Integer);
                true
            }
            gimli::DW_TAG_ptr_to_member_type => {
                let target = self.target(die, entry).and_then(|it| self.stripped(it));
                let is_function =
                    target.is_some_and(|(_, it)| it.tag() == gimli::DW_TAG_subroutine_type);
                leaf(offset, 8, LeafKind::Integer);
                if is_function {
                    leaf(offset.saturating_add(8), 8, LeafKind::Integer);
                    facts.size = facts.size.or(Some(16));
                }
                facts.size = facts.size.or(Some(8));
                true
            }
            _ => false,
        }
    }

    /// Adds the scalars of a base type.
    fn scalars(&self, die: Die, entry: &Entry<'a>, offset: u64, size: u64, leaves: &mut Vec<Leaf>) {
        let encoding = match entry.attr_value(gimli::DW_AT_encoding) {
            Some(gimli::AttributeValue::Encoding(encoding)) => encoding,
            _ => gimli::DwAte(0),
        };
        let mut leaf = |offset: u64, size: u64, kind| leaves.push(Leaf { offset, size, kind });
        let is_long = || {
            let name = self.name(die, entry).unwrap_or_default();
            name.contains("long double")
        };
        match encoding {
            gimli::DW_ATE_float if size >= 10 && is_long() => {
                leaf(offset, size, LeafKind::Extended);
            }
            gimli::DW_ATE_float | gimli::DW_ATE_decimal_float => {
                leaf(offset, size, LeafKind::Float);
            }
            gimli::DW_ATE_complex_float => {
                let half = size / 2;
                let kind = match half >= 10 && is_long() {
                    true => LeafKind::Extended,
                    false => LeafKind::Float,
                };
                leaf(offset, half, kind);
                leaf(offset.saturating_add(half), half, kind);
            }
            _ if size == 16 => {
                leaf(offset, 8, LeafKind::Integer);
                leaf(offset.saturating_add(8), 8, LeafKind::Integer);
            }
            _ if size > 0 => leaf(offset, size, LeafKind::Integer),
            _ => {}
        }
    }

    /// Opens the elements of an array.
    fn elements(
        &self,
        die: Die,
        entry: &Entry<'a>,
        offset: u64,
        size: Option<u64>,
        open: &mut Vec<(Die, u64)>,
        facts: &mut TypeFacts,
    ) -> bool {
        let element = self.target(die, entry).and_then(|it| self.stripped(it));
        let (Some((element, of)), Some(size)) = (element, size) else {
            return false;
        };
        let Some(step) = self.size_of_element(element, &of) else {
            return false;
        };
        facts.has_array |= size != step;
        let count = match step {
            0 => 0,
            step => size / step,
        };
        if count > LEAVES as u64 {
            return false;
        }
        for number in 0..count {
            open.push((element, offset.saturating_add(number.saturating_mul(step))));
        }
        true
    }

    /// Opens the members of a structure.
    fn members(
        &self,
        die: Die,
        entry: &Entry<'a>,
        offset: u64,
        open: &mut Vec<(Die, u64)>,
        facts: &mut TypeFacts,
    ) -> bool {
        let convention = entry.attr_value(gimli::DW_AT_calling_convention);
        let by_reference = matches!(
            convention,
            Some(gimli::AttributeValue::CallingConvention(
                gimli::DW_CC_pass_by_reference
            ))
        );
        facts.by_address |= by_reference;
        let is_told = convention.is_some();
        let mut known = true;
        let mut variants = Vec::new();
        let mut member = |die: Die, child: &Entry<'a>, variants: &mut Vec<Die>| {
            let at = self.member_offset(die, child);
            match child.tag() {
                gimli::DW_TAG_member | gimli::DW_TAG_inheritance => {
                    let is_static = child.attr_value(gimli::DW_AT_external).is_some()
                        || child.attr_value(gimli::DW_AT_declaration).is_some();
                    if child.attr_value(gimli::DW_AT_virtuality).is_some() {
                        facts.by_address = true;
                    }
                    match (self.target(die, child), at) {
                        _ if is_static => {}
                        (Some(ty), Some(at)) => open.push((ty, offset.saturating_add(at))),
                        _ => known = false,
                    }
                }
                gimli::DW_TAG_variant_part | gimli::DW_TAG_variant => variants.push(die),
                // A class with a destructor of its own is passed by address.
                gimli::DW_TAG_subprogram if !is_told => {
                    let name = self.name(die, child).unwrap_or_default();
                    let is_own = child.attr_value(gimli::DW_AT_artificial).is_none()
                        && child.attr_value(gimli::DW_AT_defaulted).is_none();
                    facts.by_address |= is_own && name.starts_with('~');
                    facts.by_address |= child.attr_value(gimli::DW_AT_virtuality).is_some();
                }
                _ => {}
            }
        };
        self.children(die, |die, child| member(die, child, &mut variants));
        let mut left = LEAVES;
        while let Some(variant) = variants.pop()
            && left > 0
        {
            left -= 1;
            self.children(variant, |die, child| member(die, child, &mut variants));
        }
        known
    }

    /// Returns the offset of a member in bytes: of a bitfield, that of its storage.
    fn member_offset(&self, die: Die, entry: &Entry<'a>) -> Option<u64> {
        let number = |name| entry.attr_value(name).and_then(|value| value.udata_value());
        if let Some(bit) = number(gimli::DW_AT_data_bit_offset) {
            let (target, of) = self.stripped(self.target(die, entry)?)?;
            let storage = self.size(target, &of).unwrap_or(1).max(1);
            return Some(bit / 8 / storage * storage);
        }
        match entry.attr_value(gimli::DW_AT_data_member_location) {
            Some(value) => value.udata_value(),
            None => Some(0),
        }
    }
}

/// Returns the number of elements in a dimension.
fn count(entry: &Entry<'_>) -> Option<u64> {
    let number = |name| entry.attr_value(name).and_then(|value| value.udata_value());
    number(gimli::DW_AT_count).or_else(|| {
        let upper = number(gimli::DW_AT_upper_bound)?;
        let lower = number(gimli::DW_AT_lower_bound).unwrap_or(0);
        upper.checked_add(1)?.checked_sub(lower)
    })
}

fn is_record(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_interface_type
    )
}

fn is_pointer(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_reference_type
            | gimli::DW_TAG_rvalue_reference_type
            | gimli::DW_TAG_subroutine_type
    )
}
