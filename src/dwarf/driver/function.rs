//! The units that define a function, whose types are preferred.

use gimli::{EndianSlice, RunTimeEndian};

use crate::dwarf::collect::deferred::complete;
use crate::dwarf::collect::functions::{Code, UnitCode};
use crate::dwarf::collect::pass::{UnitView, collect};
use crate::dwarf::collect::types::Shape;
use crate::dwarf::driver::job::{Job, Worker, costs_one_unit};
use crate::dwarf::driver::threads::{NumberedUnit, Outcome};
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

impl Job<'_> {
    /// Returns the numbers of the units that define a function of this name, spelled as in the language or as in the
    /// symbol table.
    ///
    /// # Errors
    /// `NotFound` if no unit defines it.
    pub(super) fn units_of(&self, function: &str) -> Result<Vec<u32>> {
        let name = unversioned(function);
        let symbols = self.files.files.first().map(|file| &file.symbols);
        let mut names = vec![name.as_bytes()];
        let (original, _) = split_part(name.as_bytes());
        names.extend(Some(original).filter(|original| *original != name.as_bytes()));
        for name in names {
            let sought = Sought {
                name,
                addresses: symbols.map_or_else(Vec::new, |symbols| symbols.addresses(name)),
            };
            let found = self.units_with(&sought)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("the program has no function called {function}"),
        ))
    }

    /// Returns the numbers of the units that define a function. If the symbol table has its name, those are the units
    /// with the code at its address, whatever functions the other units define.
    fn units_with(&self, sought: &Sought<'_>) -> Result<Vec<u32>> {
        let found = self.on_threads(
            || (Worker::with(Abbrevs::new(true, false)), Vec::new()),
            |(worker, found), unit| {
                match self.defines(worker, unit, sought) {
                    Ok(Some(how)) => {
                        found.extend(u32::try_from(unit.number).ok().map(|unit| (how, unit)))
                    }
                    Ok(None) => {}
                    // The unit was skipped when its types were read.
                    Err(error) if costs_one_unit(&error) => {}
                    Err(error) => return Err(error),
                }
                Ok(Outcome::Done(()))
            },
        )?;
        let Outcome::Done(found) = found else {
            return Err(no_unit_alone());
        };
        let mut found: Vec<(Match, u32)> = found.into_iter().flat_map(|(_, found)| found).collect();
        found.sort_unstable();
        let best = found.first().map(|(how, _)| *how);
        Ok(found
            .into_iter()
            .filter(|(how, _)| Some(*how) == best)
            .map(|(_, unit)| unit)
            .collect())
    }

    /// Returns whether a unit defines a function, and what it was recognised by.
    fn defines(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
        sought: &Sought<'_>,
    ) -> Result<Option<Match>> {
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
        complete(
            &mut worker.nodes,
            worker.scratch.deferred(),
            &self.files,
            &self.options.limits,
        );
        let nodes = &worker.nodes;
        let (codes, from) = worker.scratch.codes();
        let has_address = |code: &Code| {
            let mut addresses = sought.addresses.iter();
            addresses.any(|address| self.has_address(&view, code, from, *address))
        };
        if codes.iter().any(has_address) {
            return Ok(Some(Match::Address));
        }
        let text = |name| self.files.bytes(name, &nodes.composed);
        let by_linkage_name =
            |code: &Code| !code.linkage_name.is_none() && text(code.linkage_name) == sought.name;
        if codes.iter().any(by_linkage_name) {
            return Ok(Some(Match::LinkageName));
        }
        let by_name = nodes.nodes.iter().any(|node| {
            node.shape == Shape::Function && !node.declaration && text(node.name) == sought.name
        });
        Ok(by_name.then_some(Match::Name))
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

/// Returns the error for a function of a program whose units refer to each other.
#[cold]
pub(super) fn no_unit_alone() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the program's units refer to each other, so that none of its types belongs to one unit alone",
    )
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
