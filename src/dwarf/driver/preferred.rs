//! The types that a function prefers to others of the same name: those of its units.

use std::collections::HashSet;
use std::ops::Range;

use crate::dwarf::collect::nodes::Node;
use crate::dwarf::distinct::keys::UnitTypes;
use crate::dwarf::distinct::shadowed::UnitList;
use crate::dwarf::distinct::wanted::reached;
use crate::dwarf::driver::function_units::{FunctionUnits, Preferred};
use crate::dwarf::driver::job::{Job, Worker, costs_one_unit};
use crate::dwarf::driver::source_bases::{SourceBases, contains};
use crate::dwarf::read::Abbrevs;
use crate::error::Result;

/// The offsets of units, counted through all sections, sorted.
type Ranges = Vec<Range<u64>>;

impl Job<'_> {
    /// Returns the types of a function's units, if each unit was read alone.
    pub(super) fn preferred_apart(units: &FunctionUnits, lists: &[UnitList]) -> Preferred {
        let of = |unit: &u32| {
            let unit = *unit;
            let list = lists.get(unit as usize);
            let types = list.map_or(0, |list| list.types.len());
            (0u32..).take(types).map(move |index| (unit, index))
        };
        let level = |units: &[u32]| units.iter().flat_map(of).collect();
        vec![level(&units.sources), level(&units.codes)]
    }

    /// Returns the types of a function's units, if all units were read as one: those in the units, then those in the
    /// units that they import, then those that they refer to, such as the ones in type units: directly before indirectly.
    pub(super) fn preferred_linked(
        &self,
        units: &FunctionUnits,
        list: &UnitList,
        worker: &Worker,
        bases: &SourceBases,
    ) -> Result<Preferred> {
        let sources = self.ranges_of(&units.sources);
        let codes = self.ranges_of(&units.codes);
        let imported = self.imported(&sources, worker, bases);
        let referred = self.referred(&units.sources, bases)?;
        let types = UnitTypes {
            nodes: &worker.nodes,
            files: &self.files,
        };
        let is_start = |_: u32, node: &Node| {
            contains(&sources, node.die)
                || contains(&imported, node.die)
                || referred.contains(&u64::from(node.die))
        };
        let reached = reached(types, is_start);
        let reached: HashSet<u32> = worker
            .nodes
            .nodes
            .iter()
            .zip(reached)
            .filter_map(|(node, reached)| reached.then_some(node.die))
            .collect();
        let level = |has: &dyn Fn(u32) -> bool| {
            let types = (0u32..).zip(&list.dies);
            let types = types.filter(|(_, die)| has(**die));
            types.map(|(index, _)| (0, index)).collect()
        };
        Ok(vec![
            level(&|die| contains(&sources, die)),
            level(&|die| contains(&codes, die)),
            level(&|die| contains(&imported, die)),
            level(&|die| referred.contains(&u64::from(die))),
            level(&|die| reached.contains(&die)),
        ])
    }

    /// Returns the offsets of units.
    fn ranges_of(&self, units: &[u32]) -> Ranges {
        let units = units.iter().filter_map(|unit| self.unit(*unit as usize));
        let mut ranges: Ranges = units
            .map(|unit| range(unit.source.start(unit.unit), unit.unit.header.len))
            .collect();
        ranges.sort_unstable_by_key(|range| range.start);
        ranges
    }

    /// Returns the units that units import, directly or not.
    fn imported(&self, by: &Ranges, worker: &Worker, bases: &SourceBases) -> Ranges {
        let sources = self.sources.iter();
        let all = sources.flat_map(|source| {
            let units = source.units.iter();
            units.map(|unit| range(source.start(*unit), unit.header.len))
        });
        let mut all: Ranges = all.collect();
        all.sort_unstable_by_key(|range| range.start);
        let mut imports: Vec<(u64, u64)> = worker
            .scratch
            .imports()
            .iter()
            .filter_map(|import| Some((import.by.into(), bases.imported(import)?)))
            .collect();
        imports.sort_unstable();
        let mut open: Vec<u64> = by.iter().map(|range| range.start).collect();
        let mut found = Ranges::new();
        let mut seen: HashSet<u64> = open.iter().copied().collect();
        while let Some(unit) = open.pop() {
            let first = imports.partition_point(|(by, _)| *by < unit);
            let own = imports.get(first..).unwrap_or_default();
            for (_, place) in own.iter().take_while(|(by, _)| *by == unit) {
                let next = all.partition_point(|range| range.end <= *place);
                if let Some(range) = all.get(next).filter(|range| range.contains(place))
                    && seen.insert(range.start)
                {
                    found.push(range.clone());
                    open.push(range.start);
                }
            }
        }
        found.sort_unstable_by_key(|range| range.start);
        found
    }

    /// Returns the offsets of the DIEs in other units that units refer to, also by parameters of functions, which are no
    /// types.
    fn referred(&self, units: &[u32], bases: &SourceBases) -> Result<HashSet<u64>> {
        let mut worker = Worker::with(Abbrevs::new(true, false));
        let mut referred = HashSet::new();
        for unit in units {
            let Some(unit) = self.unit(*unit as usize) else {
                continue;
            };
            match self.collect_functions(&mut worker, unit) {
                Ok(_) => {}
                // The unit was skipped when its types were read.
                Err(error) if costs_one_unit(&error) => continue,
                Err(error) => return Err(error),
            }
            for link in &worker.nodes.links {
                referred.extend(bases.place(*link));
            }
        }
        Ok(referred)
    }
}

/// Returns the offsets of a unit, its start included.
fn range(start: u64, len: u32) -> Range<u64> {
    start..start.saturating_add(len.into())
}
