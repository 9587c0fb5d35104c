//! A function that tells a type from others of the same name: one of its unit.

use crate::dwarf::collect::complete::complete;
use crate::dwarf::collect::nodes::{Node, Nodes, Target};
use crate::dwarf::collect::types::Shape;
use crate::dwarf::driver::function::described_here;
use crate::dwarf::driver::job::{Job, Worker};
use crate::dwarf::driver::source_bases::SourceBases;
use crate::dwarf::driver::sources::NumberedUnit;
use crate::dwarf::options::ConvertOptions;
use crate::dwarf::read::Abbrevs;
use crate::dwarf::report::Conversion;
use crate::dwarf::sections::Sections;
use crate::id::TypeId;
use crate::limits::Limits;

/// The number of functions of a unit that are tried. Each takes a search through all units.
const MOST_TRIED: usize = 8;

impl Conversion {
    /// Returns a function whose unit has this definition of a type and no other's: a name for
    /// [`ConvertOptions::function`]. A function with code that uses the type comes first. `None` if the type's unit has
    /// no function that the program has once.
    pub(crate) fn function_beside(
        &self,
        sections: &Sections,
        id: TypeId,
        limits: &Limits,
    ) -> Option<String> {
        let options = ConvertOptions {
            limits: limits.clone(),
            ..ConvertOptions::default()
        };
        let job = Job::new(sections, &options).ok()?;
        let place = self.die(id)?;
        let bases = SourceBases::new(&job.sources);
        let mut worker = Worker::with(Abbrevs::new(true, false));
        let number = job.unit_at(place)?;
        let own = job.unit(number as usize)?;
        let others = self.places_of_others(id);
        if own.unit.header.signature.is_none() {
            // Of several types that are local to functions of one unit, no function of the unit chooses one.
            let is_here = |other: &u64| job.unit_at(*other) == Some(number);
            return match others.iter().any(is_here) {
                true => None,
                false => job.function_in(own, place, &bases, &mut worker),
            };
        }
        // A type unit has no functions; those that refer to it have.
        let mut units = (0..job.unit_count()).filter_map(|number| job.unit(number));
        units.find_map(|unit| {
            job.collect_functions(&mut worker, unit).ok()?;
            let links = worker.nodes.links.iter();
            let referred: Vec<u64> = links.filter_map(|link| bases.place(*link)).collect();
            if !referred.contains(&place) || others.iter().any(|other| referred.contains(other)) {
                return None;
            }
            job.function_in(unit, place, &bases, &mut worker)
        })
    }
}

impl Conversion {
    /// Returns the offsets of the other types that have a type's name.
    fn places_of_others(&self, id: TypeId) -> Vec<u64> {
        let name = self.graph.ty(id).name();
        let others = self.graph.named(name.as_bytes()).map(|ty| ty.id());
        let others = others.filter(|other| *other != id);
        others.filter_map(|other| self.die(other)).collect()
    }
}

impl Job<'_> {
    /// Returns a function that only this unit has, best one with code that uses the type at `place`.
    fn function_in(
        &self,
        unit: NumberedUnit<'_, '_>,
        place: u64,
        bases: &SourceBases,
        worker: &mut Worker,
    ) -> Option<String> {
        self.collect_functions(worker, unit).ok()?;
        complete(
            &mut worker.nodes,
            worker.scratch.deferred(),
            &self.files,
            &self.options.limits,
        );
        let nodes = &worker.nodes;
        let (codes, _) = worker.scratch.codes();
        let with_code = described_here(codes, worker.scratch.origins());
        let ty = Place {
            start: unit.source.start(unit.unit),
            place,
            bases,
        };
        let functions = nodes.nodes.iter();
        let functions = functions.filter(|node| node.shape == Shape::Function);
        let mut functions: Vec<_> = functions
            .map(|node| {
                let has_code = with_code.binary_search(&node.die).is_ok();
                (!has_code, !ty.is_used(nodes, node), node)
            })
            .collect();
        functions.sort_by_key(|(no_code, unused, node)| (*no_code, *unused, node.die));
        let names = functions.iter().filter_map(|(_, _, node)| {
            let name = self.files.bytes(node.name, &nodes.composed);
            let name = std::str::from_utf8(name).ok();
            name.filter(|name| !name.is_empty())
        });
        let number = u32::try_from(unit.number).ok()?;
        let is_only_here = |name: &&str| {
            self.units_of(name)
                .is_ok_and(|units| units.sources == [number])
        };
        let mut names = names.take(MOST_TRIED);
        names.find(is_only_here).map(str::to_owned)
    }
}

/// A type that functions of a unit may use.
struct Place<'b> {
    /// The offset of the functions' unit, counted through all sections.
    start: u64,
    /// The offset of the type's DIE, counted alike.
    place: u64,
    bases: &'b SourceBases,
}

impl Place<'_> {
    /// Returns whether a function takes or returns the type, or a pointer to it.
    fn is_used(&self, nodes: &Nodes, function: &Node) -> bool {
        /// The number of pointers and modifiers that are looked through.
        const MOST_STEPS: usize = 8;
        let mut references = (0..).map_while(|index| nodes.reference(function, index));
        references.any(|reference| {
            let mut reference = reference;
            for _ in 0..MOST_STEPS {
                let place = match reference.target() {
                    Target::Void => None,
                    Target::Unit(die) => self.start.checked_add(die.into()),
                    Target::Link(link) => {
                        let link = nodes.links.get(link as usize);
                        link.and_then(|link| self.bases.place(*link))
                    }
                };
                if place == Some(self.place) {
                    return true;
                }
                let node = nodes.follow(reference).and_then(|node| nodes.get(node));
                let Some(node) = node else {
                    return false;
                };
                reference = node.ty;
            }
            false
        })
    }
}
