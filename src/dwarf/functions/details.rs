//! The second pass: what is known of the functions that were found.

use std::collections::HashSet;

use gimli::{AttributeValue, DwAt, UnitOffset};

use crate::dwarf::functions::facts::{
    CopyFacts, Facts, FunctionFacts, LanguageFacts, Line, LocationFacts, ParameterFacts, Standing,
    TypeFacts,
};
use crate::dwarf::functions::family::Family;
use crate::dwarf::functions::location::{at_entry, frame_of};
use crate::dwarf::functions::scan::{Asked, Demangle, scan};
use crate::dwarf::functions::scopes::language_of;
use crate::dwarf::functions::type_facts::type_facts;
use crate::dwarf::functions::units::{Die, Lists, Reader, Units, too_many};
use crate::dwarf::functions::views::{Entry, Slice};
use crate::dwarf::origin::file_name;
use crate::dwarf::read::language::{is_c, is_cpp, is_go, is_rust};
use crate::dwarf::sections::Sections;
use crate::error::Result;
use crate::limits::Limits;
use crate::parallel;
use crate::query::function_name::FunctionNames;

/// The most pieces of a function or copy that are listed.
const PIECES: usize = 4096;

/// The most children of a function that are looked at for parameters.
const CHILDREN: usize = 1 << 16;

/// Finds the functions that have one of the names, or are at one of the addresses, which ascend.
///
/// # Errors
/// `Limit` if the program has more subprograms than [`Limits::entries`]; those of reading location lists.
pub(crate) fn find_functions(
    sections: &Sections,
    names: &FunctionNames,
    addresses: &[u64],
    demangle: Demangle,
    limits: &Limits,
) -> Result<Facts> {
    let lists = Lists::read(sections)?;
    let units = Units::new(sections, &lists);
    let asked = Asked {
        names,
        addresses,
        demangle,
    };
    let numbers: Vec<u32> = units.numbers().collect();
    let scans = parallel::map(&numbers, |number| scan(&units, *number, asked));
    let links: usize = scans.iter().map(|scan| scan.links.len()).sum();
    if links as u64 > u64::from(limits.entries) {
        return Err(too_many("functions"));
    }
    let mut facts = Facts {
        unreadable: scans.iter().map(|scan| u64::from(scan.is_damaged)).sum(),
        ..Facts::default()
    };
    let family = Family::of(&scans);
    let own: HashSet<u32> = family.members.iter().map(|die| die.unit).collect();
    let has_something = |(number, scan): &(u32, &_)| {
        let scan: &crate::dwarf::functions::scan::Scan = scan;
        !own.is_empty() && (own.contains(number) || scan.has_foreign_copies)
    };
    let numbers = numbers.iter().copied().zip(&scans).filter(has_something);
    let numbers: Vec<u32> = numbers.map(|(number, _)| number).collect();
    let found = parallel::map(&numbers, |number| {
        let mut unit = UnitFacts {
            reader: Reader::new(&units),
            family: &family,
            number: *number,
            found: Facts::default(),
        };
        // A unit that can't be read was counted.
        let _ = unit.read();
        unit.found
    });
    for unit in found {
        facts.functions.extend(unit.functions);
        facts.copies.extend(unit.copies);
    }
    Ok(facts)
}

struct UnitFacts<'s, 'a> {
    reader: Reader<'s, 'a>,
    family: &'s Family,
    number: u32,
    found: Facts,
}

/// A copy that was found, and the functions around it: the nearest, and the one that has the code.
struct Copy {
    die: Die,
    origin: Die,
    caller: Die,
    within: Die,
}

impl<'a> UnitFacts<'_, 'a> {
    fn read(&mut self) -> gimli::Result<()> {
        let Some(unit) = self.reader.unit(self.number) else {
            return Ok(());
        };
        let (mut functions, mut copies) = (Vec::new(), Vec::new());
        // Depth, the function whose code it is, and the one that the source has there.
        let mut open: Vec<(isize, Die, Die)> = Vec::new();
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset().0, entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            while open.pop_if(|(of, ..)| *of >= depth).is_some() {}
            let die = Die {
                unit: self.number,
                offset,
            };
            match abbreviation.tag() {
                gimli::DW_TAG_subprogram => {
                    open.push((depth, die, die));
                    if self.family.wanted.contains_key(&die) {
                        functions.push(die);
                    }
                    entries.skip_attributes(abbreviation.attributes())?;
                }
                gimli::DW_TAG_inlined_subroutine => {
                    let mut origin = None;
                    for spec in abbreviation.attributes() {
                        let attribute = entries.read_attribute(*spec)?;
                        if attribute.name() == gimli::DW_AT_abstract_origin {
                            origin = self.reader.units.target(self.number, &attribute.value());
                        }
                    }
                    let (_, within, caller) = open.last().copied().unwrap_or((0, die, die));
                    let origin = origin.unwrap_or(die);
                    open.push((depth, within, origin));
                    if self.family.members.contains(&origin) {
                        copies.push(Copy {
                            die,
                            origin,
                            caller,
                            within,
                        });
                    }
                }
                _ => entries.skip_attributes(abbreviation.attributes())?,
            }
        }
        for die in functions {
            let facts = self.function(die);
            self.found.functions.extend(facts);
        }
        for copy in copies {
            let facts = self.copy(&copy);
            self.found.copies.extend(facts);
        }
        Ok(())
    }

    fn function(&self, die: Die) -> Option<FunctionFacts> {
        let chain = self.reader.chain(die);
        let (_, entry) = chain.first()?;
        let unit = self.reader.unit(die.unit)?;
        let has = |name| entry.attr_value(name).is_some();
        let anywhere = |name: DwAt| Reader::first(&chain, name).is_some();
        let (entry_pc, ranges) = self.code(die, entry);
        let language = language_of(&unit);
        let (mut parameters, mut is_variadic) = (Vec::new(), false);
        let frame = frame_of(entry, unit.encoding());
        for (die, entry, is_own) in self.ordered(&chain, &mut is_variadic) {
            let location = match is_own {
                true => at_entry(&self.reader, die, &entry, frame, entry_pc),
                false => LocationFacts::Absent,
            };
            let is_result = entry.attr_value(gimli::DW_AT_variable_parameter)
                == Some(AttributeValue::Flag(true));
            parameters.push((self.parameter(die, location, language), is_result));
        }
        let (results, parameters): (Vec<_>, Vec<_>) = parameters
            .into_iter()
            .partition(|(_, is_result)| is_go(language) && *is_result);
        let convention = Reader::first(&chain, gimli::DW_AT_calling_convention);
        Some(FunctionFacts {
            identity: self.identity(&chain),
            unit: die.unit,
            standing: match entry_pc {
                Some(_) => Standing::Code,
                None if has(gimli::DW_AT_declaration) => Standing::Declared,
                None => Standing::Abstract,
            },
            name: self.name(&chain),
            linkage_name: self
                .reader
                .linkage_name(&chain)
                .map(|name| name.slice().to_vec()),
            unit_name: unit
                .name
                .map(|name| String::from_utf8_lossy(name.slice()).into_owned())
                .unwrap_or_default(),
            language: match language {
                language if is_go(language) => LanguageFacts::Go,
                language if is_rust(language) => LanguageFacts::Rust,
                language if is_c(language) || is_cpp(language) => LanguageFacts::C,
                _ => LanguageFacts::Other,
            },
            declared_at: self.line(&chain, gimli::DW_AT_decl_file, gimli::DW_AT_decl_line),
            entry: entry_pc,
            ranges,
            matches: self.family.wanted.get(&die).cloned().unwrap_or_default(),
            is_external: anywhere(gimli::DW_AT_external),
            is_optimised: has(gimli::DW_AT_call_all_calls)
                || has(gimli::DW_AT_GNU_all_call_sites)
                || has(gimli::DW_AT_APPLE_optimized),
            has_own_convention: convention.is_some_and(|(_, value)| {
                value == AttributeValue::CallingConvention(gimli::DW_CC_nocall)
            }),
            is_variadic,
            parameters: parameters.into_iter().map(|(facts, _)| facts).collect(),
            result: self.ty(&chain, language),
            results: results.into_iter().map(|(facts, _)| facts).collect(),
        })
    }

    /// Returns the type that a DIE has; `None` if it has none.
    fn ty(&self, chain: &[(Die, Entry<'a>)], language: u64) -> Option<TypeFacts> {
        let (die, value) = Reader::first(chain, gimli::DW_AT_type)?;
        let target = self.reader.units.target(die.unit, &value);
        Some(match target {
            Some(target) => type_facts(&self.reader, Some(target), language),
            // A type that is nowhere.
            None => TypeFacts {
                text: "?".to_owned(),
                ..TypeFacts::default()
            },
        })
    }

    fn parameter(&self, die: Die, location: LocationFacts, language: u64) -> ParameterFacts {
        let chain = self.reader.chain(die);
        let name = self.reader.first_text(&chain, gimli::DW_AT_name);
        ParameterFacts {
            name: name
                .map(|name| String::from_utf8_lossy(&name).into_owned())
                .unwrap_or_default(),
            ty: self.ty(&chain, language).unwrap_or_else(|| TypeFacts {
                text: "?".to_owned(),
                ..TypeFacts::default()
            }),
            location,
        }
    }

    /// Returns the parameters of a function in the order of the source, and whether each is one of the first DIE of the
    /// chain, which has locations. Compilers list those of a function that is a copy of an abstract one in another order,
    /// and may list one twice.
    fn ordered(
        &self,
        chain: &[(Die, Entry<'a>)],
        is_variadic: &mut bool,
    ) -> Vec<(Die, Entry<'a>, bool)> {
        let mut lists = chain
            .iter()
            .map(|(die, _)| self.parameters(*die, is_variadic));
        let own = lists.next().unwrap_or_default();
        let others = lists.find(|list| !list.is_empty()).unwrap_or_default();
        if own.is_empty() {
            return others
                .into_iter()
                .map(|(die, entry)| (die, entry, false))
                .collect();
        }
        let origin = |(die, entry): &(Die, Entry<'a>)| {
            self.reader
                .follow(*die, entry, gimli::DW_AT_abstract_origin)
        };
        let origins: Vec<Option<Die>> = own.iter().map(origin).collect();
        if !origins.iter().all(Option::is_some) {
            return own
                .into_iter()
                .map(|(die, entry)| (die, entry, true))
                .collect();
        }
        let mut found = Vec::new();
        for (die, entry) in others {
            let same = own.iter().zip(&origins);
            let same = same.filter(|(_, origin)| **origin == Some(die));
            // Of two, the one that is somewhere.
            let best = same.map(|(own, _)| own).max_by_key(|(own, entry)| {
                (
                    entry.attr_value(gimli::DW_AT_location).is_some(),
                    std::cmp::Reverse(own.offset),
                )
            });
            match best {
                Some((die, entry)) => found.push((*die, entry.clone(), true)),
                // Whether constructors and destructors have the compiler's own parameters depends on the copy.
                None if entry.attr_value(gimli::DW_AT_artificial).is_some() => {}
                None => found.push((die, entry, false)),
            }
        }
        if found.is_empty() {
            found.extend(own.into_iter().map(|(die, entry)| (die, entry, true)));
        }
        found
    }

    /// Returns the parameters of a subprogram.
    fn parameters(&self, die: Die, is_variadic: &mut bool) -> Vec<(Die, Entry<'a>)> {
        let mut found = Vec::new();
        let Some(unit) = self.reader.unit(die.unit) else {
            return found;
        };
        let Ok(mut tree) = unit.entries_tree(Some(UnitOffset(die.offset))) else {
            return found;
        };
        let Ok(root) = tree.root() else {
            return found;
        };
        let mut children = root.children();
        for _ in 0..CHILDREN {
            let Ok(Some(child)) = children.next() else {
                break;
            };
            let entry = child.entry();
            match entry.tag() {
                gimli::DW_TAG_formal_parameter => found.push((
                    Die {
                        unit: die.unit,
                        offset: entry.offset().0,
                    },
                    entry.clone(),
                )),
                gimli::DW_TAG_unspecified_parameters => *is_variadic = true,
                _ => {}
            }
        }
        found
    }

    fn copy(&self, copy: &Copy) -> Option<CopyFacts> {
        let entry = self.reader.entry(copy.die)?;
        let (entry_pc, ranges) = self.code(copy.die, &entry);
        let name = |die| {
            let chain = self.reader.chain(die);
            let linkage = self.reader.linkage_name(&chain);
            linkage.map_or_else(
                || self.name(&chain).into_bytes(),
                |name| name.slice().to_vec(),
            )
        };
        let own = [(copy.die, entry)];
        Some(CopyFacts {
            identity: self.identity(&self.reader.chain(copy.origin)),
            unit: copy.die.unit,
            entry: entry_pc,
            ranges,
            caller: name(copy.caller),
            within: (copy.within != copy.caller).then(|| name(copy.within)),
            called_at: self.line(&own, gimli::DW_AT_call_file, gimli::DW_AT_call_line),
        })
    }

    /// Returns a function's name with those of namespaces and classes.
    fn name(&self, chain: &[(Die, Entry<'a>)]) -> String {
        // The last one is in the scope; what completes it may be outside.
        let named = chain.iter().rev().find_map(|(die, entry)| {
            let value = entry.attr_value(gimli::DW_AT_name)?;
            Some((*die, self.reader.text(*die, value)?))
        });
        let Some((die, name)) = named else {
            return String::new();
        };
        let name = String::from_utf8_lossy(&name);
        let language = self.reader.unit(die.unit).map(|unit| language_of(&unit));
        if language.is_some_and(is_go) {
            return name.into_owned();
        }
        self.reader.qualified(die, &name)
    }

    /// Returns what tells a function from others of its name.
    fn identity(&self, chain: &[(Die, Entry<'a>)]) -> String {
        if let Some(name) = self.reader.linkage_name(chain) {
            return String::from_utf8_lossy(&name).into_owned();
        }
        let last = chain.get(chain.len().saturating_sub(1)..);
        let line = self.line(
            last.unwrap_or_default(),
            gimli::DW_AT_decl_file,
            gimli::DW_AT_decl_line,
        );
        let line = line.unwrap_or(Line {
            file: String::new(),
            line: 0,
        });
        format!("{}@{}:{}", self.name(chain), line.file, line.line)
    }

    /// Returns the file and line that a chain names.
    fn line(&self, chain: &[(Die, Entry<'a>)], file: DwAt, line: DwAt) -> Option<Line> {
        let number = Reader::first(chain, line).and_then(|(_, number)| number.udata_value());
        let (die, value) = Reader::first(chain, file)?;
        let index = match value {
            AttributeValue::FileIndex(index) => index,
            value => value.udata_value()?,
        };
        let unit = self.reader.unit(die.unit)?;
        let with_lines = self.reader.units.lines_of(die.unit, &unit);
        let number_of_unit = with_lines.unwrap_or(die.unit);
        let unit = self.reader.unit(number_of_unit)?;
        let dwarf = self.reader.units.dwarf(number_of_unit)?;
        Some(Line {
            file: file_name(dwarf, &unit, index)?,
            // Go's compiler leaves it out.
            line: number.unwrap_or(0),
        })
    }

    /// Returns the address of a function's first instruction, and its pieces (DWARF 5, section 2.17).
    fn code(&self, die: Die, entry: &Entry<'a>) -> (Option<u64>, Vec<(u64, u64)>) {
        let (Some(unit), Some(dwarf)) = (
            self.reader.unit(die.unit),
            self.reader.units.dwarf(die.unit),
        ) else {
            return (None, Vec::new());
        };
        let address = |value: Option<AttributeValue<Slice<'a>>>| {
            value.and_then(|value| dwarf.attr_address(&unit, value).ok()?)
        };
        let low = address(entry.attr_value(gimli::DW_AT_low_pc));
        let mut ranges = Vec::new();
        if let (Some(low), Some(high)) = (low, entry.attr_value(gimli::DW_AT_high_pc)) {
            let end = match high.udata_value() {
                Some(len) if !matches!(high, AttributeValue::Addr(_)) => low.checked_add(len),
                _ => address(Some(high)),
            };
            ranges.extend(end.map(|end| (low, end)));
        } else if let Some(list) = entry.attr_value(gimli::DW_AT_ranges)
            && let Ok(Some(mut list)) = dwarf.attr_ranges(&unit, list)
        {
            while let Ok(Some(range)) = list.next()
                && ranges.len() < PIECES
            {
                ranges.push((range.begin, range.end));
            }
        }
        let base = low.or(ranges.first().map(|(start, _)| *start));
        let entry_pc = entry.attr_value(gimli::DW_AT_entry_pc);
        let entry_pc = match entry_pc.as_ref().and_then(AttributeValue::udata_value) {
            Some(offset) if !matches!(entry_pc, Some(AttributeValue::Addr(_))) => {
                base.and_then(|base| base.checked_add(offset))
            }
            _ => address(entry_pc),
        };
        (entry_pc.or(base), ranges)
    }
}
