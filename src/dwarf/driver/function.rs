//! The units that define a function, whose types are preferred.

use crate::dwarf::collect::deferred::complete;
use crate::dwarf::collect::pass::collect;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::driver::job::{Job, Worker};
use crate::dwarf::driver::threads::{NumberedUnit, Outcome};
use crate::dwarf::read::Abbrevs;
use crate::error::{Error, ErrorKind, Result};

impl Job<'_> {
    /// Returns the numbers of the units that define a function of this name.
    ///
    /// # Errors
    /// `NotFound` if no unit defines it.
    pub(super) fn units_of(&self, function: &str) -> Result<Vec<u32>> {
        let found = self.on_threads(
            || (Worker::with(Abbrevs::new(true, false)), Vec::new()),
            |(worker, found), unit| {
                let defines = self.defines(worker, unit, function.as_bytes())?;
                if defines && let Ok(number) = u32::try_from(unit.number) {
                    found.push(number);
                }
                Ok(Outcome::Done(()))
            },
        )?;
        let Outcome::Done(found) = found else {
            return Err(no_unit_alone());
        };
        let mut found: Vec<u32> = found.into_iter().flat_map(|(_, found)| found).collect();
        found.sort_unstable();
        if found.is_empty() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("the program has no function called {function}"),
            ));
        }
        Ok(found)
    }

    /// Returns whether a unit defines a function of this name.
    fn defines(
        &self,
        worker: &mut Worker,
        unit: NumberedUnit<'_, '_>,
        function: &[u8],
    ) -> Result<bool> {
        let NumberedUnit { source, unit, .. } = unit;
        worker.nodes.clear(unit.header.len);
        worker.scratch.clear();
        let view = source.view(unit, 0);
        self.read_abbrevs(worker, &view, source.sections)?;
        let mut input = self.input(worker, &view);
        input.wants.functions = true;
        input.wants.variables = false;
        collect(input)?;
        complete(
            &mut worker.nodes,
            worker.scratch.deferred(),
            &self.files,
            self.options.limits.depth,
        );
        let nodes = &worker.nodes;
        Ok(nodes.nodes.iter().any(|node| {
            node.shape == Shape::Function
                && !node.declaration
                && self.files.bytes(node.name, &nodes.composed) == function
        }))
    }
}

/// Returns the error for a function of a program whose units refer to each other.
#[cold]
pub(super) fn no_unit_alone() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the program's units refer to each other, so that none of its types belongs to one unit alone",
    )
}
