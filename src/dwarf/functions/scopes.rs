//! The namespaces and classes around a DIE.

use gimli::{AttributeValue, DwTag};

use crate::dwarf::functions::views::{Dwarf, Slice, Unit};
use crate::dwarf::read::language::is_c;

/// The deepest scope that qualifies names.
const DEPTH: usize = 64;

/// The name of a namespace without one, as compilers and debuggers write it.
const ANONYMOUS: &[u8] = b"(anonymous namespace)";

/// The scopes around the DIE that is read, in a walk over a unit.
pub(super) struct Scopes<'a> {
    is_c: bool,
    open: Vec<(isize, Option<Slice<'a>>)>,
}

impl<'a> Scopes<'a> {
    pub fn of(unit: &Unit<'a>) -> Self {
        Self {
            is_c: is_c(language_of(unit)),
            open: Vec::new(),
        }
    }

    /// Leaves the scopes that a DIE of this depth isn't in.
    pub fn leave(&mut self, depth: isize) {
        while self.open.last().is_some_and(|(of, _)| *of >= depth) {
            self.open.pop();
        }
    }

    /// Returns whether a DIE of this tag qualifies the names of those in it.
    pub fn is_scope(&self, tag: DwTag) -> bool {
        let is_scope = matches!(
            tag,
            gimli::DW_TAG_namespace
                | gimli::DW_TAG_module
                | gimli::DW_TAG_class_type
                | gimli::DW_TAG_structure_type
                | gimli::DW_TAG_union_type
                | gimli::DW_TAG_interface_type
                | gimli::DW_TAG_enumeration_type
        );
        is_scope && !self.is_c
    }

    pub fn enter(&mut self, depth: isize, tag: DwTag, name: Option<Slice<'a>>) {
        let is_nameless = tag == gimli::DW_TAG_namespace && name.is_none();
        let anonymous = is_nameless.then(|| Slice::new(ANONYMOUS, gimli::RunTimeEndian::Little));
        self.open.push((depth, name.or(anonymous)));
    }

    /// Returns a name with those of the scopes around it.
    pub fn qualified(&self, name: &[u8]) -> String {
        let mut qualified = String::new();
        let scopes = self.open.iter().filter_map(|(_, name)| name.as_ref());
        for scope in scopes.take(DEPTH) {
            qualified.push_str(&String::from_utf8_lossy(scope));
            qualified.push_str("::");
        }
        qualified.push_str(&String::from_utf8_lossy(name));
        qualified
    }
}

/// The scopes of a unit, by offset.
#[derive(Debug, Default)]
pub(super) struct ScopeIndex {
    /// In the order of their offsets.
    scopes: Vec<Scope>,
}

#[derive(Debug)]
struct Scope {
    start: usize,
    end: usize,
    /// The number of the scope that it is in.
    parent: Option<usize>,
    name: Option<String>,
}

impl ScopeIndex {
    /// Reads the scopes of a unit. What follows a DIE that can't be read is in none.
    pub fn of<'a>(unit: &Unit<'a>, dwarf: &Dwarf<'a>) -> Self {
        let mut index = Self::default();
        // A part that was read is right.
        let _ = index.read(unit, dwarf);
        index
    }

    fn read<'a>(&mut self, unit: &Unit<'a>, dwarf: &Dwarf<'a>) -> gimli::Result<()> {
        let kinds = Scopes::of(unit);
        let mut open: Vec<(isize, usize)> = Vec::new();
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset().0, entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            while let Some((_, number)) = open.pop_if(|(of, _)| *of >= depth) {
                self.close(number, offset);
            }
            let tag = abbreviation.tag();
            if !kinds.is_scope(tag) || !abbreviation.has_children() {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            let mut name = None;
            for spec in abbreviation.attributes() {
                let attribute = entries.read_attribute(*spec)?;
                if attribute.name() == gimli::DW_AT_name {
                    name = dwarf.attr_string(unit, attribute.value()).ok();
                }
            }
            let name = match name {
                Some(name) => Some(String::from_utf8_lossy(&name).into_owned()),
                None if tag == gimli::DW_TAG_namespace => {
                    Some(String::from_utf8_lossy(ANONYMOUS).into_owned())
                }
                None => None,
            };
            self.scopes.push(Scope {
                start: offset,
                end: usize::MAX,
                parent: open.last().map(|(_, number)| *number),
                name,
            });
            open.push((depth, self.scopes.len().saturating_sub(1)));
        }
        Ok(())
    }

    fn close(&mut self, number: usize, end: usize) {
        if let Some(scope) = self.scopes.get_mut(number) {
            scope.end = end;
        }
    }

    /// Returns the name of a DIE with those of the scopes around it.
    pub fn qualified(&self, offset: usize, name: &str) -> String {
        let before = self.scopes.partition_point(|scope| scope.start < offset);
        let mut next = before.checked_sub(1);
        let mut names = vec![name];
        while let Some(scope) = next.and_then(|number| self.scopes.get(number))
            && names.len() <= DEPTH
        {
            if scope.end > offset {
                names.extend(scope.name.as_deref());
            }
            next = scope.parent;
        }
        names.reverse();
        names.join("::")
    }
}

/// Returns the number of a unit's language.
pub(super) fn language_of(unit: &Unit<'_>) -> u64 {
    let root = unit.entry(unit.header.root_offset()).ok();
    match root.and_then(|root| root.attr_value(gimli::DW_AT_language)) {
        Some(AttributeValue::Language(language)) => u64::from(language.0),
        Some(value) => value.udata_value().unwrap_or(0),
        None => 0,
    }
}
