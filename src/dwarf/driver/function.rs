//! The units that define a function, whose types are preferred.

use gimli::{EndianSlice, RunTimeEndian};

use crate::dwarf::collect::code::{Code, UnitCode};
use crate::dwarf::collect::complete::complete;
use crate::dwarf::collect::nodes::{Node, Ref, Target};
use crate::dwarf::collect::pass::{UnitView, collect};
use crate::dwarf::collect::types::Shape;
use crate::dwarf::driver::function_units::FunctionUnits;
use crate::dwarf::driver::job::{Job, Worker, costs_one_unit};
use crate::dwarf::driver::outcome::Outcome;
use crate::dwarf::driver::source_bases::SourceBases;
use crate::dwarf::driver::sources::NumberedUnit;
use crate::dwarf::read::{Abbrevs, Class, index};
use crate::error::{Error, ErrorKind, Result};
use crate::query::function_name::split_part;
use crate::target::Endian;

/// The function that is looked for.
struct Sought<'a> {
    /// The name as the program's language or its symbol table has it.
    name: &'a [u8],
    /// The addresses that the symbol table gives the name.
    addresses: Vec<u64>,
}

/// Returns a name without the version that a dynamic symbol may have.
fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// The descriptions that units have of a function, and the functions of other units whose code they have.
#[derive(Default)]
struct Evidence {
    found: Vec<Found>,
    /// The functions of that name without code in their own unit.
    named: Vec<Named>,
    /// The DIEs in other units that describe code, counted through all sections.
    described: Vec<u64>,
}

/// A unit that has code of a function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Found {
    how: Match,
    /// The number of the unit.
    unit: u32,
    /// The DIE in another unit that describes the code, counted through all sections.
    origin: Option<u64>,
}

/// A function without code in its own unit.
#[derive(Clone, Copy, Debug)]
struct Named {
    /// The offset of the DIE, counted through all sections.
    place: u64,
    unit: u32,
    /// Whether the program may have the function nevertheless: it isn't only declared.
    is_there: bool,
}

impl Job<'_> {
    /// Returns the numbers of the units that define a function of this name, spelled as in the language or as in the
    /// symbol table.
    ///
    /// # Errors
    /// `NotFound` if no unit has its source and the program its code.
    pub(super) fn units_of(&self, function: &str) -> Result<FunctionUnits> {
        let name = unversioned(function);
        let symbols = self.files.files.first().map(|file| &file.symbols);
        let mut names = vec![name.as_bytes()];
        let (original, _) = split_part(name.as_bytes());
        names.extend(Some(original).filter(|original| *original != name.as_bytes()));
        let mut is_known = false;
        for name in names {
            let sought = Sought {
                name,
                addresses: symbols.map_or_else(Vec::new, |symbols| symbols.addresses(name)),
            };
            let evidence = self.evidence(&sought)?;
            is_known |= !evidence.named.is_empty();
            let found = self.chosen(evidence);
            if !found.sources.is_empty() {
                return Ok(found);
            }
        }
        let why = if is_known {
            "the program has no code of a function called {}: it was inlined everywhere, the linker dropped it, or it is in another file"
        } else {
            "the program has no function called {}"
        };
        Err(Error::new(ErrorKind::NotFound, why.replace("{}", function)))
    }

    /// Returns what all units have of a function.
    fn evidence(&self, sought: &Sought<'_>) -> Result<Evidence> {
        let bases = SourceBases::new(&self.sources);
        let found = self.on_threads(
            || (Worker::with(Abbrevs::new(true, false)), Evidence::default()),
            |(worker, evidence), unit| {
                match self.defines(worker, unit, sought, &bases, evidence) {
                    Ok(()) => {}
                    // The unit was skipped when its types were read.
                    Err(error) if costs_one_unit(&error) => {}
                    Err(error) => return Err(error),
                }
                Ok(Outcome::Done(()))
            },
        )?;
        let threads = match found {
            Outcome::Done(threads) => threads,
            Outcome::NeedsLinked => Vec::new(),
        };
        let mut all = Evidence::default();
        for (_, mut evidence) in threads {
            all.found.append(&mut evidence.found);
            all.named.append(&mut evidence.named);
            all.described.append(&mut evidence.described);
        }
        Ok(all)
    }

    /// Returns the units with the best evidence. If the symbol table has the function's name, those are the units with
    /// the code at its address, whatever functions the other units define.
    fn chosen(&self, mut all: Evidence) -> FunctionUnits {
        all.described.sort_unstable();
        let named = all.named.iter();
        let described = named.filter(|named| all.described.binary_search(&named.place).is_ok());
        all.found.extend(described.map(|named| Found {
            how: Match::Name,
            unit: named.unit,
            origin: None,
        }));
        if all.found.is_empty() {
            let there = all.named.iter().filter(|named| named.is_there);
            all.found.extend(there.map(|named| Found {
                how: Match::Name,
                unit: named.unit,
                origin: None,
            }));
        }
        let best = all.found.iter().map(|found| found.how).min();
        all.found.retain(|found| Some(found.how) == best);
        let mut units = FunctionUnits::default();
        for found in &all.found {
            match found.origin.and_then(|origin| self.unit_at(origin)) {
                None => units.sources.push(found.unit),
                Some(source) => {
                    units.sources.push(source);
                    units.codes.push(found.unit);
                }
            }
        }
        for units in [&mut units.sources, &mut units.codes] {
            units.sort_unstable();
            units.dedup();
        }
        units
    }

    /// Adds the evidence that a unit defines a function.
    fn defines(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
        sought: &Sought<'_>,
        bases: &SourceBases,
        evidence: &mut Evidence,
    ) -> Result<()> {
        let start = unit.source.start(unit.unit);
        let number = u32::try_from(unit.number).unwrap_or(u32::MAX);
        let view = self.collect_functions(worker, unit)?;
        complete(
            &mut worker.nodes,
            worker.scratch.deferred(),
            &self.files,
            &self.options.limits,
        );
        let nodes = &worker.nodes;
        let (codes, from) = worker.scratch.codes();
        let outside = |code: &Code| {
            let origin = outermost(code.origin, worker.scratch.origins());
            match origin.target() {
                Target::Link(link) => bases.place(*nodes.links.get(link as usize)?),
                Target::Void | Target::Unit(_) => None,
            }
        };
        evidence.described.extend(codes.iter().filter_map(outside));
        let text = |name| self.files.bytes(name, &nodes.composed);
        let found = codes.iter().filter_map(|code| {
            let mut addresses = sought.addresses.iter();
            let how = if addresses.any(|address| self.has_address(&view, code, from, *address)) {
                Match::Address
            } else if !code.linkage_name.is_none() && text(code.linkage_name) == sought.name {
                Match::LinkageName
            } else {
                return None;
            };
            Some(Found {
                how,
                unit: number,
                origin: outside(code),
            })
        });
        evidence.found.extend(found);
        let mut own = Vec::new();
        let is_named =
            |node: &&Node| node.shape == Shape::Function && text(node.name) == sought.name;
        for node in nodes.nodes.iter().filter(is_named) {
            if own.is_empty() {
                own = described_here(codes, worker.scratch.origins());
            }
            if own.binary_search(&node.die).is_ok() {
                evidence.found.push(Found {
                    how: Match::Name,
                    unit: number,
                    origin: None,
                });
            } else {
                evidence.named.push(Named {
                    place: start.saturating_add(node.die.into()),
                    unit: number,
                    is_there: !node.declaration,
                });
            }
        }
        Ok(())
    }

    /// Collects the functions of a unit alone, with their code. Returns the unit as it was read.
    pub(super) fn collect_functions<'u>(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, 'u>,
    ) -> Result<UnitView<'u>> {
        let NumberedUnit { source, unit, .. } = unit;
        worker.nodes.clear(unit.header.len);
        worker.scratch.clear();
        let view = source.view(unit, 0);
        self.read_abbrevs(worker, &view, source.sections)?;
        let mut input = self.input(worker, &view);
        input.wants.functions = true;
        input.wants.variables = false;
        input.wants.codes = true;
        collect(input)?;
        Ok(view)
    }

    /// Returns whether a function's code contains an address.
    fn has_address(&self, view: &UnitView<'_>, code: &Code, from: UnitCode, address: u64) -> bool {
        if let Some(low) = code.low
            && (low == address || (low..code.high).contains(&address))
        {
            return true;
        }
        let ranges = code.ranges.map(|list| self.ranges(view, list, from));
        let mut ranges = ranges.into_iter().flatten();
        ranges.any(|(start, end)| (start..end).contains(&address))
    }

    /// Returns the first and last addresses of a function's pieces (DWARF 5, section 2.17.3). Pieces that can't be read
    /// are left out.
    fn ranges(
        &self,
        view: &UnitView<'_>,
        (class, value): (Class, u64),
        from: UnitCode,
    ) -> Vec<(u64, u64)> {
        let endian = match view.endian {
            Endian::Little => RunTimeEndian::Little,
            Endian::Big => RunTimeEndian::Big,
        };
        let Some(sections) = self.files.files.get(view.file as usize) else {
            return Vec::new();
        };
        let read = |bytes| EndianSlice::new(bytes, endian);
        let lists = gimli::RangeLists::new(
            gimli::DebugRanges::from(read(&sections.ranges)),
            gimli::DebugRngLists::from(read(&sections.rnglists)),
        );
        let header = view.header.encoding;
        let encoding = gimli::Encoding {
            format: if header.wide {
                gimli::Format::Dwarf64
            } else {
                gimli::Format::Dwarf32
            },
            version: header.version,
            address_size: header.address_size,
        };
        let offset = match class {
            Class::ListIndex => {
                let base = gimli::DebugRngListsBase(index(from.rnglists_base));
                let number = gimli::DebugRngListsIndex(index(value));
                lists.get_offset(encoding, base, number).ok()
            }
            _ => Some(gimli::RangeListsOffset(index(value))),
        };
        let addresses = gimli::DebugAddr::from(read(view.addr));
        let base = gimli::DebugAddrBase(index(from.addr_base));
        let iter = offset.and_then(|offset| {
            lists
                .ranges(offset, encoding, from.low, &addresses, base)
                .ok()
        });
        let mut found = Vec::new();
        if let Some(mut iter) = iter {
            // A list is no longer than its section.
            while let Ok(Some(range)) = iter.next() {
                found.push((range.begin, range.end));
            }
        }
        found
    }
}

/// The evidence that a unit was recognised by, the most certain first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Match {
    Address,
    LinkageName,
    Name,
}

/// The number of DIEs that may stand between code and the function that it is of. Compilers write two.
const MOST_ORIGINS: usize = 8;

/// Follows a reference to the DIE that describes code, which may leave that to another one. `origins` has the
/// references of the unit's functions.
fn outermost(origin: Ref, origins: &[(u32, Ref)]) -> Ref {
    let mut origin = origin;
    for _ in 0..MOST_ORIGINS {
        let Target::Unit(die) = origin.target() else {
            break;
        };
        let next = origins.binary_search_by_key(&die, |(die, _)| *die);
        match next.ok().and_then(|next| origins.get(next)) {
            Some((_, next)) => origin = *next,
            None => break,
        }
    }
    origin
}

/// Returns the offsets of the DIEs that describe code of their own unit, in order.
pub(super) fn described_here(codes: &[Code], origins: &[(u32, Ref)]) -> Vec<u32> {
    let own = codes.iter().map(|code| match code.origin.target() {
        Target::Void => code.die,
        Target::Unit(_) | Target::Link(_) => match outermost(code.origin, origins).target() {
            Target::Unit(die) => die,
            Target::Void | Target::Link(_) => code.die,
        },
    });
    let mut own: Vec<u32> = own.collect();
    own.sort_unstable();
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_versions() {
        assert_eq!(unversioned("malloc@@GLIBC_2.2.5"), "malloc");
        assert_eq!(unversioned("malloc"), "malloc");
    }
}
