//! The first pass: which subprograms are asked for, and which refer to which.

use gimli::{AttributeValue, EntriesRaw};

use crate::dwarf::functions::scopes::Scopes;
use crate::dwarf::functions::units::{Die, Units};
use crate::dwarf::functions::views::{Dwarf, Slice, Unit};
use crate::query::function_name::{FunctionNames, Matches};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'q> {
    pub names: &'q FunctionNames,
    /// Addresses of functions, ascending.
    pub addresses: &'q [u64],
    /// Returns the name of a function as its language writes it, with and without the parameters.
    pub demangle: Demangle,
}

/// Turns a linkage name into the name with the parameters, and the one without.
pub(crate) type Demangle = fn(&[u8]) -> Option<(String, String)>;

/// What the first pass finds in a unit.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub seeds: Vec<Seed>,
    /// The subprograms that complete another DIE, or are its copies.
    pub links: Vec<(Die, Die)>,
    /// Whether an inlined copy refers to a DIE of another unit.
    pub has_foreign_copies: bool,
    /// Whether a part of the unit can't be read.
    pub is_damaged: bool,
}

/// A subprogram that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Seed {
    pub die: Die,
    /// Empty for one found by its address.
    pub matches: Matches,
}

/// Reads the subprograms of a unit.
pub(super) fn scan(units: &Units<'_>, number: u32, asked: Asked<'_>) -> Scan {
    let mut found = Scan::default();
    let unit = units.unit(number);
    let read = unit
        .as_ref()
        .zip(units.dwarf(number))
        .and_then(|(unit, dwarf)| {
            let mut scanner = Scanner {
                units,
                dwarf,
                unit,
                number,
                asked,
                scopes: Scopes::of(unit),
                found: &mut found,
            };
            scanner.run().ok()
        });
    found.is_damaged = read.is_none();
    found
}

struct Scanner<'s, 'a> {
    units: &'s Units<'a>,
    dwarf: &'s Dwarf<'a>,
    unit: &'s Unit<'a>,
    number: u32,
    asked: Asked<'s>,
    scopes: Scopes<'a>,
    found: &'s mut Scan,
}

/// The attributes of a subprogram that matter.
#[derive(Default)]
struct Subprogram<'a> {
    name: Option<Slice<'a>>,
    linkage_name: Option<Slice<'a>>,
    origin: Option<Die>,
    address: Option<u64>,
}

impl<'a> Scanner<'_, 'a> {
    fn run(&mut self) -> gimli::Result<()> {
        let mut entries = self.unit.entries_raw(None)?;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset().0, entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            self.scopes.leave(depth);
            match abbreviation.tag() {
                gimli::DW_TAG_subprogram => {
                    let die = Die {
                        unit: self.number,
                        offset,
                    };
                    let subprogram = self.subprogram(&mut entries, abbreviation.attributes())?;
                    self.take(die, &subprogram);
                }
                gimli::DW_TAG_inlined_subroutine => {
                    self.found.has_foreign_copies |= abbreviation.attributes().iter().any(|spec| {
                        spec.name() == gimli::DW_AT_abstract_origin
                            && matches!(
                                spec.form(),
                                gimli::DW_FORM_ref_addr
                                    | gimli::DW_FORM_GNU_ref_alt
                                    | gimli::DW_FORM_ref_sup4
                                    | gimli::DW_FORM_ref_sup8
                            )
                    });
                    entries.skip_attributes(abbreviation.attributes())?;
                }
                tag if self.scopes.is_scope(tag) => {
                    let mut name = None;
                    for spec in abbreviation.attributes() {
                        let attribute = entries.read_attribute(*spec)?;
                        if attribute.name() == gimli::DW_AT_name {
                            name = self.text(attribute.value());
                        }
                    }
                    self.scopes.enter(depth, tag, name);
                }
                _ => entries.skip_attributes(abbreviation.attributes())?,
            }
        }
        Ok(())
    }

    fn text(&self, value: AttributeValue<Slice<'a>>) -> Option<Slice<'a>> {
        self.dwarf.attr_string(self.unit, value).ok()
    }

    fn subprogram(
        &self,
        entries: &mut EntriesRaw<'_, Slice<'a>>,
        specs: &[gimli::AttributeSpecification],
    ) -> gimli::Result<Subprogram<'a>> {
        let mut found = Subprogram::default();
        let mut entry_pc = None;
        for spec in specs {
            let attribute = entries.read_attribute(*spec)?;
            match attribute.name() {
                gimli::DW_AT_name => found.name = self.text(attribute.value()),
                gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name => {
                    found.linkage_name = self.text(attribute.value());
                }
                gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => {
                    let target = self.units.target(self.number, &attribute.value());
                    found.origin = target.or(found.origin);
                }
                gimli::DW_AT_low_pc => {
                    let address = self.dwarf.attr_address(self.unit, attribute.value());
                    found.address = address.ok().flatten();
                }
                gimli::DW_AT_entry_pc => {
                    let address = self.dwarf.attr_address(self.unit, attribute.value());
                    entry_pc = address.ok().flatten();
                }
                gimli::DW_AT_ranges => {
                    let ranges = self.dwarf.attr_ranges(self.unit, attribute.value());
                    let first = ranges.ok().flatten().and_then(|mut it| it.next().ok()?);
                    found.address = found.address.or(first.map(|range| range.begin));
                }
                _ => {}
            }
        }
        found.address = entry_pc.or(found.address);
        Ok(found)
    }

    fn take(&mut self, die: Die, subprogram: &Subprogram<'a>) {
        if let Some(origin) = subprogram.origin {
            self.found.links.push((die, origin));
        }
        let matches = self.matches(subprogram);
        let by_address = subprogram
            .address
            .is_some_and(|address| self.asked.addresses.binary_search(&address).is_ok());
        if by_address || !matches.is_empty() {
            self.found.seeds.push(Seed { die, matches });
        }
    }

    /// Returns the names that were asked for and that a subprogram has.
    fn matches(&self, subprogram: &Subprogram<'a>) -> Matches {
        let mut found = Matches::new();
        if let Some(linkage_name) = subprogram.linkage_name {
            found = self.asked.names.of_symbol(&linkage_name, None);
        }
        if let Some(name) = subprogram.name
            && self.asked.names.may_end_in(&name)
        {
            let name = self.scopes.qualified(&name);
            found.extend(self.asked.names.of_language(&name, &name));
            let demangled = subprogram
                .linkage_name
                .and_then(|name| (self.asked.demangle)(&name));
            if let Some((full, name)) = demangled {
                found.extend(self.asked.names.of_language(&full, &name));
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|(number, _)| *number);
        found
    }
}
